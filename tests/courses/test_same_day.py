"""A second charge for one client, treatment and day is never made without a question (B7)."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest

from plugin.core.acts import Actor, Role, Source
from plugin.core.ledger import Kind
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import Used
from plugin.courses.base.work import digest
from plugin.courses.changes.gifts import Share, share_course
from plugin.courses.clients.clients import find_clients
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.merge import merge_clients
from plugin.courses.visits.no_shows import Missed, settle_missed
from plugin.courses.visits.same_day import AlreadyCharged, charges_that_day
from plugin.courses.visits.use import UseSession
from plugin.errors import NoneLeft, NotFound, Refused
from plugin.staff_languages import staff_language
from plugin.store.ledger import Operation
from plugin.wording import speaking
from tests.budgets.counting import counted
from tests.courses.appointments import Appointments, at
from tests.courses.desk import FACIAL, TOUCH_UP, Desk
from tests.courses.old_book import OldBook, row
from tests.courses.racing import RACERS, race

TODAY, YESTERDAY = date(2026, 11, 22), date(2026, 11, 21)
KIOSK = Actor("Kiosk", Role.DESK, Source.API)
BEA = Buyer("CUSTOMER-BEA", name="Bea Wong")

# How a session is charged; each takes the calendar, a course, one of two appointments, and what the desk knows of.
Way = Callable[[Appointments, str, str, int], object]


def _missed(lite: Appointments, course_id: str, known: int = 0, on: date | None = None) -> object:
    act, missed = lite.desk.act(), Missed("charge", missed_on=on)
    return settle_missed(lite.desk.store, act, course_id, missed, known_charges=known)


WAYS: dict[str, Way] = {
    "use": lambda lite, course_id, _, known: lite.desk.use(course_id, known=known),
    "arrival": lambda lite, _, booking_id, known: lite.use(booking_id, known_charges=known),
    "no-show": lambda lite, _, booking_id, known: lite.missed("charge", booking_id, known_charges=known),
    "missed": lambda lite, course_id, _, known: _missed(lite, course_id, known),
    "past": lambda lite, course_id, _, known: lite.desk.use(course_id, known=known, visited_on=TODAY),
    "API": lambda lite, course_id, _, known: lite.desk.use(course_id, known=known, actor=KIOSK),
}
# Which question the second one must meet, as literals.
SECOND = """
first \\ second  use    arrival  no-show  missed  past   API
use             asked  asked    asked    asked   asked  told
arrival         asked  asked    asked    asked   asked  told
no-show         asked  asked    asked    asked   asked  told
missed          asked  asked    asked    asked   asked  told
past            asked  asked    asked    asked   asked  told
API             asked  asked    asked    asked   asked  told
"""


def _pairs() -> list[tuple[str, str, str]]:
    head, *rows = SECOND.replace("first \\ second", "first").split("\n")[1:-1]
    seconds = head.split()[1:]
    return [
        (line.split()[0], second, answer)
        for line in rows
        for second, answer in zip(seconds, line.split()[1:], strict=True)
    ]


def sold(lite: Appointments, **more: Any) -> str:
    """Ana's course, sold three weeks ago, and two appointments of hers that have begun."""
    package = lite.desk.package(**more)
    course_id = lite.desk.sell(package, paid_at=lite.desk.clock() - timedelta(weeks=3))
    for booking_id in ("B1", "B2"):
        lite.told(booking_id, start_at=at("2026-11-22T16:00:00Z"))
    return course_id


def charges(desk: Desk, course_id: str) -> list[str]:
    """Return the entries that charge a session and are not undone."""
    entries = desk.course(course_id).entries
    return [each.id for each in entries if each.kind is Kind.USED and each.reversed_by is None]


@pytest.mark.parametrize(("first", "second", "answer"), _pairs())
def test_a_second_charge_of_a_day_is_asked_about_whatever_way_it_comes(
    lite: Appointments, first: str, second: str, answer: str
) -> None:
    course_id = sold(lite)
    WAYS[first](lite, course_id, "B1", 0)
    (earlier,) = charges(lite.desk, course_id)
    if answer == "told":
        used = WAYS[second](lite, course_id, "B2", 0)
        assert isinstance(used, Used)
        assert [(each.entry_id, each.session_number) for each in used.earlier] == [(earlier, 1)]
    else:
        with pytest.raises(AlreadyCharged, match=r"today at 10:00.AM by \w+ \(session 1 of 12\)") as asked:
            WAYS[second](lite, course_id, "B2", 0)
        assert (asked.value.code, asked.value.status) == ("already_used_today", 409)
        assert [each.entry_id for each in asked.value.charges] == [earlier]
        assert (charges(lite.desk, course_id), lite.desk.balance(course_id)[0]) == ([earlier], 11)
        assert lite.one("B2").state == "expected"
        WAYS[second](lite, course_id, "B2", 1)
    assert lite.desk.balance(course_id)[0] == 10


