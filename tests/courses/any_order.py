"""The ledger under any order of acts, each sent any number of times: what must be true after every single one.

The acts are an object, so that a broken one can be substituted and must be detected.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from sqlalchemy import select

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.courses.audit import audit
from plugin.courses.base.read import courses_in
from plugin.courses.base.views import CourseView, EntryView, Used
from plugin.courses.reports.totals import keep_totals
from plugin.courses.sales.sales import Sale
from plugin.errors import CoursekeeperError
from plugin.store import Store
from plugin.store.ledger import Course
from tests.clock import HandMovedClock
from tests.courses.changes.changing import Changes
from tests.courses.desk import ANA, Desk, back

SESSIONS = 4
TOUCH_UPS = 1


class Deeds:
    """The acts of the desk and Square; each returns its result or the code of a refusal."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.changes = Changes(desk)

    def book(self, sale: Sale) -> tuple[str, ...]:
        return self.desk.book(sale).opened

    def use(self, course_id: str, sessions: int, key: str) -> Used | str:
        return self._said(lambda: self.desk.use(course_id, sessions=sessions, key=key))

    def undo(self, entry_id: str, key: str) -> object:
        return self._said(lambda: self.desk.undo(entry_id, key=key))

    def refund(self, sale: Sale, amount: int, refund_id: str, status: str, *, by_line: bool) -> object:
        return self.desk.refund(
            sale.square_order_id,
            amount,
            *([back()] if by_line else []),
            total=sale.total.amount,
            refund_id=refund_id,
            return_order=f"RETURN-{refund_id}",
            status=status,
        )

    def decide(self, item_id: str, key: str, decision: str, **said: Any) -> object:
        return self._said(lambda: self.desk.answer(item_id, decision, key=key, **said))

    def transfer(self, course_id: str, to: str, sessions: int | None, key: str) -> Any:
        return self._said(lambda: self.changes.transfer(course_id, to, sessions=sessions, key=key))

    def adjust(self, course_id: str, sessions: int, *, keeps_value: bool) -> Any:
        return self._said(lambda: self.changes.adjust(course_id, sessions, keeps_value=keeps_value))

    def pause(self, course_id: str, deed: str) -> Any:
        return self._said(lambda: getattr(self.changes, deed)(course_id))

    def _said(self, deed: Callable[[], Any]) -> Any:
        try:
            return deed()
        except CoursekeeperError as refusal:
            return refusal.code


