"""The loader of states: a fixed number of statements, and sums that are the entries' own on both engines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.course import CourseFacts, Totals, Use, WaitingGift
from plugin.core.ledger import Kind
from plugin.core.terms import Terms
from plugin.courses.base.chain import heads_of
from plugin.courses.base.read import course_in
from plugin.courses.base.state import course_states, each_state, numbered_states
from plugin.courses.base.work import Work
from plugin.courses.lists.listing import keep_listing
from plugin.courses.refunds.canceled_invoice import end_collection
from plugin.courses.reports.follow_ups import follow_ups
from plugin.courses.visits.in_hand import course_in_hand
from plugin.courses.visits.use import charge_in
from plugin.store import Store
from plugin.store.changes import Gift
from plugin.store.ledger import Allowance, Course, Entry
from tests.budgets.counting import counted
from tests.courses.changes.changing import Changes
from tests.courses.desk import FACIAL, SINGLE, Desk
from tests.courses.ledgers import DEEDS, START, RandomLedger, not_kept
from tests.states import STATES, World

ANY_LEDGER = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def any_store(module_database_url: str) -> Iterator[Store]:
    with Store(module_database_url) as store:
        yield store


@pytest.mark.parametrize("many", [1, 200])
def test_one_course_takes_as_many_statements_as_two_hundred(desk: Desk, many: int) -> None:
    package = desk.package(touch_ups=2)
    for lot in (many,) if many == 1 else (100, 100):
        desk.book(desk.sale(desk.line(package, quantity=lot, paid=198000 * lot)))
    today = desk.today
    with desk.store.reading() as session:
        ids = session.scalars(select(Course.id)).all()
        for which in (ids, select(Course.id)):
            with counted(desk.store.engine) as sent:
                states = course_states(session, which, today=today)
            assert (len(states), {each.left for each in states.values()}) == (many, {12})
            assert len(sent) == 1, sent
            with counted(desk.store.engine) as sent:
                numbered_states(session, ids, today=today)
            assert len(sent) == 2


def test_people_to_call_takes_as_many_statements_for_any_number_of_courses(lite: object) -> None:
    desk: Desk = lite.desk  # type: ignore[attr-defined]
    package = desk.package(terms=Terms(expires_on=desk.today))
    taken = set()
    for lot in (1, 60):
        desk.book(desk.sale(desk.line(package, quantity=lot, paid=198000 * lot)))
        keep_listing(desk.store, desk.clock)
        with desk.store.reading(), counted(desk.store.engine) as sent:
            assert len(follow_ups(desk.store, desk.clock())) == 1
        taken.add(len(sent))
    assert len(taken) == 1
    assert max(taken) <= 14


def test_every_state_reads_the_same_alone_in_a_list_and_in_full(desk: Desk) -> None:
    world = World(desk)
    built = world.build_all()
    with desk.store.reading() as session:
        together = {
            state.facts.id: state for state, _ in each_state(session, select(Course.id), today=desk.today)
        }
        for name, course_id in built.items():
            row = session.get_one(Course, course_id)
            alone = course_states(session, [course_id], today=desk.today)[course_id]
            full = course_in(session, row, today=desk.today)
            assert alone == together[course_id], name
            assert (full.facts, full.parts, full.status) == (alone.facts, alone.parts, alone.status), name
            says = STATES[name].says
            assert (alone.status, alone.left, alone.usable_now, alone.locked) == (
                says.status,
                says.left,
                says.usable_now,
                says.locked,
            ), name


def test_days_are_the_clinic_s_and_facts_are_those_of_the_rows(desk: Desk) -> None:
    # Nine in the evening at the clinic, where the day is still the one before that in UTC.
    desk.clock.set(datetime(2026, 11, 23, 5, 0, tzinfo=UTC))
    changes, day, now = Changes(desk), date(2026, 11, 22), desk.clock()
    frozen = desk.sell(paid=165000, tax=33000, tax_in_price=3000)
    changes.freeze(frozen)
    given = desk.sell()
    changes.give(given)
    ended, sale = desk.sell_by_invoice(deposit=50000, net=165000, tax=33000)
    end = desk.act()
    desk.store.transact(lambda session: end_collection(Work(session, desk.store, end), sale.square_order_id))
    nobody_s = desk.sell(desk.package(terms=Terms(expires_on=date(2027, 3, 1))), buyer=None)

    with desk.store.reading() as session:
        gift_id = session.scalars(select(Gift.id)).one()
        states = course_states(session, [frozen, given, ended, nobody_s], today=day)
    assert [states[each].facts for each in (frozen, given, ended, nobody_s)] == [
        CourseFacts(frozen, 165000, "USD", frozen_on=day, tax=33000, tax_in_price=3000, tax_paid=33000),
        CourseFacts(given, 198000, "USD", waiting_gift=WaitingGift(gift_id, "7KQMX3FD92HT", "Bea Wong", now)),
        CourseFacts(ended, 165000, "USD", tax=33000, tax_paid=8334, due_ended_on=day),
        CourseFacts(nobody_s, 198000, "USD", has_owner=False, expires_on=date(2027, 3, 1)),
    ]
    (part,) = states[frozen].parts
    (row,) = desk.course(frozen).allowances
    assert part[:7] == (row.id, FACIAL, "main", SINGLE, 165000, None, 0)
    assert part.totals == Totals(granted=12, left=12, value_left=165000, paid=165000)


def test_a_use_has_the_day_of_its_visit_or_that_on_which_it_happened(desk: Desk) -> None:
    course_id = desk.sell()
    desk.clock.advance(days=3)
    today = desk.today
    two = desk.use(course_id, sessions=2, visited_on=today - timedelta(1)).entry
    undone = desk.use(course_id).entry
    desk.undo(undone.id)
    late = datetime(2026, 11, 26, 5, 0, tzinfo=UTC)

    def miss(session: Session) -> str:
        work = Work(session, desk.store, desk.act())
        owner = desk.course(course_id).client_id or ""
        missed = charge_in(
            work, course_id, None, client_id=owner, happened_at=late, reason="Missed", known_charges=0
        )
        return missed.entry.id

    missed_id = desk.store.transact(miss)
    with desk.store.reading() as session:
        read = numbered_states(session, [course_id], today=today)[course_id]
    with desk.store.writing() as session:
        hand = course_in_hand(session, course_id, desk.clock())
        (head,) = heads_of(session, [two.allowance_id]).values()
    uses = (
        Use(two.id, two.allowance_id, 2, today - timedelta(1)),
        Use(undone.id, two.allowance_id, 1, today, is_undone=True),
        Use(missed_id, two.allowance_id, 1, date(2026, 11, 25)),
    )
    assert read.uses == uses
    assert replace(hand.state, uses=uses) == read
    assert (hand.last_used_on, hand.last_charged_on) == (date(2026, 11, 25), date(2026, 11, 25))
    assert read.parts[0].totals == Totals(granted=12, left=9, value_left=148500, used=3, paid=198000)
    assert (hand.heads, hand.has_draft, hand.has_relations) == ({two.allowance_id: head}, False, False)


def test_what_was_used_before_an_import_is_told_from_what_was_used_since(desk: Desk) -> None:
    course_id = World(desk).build("imported_half_used")
    with desk.store.reading() as session:
        state = numbered_states(session, [course_id], today=desk.today)[course_id]
    assert [(use.sessions, use.is_used_before) for use in state.uses] == [(7, True), (1, False)]
    totals = state.parts[0].totals
    assert (totals.granted, totals.used, totals.used_before) == (12, 8, 7)


@ANY_LEDGER
@given(deeds=DEEDS)
def test_the_sums_are_those_of_the_entries_that_stand(any_store: Store, deeds: list[object]) -> None:
    with not_kept(any_store) as session:
        ledger = RandomLedger(session, any_store)
        for deed in deeds:
            ledger.write(deed)  # type: ignore[arg-type]
        session.flush()
        for state in course_states(session, select(Course.id), today=START.date()).values():
            for part in state.parts:
                assert part.totals == _totals(session, part.id)
        session.rollback()


def _totals(session: Session, allowance_id: str) -> tuple[int, ...]:
    """Add up the entries one by one, the plain way."""
    entries = session.scalars(
        select(Entry).where(Entry.allowance_id == allowance_id).order_by(Entry.seq)
    ).all()
    undone = {each.reverses for each in entries}
    standing = [each for each in entries if each.id not in undone]
    last = entries[-1]

    def total(kind: Kind, name: str) -> int:
        return sum(getattr(each, name) for each in standing if each.kind == kind)

    grown = sum(each.granted_after - each.granted_before for each in standing if each.kind == Kind.ADJUSTED)
    return (
        last.granted_after,
        last.sessions_after,
        last.value_after,
        -total(Kind.USED, "sessions_delta"),
        0,
        total(Kind.PAID, "value_delta"),
        grown,
    )


def test_an_allowance_without_an_entry_is_not_part_of_a_course(desk: Desk) -> None:
    """None is written without one: what is granted is its first entry."""
    course_id = desk.sell()
    with desk.store.reading() as session:
        many = session.scalars(select(Allowance.id).where(Allowance.course_id == course_id)).all()
        assert len(course_states(session, [course_id], today=desk.today)[course_id].parts) == len(many) == 1