@pytest.mark.parametrize("first", ["use", "no-show"])
def test_the_question_says_what_the_earlier_charge_was(lite: Appointments, first: str) -> None:
    course_id = sold(lite)
    WAYS[first](lite, course_id, "B1", 0)
    said = {"use": "Already used today", "no-show": "Already charged as a no-show today"}[first]
    with pytest.raises(AlreadyCharged, match=f"^{said}"):
        lite.desk.use(course_id, known=0)


def test_the_question_is_spanish_as_a_whole(lite: Appointments) -> None:
    course_id = sold(lite)
    lite.desk.use(course_id)
    with speaking(staff_language("es")), pytest.raises(AlreadyCharged) as asked:
        lite.desk.use(course_id, known=0)
    with speaking(staff_language("es")):
        assert str(asked.value.message).startswith("Ya se usó hoy")


def test_a_visit_entered_for_a_day_already_charged_is_asked_about_with_that_day(lite: Appointments) -> None:
    course_id = sold(lite)
    lite.desk.use(course_id)
    lite.desk.clock.advance(days=1)
    lite.desk.use(course_id, known=0)
    with pytest.raises(AlreadyCharged, match=r"on Nov 22, 2026 at 10:00.AM by Deb \(session 1 of 12\)\.$"):
        lite.desk.use(course_id, known=0, visited_on=TODAY)
    with pytest.raises(AlreadyCharged, match=r"on Nov 22, 2026"):
        _missed(lite, course_id, on=TODAY)
    with pytest.raises(AlreadyCharged, match=r"on Nov 22, 2026"):
        lite.use("B1")
    _missed(lite, course_id, on=TODAY, known=1)
    # Of a visit that was entered later the hour is not known.
    lite.desk.use(course_id, known=0, visited_on=YESTERDAY)
    with pytest.raises(AlreadyCharged, match=r"^Already used on Nov 21, 2026 by Deb"):
        lite.desk.use(course_id, known=0, visited_on=YESTERDAY)


def test_the_clinics_day_counts(lite: Appointments) -> None:
    course_id = sold(lite)
    lite.desk.clock.set(at("2026-11-23T07:59:00Z"))
    _missed(lite, course_id)
    lite.desk.clock.set(at("2026-11-23T08:00:00Z"))
    _missed(lite, course_id)
    with pytest.raises(AlreadyCharged) as asked:
        _missed(lite, course_id, on=TODAY)
    assert len(asked.value.charges) == 1
    assert lite.desk.balance(course_id)[0] == 10


@pytest.mark.parametrize("way", list(WAYS))
def test_after_an_undo_nothing_is_asked(lite: Appointments, way: str) -> None:
    course_id = sold(lite)
    WAYS[way](lite, course_id, "B1", 0)
    lite.desk.undo(charges(lite.desk, course_id)[0])
    WAYS["use"](lite, course_id, "B1", 0)
    assert lite.desk.balance(course_id)[0] == 11


def test_a_forgiven_no_show_is_no_charge(lite: Appointments) -> None:
    course_id = sold(lite)
    lite.missed("forgive")
    lite.use("B2")
    lite.missed("forgive")
    assert lite.desk.balance(course_id)[0] == 11


def test_two_sessions_at_once_are_one_act_and_another_treatment_is_another(lite: Appointments) -> None:
    course_id = sold(lite, sessions=2, touch_ups=1)
    assert lite.desk.use(course_id, known=0, sessions=2).earlier == ()
    assert lite.desk.use(course_id, known=0).entry.treatment == TOUCH_UP


def test_another_course_of_the_client_counts_and_is_named(lite: Appointments) -> None:
    course_id = sold(lite)
    other = lite.desk.sell(lite.desk.package(sessions=3, name="Three facials"), paid=49500)
    lite.desk.use(other)
    with pytest.raises(AlreadyCharged, match=r"\(session 1 of 3, Three facials\)"):
        lite.desk.use(course_id, known=0)


