"""Links by which a person sets a password: one kind for invitations and resets.

A link is Flask-Security's signed reset token. It holds the person's session mark, so a new password, a
deactivation or a new invitation ends it, and when it expires.
"""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from itsdangerous import URLSafeTimedSerializer

from plugin.courses.accounts.staff import StaffView, staff_by_mark
from plugin.errors import ConfigurationError
from plugin.settings import Settings
from plugin.store import Store

RESET_LASTS = timedelta(hours=24)
PATH = "/reset"
SALT = "reset-salt"
# Tells a link's token from the mark in a sign-in's cookie: neither can stand for the other.
_LINK = "link"


def link_address(settings: Settings, person: StaffView, now: datetime, *, base_url: str = "") -> str:
    """Return a new address where the person sets a password; raises ConfigurationError without SECRET_KEY.

    `base_url` is used instead of PUBLIC_URL.
    """
    secret = settings.needing("secret_key").secret_key.get_secret_value()
    content = f"{_LINK}:{int(expires_at(person, now).timestamp())}:{person.session_mark}"
    # The form that Flask-Security writes: its own value, and a hash that it no longer reads.
    token = URLSafeTimedSerializer([secret], salt=SALT).dumps([content, None])
    if not isinstance(token, str):
        raise ConfigurationError("SECRET_KEY can't sign a link.")
    return f"{(base_url or settings.public_url).rstrip('/')}{PATH}/{token}"


def is_loopback(url: str) -> bool:
    """Return whether this address leads only to the machine that opens it."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def expires_at(person: StaffView, now: datetime) -> datetime:
    """Return when a link made now expires: with the invitation, or after a day."""
    return person.invitation_expires_at or now + RESET_LASTS


def is_link(content: str) -> bool:
    """Return whether a signed value is a link's."""
    return content.startswith(f"{_LINK}:")


def person_of_link(store: Store, content: str, now: datetime) -> StaffView | None:
    """Return the person whose link has this verified content; None once it has expired or was used."""
    _, expires, mark = content.split(":", 2)
    if datetime.fromtimestamp(int(expires), UTC) <= now:
        return None
    person = staff_by_mark(store, mark)
    return person if person and person.is_active else None
