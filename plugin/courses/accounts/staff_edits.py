"""Changes of what is known about a person who signs in, by the owner and by the person; invitations and reset links.

Both are one kind of link, by which a person sets a password: Flask-Security's signed reset token. It holds the person's
session mark, so a new password, a deactivation or a new invitation ends it, and when it expires.
"""

import hashlib
import hmac
import secrets
from base64 import b32encode
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from itsdangerous import URLSafeTimedSerializer
from sqlalchemy.exc import IntegrityError

from plugin.core.acts import Act, Role, require
from plugin.core.text import in_fours, optional, plain_code, required
from plugin.courses.accounts import staff
from plugin.courses.accounts.staff import StaffView, locked_self, refuse_taken, staff_email
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed, in_transaction, transact
from plugin.errors import ConfigurationError, NotAllowed, Refused
from plugin.settings import Settings
from plugin.store import Store
from plugin.store.tables import Staff
from plugin.wording import N_, _

# The outbox jobs that e-mail a link: to a person by id, and to whoever has the address typed at the sign-in.
LINK, FORGOTTEN = "mail_link", "mail_forgotten"
LICENSE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to invite. `printed_name` "" prints the name."""

    email: str
    name: str
    role: Role
    printed_name: str = ""
    license: str = ""


@allowed()
def invite(work: Work, person: NewPerson, *, by_mail: bool, base_url: str = "") -> staff.StaffView:
    """Add a person who sets a password by a link; the same request again returns the same person.

    `by_mail`: the link is sent, below `base_url` or else PUBLIC_URL; otherwise make it with `links.link_address`.
    Raises InvalidField, or Refused if the e-mail address is in use.
    """
    request = {**asdict(person), "by_mail": by_mail}
    answer, _other = work.once("invite", request, lambda: _invite(work, person, by_mail, base_url))
    row = staff.locked_staff(work.session, answer["staff_id"])
    _require_open(row)
    return staff.staff_view(row)


def _invite(work: Work, person: NewPerson, by_mail: bool, base_url: str) -> dict[str, str]:
    row = staff.new_row(work, email=person.email, name=person.name, role=person.role)
    row.invited_at = work.now
    print_as(row, person.printed_name, person.license)
    if by_mail:
        _send(work, row, base_url)
    record_in(work, Did.STAFF_INVITED, name=row.name, subject_id=row.id, after=f"{row.email}, {row.role}")
    return {"staff_id": row.id}


def _send(work: Work, row: Staff, base_url: str) -> None:
    enqueue(work, LINK, row.id, payload={"base_url": base_url})


def print_as(row: Staff, printed_name: str, license_number: str) -> None:
    """Set what papers print of a practitioner; raises InvalidField."""
    row.printed_name = optional(printed_name, field="printed_name", called=_("The printed name"), most=120)
    row.license = optional(license_number, field="license", called=_("The license"), most=LICENSE_LENGTH)


@allowed()
def invite_again(work: Work, staff_id: str, *, by_mail: bool, base_url: str = "") -> staff.StaffView:
    """Renew an open invitation; earlier links end. Raises NotFound, or Refused where none is open."""

    def renew(work: Work, row: Staff) -> dict[str, str]:
        row.invited_at, row.mail_problem = work.now, ""
        staff.end_sessions(work, row)
        if by_mail:
            _send(work, row, base_url)
        record_in(work, Did.STAFF_INVITED_AGAIN, name=row.name, subject_id=row.id)
        return {"staff_id": row.id}

    row = staff.locked_staff(work.session, staff_id)
    _require_open(row)
    work.once("invite_again", {"staff_id": staff_id, "by_mail": by_mail}, lambda: renew(work, row))
    return staff.staff_view(row)


@allowed()
def withdraw(work: Work, staff_id: str) -> staff.StaffView:
    """Withdraw an open invitation: the person is removed, or deactivated where something names them.

    Raises NotFound, or Refused where none is open.
    """
    row = staff.locked_staff(work.session, staff_id)
    _require_open(row)
    person = staff.staff_view(row)
    record_in(work, Did.STAFF_WITHDRAWN, name=row.name, subject_id=row.id)
    try:
        with work.session.begin_nested():
            work.session.delete(row)
    except IntegrityError:
        row = staff.locked_staff(work.session, staff_id)
        row.is_active, row.session_mark = False, secrets.token_hex(16)
    return person


@allowed()
def send_reset_link(work: Work, staff_id: str, *, base_url: str = "") -> staff.StaffView:
    """Enqueue the e-mail with a reset link; raises NotFound, or Refused for a person who can't sign in."""
    row = staff.locked_staff(work.session, staff_id)
    _require_active(staff.staff_view(row))
    row.mail_problem = ""
    _send(work, row, base_url)
    record_in(work, Did.STAFF_RESET, name=row.name, subject_id=row.id)
    return staff.staff_view(row)


