"""Ledgers of any kind for the reports: entries happen and are written at random times. Independent of the reports."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.core.ledger import Change, Kind, paid, refunded, reversal, sold, used
from plugin.courses.base.chain import Line, append, head_of
from plugin.courses.base.work import Work
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.offers import Package, Treatment

START = datetime(2026, 10, 1, 7, tzinfo=UTC)
# Two locations, two currencies, and a course whose sale named no location.
COURSES = (("USD", "L1"), ("USD", "L2"), ("EUR", "L1"), ("USD", None))
PAID = 198001


@dataclass(frozen=True)
class Deed:
    """An act on a course, so many hours after the start, and written so many hours later."""

    course: int
    kind: Kind
    hours: int
    late: int


DEEDS = st.lists(
    st.builds(
        Deed,
        course=st.integers(0, len(COURSES) - 1),
        kind=st.sampled_from([Kind.USED, Kind.USED, *Kind]),
        hours=st.integers(0, 24 * 100),
        late=st.sampled_from([0, 0, 1, 30, 24 * 40]),
    ),
    max_size=25,
)


class _NotKept(Exception):
    """Nothing is wrong: what was written is rolled back."""


@contextmanager
def not_kept(store: Store) -> Iterator[Session]:
    """Open a session in which anything may be written, of which nothing is kept."""
    with suppress(_NotKept), store.writing() as session:
        yield session
        raise _NotKept


class RandomLedger:
    """Writes into an open session that is undone at its end."""

    def __init__(self, session: Session, store: Store) -> None:
        self._session = session
        self._store = store
        self._numbers = iter(range(10**6))
        session.add(Treatment(id="t", name="Facial", kind="main", single_price=17000, currency="USD"))
        session.add(
            Package(id="p", name="Course of 12", price=PAID, currency="USD", terms={}, created_at=START)
        )
        session.flush()
        for number, (currency, place) in enumerate(COURSES):
            self._open(number, currency, place)

    def _open(self, number: int, currency: str, place: str | None) -> None:
        course = Course(
            id=f"c{number}",
            package_id="p",
            package_name="Course of 12",
            package_version=1,
            terms={},
            price=PAID,
            currency=currency,
            sold_at=START,
            booked_at=START,
            square_location_id=place,
        )
        allowance = Allowance(
            id=f"a{number}",
            course_id=course.id,
            position=0,
            treatment_id="t",
            treatment="Facial",
            kind="main",
            single_price=17000,
            price=PAID,
        )
        self._session.add(course)
        self._session.flush()
        self._session.add(allowance)
        self._session.flush()
        self.write(Deed(number, Kind.SOLD, 0, 0))
        self.write(Deed(number, Kind.PAID, 0, 0))

    def write(self, deed: Deed, *, not_before: datetime = START) -> None:
        """Write the act where the chain permits it."""
        allowance_id = f"a{deed.course}"
        happened = START + timedelta(hours=deed.hours)
        written = max(happened + timedelta(hours=deed.late), not_before)
        change, undone = self._change(allowance_id, deed.kind)
        if change is None:
            return
        line = Line(f"k{next(self._numbers)}", happened, reverses=undone)
        head = head_of(self._session, allowance_id)
        append(Work(self._session, self._store, Act(SQUARE, written, "k")), allowance_id, head, change, line)

    def _change(self, allowance_id: str, kind: Kind) -> tuple[Change | None, str | None]:
        head = head_of(self._session, allowance_id)
        if kind is Kind.SOLD:
            return sold(12), None
        if kind is Kind.PAID:
            return paid(PAID), None
        if kind in (Kind.ADJUSTED, Kind.TRANSFERRED_IN):
            return Change(kind, sessions=1, value=777, granted=1), None
        if kind is Kind.REVERSED:
            return self._undoing(allowance_id)
        if head.sessions == 0:
            return None, None
        if kind is Kind.USED:
            return used(head, 1), None
        taken = refunded(head, 1)
        return Change(kind, taken.sessions, taken.value), None

    def _undoing(self, allowance_id: str) -> tuple[Change | None, str | None]:
        undone = select(Entry.reverses).where(Entry.reverses.is_not(None))
        use = self._session.scalar(
            select(Entry)
            .where(Entry.allowance_id == allowance_id, Entry.kind == Kind.USED, Entry.id.not_in(undone))
            .order_by(Entry.seq.desc())
        )
        if use is None:
            return None, None
        return reversal(Change(Kind.USED, use.sessions_delta, use.value_delta)), use.id
