"""Sign-ins: each browser in which a person signed in, until it expires or is ended, there or elsewhere."""

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, exists, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.courses.accounts.staff import StaffView, staff_view
from plugin.courses.base.activity import Did, record_activity, record_in
from plugin.courses.base.work import Work, in_transaction
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Passkey, SignIn, Staff
from plugin.wording import N_, _

SIGN_IN_LASTS = timedelta(hours=12)
# A page that only reads must not write each time.
SEEN_NOTED_EVERY = timedelta(minutes=5)
_STRANGER = Actor("Unknown", Role.DESK, Source.DESK)
# Older ones are not needed.
_KEPT = timedelta(days=30)
_DEVICE_LENGTH = 80


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person in one browser. `proved_at`: when they last gave a password or a passkey, None after a PIN."""

    staff: StaffView
    proved_at: datetime | None
    device_id: str | None
    active_at: datetime | None
    has_passkey: bool

    @property
    def has_second_factor(self) -> bool:
        """Return whether a stolen password alone does not open this account."""
        return self.has_passkey or self.staff.totp_secret is not None

    def is_fresh(self, within: timedelta, now: datetime) -> bool:
        """Return whether the person gave a password or a passkey that recently."""
        return self.proved_at is not None and now - self.proved_at < within


def start_sign_in(store: Store, staff_id: str, now: datetime, *, device: str = "") -> str:
    """Record a sign-in by password or passkey and return its id, which the browser's cookie contains.

    `device`: the browser in words.
    """
    made = SignIn(staff_id=staff_id, started_at=now, proved_at=now, last_seen_at=now)
    sign_in_id = secrets.token_hex(16)
    with store.writing() as session:
        session.execute(delete(SignIn).where(SignIn.started_at < now - _KEPT))
        session.execute(update(Staff).where(Staff.id == staff_id).values(last_signed_in_at=now))
        made.id, made.device = sign_in_id, device[:_DEVICE_LENGTH]
        session.add(made)
        record_sign_in(session, store, staff_id, now, Did.SIGNED_IN, device=device)
    return sign_in_id


def record_sign_in(
    session: Session,
    store: Store,
    staff_id: str,
    now: datetime,
    kind: Did,
    *,
    device: str = "",
    way: str = "",
) -> None:
    """Record a sign-in, its end, or one that failed, in the activity log; `way`: with what, or by whom.

    Of a person unknown here, what was typed is not recorded: it may be a password in the wrong field.
    """
    person = session.get(Staff, staff_id) if staff_id else None
    actor = staff_view(person).actor if person else _STRANGER
    record_activity(
        session,
        store,
        Act(actor, now, "sign-in"),
        kind,
        name=actor.name if person else "",
        subject_id=person.id if person else "",
        after=device,
        reason=way,
    )


def note_failed_sign_in(
    store: Store, staff_id: str, now: datetime, *, device: str = "", way: str = ""
) -> None:
    """Record a wrong password, code or PIN of a person; "" for an address that nobody here signs in with."""
    with store.writing() as session:
        record_sign_in(session, store, staff_id, now, Did.SIGN_IN_FAILED, device=device, way=way)


def end_sign_in(store: Store, sign_in_id: str, now: datetime) -> None:
    """End one sign-in; a copy of its cookie is invalid from now on. The person's other sign-ins remain."""
    ending = update(SignIn).where(SignIn.id == sign_in_id, SignIn.ended_at.is_(None)).values(ended_at=now)
    with store.writing() as session:
        ended = session.execute(ending.returning(SignIn.staff_id, SignIn.device)).first()
        if ended is not None:
            record_sign_in(session, store, ended.staff_id, now, Did.SIGNED_OUT, device=ended.device)


def prove_sign_in(store: Store, sign_in_id: str, at: datetime | None) -> None:
    """Record when the person last gave their password or passkey, None for never in this browser."""
    with store.writing() as session:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(proved_at=at))


