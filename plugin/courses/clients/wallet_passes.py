"""Which courses are kept as passes in Google Wallet or on devices of Apple's, and the jobs that bring them up to date.

A pass is the client's who had the course when it was added: in other hands it is withdrawn. That a pass was asked for,
added or removed stands in the activity log, where the report counts it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, in_transaction, reading, transact
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.tables import Activity, Course, WalletPass
from plugin.wording import _

GOOGLE, APPLE = "google", "apple"
WALLETS = {GOOGLE: "Google Wallet", APPLE: "Apple Wallet"}
# The outbox jobs, whose subject is the course; and the one that withdraws objects at Google, by their ids.
UPDATE = {GOOGLE: "google_wallet", APPLE: "apple_wallet"}
WITHDRAW = "google_wallet_withdraw"
OBJECTS = "objects"
# The outcomes of those jobs that brought a pass up to date.
UPDATED = {GOOGLE: "The pass says what is left.", APPLE: "The devices ask for the newest pass."}
# A family's phones and watches, and no more.
MOST_DEVICES = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@in_transaction
def google_pass(work: Work, course_id: str, client_id: str) -> str:
    """Return the id under which Google has the client's pass of this course, noted when it is first asked for."""
    row = work.session.scalar(
        select(WalletPass).where(*_theirs(course_id, client_id), WalletPass.place == GOOGLE)
    )
    if row is None:
        _note_made(work, GOOGLE, course_id, client_id)
        row = _added(work, GOOGLE, course_id, client_id)
    return row.id


def note_made(store: Store, act: Act, course_id: str, client_id: str) -> None:
    """Record that a client asked for the pass of a course for Apple Wallet, the first time they do."""
    with store.reading() as session:
        is_known = _is_recorded(session, Did.WALLET_ASKED, _asked_for(APPLE, course_id), client_id)
    if not is_known:
        transact(store, act, lambda work: _note_made(work, APPLE, course_id, client_id))


@in_transaction
def register_device(work: Work, course_id: str, device: str, push_token: str) -> bool:
    """Note that a device has the pass of a course; False where it was noted already. Raises Refused for too many."""
    client_id = work.session.get_one(Course, course_id, with_for_update=True).client_id or ""
    passes = select(WalletPass).where(*_theirs(course_id, client_id), WalletPass.place == APPLE)
    rows = {row.device: row for row in work.session.scalars(passes)}
    known = rows.get(device)
    if known is None and len(rows) >= MOST_DEVICES:
        raise Refused(_("This pass is on {n} devices already.", n=MOST_DEVICES), code="too_many")
    row = known or _added(work, APPLE, course_id, client_id, device=device)
    if known is None:
        _record(work, Did.WALLET_ADDED, row)
    row.push_token = push_token
    return known is None


@in_transaction
def unregister_device(work: Work, course_id: str, device: str) -> None:
    """Note that a device has the pass of a course no more."""
    _remove(work, WalletPass.course_id == course_id, WalletPass.device == device, WalletPass.place == APPLE)


def changed_since(store: Store, device: str, since: str) -> tuple[str, Sequence[str]]:
    """Return a tag, and the courses of a device whose pass changed after the tag `since` (any, for another text)."""
    tag = int(since) if since.isascii() and since.isdecimal() and len(since) < _LONGEST_TAG else 0
    with store.reading() as session:
        rows = session.execute(
            select(WalletPass.course_id, WalletPass.changed_at).where(
                WalletPass.device == device, WalletPass.place == APPLE
            )
        ).all()
    changed = [(course_id, _tag(at)) for course_id, at in rows if _tag(at) > tag]
    return str(max((at for _course, at in changed), default=tag)), sorted({each for each, _at in changed})


def passes_of(store: Store, course_id: str, place: str) -> tuple[list[WalletPass], list[WalletPass]]:
    """Return the passes of a course in one place: those of its client, and those to withdraw."""
    with store.reading() as session:
        owner = select(Course.client_id).where(Course.id == course_id).scalar_subquery()
        found = session.execute(
            select(WalletPass, owner).where(WalletPass.course_id == course_id, WalletPass.place == place)
        ).all()
        session.expunge_all()
    theirs = [row for row, client_id in found if row.client_id == client_id]
    return theirs, [row for row, client_id in found if row.client_id != client_id]


