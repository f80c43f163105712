"""The set-up of a new clinic: the one-time code, the first owner, and which steps are done.

Set-up is open while there is no owner. The code proves that whoever is at the browser also reads what the server
prints; it is stored as an HMAC, tries are counted in the database for all processes, and the first owner voids it.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.text import in_fours, plain_code
from plugin.courses.accounts.second_factors import NewPasskey, attach_passkey
from plugin.courses.accounts.staff import StaffView, new_row, staff_view
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, in_session, transact
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.people import Staff
from plugin.store.prepared import Prepared
from plugin.store.upkeep import Setup
from plugin.wording import N_, _

# Without 0 and O, 1, I and L: 31 signs, 8 places, some 850 thousand million codes.
_SIGNS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
_PLACES = 8
LONGEST_CODE = 40
WRONG_PER_MINUTE = 5
WRONG_PER_CODE = 20
_MINUTE = timedelta(minutes=1)

SET_UP_ALREADY = N_("This clinic is set up already. Sign in instead.")
_AT_SETUP = Actor(N_("Set-up"), Role.OWNER, Source.DESK)
DONE, SKIPPED = "done", "skipped"


class TooManyCodes(Refused):
    """More wrong codes than a person types in a minute."""

    code = "too_many_codes"
    status = 429


class SetUpAlready(NotFound):
    """There is an owner: what sets a clinic up is gone."""

    code = "set_up_already"


@dataclass(frozen=True, slots=True)
class SetupView:
    """The set-up as it stands; `steps` holds "done" or "skipped" by step."""

    browser_mark: str
    begun_at: datetime
    closed_at: datetime | None
    browser_zone: str
    steps: dict[str, str]
    hidden_at: datetime | None


_SETUP = Prepared(select(*(getattr(Setup, each.name) for each in fields(SetupView))).where(Setup.id == 1))


@dataclass(frozen=True, slots=True)
class CodeAnswer:
    """The result of a try: the mark for the browser where it was right, else the new code where it was changed."""

    mark: str = ""
    new_code: str = ""


@dataclass(frozen=True, slots=True)
class FirstOwner:
    """The first owner, as typed; `browser_zone`: the time zone of their browser, "" for none.

    They sign in with a password, or with a `passkey` that was made for the id `id`.
    """

    email: str
    name: str
    password_hash: str = field(repr=False)
    browser_zone: str = ""
    passkey: NewPasskey | None = None
    id: str | None = None


def is_setup_open(store: Store) -> bool:
    """Return whether there is no owner yet."""
    with store.reading() as session:
        return not _has_owner(session)


def has_staff(store: Store) -> bool:
    """Return whether anybody can have signed in; until then every page leads to the set-up."""
    with store.reading() as session:
        return session.scalar(select(Staff.id).limit(1)) is not None


def read_setup(store: Store) -> SetupView | None:
    """Return the set-up, None for a clinic that was not set up in the browser."""
    rows = store.rows(_SETUP, {})
    return SetupView(*rows[0]) if rows else None


@in_session
def new_setup_code(session: Session, secret_key: str, now: datetime) -> str:
    """Make the code that is valid from now on; earlier ones end. Raises Refused once there is an owner."""
    row = _locked(session, now)
    if _has_owner(session):
        raise Refused(SET_UP_ALREADY, code=SetUpAlready.code)
    return _renewed(row, secret_key)


@in_session
def try_setup_code(session: Session, secret_key: str, typed: str, now: datetime) -> CodeAnswer:
    """Check a typed code. Raises NotFound once there is an owner, TooManyCodes for too many wrong ones in a minute."""
    row = _locked(session, now)
    _refuse_closed(session)
    if row.minute_began_at is None or now - row.minute_began_at >= _MINUTE:
        row.minute_began_at, row.wrong_in_minute = now, 0
    if row.wrong_in_minute >= WRONG_PER_MINUTE:
        raise TooManyCodes(_("Too many wrong codes. Wait one minute, then try again."), field="code")
    if row.code_hmac and hmac.compare_digest(_hmac(secret_key, typed), row.code_hmac):
        row.wrong_in_minute = 0
        return CodeAnswer(mark=row.browser_mark)
    row.wrong_in_minute += 1
    row.wrong_since_code += 1
    is_spent = row.wrong_since_code >= WRONG_PER_CODE
    return CodeAnswer(new_code=_renewed(row, secret_key) if is_spent else "")


def fits_setup(store: Store, mark: str) -> bool:
    """Return whether a browser with this mark has typed the code of this set-up."""
    known = read_setup(store)
    return (
        known is not None and bool(mark) and hmac.compare_digest(mark.encode(), known.browser_mark.encode())
    )


def create_first_owner(store: Store, owner: FirstOwner, now: datetime) -> StaffView:
    """Create the first owner and void the code: of two browsers the first wins.

    Raises InvalidField, Refused where the e-mail address is in use, NotFound once there is an owner.
    """

    def do(work: Work) -> StaffView:
        row = _locked(work.session, now)
        _refuse_closed(work.session)
        created = new_row(work, email=owner.email, name=owner.name, role=Role.OWNER, staff_id=owner.id)
        created.password_hash = owner.password_hash
        row.code_hmac, row.closed_at, row.browser_zone = "", now, owner.browser_zone
        after = f"{created.email}, {created.role}"
        record_in(work, Did.STAFF_ADDED, name=created.name, subject_id=created.id, after=after)
        if owner.passkey is not None:
            attach_passkey(work, created, owner.passkey)
        return staff_view(created)

    return transact(store, Act(_AT_SETUP, now, secrets.token_hex(16)), do)


@allowed()
def mark_step(work: Work, step: str, state: str) -> None:
    """Record that a step is done or skipped; what is done stays done. Idempotent."""
    row = _locked(work.session, work.now)
    before = row.steps.get(step, "")
    if before not in (DONE, state):
        row.steps = {**row.steps, step: state}
        record_in(work, Did.SETUP_STEP, subject_id=step, before=before, after=state)


@allowed()
def hide_checklist(work: Work) -> None:
    """Hide the checklist on Today for good."""
    _locked(work.session, work.now).hidden_at = work.now


def _locked(session: Session, now: datetime) -> Setup:
    row = session.get(Setup, 1, with_for_update=True)
    if row is None:
        row = Setup(id=1, browser_mark=secrets.token_hex(32), begun_at=now, steps={})
        # Two that create it race for its key; the loser runs again.
        session.add(row)
        session.flush()
    return row


def _renewed(row: Setup, secret_key: str) -> str:
    code = "".join(secrets.choice(_SIGNS) for _other in range(_PLACES))
    row.code_hmac, row.wrong_since_code = _hmac(secret_key, code), 0
    return in_fours(code)


def _hmac(secret_key: str, code: str) -> str:
    plain = plain_code(code[:LONGEST_CODE])
    return hmac.new(secret_key.encode(), b"setup-code:" + plain.encode(), hashlib.sha256).hexdigest()


def _refuse_closed(session: Session) -> None:
    if _has_owner(session):
        raise SetUpAlready(SET_UP_ALREADY)


def _has_owner(session: Session) -> bool:
    found = session.scalar(select(Staff.id).where(Staff.role == Role.OWNER.value).limit(1))
    return found is not None