def staff_signed_in(store: Store, session_mark: str, sign_in_id: str, now: datetime) -> SignedIn | None:
    """Return whose sign-in this is, or None if it has expired, was ended, or all of theirs were.

    Records when it was last seen, at most every five minutes.
    """
    asked = {"mark": session_mark, "sign_in": sign_in_id, "since": now - SIGN_IN_LASTS}
    row = next(iter(store.rows(_SIGNED_IN, asked)), None)
    if row is None:
        return None
    if row.last_seen_at is None or now - row.last_seen_at >= SEEN_NOTED_EVERY:
        # A request must not fail over this while the database is busy; the next one records it.
        with suppress(OperationalError), store.writing() as session:
            session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(last_seen_at=now))
    return SignedIn(staff_view(row), row.proved_at, row.device_id, row.active_at, row.has_passkey)


# Run for every request.
_SIGNED_IN = Prepared(
    select(
        *Staff.__table__.columns,
        SignIn.proved_at,
        SignIn.device_id,
        SignIn.active_at,
        SignIn.last_seen_at,
        exists().where(Passkey.staff_id == Staff.id).label("has_passkey"),
    )
    .join(SignIn, SignIn.staff_id == Staff.id)
    .where(
        Staff.session_mark == bindparam("mark"),
        SignIn.id == bindparam("sign_in"),
        SignIn.started_at > bindparam("since"),
        SignIn.ended_at.is_(None),
    )
)


def list_sign_ins(store: Store, staff_id: str, now: datetime) -> Sequence[SignIn]:
    """Return where a person is signed in, the latest first."""
    wanted = select(SignIn).where(SignIn.staff_id == staff_id, *_is_open(now))
    with store.reading() as session:
        return session.scalars(wanted.order_by(SignIn.started_at.desc(), SignIn.id)).all()


@in_transaction
def end_one(work: Work, staff_id: str, sign_in_id: str) -> None:
    """Sign a person out in one browser, oneself or as owner anybody. Idempotent; raises NotFound, NotAllowed."""
    _require_own(work.act.actor, staff_id)
    row = work.session.get(SignIn, sign_in_id)
    if row is None or row.staff_id != staff_id:
        raise NotFound(_("There is no such session."))
    if row.ended_at is None:
        _record_end(work, row)
    row.ended_at = row.ended_at or work.now


@in_transaction
def end_others(work: Work, staff_id: str, *, but: str = "") -> int:
    """Sign a person out in every browser but one, oneself or as owner anybody; return in how many.

    Raises NotAllowed.
    """
    _require_own(work.act.actor, staff_id)
    rows = work.session.scalars(
        select(SignIn).where(SignIn.staff_id == staff_id, SignIn.id != but, *_is_open(work.now))
    ).all()
    for row in rows:
        row.ended_at = work.now
        _record_end(work, row)
    return len(rows)


def _record_end(work: Work, row: SignIn) -> None:
    name = work.session.scalar(select(Staff.name).where(Staff.id == row.staff_id)) or ""
    record_in(
        work,
        Did.SIGNED_OUT,
        name=name,
        subject_id=row.staff_id,
        after=row.device,
        reason=_("Ended from elsewhere"),
    )


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return SignIn.ended_at.is_(None), SignIn.started_at > now - SIGN_IN_LASTS


def _require_own(actor: Actor, staff_id: str) -> None:
    if actor.staff_id != staff_id:
        require(actor)


# The first that matches: each browser also names those it descends from.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("FxiOS", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SOME_BROWSER, _UNKNOWN = N_("A browser"), N_("Unknown browser")
# Stored in English, and translated when shown. An iPad describes itself as a Mac.
_DEVICES = (
    ("iPhone", N_("{browser} on an iPhone")),
    ("iPad", N_("{browser} on an iPad")),
    ("Android", N_("{browser} on an Android device")),
    ("Windows", N_("{browser} on a Windows PC")),
    ("CrOS", N_("{browser} on a Chromebook")),
    ("Macintosh", N_("{browser} on a Mac or iPad")),
    ("Linux", N_("{browser} on a Linux PC")),
)


def device_of(user_agent: str) -> str:
    """Return words such as "Safari on an iPhone"; "Unknown browser" where nothing is recognized."""
    browser = next((word for mark, word in _BROWSERS if mark in user_agent), "")
    device = next((words for mark, words in _DEVICES if mark in user_agent), "")
    if device:
        return device.format(browser=browser or _SOME_BROWSER[:])
    return browser or _UNKNOWN