@reading
def count_passes(session: Session, course_id: str) -> Counter[str]:
    """Return on how many devices, or in how many accounts, a course is kept, by place."""
    places = select(WalletPass.place).where(WalletPass.course_id == course_id)
    return Counter(session.scalars(places))


def mark_changed(store: Store, rows: Iterable[WalletPass], now: datetime) -> None:
    """Have devices find these passes among those that changed."""
    ids = [row.id for row in rows]
    store.transact(
        lambda session: session.execute(
            update(WalletPass).where(WalletPass.id.in_(ids)).values(changed_at=now)
        )
    )


@in_transaction
def note_saved(work: Work, rows: Iterable[WalletPass]) -> None:
    """Record that clients have saved these passes at Google, which the first update that it takes shows."""
    for row in rows:
        if not _is_recorded(work.session, Did.WALLET_ADDED, row.id, row.client_id):
            _record(work, Did.WALLET_ADDED, row)


@in_transaction
def drop_passes(work: Work, rows: Iterable[WalletPass]) -> None:
    """Bring these passes up to date no more."""
    _remove(work, WalletPass.id.in_([row.id for row in rows]))


@in_transaction
def drop_devices(work: Work, push_tokens: Iterable[str]) -> None:
    """Forget devices that Apple says have no pass of the clinic any more."""
    _remove(work, WalletPass.push_token.in_(list(push_tokens)), WalletPass.place == APPLE)


def enqueue_updates(store: Store, act: Act, course_id: str) -> int:
    """Enqueue the update of a course's passes, one job for each place that has one; return how many."""
    with store.reading() as session:
        places = sorted(
            set(session.scalars(select(WalletPass.place).where(WalletPass.course_id == course_id)))
        )

    def do(work: Work) -> None:
        for place in places:
            enqueue(work, UPDATE[place], course_id)

    if places:
        transact(store, act, do)
    return len(places)


def withdraw_in(work: Work, client_ids: Iterable[str]) -> None:
    """Withdraw all passes of these clients: devices are forgotten, and what Google shows is emptied by a job."""
    gone = _remove(work, WalletPass.client_id.in_(list(client_ids)))
    objects = [row.id for row in gone if row.place == GOOGLE]
    if objects:
        enqueue(work, WITHDRAW, objects[0], payload={OBJECTS: objects})


_LONGEST_TAG = 20


def _theirs(course_id: str, client_id: str) -> tuple[ColumnElement[bool], ...]:
    return WalletPass.course_id == course_id, WalletPass.client_id == client_id


def _added(work: Work, place: str, course_id: str, client_id: str, *, device: str = "") -> WalletPass:
    row = WalletPass(
        id=work.new_id(),
        place=place,
        course_id=course_id,
        client_id=client_id,
        device=device,
        push_token="",
        added_at=work.now,
        changed_at=work.now,
    )
    work.add(row)
    return row


def _remove(work: Work, *which: ColumnElement[bool]) -> Sequence[WalletPass]:
    """Delete these rows and return them; of those that were in a wallet it is recorded."""
    rows = work.session.scalars(select(WalletPass).where(*which)).all()
    for row in rows:
        if row.place == APPLE or _is_recorded(work.session, Did.WALLET_ADDED, row.id, row.client_id):
            _record(work, Did.WALLET_REMOVED, row)
        work.session.delete(row)
    return rows


def _note_made(work: Work, place: str, course_id: str, client_id: str) -> None:
    subject = _asked_for(place, course_id)
    if not _is_recorded(work.session, Did.WALLET_ASKED, subject, client_id):
        record_in(work, Did.WALLET_ASKED, name=WALLETS[place], client_id=client_id, subject_id=subject)


def _asked_for(place: str, course_id: str) -> str:
    return f"{place}:{course_id}"


def _record(work: Work, kind: Did, row: WalletPass) -> None:
    record_in(work, kind, name=WALLETS[row.place], client_id=row.client_id, subject_id=row.id)


def _is_recorded(session: Session, kind: Did, subject_id: str, client_id: str) -> bool:
    known = select(Activity.id).where(
        Activity.subject_id == subject_id, Activity.kind == kind, Activity.client_id == client_id
    )
    return session.scalar(known.limit(1)) is not None


def _tag(at: datetime) -> int:
    """Return a time as whole microseconds, so that no change falls between two tags."""
    return (at - _EPOCH) // timedelta(microseconds=1)