class Selling(RuleBasedStateMachine):
    """Sells, uses and undoes; knows how many sessions each course must have left, and checks after each step."""

    sales = Bundle("sales")
    taps = Bundle("taps")

    def __init__(self, fresh_store: Callable[[], Store], deeds: type[Deeds] = Deeds) -> None:
        super().__init__()
        self.store = fresh_store()
        self.desk = Desk(self.store, HandMovedClock())
        self.deeds = deeds(self.desk)
        self.keys = iter(range(10**6))
        self.courses: list[str] = []
        self.answers: dict[str, object] = {}
        self.undone: set[str] = set()
        self.gone: set[str] = set()
        self.seen: dict[str, EntryView] = {}
        # Sessions used and undone, course by course; a closed course has none left.
        self.had: defaultdict[str, int] = defaultdict(int)

    def teardown(self) -> None:
        self.store.close()

    @initialize()
    def a_package_is_for_sale(self) -> None:
        self.package = self.desk.package(sessions=SESSIONS, touch_ups=TOUCH_UPS)
        self.people = [self.desk.client(name) for name in ("Cleo Hart", "Dora Lind")]

    @rule(target=sales, paid=st.integers(0, 10_007), quantity=st.integers(1, 2), has_buyer=st.booleans())
    def sell(self, paid: int, quantity: int, has_buyer: bool) -> Sale:
        line = self.desk.line(self.package, paid=paid, quantity=quantity)
        sale = self.desk.sale(line, buyer=ANA if has_buyer else None)
        opened = self.deeds.book(sale)
        assert len(opened) == quantity
        assert sum(self.desk.course(each).price.amount for each in opened) == paid
        self.courses += opened
        return sale

    @rule(sale=sales)
    def square_tells_of_a_sale_again(self, sale: Sale) -> None:
        assert self.deeds.book(sale) == ()

    @rule(target=taps, data=st.data(), sessions=st.integers(1, 3))
    def use(self, data: st.DataObject, sessions: int) -> Any:
        if not self.courses:
            return multiple()
        course_id = data.draw(st.sampled_from(self.courses))
        before = self.desk.course(course_id)
        key = f"use-{next(self.keys)}"
        answer = self.deeds.use(course_id, sessions, key)
        self.answers[key] = answer
        if isinstance(answer, str):
            assert answer in ("none_left", "unassigned", "refunded", "transferred", "frozen")
            assert self.desk.course(course_id) == before
            return multiple()
        assert before.status is not Status.FROZEN
        assert answer.sessions_left == _left_of(before, answer.entry.allowance_id) - sessions
        return key, course_id, sessions, answer.entry.id

    @rule(tap=taps)
    def the_same_tap_comes_again(self, tap: tuple[str, str, int, str]) -> None:
        key, course_id, sessions, entry_id = tap
        before = self.desk.course(course_id)
        again = self.deeds.use(course_id, sessions, key)
        assert isinstance(again, Used)
        assert (again.entry.id, again.is_repeat) == (entry_id, True)
        assert self.desk.course(course_id) == before

    @rule(tap=taps, twice=st.booleans())
    def undo(self, tap: tuple[str, str, int, str], twice: bool) -> None:
        _, course_id, _, entry_id = tap
        is_open = self.desk.course(course_id).closed_at is None
        key = f"undo-{next(self.keys)}"
        answer = self.deeds.undo(entry_id, key)
        if entry_id in self.undone:
            assert answer == "already_reversed"
        elif not is_open:
            assert answer in ("refunded", "transferred")
        else:
            assert not isinstance(answer, str)
            self.undone.add(entry_id)
            if twice:
                assert not isinstance(self.deeds.undo(entry_id, key), str)

    @invariant()
    def all_holds(self) -> None:
        """Read every course once, and check all that must be true of it."""
        courses = self.views()
        self.nothing_written_was_changed(courses)
        self.every_balance_equals_its_ledger(courses)
        self.what_came_in_is_owed_earned_or_given_back(courses)
        self.each_session_is_worth_its_part(courses)
        self.what_goes_out_comes_in(courses)
        if len(self.seen) % 3 == 0:
            keep_totals(self.store)
        assert audit(self.store) == ()

    def nothing_written_was_changed(self, courses: list[CourseView]) -> None:
        now = {entry.id: entry for course in courses for entry in course.entries}
        for entry_id, entry in self.seen.items():
            assert now[entry_id].value_delta == entry.value_delta
            assert (now[entry_id].seq, now[entry_id].kind, now[entry_id].sessions_delta) == (
                entry.seq,
                entry.kind,
                entry.sessions_delta,
            )
        self.seen = now

    def every_balance_equals_its_ledger(self, courses: list[CourseView]) -> None:
        for course in courses:
            for allowance in course.allowances:
                lines = [entry for entry in course.entries if entry.allowance_id == allowance.id]
                assert allowance.left == sum(entry.sessions_delta for entry in lines) >= 0
                assert allowance.value_left.amount == sum(entry.value_delta.amount for entry in lines) >= 0
                assert allowance.left + allowance.used <= allowance.granted
                if not any(entry.kind in _GRANTING for entry in lines):
                    assert allowance.granted in (SESSIONS, TOUCH_UPS)

    def what_came_in_is_owed_earned_or_given_back(self, courses: list[CourseView]) -> None:
        for course in courses:
            earned = -_standing(course, Kind.USED)
            given_back = -_standing(course, Kind.REFUNDED)
            lost = -_standing(course, Kind.WRITTEN_OFF)
            assert min(earned, given_back, lost) >= 0
            came = course.paid.amount + sum(_standing(course, kind) for kind in _MOVING)
            assert came == course.value_left.amount + earned + given_back + lost

    def what_goes_out_comes_in(self, courses: list[CourseView]) -> None:
        kinds = (Kind.TRANSFERRED_OUT, Kind.TRANSFERRED_IN)
        moved = [entry for course in courses for entry in course.entries if entry.kind in kinds]
        assert sum(entry.sessions_delta for entry in moved) == 0
        assert sum(entry.value_delta.amount for entry in moved) == 0

    def each_session_is_worth_its_part(self, courses: list[CourseView]) -> None:
        for course in courses:
            shares = _shares(course)
            for allowance in course.allowances:
                lines = [entry for entry in course.entries if entry.allowance_id == allowance.id]
                assert allowance.left or not allowance.value_left.amount
                if any(entry.kind in (Kind.REFUNDED, *_MOVING) for entry in lines):
                    continue
                for entry in lines:
                    if entry.kind is Kind.USED:
                        fair = shares[allowance.id] / allowance.granted
                        assert (
                            abs(entry.value_delta.amount - entry.sessions_delta * fair)
                            < -entry.sessions_delta
                        )

    def views(self) -> list[CourseView]:
        with self.store.reading() as session:
            rows = session.scalars(select(Course).where(Course.id.in_(self.courses)).order_by(Course.id))
            return courses_in(session, rows.all(), today=self.desk.today)

    def entries(self) -> list[tuple[EntryView, ...]]:
        return [course.entries for course in self.views()]


