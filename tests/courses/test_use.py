"""Using a session: the right one, once, and never one that does not exist."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from plugin.core.acts import Actor, Role, Source
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.core.terms import Terms
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.read import courses_of_client
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.checks.answers import save_list
from plugin.courses.visits.note_views import NotePlace, read_note
from plugin.courses.visits.use import UseSession, use_session
from plugin.courses.visits.visits import visits_on
from plugin.errors import InvalidField, KeyReused, NoneLeft, NotFound, Refused
from plugin.store.ledger import Course
from tests.budgets.counting import counted
from tests.courses.desk import FACIAL, MANY, OLGA, TOUCH_UP, Desk, back
from tests.courses.notes import write_note
from tests.databases import sqlite_alone

TODAY = date(2026, 11, 22)


def allowance(desk: Desk, course_id: str, treatment: str) -> str:
    return next(each.id for each in desk.course(course_id).allowances if each.treatment == treatment)


def test_a_use_takes_one_session_and_its_part_of_the_money(desk: Desk) -> None:
    course_id = desk.sell()
    used = desk.use(course_id)
    assert (used.sessions_left, used.session_number, used.granted, used.is_repeat) == (11, 1, 12, False)
    assert (used.entry.kind, used.entry.sessions_delta) == (Kind.USED, -1)
    assert used.entry.value_delta.amount == -16500
    assert (used.entry.by, used.entry.source) == ("Deb", "desk")
    assert desk.balance(course_id) == (11, 181500)


def test_using_everything_earns_exactly_what_was_paid(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=3, touch_ups=2), paid=100001)
    earned = [-desk.use(course_id).entry.value_delta.amount for _ in range(5)]
    assert sum(earned) == 100001
    assert max(earned) - min(earned) <= 1
    assert desk.course(course_id).status is Status.FINISHED


def test_a_session_earns_its_part_of_the_price_of_which_the_rest_is_unpaid(desk: Desk) -> None:
    course_id, _sale = desk.sell_by_invoice(deposit=50000, net=198000)
    assert desk.use(course_id).entry.value_delta.amount == -16500


class TestWhichSession:
    def test_main_sessions_come_before_touch_ups(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=2, touch_ups=1))
        assert [desk.use(course_id).entry.treatment for _ in range(3)] == [FACIAL, FACIAL, TOUCH_UP]

    def test_the_main_treatment_comes_first_whatever_a_package_names_first(self, desk: Desk) -> None:
        led = NewContent("LED light dome, 15 min", 3, Money(2500, "USD"), kind="add_on")
        contents = (led, NewContent(FACIAL, 3, Money(16500, "USD"), kind="main"))
        package = create_package(desk.store, desk.act(OLGA), NewPackage("Both", Money(1, "USD"), contents)).id
        desk.list_on_till(package, f"var-{package}")
        assert desk.use(desk.sell(package)).entry.treatment == FACIAL

    @pytest.mark.parametrize("used", [10, 11])
    def test_touch_ups_are_closed_before_the_twelfth_session(self, desk: Desk, used: int) -> None:
        course_id = desk.sell(desk.package(sessions=12, touch_ups=2))
        desk.use(course_id, sessions=used)
        with pytest.raises(Refused, match="Touch-up, 45 min opens with session 12") as refusal:
            desk.use(course_id, allowance_id=allowance(desk, course_id, TOUCH_UP))
        assert refusal.value.code == "not_open_yet"

    def test_touch_ups_open_with_the_twelfth_session(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=12, touch_ups=2))
        desk.use(course_id, sessions=12)
        used = desk.use(course_id, allowance_id=allowance(desk, course_id, TOUCH_UP))
        assert (used.sessions_left, used.session_number, used.granted) == (1, 1, 2)

    def test_an_undone_session_closes_the_touch_ups_again(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=2, touch_ups=1))
        desk.use(course_id)
        last = desk.use(course_id)
        desk.undo(last.entry.id)
        with pytest.raises(Refused, match="opens with session 2"):
            desk.use(course_id, allowance_id=allowance(desk, course_id, TOUCH_UP))

    def test_a_used_touch_up_is_none_left_also_where_it_is_closed_again(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=2, touch_ups=1))
        last = [desk.use(course_id) for _ in range(3)][1]
        desk.undo(last.entry.id)
        with pytest.raises(NoneLeft):
            desk.use(course_id, allowance_id=allowance(desk, course_id, TOUCH_UP))

    def test_the_course_that_expires_first_is_proposed_then_the_oldest(self, desk: Desk) -> None:
        plain = desk.package(sessions=10)
        soon = desk.package(sessions=11, terms=Terms(expires_after_months=3))
        later = desk.package(sessions=12, terms=Terms(expires_after_months=6))
        day = datetime(2026, 11, 1, 18, tzinfo=UTC)
        sold = [
            desk.sell(package, paid_at=day + timedelta(days=number))
            for number, package in enumerate([plain, plain, later, soon])
        ]
        owner = desk.course(sold[0]).client_id or ""
        proposed = [course.id for course in courses_of_client(desk.store, owner, today=TODAY)]
        assert proposed == [sold[3], sold[2], sold[0], sold[1]]

    def test_courses_that_are_over_come_last_newest_first(self, desk: Desk) -> None:
        package = desk.package(sessions=1)
        first = desk.sell(package)
        desk.clock.advance(days=1)
        second, live = desk.sell(package), desk.sell(package)
        desk.use(first)
        desk.use(second)
        owner = desk.course(live).client_id or ""
        listed = [course.id for course in courses_of_client(desk.store, owner, today=desk.today)]
        assert listed == [live, second, first]

    def test_an_allowance_of_another_course_is_not_found(self, desk: Desk) -> None:
        package = desk.package()
        one, two = desk.sell(package), desk.sell(package)
        with pytest.raises(NotFound, match="no such allowance"):
            desk.use(one, allowance_id=allowance(desk, two, FACIAL))


class TestHowMany:
    def test_several_sessions_are_one_visit(self, desk: Desk) -> None:
        course_id = desk.sell()
        assert desk.use(course_id, sessions=2).sessions_left == 10
        (visit,) = desk.course(course_id).visits
        assert visit.number == 2

    @pytest.mark.parametrize("sessions", [1, 2])
    def test_up_to_the_last_one_can_be_used(self, desk: Desk, sessions: int) -> None:
        course_id = desk.sell(desk.package(sessions=2))
        assert desk.use(course_id, sessions=sessions).sessions_left == 2 - sessions

    def test_one_too_many_is_refused_and_takes_none(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=2))
        with pytest.raises(NoneLeft, match="Only 2 left, 3 asked for"):
            desk.use(course_id, sessions=3)
        assert desk.course(course_id).visits == ()

    @pytest.mark.parametrize(("sessions", "code"), [(12, "not_paid_for"), (13, "none_left")])
    def test_what_is_not_paid_for_is_not_said_to_be_used(self, desk: Desk, sessions: int, code: str) -> None:
        course_id, _sale = desk.sell_by_invoice(deposit=50000, net=198000)
        with pytest.raises(Refused) as refusal:
            desk.use(course_id, sessions=sessions)
        assert refusal.value.code == code

    def test_none_left_says_so(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=1))
        desk.use(course_id)
        wishes: list[Any] = [{}, {"allowance_id": allowance(desk, course_id, FACIAL)}]
        for wish in wishes:
            with pytest.raises(NoneLeft, match="No session is left"):
                desk.use(course_id, **wish)

    @pytest.mark.parametrize("sessions", [0, -1, 21])
    @sqlite_alone
    def test_a_number_no_visit_has_is_refused(self, desk: Desk, sessions: int) -> None:
        course_id = desk.sell(desk.package(sessions=40))
        with pytest.raises(InvalidField, match="1 to 20") as refusal:
            desk.use(course_id, sessions=sessions)
        assert refusal.value.field == "sessions"

    def test_twenty_at_once_are_believed(self, desk: Desk) -> None:
        assert desk.use(desk.sell(desk.package(sessions=40)), sessions=20).sessions_left == 20


class TestWhen:
    def test_today_is_the_clinic_s_day(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.clock.set(datetime(2026, 11, 23, 7, 59, tzinfo=UTC))
        desk.use(course_id)
        desk.clock.set(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))
        desk.use(course_id)
        days = [visit.visited_on for visit in desk.course(course_id).visits]
        assert days == [date(2026, 11, 22), date(2026, 11, 23)]

    def test_a_visit_can_be_written_down_later(self, desk: Desk) -> None:
        course_id = desk.sell(paid_at=datetime(2026, 11, 1, 18, tzinfo=UTC))
        desk.use(course_id)
        used = desk.use(course_id, visited_on=date(2026, 11, 10))
        assert used.entry.happened_at == datetime(2026, 11, 10, 20, tzinfo=UTC)
        assert used.entry.written_at == desk.clock()
        numbered = [(visit.visited_on.day, visit.number) for visit in desk.course(course_id).visits]
        assert numbered == [(10, 1), (22, 2)]

    @pytest.mark.parametrize("day", [date(2026, 11, 19), date(2026, 11, 22)])
    def test_the_day_of_the_sale_and_today_are_the_bounds(self, desk: Desk, day: date) -> None:
        course_id = desk.sell(paid_at=datetime(2026, 11, 19, 23, tzinfo=UTC))
        assert desk.use(course_id, visited_on=day).sessions_left == 11

    @pytest.mark.parametrize(
        ("day", "said"),
        [(date(2026, 11, 18), "was sold on Nov 19, 2026"), (date(2026, 11, 23), "in the future")],
    )
    def test_a_day_outside_them_is_refused(self, desk: Desk, day: date, said: str) -> None:
        course_id = desk.sell(paid_at=datetime(2026, 11, 19, 23, tzinfo=UTC))
        with pytest.raises(InvalidField, match=said) as refusal:
            desk.use(course_id, visited_on=day)
        assert refusal.value.field == "visited_on"
        assert desk.balance(course_id)[0] == 12


class TestWhatCanNotBeUsed:
    def test_a_course_nobody_owns(self, desk: Desk) -> None:
        course_id = desk.sell(buyer=None)
        with pytest.raises(Refused, match="Assign it to a client first") as refusal:
            desk.use(course_id)
        assert refusal.value.code == "unassigned"

    def test_a_refunded_course(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.refund("O", 198000, back())
        with pytest.raises(Refused) as refusal:
            desk.use(course_id)
        assert refusal.value.code == "refunded"

    @pytest.mark.parametrize(("days", "is_open"), [(-1, True), (0, True), (1, False)])
    @sqlite_alone
    def test_an_expired_course_from_the_day_after(self, desk: Desk, days: int, is_open: bool) -> None:
        expires_on = TODAY - timedelta(days=days)
        course_id = desk.sell(desk.package(terms=Terms(expires_on=expires_on)))
        if is_open:
            assert desk.use(course_id).sessions_left == 11
            return
        with pytest.raises(Refused, match="The owner can extend it") as refusal:
            desk.use(course_id)
        assert refusal.value.code == "expired"
        assert desk.balance(course_id) == (12, 198000)

    @sqlite_alone
    def test_a_visit_in_time_can_be_written_down_once_the_course_has_expired(self, desk: Desk) -> None:
        package = desk.package(terms=Terms(expires_on=TODAY - timedelta(days=1)))
        course_id = desk.sell(package, paid_at=desk.clock() - timedelta(days=9))
        assert desk.use(course_id, visited_on=TODAY - timedelta(days=1)).sessions_left == 11
        with pytest.raises(Refused, match="The owner can extend it"):
            desk.use(course_id)

    def test_a_frozen_course(self, desk: Desk) -> None:
        course_id = desk.sell()
        with desk.store.writing() as session:
            session.get_one(Course, course_id).frozen_at = desk.clock()
        with pytest.raises(Refused) as refusal:
            desk.use(course_id)
        assert refusal.value.code == "frozen"

    def test_a_course_of_another_client(self, desk: Desk) -> None:
        course_id = desk.sell()
        with pytest.raises(Refused, match="belongs to another client") as refusal:
            desk.use(course_id, client_id=desk.client("Bea Wong"))
        assert refusal.value.code == "not_theirs"

    @pytest.mark.parametrize(
        "wish", [{"client_id": "nobody"}, {"allowance_id": "none"}], ids=["client", "allowance"]
    )
    def test_what_does_not_exist(self, desk: Desk, wish: dict[str, Any]) -> None:
        course_id = desk.sell()
        with pytest.raises(NotFound):
            desk.use(course_id, **wish)
        with pytest.raises(NotFound):
            desk.use("no-course")

    def test_before_the_check_is_answered_today_s_treatment(self, desk: Desk) -> None:
        """A visit of an earlier day was treated already, and what is added to a treatment needs no check of its own."""
        led = "LED light dome, 15 min"
        contents = (
            NewContent(FACIAL, 12, Money(16500, "USD"), kind="main"),
            NewContent(led, 12, Money(0, "USD"), kind="add_on"),
        )
        package = create_package(desk.store, desk.act(OLGA), NewPackage("Both", Money(1, "USD"), contents)).id
        desk.list_on_till(package, f"var-{package}")
        course_id = desk.sell(package, paid_at=desk.clock() - timedelta(days=3))
        save_list(desk.store, desk.act(OLGA), {"en": "I feel ill"}, reviewed_by="Dr. Wu", seen_version=0)

        def use(**wish: Any) -> int:
            wished = UseSession(course_id, **wish)
            act = desk.act()
            return use_session(desk.store, act, wished, known_charges=MANY, needs_check=True).sessions_left

        with pytest.raises(Refused) as refusal:
            use()
        assert refusal.value.code == "check_missing"
        assert use(visited_on=desk.today - timedelta(1)) == 11
        assert use(allowance_id=allowance(desk, course_id, led)) == 11
        assert desk.use(course_id).sessions_left == 10


class TestTheSameKey:
    def test_it_gives_the_first_answer_and_changes_nothing(self, desk: Desk) -> None:
        course_id = desk.sell()
        first = desk.use(course_id, key="tap")
        desk.use(course_id)
        again = desk.use(course_id, key="tap")
        assert (again.entry, again.sessions_left, again.session_number) == (first.entry, 11, 1)
        assert (first.is_repeat, again.is_repeat) == (False, True)
        assert desk.balance(course_id)[0] == 10

    def test_it_gives_the_answer_when_none_is_left_since(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=1))
        desk.use(course_id, key="tap")
        assert desk.use(course_id, key="tap").sessions_left == 0

    def test_it_gives_the_answer_when_the_course_is_refunded_since(self, desk: Desk) -> None:
        course_id = desk.sell(order="O")
        desk.use(course_id, key="tap")
        desk.refund("O", 198000, back())
        assert desk.use(course_id, key="tap").sessions_left == 11

    def test_after_an_undo_it_still_is_the_same_tap(self, desk: Desk) -> None:
        course_id = desk.sell()
        used = desk.use(course_id, key="tap")
        desk.undo(used.entry.id)
        again = desk.use(course_id, key="tap")
        assert again.is_repeat
        assert again.entry.reversed_by is not None
        assert desk.balance(course_id)[0] == 12

    def test_it_gives_the_first_number_when_an_earlier_session_is_undone_since(self, desk: Desk) -> None:
        course_id = desk.sell()
        earlier = desk.use(course_id)
        desk.use(course_id, key="tap")
        desk.undo(earlier.entry.id)
        again = desk.use(course_id, key="tap")
        assert (again.session_number, again.entry.session_number) == (2, 2)
        assert desk.course(course_id).visits[0].number == 1

    @pytest.mark.parametrize(
        "other", [{"sessions": 2}, {"note": "x"}, {"visited_on": TODAY}, {"focus": "jaw"}], ids=str
    )
    def test_another_wish_under_it_is_refused(self, desk: Desk, other: dict[str, Any]) -> None:
        course_id = desk.sell()
        desk.use(course_id, key="tap")
        with pytest.raises(KeyReused, match="Make a new one"):
            desk.use(course_id, key="tap", **other)

    def test_another_course_or_deed_under_it_is_refused(self, desk: Desk) -> None:
        package = desk.package()
        one, two = desk.sell(package), desk.sell(package)
        used = desk.use(one, key="tap")
        with pytest.raises(KeyReused):
            desk.use(two, key="tap")
        with pytest.raises(KeyReused):
            desk.undo(used.entry.id, key="tap")

    def test_a_refused_use_leaves_the_key_free(self, desk: Desk) -> None:
        course_id = desk.sell(desk.package(sessions=1))
        with pytest.raises(NoneLeft):
            desk.use(course_id, key="tap", sessions=2)
        assert desk.use(course_id, key="tap").sessions_left == 0


class TestTheVisit:
    def staff(self, desk: Desk, name: str = "Dr. Wu", role: Role = Role.PRACTITIONER) -> Actor:
        email = f"{name.split()[-1].lower()}@example.org"
        return add_staff(
            desk.store, email=email, name=name, role=role, password_hash="x", now=desk.clock()
        ).actor

    def test_a_practitioner_who_taps_is_who_treated(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.use(course_id, actor=self.staff(desk), focus="Jaw", note="slept well")
        (visit,) = desk.course(course_id).visits
        assert (visit.practitioner, visit.focus, visit.note) == ("Dr. Wu", "Jaw", "slept well")

    def test_the_desk_is_not_taken_for_the_practitioner(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.use(course_id, actor=self.staff(desk, role=Role.DESK))
        assert desk.course(course_id).visits[0].practitioner == ""

    def test_somebody_else_can_be_named(self, desk: Desk) -> None:
        course_id = desk.sell()
        other = self.staff(desk, "Dr. Li")
        desk.use(course_id, actor=self.staff(desk), practitioner_id=other.staff_id)
        assert desk.course(course_id).visits[0].practitioner == "Dr. Li"

    def test_nobody_of_that_id_is_refused(self, desk: Desk) -> None:
        course_id = desk.sell()
        self.staff(desk)
        with pytest.raises(InvalidField, match=r"^There is no such practitioner\.$") as refusal:
            desk.use(course_id, practitioner_id="nobody")
        assert refusal.value.field == "practitioner_id"
        assert desk.balance(course_id)[0] == 12

    @pytest.mark.parametrize("field", ["focus", "note"])
    def test_a_text_that_is_too_long_is_refused_by_its_field(self, desk: Desk, field: str) -> None:
        course_id = desk.sell()
        text: dict[str, Any] = {field: "x" * 500}
        desk.use(course_id, **text)
        with pytest.raises(InvalidField) as refusal:
            desk.use(course_id, **{field: text[field] + "x"})
        assert refusal.value.field == field
        assert desk.balance(course_id)[0] == 11

    def test_an_owner_s_token_without_a_person_can_use(self, desk: Desk) -> None:
        machine = Actor("Kiosk", Role.DESK, Source.API)
        assert desk.use(desk.sell(), actor=machine).entry.source == "api"

    def test_it_can_be_described_afterwards(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.use(course_id)
        (visit,) = desk.course(course_id).visits
        who = self.staff(desk).staff_id
        before = desk.balance(course_id)
        write_note(desk.store, desk.act(), visit.id, practitioner_id=who, focus=" Brow ", note="a\x00b")
        (told,) = desk.course(course_id).visits
        assert (told.practitioner, told.focus, told.note) == ("Dr. Wu", "Brow", "ab")
        assert desk.balance(course_id) == before

    def test_a_visit_that_was_undone_is_not_described(self, desk: Desk) -> None:
        course_id = desk.sell()
        used = desk.use(course_id)
        (visit,) = desk.course(course_id).visits
        desk.undo(used.entry.id)
        with pytest.raises(Refused) as refusal:
            write_note(desk.store, desk.act(), visit.id, focus="Brow")
        assert refusal.value.code == "undone"

    def test_describing_refuses_what_is_not_there(self, desk: Desk) -> None:
        course_id = desk.sell()
        desk.use(course_id)
        (visit,) = desk.course(course_id).visits
        with pytest.raises(NotFound):
            read_note(desk.store, desk.act(), NotePlace("none", visit_id="none"))
        with pytest.raises(InvalidField):
            write_note(desk.store, desk.act(), visit.id, practitioner_id="none")

    def test_the_visits_of_a_day_are_those_that_stand(self, desk: Desk) -> None:
        package = desk.package()
        one, two = desk.sell(package), desk.sell(package)
        desk.use(one)
        undone = desk.use(two)
        desk.use(two)
        desk.undo(undone.entry.id)
        assert [each.course.id for each in visits_on(desk.store, TODAY, today=TODAY)] == [two, one]
        assert [each.course.id for each in visits_on(desk.store, TODAY, today=TODAY, limit=1)] == [two]
        assert visits_on(desk.store, TODAY - timedelta(1), today=TODAY) == ()


def test_the_number_of_a_session_counts_sessions_that_were_had(desk: Desk) -> None:
    course_id = desk.sell(order="O")
    desk.use(course_id, sessions=2)
    desk.refund("O", 49500, return_order=None)
    desk.answer(desk.questions()[0].id, "take_sessions", sessions=3)
    undone = desk.use(course_id)
    desk.undo(undone.entry.id)
    used = desk.use(course_id)
    assert (used.session_number, used.sessions_left) == (3, 6)
    assert desk.course(course_id).visits[-1].number == 3


def test_a_use_is_numbered_by_its_day_whenever_it_is_entered(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=6, touch_ups=2))
    desk.clock.advance(days=9)
    given = []
    for days_ago in (4, 2, 6, 0, 0, 5):
        used = desk.use(course_id, visited_on=desk.today - timedelta(days_ago))
        shown = {each.id: each.session_number for each in desk.course(course_id).entries}
        assert used.session_number == shown[used.entry.id]
        given.append(used.session_number)
    assert given == [1, 2, 1, 4, 5, 2]
    assert [desk.use(course_id).session_number for _ in range(2)] == [1, 2]


def test_a_use_reads_no_more_of_a_course_that_was_used_often(desk: Desk) -> None:
    course_id = desk.sell()

    def statements() -> int:
        desk.clock.advance(days=1)
        with counted(desk.store.engine) as sent:
            desk.use(course_id)
        assert not [each for each in sent if "ORDER BY entry.id" in each.sql]
        return len(sent)

    # The first one may set the last day.
    first, *others = [statements() for _ in range(4)]
    assert set(others) == {first - 1}