def person_to_reset(store: Store, act: Act, staff_id: str) -> staff.StaffView:
    """Return the person to show a link for; raises NotFound, or Refused for a person who can't sign in."""
    require(act.actor)
    person = staff.read_staff(store, staff_id)
    _require_active(person)
    transact(
        store, act, lambda work: record_in(work, Did.STAFF_RESET, name=person.name, subject_id=person.id)
    )
    return person


def request_reset(store: Store, act: Act, email: str) -> None:
    """Enqueue a reset link to whoever signs in with this address, without looking whether anybody does.

    The same is done for every address, so that neither the answer nor its time tells who works here. Raises
    InvalidField.
    """
    address = staff.staff_email(email)
    subject = hashlib.sha256(address.encode()).hexdigest()[:40]
    transact(store, act, lambda work: enqueue(work, FORGOTTEN, subject, payload={"email": address}))


def note_mail_problem(store: Store, staff_id: str, problem: str) -> None:
    """Record why a link did not reach a person, "" once one was sent."""
    with store.writing() as session:
        row = session.get(Staff, staff_id)
        if row is not None:
            row.mail_problem = problem[:400]


def _require_open(row: Staff) -> None:
    if row.invited_at is None or not row.is_active:
        raise Refused(_("{row} has no open invitation.", row=row.name), code="not_invited")


def _require_active(person: staff.StaffView) -> None:
    if not person.is_active:
        raise Refused(
            _("{person} is deactivated. Reactivate them first.", person=person.name), code="deactivated"
        )


RESET_LASTS = timedelta(hours=24)
RESET_PATH = "/reset"
RESET_SALT = "reset-salt"
# Tells a link's token from the mark in a sign-in's cookie: neither can stand for the other.
_LINK = "link"


def link_address(settings: Settings, person: staff.StaffView, now: datetime, *, base_url: str = "") -> str:
    """Return a new address where the person sets a password; raises ConfigurationError without SECRET_KEY.

    `base_url` is used instead of PUBLIC_URL.
    """
    secret = settings.needing("secret_key").secret_key.get_secret_value()
    content = f"{_LINK}:{int(expires_at(person, now).timestamp())}:{person.session_mark}"
    # The form that Flask-Security writes: its own value, and a hash that it no longer reads.
    token = URLSafeTimedSerializer([secret], salt=RESET_SALT).dumps([content, None])
    if not isinstance(token, str):
        raise ConfigurationError("SECRET_KEY can’t sign a link.")
    return f"{(base_url or settings.public_url).rstrip('/')}{RESET_PATH}/{token}"


def is_loopback(url: str) -> bool:
    """Return whether this address leads only to the machine that opens it."""
    return urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")


def expires_at(person: staff.StaffView, now: datetime) -> datetime:
    """Return when a link made now expires: with the invitation, or after a day."""
    return person.invitation_expires_at or now + RESET_LASTS


def is_link(content: str) -> bool:
    """Return whether a signed value is a link's."""
    return content.startswith(f"{_LINK}:")


def person_of_link(store: Store, content: str, now: datetime) -> staff.StaffView | None:
    """Return the person whose link has this verified content; None once it has expired or was used."""
    _, expires, mark = content.split(":", 2)
    if datetime.fromtimestamp(int(expires), UTC) <= now:
        return None
    person = staff.staff_by_mark(store, mark)
    return person if person and person.is_active else None


@dataclass(frozen=True, slots=True)
class StaffDetails:
    """What the owner sets of a person. `email` None leaves the address."""

    name: str
    role: Role
    email: str | None = None
    printed_name: str = ""
    license: str = ""


@allowed()
def edit_staff(work: Work, staff_id: str, details: StaffDetails) -> staff.StaffView:
    """Change a person. A new role holds from their next request; a new address ends their sessions and links.

    Raises NotFound, InvalidField, or Refused for an address in use, one's own address, and the last owner's role.
    """
    row = staff.locked_staff(work.session, staff_id)
    before = _in_words(row)
    row.name = required(details.name, field="name", called=_("The name"))
    print_as(row, details.printed_name, details.license)
    _change_role(work, row, details.role)
    if details.email is not None:
        if work.act.actor.staff_id == row.id and staff.staff_email(details.email) != row.email:
            raise Refused(_("Change your own e-mail on the page My account."), code="own_sign_in")
        _change_email(work, row, details.email)
    return _recorded(work, row, before)