def test_a_treatment_without_numbers_is_named(lite: Appointments) -> None:
    course_id = sold(lite, sessions=1, touch_ups=2)
    lite.desk.use(course_id)
    lite.desk.use(course_id)
    with pytest.raises(AlreadyCharged, match=r"by Deb \(Touch-up, 45 min\)"):
        lite.desk.use(course_id, known=0)


class TestWhoCame:
    """The client who came counts, not whose course it is."""

    def shared(self, lite: Appointments) -> tuple[str, str, str]:
        """Ana's course, which Bea may use too, Bea's own, and Bea."""
        hers = sold(lite)
        own = lite.desk.sell(buyer=BEA)
        bea = lite.desk.course(own).client_id or ""
        share_course(lite.desk.store, lite.desk.act(), hers, Share(bea))
        return hers, own, bea

    def test_a_guest_and_the_owner_are_two(self, lite: Appointments) -> None:
        hers, _, bea = self.shared(lite)
        lite.desk.use(hers, known=0)
        lite.desk.use(hers, known=0, client_id=bea)
        assert lite.desk.balance(hers)[0] == 10

    def test_a_guest_is_one_on_every_course(self, lite: Appointments) -> None:
        hers, own, bea = self.shared(lite)
        lite.desk.use(hers, known=0, client_id=bea)
        with pytest.raises(AlreadyCharged, match="Already used"):
            lite.desk.use(own, known=0)

    def test_a_missed_booking_is_the_guests_who_was_booked(self, lite: Appointments) -> None:
        hers, own, _ = self.shared(lite)
        lite.told("BEA", square_customer_id="CUSTOMER-BEA", start_at=at("2026-11-22T16:00:00Z"))
        lite.missed("charge", "BEA", course_id=hers)
        lite.desk.use(hers, known=0)
        with pytest.raises(AlreadyCharged, match="no-show"):
            lite.desk.use(own, known=0)

    def test_two_who_were_joined_are_one(self, lite: Appointments) -> None:
        hers, own, bea = self.shared(lite)
        lite.desk.use(own)
        merge_clients(lite.desk.store, lite.desk.act(), bea, lite.desk.course(hers).client_id or "")
        with pytest.raises(AlreadyCharged, match="Already used"):
            lite.desk.use(hers, known=0)


def test_sessions_used_before_an_import_have_no_day(lite: Appointments) -> None:
    lite.desk.package()
    OldBook(lite.desk).bring_in(row(sold_on="2026-11-22"))
    (ana,) = find_clients(lite.desk.store, "Ana", today=TODAY).rows
    (course,) = courses_of_client(lite.desk.store, ana.client.id, today=TODAY)
    assert lite.desk.use(course.id, known=0).sessions_left == 4


def test_a_charge_made_since_the_question_is_asked_about_too(lite: Appointments) -> None:
    course_id = sold(lite)
    lite.desk.use(course_id, known=0)
    lite.desk.use(course_id, known=1)
    with pytest.raises(AlreadyCharged) as asked:
        lite.desk.use(course_id, known=1)
    assert len(asked.value.charges) == 2
    assert lite.desk.use(course_id, known=2).sessions_left == 9


def test_where_none_is_left_nothing_is_asked(lite: Appointments) -> None:
    course_id = sold(lite, sessions=1)
    used = lite.desk.use(course_id)
    with pytest.raises(NoneLeft):
        lite.desk.use(course_id, known=0, allowance_id=used.entry.allowance_id)


