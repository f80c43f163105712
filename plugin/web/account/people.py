"""The staff as Flask-Security sees them, and the browser of a request as a shared device, with its idle lock."""

import json
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, g, request, session
from flask_security import RoleMixin, UserMixin, WebAuthnMixin
from flask_security.datastore import UserDatastore
from flask_security.utils import set_request_attr
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import AuthenticatorTransport

from plugin.configuration.stored import sealing
from plugin.courses.accounts import second_factors
from plugin.courses.accounts.shared_devices import SharedDeviceView, device_of_token, note_activity
from plugin.courses.accounts.sign_ins import SignedIn, staff_signed_in
from plugin.courses.accounts.staff import StaffView, read_staff, set_password, staff_by_email, staff_by_mark
from plugin.courses.accounts.staff_edits import is_link, person_of_link
from plugin.vault import WrongKey
from plugin.web import current_services
from plugin.web.access import DEVICE_COOKIE, keep_cookie
from plugin.web.account.passwords import fits
from plugin.web.actions import act_by

# What a person does is noted twice a minute, and the page locks by itself before.
_SLACK = timedelta(seconds=60)
_HELD_FOR = timedelta(hours=12)


def current_device() -> SharedDeviceView | None:
    """Return the shared device that sent this request, None for a browser of one's own."""
    if "shared_device" not in g:
        token = request.cookies.get(DEVICE_COOKIE, "")
        g.shared_device = device_of_token(current_services().store, token) if token else None
    device: SharedDeviceView | None = g.shared_device
    return device


def open_device() -> SharedDeviceView | None:
    """Return the shared device that sent this request, if PINs are accepted there now."""
    device = current_device()
    return device if device and device.is_open(current_services().clock()) else None


def put_cookie(response: Response, token: str) -> None:
    """Make the browser a shared device."""
    keep_cookie(response, DEVICE_COOKIE, token)


def lock_after() -> timedelta:
    """Return after how long without a touch a shared device locks."""
    return timedelta(minutes=current_services().settings.lock_after_minutes)


def is_idle(signed: SignedIn, now: datetime) -> bool:
    """Return whether a sign-in on a shared device has locked itself: whatever the page shows, it opens nothing."""
    if signed.device_id is None or signed.active_at is None:
        return False
    return now - signed.active_at >= lock_after() + _SLACK


def keep_awake(signed: SignedIn, sign_in_id: str, now: datetime) -> None:
    """Note what a person does on a shared device. A page that asks by itself, for news or to keep it, is no person."""
    if signed.device_id is not None and not {"X-Live", "X-Keep"} & set(request.headers.keys()):
        note_activity(current_services().store, sign_in_id, signed.active_at, now)


def hold(staff_id: str, address: str, fields: str) -> str:
    """Seal a half-filled form, for its own person to be shown again after the lock."""
    at = current_services().clock().timestamp()
    content = json.dumps({"staff": staff_id, "address": address, "fields": fields, "at": at})
    return sealing(current_services().settings).seal(content)


def held_form(held: str, staff_id: str) -> tuple[str, str] | None:
    """Return address and fields of a held form of this person; None for anybody else's, an old one, or none."""
    try:
        content: dict[str, Any] = json.loads(sealing(current_services().settings).open(held))
    except (WrongKey, ValueError):
        return None
    is_old = current_services().clock().timestamp() - content["at"] > _HELD_FOR.total_seconds()
    return None if is_old or content["staff"] != staff_id else (content["address"], content["fields"])


# Where the cookie keeps which sign-in it belongs to.
SIGN_IN = "sign_in"


class StaffPasskey(WebAuthnMixin):
    """A passkey as Flask-Security sees it."""

    extensions = None

    def __init__(self, known: second_factors.PasskeyView) -> None:
        self.passkey_id = known.id
        self.staff_id = known.staff_id
        self.name = known.name
        self.credential_id = base64url_to_bytes(known.credential_id)
        self.public_key = known.public_key
        self.sign_count = known.sign_count
        self.transports = known.transports
        self.backup_state = known.is_synced
        self.device_type = "multi_device" if known.is_synced else "single_device"
        self.lastuse_datetime = known.last_used_at or known.created_at

    @property
    def usage(self) -> str:  # type: ignore[override]
        """Return what Flask-Security asks for just now: a passkey does as the only step and as the second one."""
        return "secondary" if session.get("tf_state") == "ready" else "first"


