"""The loader of states: a fixed number of statements, and sums that are the entries' own on both engines."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.ledger import Kind
from plugin.core.terms import Terms
from plugin.courses.base.read import course_in
from plugin.courses.base.state import course_states, each_state, numbered_states
from plugin.courses.lists.listing import keep_listing
from plugin.courses.reports.follow_ups import follow_ups
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from tests.budgets.counting import counted
from tests.courses.desk import Desk
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