class TestTheSameKey:
    def test_a_lost_answer_sent_again_is_neither_asked_about_nor_counted(self, lite: Appointments) -> None:
        course_id = sold(lite)
        lite.desk.use(course_id, key="tap", known=0)
        assert lite.desk.use(course_id, key="tap", known=0).is_repeat
        lite.desk.use(course_id, key="another", known=1)
        assert lite.desk.use(course_id, key="another", known=1).is_repeat
        assert lite.desk.balance(course_id)[0] == 10

    def test_a_key_that_was_asked_about_is_free(self, lite: Appointments) -> None:
        course_id = sold(lite)
        lite.desk.use(course_id)
        with pytest.raises(AlreadyCharged):
            lite.desk.use(course_id, key="tap", known=0)
        assert not lite.desk.use(course_id, key="tap", known=1).is_repeat

    def test_a_program_is_told_the_same_again(self, lite: Appointments) -> None:
        course_id = sold(lite)
        before = lite.desk.use(course_id)
        first = lite.desk.use(course_id, key="call", known=0, actor=KIOSK)
        lite.desk.undo(before.entry.id)
        again = lite.desk.use(course_id, key="call", known=0, actor=KIOSK)
        assert (again.is_repeat, again.earlier) == (True, first.earlier)
        assert [each.by for each in again.earlier] == ["Deb"]

    def test_a_key_from_before_there_was_a_question_keeps_its_answer(self, lite: Appointments) -> None:
        course_id = sold(lite)
        used = lite.desk.use(course_id)
        with lite.desk.store.writing() as session:
            asked = digest("use", asdict(UseSession(course_id)))
            answer = {"entry_id": used.entry.id}
            session.add(Operation(key="old", request_sha256=asked, answer=answer, at=lite.desk.clock()))
        again = lite.desk.use(course_id, key="old", known=0)
        assert (again.is_repeat, again.entry.id, again.earlier) == (True, used.entry.id, ())


def test_of_eight_tablets_with_two_courses_of_one_client_seven_are_asked(desk: Desk) -> None:
    # Without a Square profile: a job for one would make them wait for each other.
    ana, package = desk.client(), desk.package()
    courses = [desk.sell(package, buyer=None) for _ in range(2)]
    for each in desk.questions():
        desk.answer(each.id, client_id=ana)
    answers = race(lambda number: desk.use(courses[number % 2], key=f"tablet-{number}", known=0))
    assert answers.count("already_used_today") == RACERS - 1
    assert sum(len(charges(desk, course_id)) for course_id in courses) == 1