class StaffUser(UserMixin):
    """A member of staff as Flask-Security sees them: a value, detached from any database session."""

    # Flask-Security reads it from the class before it has loaded a person.
    fs_uniquifier: str = ""

    def __init__(self, staff: StaffView, signed: SignedIn | None = None) -> None:
        self.staff_id = staff.id
        self.email = staff.email
        self.name = staff.name
        self.role = staff.role
        self.language = staff.language
        self.sees_own_clients = staff.sees_own_clients
        self.actor = staff.actor
        self.password = staff.password_hash
        self.active = staff.is_active
        self.fs_uniquifier = staff.session_mark
        self.roles = []
        # Flask-Security's names for the authenticator app.
        self.tf_totp_secret = staff.totp_secret
        self.tf_primary_method = "authenticator" if staff.totp_secret else None
        self.tf_phone_number = None
        # Told to authenticators with each passkey; it names nobody.
        self.fs_webauthn_user_handle = staff.id
        self.signed = signed

    @property
    def webauthn(self) -> list[WebAuthnMixin]:  # type: ignore[override]  # a column, as declared there
        return [
            StaffPasskey(each)
            for each in second_factors.list_passkeys(current_services().store, self.staff_id)
        ]

    def verify_and_update_password(self, password: str) -> bool:
        return fits(password, self.password or "")


class StaffStore(UserDatastore):
    """Finds staff by their e-mail address, their mark or a link; writes the password that a link sets."""

    def __init__(self) -> None:
        super().__init__(StaffUser, RoleMixin, webauthn_model=StaffPasskey)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> StaffUser | None:  # noqa: ARG002
        """Return the person with this `email` or `fs_uniquifier`; being found signs nobody in."""
        services = current_services()
        store, mark = services.store, wanted.get("fs_uniquifier", "")
        if "email" in wanted:
            staff = staff_by_email(store, wanted["email"])
        elif is_link(mark):
            staff = person_of_link(store, mark, services.clock())
        else:
            staff = staff_by_mark(store, mark)
        return StaffUser(staff) if staff else None

    def set_uniquifier(self, user: Any, uniquifier: str | None = None) -> None:
        """Do nothing: the mark changes with the password."""

    def find_webauthn(self, credential_id: bytes) -> StaffPasskey | None:
        known = second_factors.find_passkey(current_services().store, bytes_to_base64url(credential_id))
        return StaffPasskey(known) if known else None

    def find_user_from_webauthn(self, webauthn: Any) -> StaffUser:
        return StaffUser(read_staff(current_services().store, webauthn.staff_id))

    def create_webauthn(  # type: ignore[override]  # the rest by name, as it is called
        self, user: Any, credential_id: bytes, public_key: bytes, **known: Any
    ) -> None:
        """Add a passkey to the account of who is signed in."""
        services = current_services()
        second_factors.add_passkey(
            services.store,
            act_by(user.actor),
            second_factors.NewPasskey(
                name=known["name"],
                credential_id=bytes_to_base64url(credential_id),
                public_key=public_key,
                sign_count=known["sign_count"],
                transports=tuple(AuthenticatorTransport(each).value for each in known["transports"] or ()),
                is_synced=known["backup_state"],
            ),
        )

    def put(self, user: Any) -> Any:
        """Write the password that a link has set, or the use of a passkey.

        Raises Refused where the link was used meanwhile.
        """
        services = current_services()
        if isinstance(user, StaffPasskey):
            count, synced = user.sign_count, user.backup_state
            second_factors.note_passkey_use(
                services.store, user.passkey_id, sign_count=count, is_synced=synced, now=services.clock()
            )
            return user
        act = act_by(user.actor)
        set_password(services.store, act, user.staff_id, user.password, only_at=user.fs_uniquifier)
        return user

    def commit(self) -> None:
        """Do nothing: there is nothing to commit."""


def load_by_sign_in(app: Flask) -> None:
    """Let a cookie sign a person in only while the sign-in it names is open, whatever Flask-Security finds."""
    app.login_manager.user_loader(_signed_in)  # type: ignore[attr-defined]  # Flask-Login adds it


def _signed_in(mark: str) -> StaffUser | None:
    services = current_services()
    signed = staff_signed_in(services.store, str(mark), session.get(SIGN_IN, ""), services.clock())
    if signed is None or not signed.staff.is_active or is_idle(signed, services.clock()):
        return None
    keep_awake(signed, session[SIGN_IN], services.clock())
    set_request_attr("fs_authn_via", "session")
    set_request_attr("fs_paa", session.get("fs_paa", 0))
    return StaffUser(signed.staff, signed)