@allowed()
def set_role(work: Work, staff_id: str, role: Role) -> staff.StaffView:
    """Change a person's role from their next request on; raises NotFound, or Refused for the last owner."""
    row = staff.locked_staff(work.session, staff_id)
    before = _in_words(row)
    _change_role(work, row, role)
    return _recorded(work, row, before)


@in_transaction
def rename_self(work: Work, name: str) -> staff.StaffView:
    """Change one's own name; raises InvalidField."""
    row = staff.locked_staff(work.session, _own_id(work.act))
    before = _in_words(row)
    row.name = required(name, field="name", called=_("The name"))
    return _recorded(work, row, before)


@in_transaction
def set_own_language(work: Work, language: str) -> staff.StaffView:
    """Change the language of one's own screens and e-mails; "" takes the clinic's."""
    row = staff.locked_self(work)
    row.language = language
    return staff.staff_view(row)


@in_transaction
def see_own_clients(work: Work, *, alone: bool) -> staff.StaffView:
    """Show oneself on Today only one's own clients, or everyone again."""
    row = staff.locked_self(work)
    row.sees_own_clients = alone
    return staff.staff_view(row)


@in_transaction
def change_own_email(work: Work, email: str) -> staff.StaffView:
    """Change one's own address, once the password was asked; ends every session and link.

    Raises InvalidField, or Refused if it is in use.
    """
    row = staff.locked_staff(work.session, _own_id(work.act))
    before = _in_words(row)
    _change_email(work, row, email)
    return _recorded(work, row, before)


def _in_words(row: Staff) -> str:
    said = {
        N_("Name"): row.name,
        N_("Email"): row.email,
        N_("Role"): row.role,
        N_("Printed name"): row.printed_name,
        N_("License"): row.license,
    }
    # Stored in English, whoever wrote it.
    return "\n".join(f"{name[:]}: {text}" for name, text in said.items() if text)


def _recorded(work: Work, row: Staff, before: str) -> staff.StaffView:
    after = _in_words(row)
    if after != before:
        record_in(work, Did.STAFF_CHANGED, name=row.name, subject_id=row.id, before=before, after=after)
    return staff.staff_view(row)


def _own_id(act: Act) -> str:
    if act.actor.staff_id is None:
        raise NotAllowed(_("Only a person who signs in has an account."))
    return act.actor.staff_id


def _change_role(work: Work, row: Staff, role: Role) -> None:
    if row.role == role.value:
        return
    if row.role == Role.OWNER.value:
        staff.refuse_last_owner(work.session, row)
    row.role = role.value
    work.session.flush()
    staff.alert(work, row, staff.NEW_OWNER if role is Role.OWNER else staff.ROLE)


def _change_email(work: Work, row: Staff, email: str) -> None:
    address, before = staff.staff_email(email), row.email
    if address == before:
        return
    staff.refuse_taken(work.session, address)
    row.email, row.mail_problem = address, ""
    # A link that was sent to the address before must not set a password any more.
    staff.end_sessions(work, row)
    work.session.flush()
    if row.invited_at is None:
        staff.alert(work, row, staff.EMAIL, also_to=before)


# The outbox job that sends a code.
EMAIL_CODE = "mail_email_code"
# A code holds for this long at least, and for twice as long at most.
CODE_LASTS = timedelta(minutes=30)
LONGEST_CODE = 20
_PLACES = 8


@in_transaction
def request_email_code(work: Work, email: str) -> str:
    """Enqueue the e-mail with a code to one's own new address, and return the address.

    It is "" for the address one has. Raises InvalidField, or Refused if it is in use.
    """
    row, address = locked_self(work), staff_email(email)
    if address == row.email:
        return ""
    refuse_taken(work.session, address)
    subject = hashlib.sha256(f"{row.id} {address}".encode()).hexdigest()[:40]
    enqueue(work, EMAIL_CODE, subject, payload={"staff_id": row.id, "email": address})
    return address


def email_code(secret_key: str, person: StaffView, address: str, now: datetime) -> str:
    """Return the code that confirms this address, in two groups of four signs."""
    half_hour = int(now.timestamp() // CODE_LASTS.total_seconds())
    content = f"email-code:{person.id}:{person.session_mark}:{address}:{half_hour}"
    made = hmac.new(secret_key.encode(), content.encode(), hashlib.sha256).digest()
    return in_fours(b32encode(made)[:_PLACES].decode())


def is_email_code(secret_key: str, person: StaffView, address: str, typed: str, now: datetime) -> bool:
    """Return whether this code, however it is typed, confirms the address now."""
    plain = plain_code(typed[:LONGEST_CODE]).encode()
    valid = (plain_code(email_code(secret_key, person, address, at)) for at in (now, now - CODE_LASTS))
    return any(hmac.compare_digest(plain, code.encode()) for code in valid)