def test_of_a_page_and_an_arrival_at_once_one_is_asked(desk: Desk) -> None:
    calendar = Appointments(desk)
    course_id = desk.sell()
    calendar.told()

    def tap(number: int) -> object:
        key = f"tap-{number}"
        return desk.use(course_id, key=key, known=0) if number % 2 else calendar.use(key=key)

    answers = race(tap)
    assert len(charges(desk, course_id)) == 1
    # The arrival is used once however often it is tapped.
    assert answers.count("already_used_today") in (RACERS // 2, RACERS - 1)


class TestLinking:
    """An appointment is checked in with the session that was used for it."""

    def test_nothing_more_is_charged_and_it_is_done_once(self, lite: Appointments) -> None:
        course_id = sold(lite)
        used = lite.desk.use(course_id)
        first = lite.link(used.entry.id, key="tap")
        again = [lite.link(used.entry.id, key="tap"), lite.link(used.entry.id), lite.use()]
        assert (first.entry.id, first.is_repeat) == (used.entry.id, False)
        assert {(each.entry.id, each.is_repeat) for each in again} == {(used.entry.id, True)}
        assert (lite.one().state, lite.desk.balance(course_id)[0]) == ("used", 11)

    def test_undoing_it_leaves_the_session_used(self, lite: Appointments) -> None:
        course_id = sold(lite)
        used = lite.desk.use(course_id)
        lite.desk.clock.advance(minutes=5)
        lite.link(used.entry.id)
        assert lite.undo() is None
        assert (lite.one().state, lite.desk.balance(course_id)[0]) == ("expected", 11)
        lite.link(used.entry.id)
        lite.desk.undo(used.entry.id)
        assert (lite.one().state, lite.desk.balance(course_id)[0]) == ("expected", 12)

    @pytest.mark.parametrize(("way", "state"), [("use", "used"), ("missed", "charged")])
    def test_the_appointment_says_what_the_charge_was(self, lite: Appointments, way: str, state: str) -> None:
        course_id = sold(lite)
        WAYS[way](lite, course_id, "", 0)
        lite.told(status="NO_SHOW")
        lite.link(charges(lite.desk, course_id)[0])
        assert lite.one().state == state

    def test_it_tells_who_treated_where_nobody_was_named(self, lite: Appointments) -> None:
        course_id = sold(lite)
        kim = add_staff(
            lite.desk.store,
            email="kim@example.org",
            name="A. Kim",
            role=Role.PRACTITIONER,
            password_hash="-",
            now=lite.desk.clock(),
        )
        lite.told(team_member_name="A. Kim")
        lite.link(lite.desk.use(course_id).entry.id)
        (visit,) = lite.desk.course(course_id).visits
        assert visit.practitioner_id == kim.id

    def test_what_does_not_go_with_it_is_refused(self, lite: Appointments) -> None:
        course_id = sold(lite)
        undone = lite.desk.use(course_id).entry.id
        lite.desk.undo(undone)
        another_day = lite.desk.use(course_id, visited_on=YESTERDAY).entry.id
        another_client = lite.desk.use(lite.desk.sell(buyer=BEA)).entry.id
        for entry_id in (undone, another_day, another_client):
            with pytest.raises(Refused) as refusal:
                lite.link(entry_id)
            assert refusal.value.code == "not_linkable"
        with pytest.raises(NotFound):
            lite.link("nothing")
        booked = lite.use("B2").entry.id
        with pytest.raises(Refused, match="another appointment"):
            lite.link(booked)
        other = lite.desk.use(course_id).entry.id
        with pytest.raises(Refused, match="Undo that first"):
            lite.link(other, "B2")
        lite.told(status="CANCELLED_BY_CUSTOMER")
        with pytest.raises(Refused, match="canceled in Square"):
            lite.link(other)

    def test_eight_tablets_link_it_once(self, desk: Desk) -> None:
        calendar = Appointments(desk)
        course_id = desk.sell()
        for booking_id in ("B1", "B2"):
            calendar.told(booking_id)
        used = desk.use(course_id)
        answers = race(lambda number: calendar.link(used.entry.id, f"B{1 + number % 2}", key=f"t{number}"))
        assert answers.count("linked") == RACERS // 2
        assert desk.balance(course_id)[0] == 11


class TestOnToday:
    """An arrival whose session was used elsewhere offers that session (A7)."""

    def test_one_charge_goes_with_one_appointment(self, lite: Appointments) -> None:
        course_id = sold(lite)
        used = lite.desk.use(course_id)
        found = [each.charged_elsewhere for each in lite.arrivals() or ()]
        assert [each.entry_id if each else None for each in found] == [used.entry.id, None]
        lite.link(used.entry.id)
        assert [each.charged_elsewhere for each in lite.arrivals() or ()] == [None, None]

    def test_it_is_offered_when_it_was_the_last_one(self, lite: Appointments) -> None:
        used = lite.desk.use(sold(lite, sessions=1))
        arrival = lite.one()
        assert arrival.course is None
        assert arrival.charged_elsewhere is not None
        assert arrival.charged_elsewhere.entry_id == used.entry.id

    @pytest.mark.parametrize(
        ("service", "is_offered"),
        [
            (FACIAL, True),
            ("facial acupuncture 60 MIN", True),
            (TOUCH_UP, False),
            ("Massage", True),
            ("", True),
        ],
    )
    def test_it_is_offered_for_the_treatment_it_was_used_for(
        self, lite: Appointments, service: str, is_offered: bool
    ) -> None:
        course_id = sold(lite, sessions=2, touch_ups=1)
        older = lite.desk.sell(lite.desk.package(sessions=1, touch_ups=2, name="Older"), paid=49500)
        lite.desk.use(older)
        lite.desk.undo(lite.desk.use(course_id).entry.id)
        lite.told(service_name=service)
        assert (lite.one().charged_elsewhere is not None) == is_offered

    def test_a_guests_visit_is_not_the_owners(self, lite: Appointments) -> None:
        hers, _, bea = TestWhoCame().shared(lite)
        lite.desk.use(hers, client_id=bea)
        assert lite.one().charged_elsewhere is None


def test_charges_of_a_day_are_found_by_indexes(lite: Appointments) -> None:
    course_id = sold(lite)
    client_id = lite.desk.course(course_id).client_id or ""
    store = lite.desk.store
    with counted(store.engine) as asked, store.reading() as session:
        charges_that_day(session, [client_id], TODAY)
    (query,) = [each for each in asked if "UNION" in each.sql]
    with store.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query.sql}", query.values).all()
    steps = [str(each[3]) for each in plan]
    assert any("visit" in step for step in steps)
    # Of the day's uses, of which a busy clinic has hundreds, only those without a visit.
    assert any("ix_entry_missed" in step for step in steps)
    assert not [step for step in steps if step.startswith("SCAN")]