class Refunding(Selling):
    """Money is refunded in Square, and people decide what that means."""

    refunds = Bundle("refunds")

    @rule(target=refunds, sale=Selling.sales, share=st.integers(1, 4), by_line=st.booleans())
    def refund(self, sale: Sale, share: int, by_line: bool) -> tuple[Sale, int, str, bool]:
        refund_id = f"REFUND-{next(self.keys)}"
        amount = sale.total.amount * share // 4
        self.deeds.refund(sale, amount, refund_id, "PENDING", by_line=by_line)
        return sale, amount, refund_id, by_line

    @rule(refund=refunds, status=st.sampled_from(["PENDING", "COMPLETED"]))
    def square_tells_of_a_refund_again(self, refund: tuple[Sale, int, str, bool], status: str) -> None:
        sale, amount, refund_id, by_line = refund
        before = self.entries()
        self.deeds.refund(sale, amount, refund_id, status, by_line=by_line)
        assert self.entries() == before

    @rule(refund=consumes(refunds))
    def a_refund_fails(self, refund: tuple[Sale, int, str, bool]) -> None:
        sale, amount, refund_id, by_line = refund
        self.deeds.refund(sale, amount, refund_id, "FAILED", by_line=by_line)
        before = self.entries()
        self.deeds.refund(sale, amount, refund_id, "PENDING", by_line=by_line)
        assert self.entries() == before

    @rule(data=st.data(), twice=st.booleans())
    def a_person_decides(self, data: st.DataObject, twice: bool) -> None:
        waiting = self.desk.questions()
        if not waiting:
            return
        item = data.draw(st.sampled_from(waiting))
        said: dict[str, Any] = {"course_id": data.draw(st.sampled_from(item.course_ids))}
        decision = data.draw(st.sampled_from(item.decisions))
        if decision == "take_sessions":
            said["sessions"] = data.draw(st.integers(1, 3))
        if decision == "assign":
            said["client_id"] = self.desk.client("Bea Wong")
        key = f"decide-{next(self.keys)}"
        self.deeds.decide(item.id, key, decision, **said)
        if twice:
            before = self.entries()
            self.deeds.decide(item.id, key, decision, **said)
            assert self.entries() == before


class Changing(Selling):
    """What the owner does to sold courses."""

    @rule(data=st.data(), sessions=st.sampled_from([1, 2, None]), twice=st.booleans())
    def what_is_left_goes_to_somebody(self, data: st.DataObject, sessions: int | None, twice: bool) -> None:
        if not self.courses:
            return
        course_id, to = data.draw(st.sampled_from(self.courses)), data.draw(st.sampled_from(self.people))
        key = f"transfer-{next(self.keys)}"
        answer = self.deeds.transfer(course_id, to, sessions, key)
        if isinstance(answer, str):
            return
        self.courses = list(dict.fromkeys([*self.courses, answer.course.id]))
        if twice:
            before = self.entries()
            self.deeds.transfer(course_id, to, sessions, key)
            assert self.entries() == before

    @rule(data=st.data(), sessions=st.sampled_from([1, 2, -1, -2]), keeps_value=st.booleans())
    def the_owner_adjusts(self, data: st.DataObject, sessions: int, keeps_value: bool) -> None:
        if not self.courses:
            return
        course_id = data.draw(st.sampled_from(self.courses))
        before = self.desk.course(course_id)
        answer = self.deeds.adjust(course_id, sessions, keeps_value=keeps_value)
        after = self.desk.course(course_id)
        if isinstance(answer, str):
            assert after == before
        elif sessions > 0 or keeps_value:
            assert after.value_left == before.value_left
        else:
            assert after.value_left <= before.value_left

    @rule(data=st.data(), deed=st.sampled_from(["freeze", "thaw", "write_off", "undo_write_off"]))
    def the_owner_stops_or_resumes(self, data: st.DataObject, deed: str) -> None:
        if self.courses:
            self.deeds.pause(data.draw(st.sampled_from(self.courses)), deed)


class AnyOrder(Refunding, Changing):
    """All of it."""


_GRANTING = (Kind.ADJUSTED, Kind.TRANSFERRED_IN)
_MOVING = (Kind.ADJUSTED, Kind.TRANSFERRED_IN, Kind.TRANSFERRED_OUT)


def _left_of(course: CourseView, allowance_id: str) -> int:
    return next(each.left for each in course.allowances if each.id == allowance_id)


def _standing(course: CourseView, kind: Kind) -> int:
    return sum(
        entry.value_delta.amount
        for entry in course.entries
        if entry.kind is kind and entry.reversed_by is None
    )


def _shares(course: CourseView) -> dict[str, int]:
    return {
        entry.allowance_id: entry.value_delta.amount for entry in course.entries if entry.kind is Kind.PAID
    }
