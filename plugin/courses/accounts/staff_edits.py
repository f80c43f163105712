"""Changes of what is known about a person who signs in: by the owner, and by the person."""

import hashlib
import hmac
from base64 import b32encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from plugin.core.acts import Act, Role
from plugin.core.text import in_fours, plain_code, required
from plugin.courses.accounts import staff
from plugin.courses.accounts.invitations import print_as
from plugin.courses.accounts.staff import StaffView, locked_self, refuse_taken, staff_email
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed, in_transaction
from plugin.errors import NotAllowed, Refused
from plugin.store.tables import Staff
from plugin.wording import _


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
        "Name": row.name,
        "Email": row.email,
        "Role": row.role,
        "Printed name": row.printed_name,
        "License": row.license,
    }
    return "\n".join(f"{name}: {text}" for name, text in said.items() if text)


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
