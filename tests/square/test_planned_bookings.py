"""Planned visits are booked in Square Appointments: at once, once, moved, canceled, followed, and never by force."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.courses.attention.items import resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import AttentionView
from plugin.courses.base.work import transact
from plugin.courses.changes.expiry import freeze_course
from plugin.courses.visits.booked_visits import use_booking
from plugin.courses.visits.bookings import planned_treatments, save_services
from plugin.courses.visits.plan_bookings import NOT_BOOKED, book_instead_in
from plugin.courses.visits.visit_plan import VisitPlan, propose_plan, read_plan, save_plan
from plugin.courses.visits.visits import planned_of_courses, planned_on
from plugin.errors import Refused, SquareFailed
from plugin.square.connection.trial import bookable, why_not_booking
from plugin.square.planned_bookings import give_up_planned_booking
from plugin.store import Store
from plugin.store.changes import Activity
from plugin.store.clinical import PlannedVisit
from plugin.store.ledger import Course
from plugin.store.queues import Outbox
from tests.square.clinic import OWNER, Clinic, Json
from tests.square.conftest import OpenClinic

# Thursday noon at the clinic in Los Angeles, eleven days on.
NOON = datetime(2026, 12, 3, 20, 0, tzinfo=UTC)
BOOKINGS = "POST /v2/bookings"


@dataclass
class Planner:
    """A clinic that books its plans, with a client who has twelve sessions."""

    clinic: Clinic
    course_id: str
    customer_id: str
    acts: int = 0

    def act(self) -> Act:
        self.acts += 1
        return Act(OWNER, self.clinic.clock(), f"plan-{self.acts}")

    def save(self, *moments: datetime, settle: bool = True) -> None:
        save_plan(self.clinic.services.store, self.act(), self.course_id, moments, books=True)
        if settle:
            self.settle()

    def settle(self) -> None:
        self.clinic.errands()
        self.clinic.catch_up()
        self.clinic.errands()

    def run_jobs_again(self) -> None:
        with self.clinic.services.store.writing() as session:
            for job in session.scalars(select(Outbox).where(Outbox.kind == "planned_booking")):
                job.state, job.due_at, job.done_at = "pending", self.clinic.clock(), None
        self.settle()

    def later(self, seconds: float = 30) -> None:
        self.clinic.clock.advance(seconds=seconds)
        self.settle()

    def plan(self) -> VisitPlan:
        return read_plan(self.clinic.services.store, self.course_id, now=self.clinic.clock())

    def dates(self) -> list[tuple[datetime, str]]:
        return [(each.at, each.state) for each in self.plan().dates]

    def calendar(self, *, live: bool = True) -> list[Json]:
        """What Square has of this client, by time."""
        begins = self.clinic.clock() - timedelta(days=1)
        pages = self.clinic.services.square.bookings(
            begins, begins + timedelta(days=31), None, customer_id=self.customer_id
        )
        found = [one for page in pages for one in page]
        return [one for one in found if one["status"] == "ACCEPTED"] if live else found

    def times(self) -> list[str]:
        return [one["start_at"][5:16] for one in self.calendar()]

    def asked(self) -> list[str]:
        return [
            item.summary.replace("\u202f", " ") for item in self.clinic.attention() if item.kind == NOT_BOOKED
        ]


@pytest.fixture
def planner(lite_store: Store, open_clinic: OpenClinic) -> Planner:
    return open_planner(open_clinic(lite_store, BOOK_APPOINTMENTS="true"))


def open_planner(clinic: Clinic) -> Planner:
    ana = clinic.till.add_customer(given_name="Ana", family_name="Souza")
    clinic.sell("twelve", customer_id=ana["id"])
    clinic.catch_up()
    clinic.errands()
    store = clinic.services.store
    (service, *_others) = bookable(clinic.services).services
    treatments = {each.id: service[0] for each in planned_treatments(store)}
    save_services(store, Act(OWNER, clinic.clock(), "services"), treatments)
    with store.reading() as session:
        course_id = session.scalar(select(Course.id)) or ""
    return Planner(clinic, course_id, ana["id"])


def days(*numbers: int) -> list[datetime]:
    return [NOON + timedelta(days=number) for number in numbers]


def test_a_course_is_planned_booked_moved_missed_and_planned_again(planner: Planner) -> None:
    """Story: Ana's next three visits are booked as soon as her plan is saved.

    One is moved at the desk and one by her in Square, one is canceled there, one she misses; the rest is proposed.
    """
    store, clinic = planner.clinic.services.store, planner.clinic
    planner.save(*days(0, 7, 14), settle=False)
    # The plan is answered without Square; it says what is still to be done.
    assert [state for _at, state in planner.dates()] == ["waiting"] * 3
    assert planner.plan().is_off is False
    planner.settle()
    assert planner.times() == ["12-03T20:00", "12-10T20:00", "12-17T20:00"]
    assert planner.dates() == [(at, "booked") for at in days(0, 7, 14)]
    assert planner.plan().to_plan == 9
    assert planner.plan().booked_otherwise == ()
    assert planner.plan().booked[0].practitioner == "A. Kim"
    first, second, third = planner.calendar()
    assert first["seller_note"].startswith("Planned in Coursekeeper (")
    # At the desk the second is moved by a day and the third left out: the same appointment moves, the other goes.
    planner.save(NOON, NOON + timedelta(days=8))
    assert planner.times() == ["12-03T20:00", "12-11T20:00"]
    assert [one["id"] for one in planner.calendar()] == [first["id"], second["id"]]
    assert {one["id"]: one["status"] for one in planner.calendar(live=False)}[third["id"]] == (
        "CANCELLED_BY_SELLER"
    )
    # In Square she moves the second, and the plan follows.
    moved = datetime(2026, 12, 12, 21, 0, tzinfo=UTC)
    hers = {"start_at": moved.isoformat(), "version": second["version"] + 1}
    clinic.services.square.update_booking("hers", second["id"], hers)
    planner.settle()
    assert planner.dates() == [(NOON, "booked"), (moved, "booked")]
    # She does not come to the first, and Square says so: it is proposed again, with the others left as they are.
    clinic.clock.set(NOON + timedelta(hours=2))
    clinic.till.set_booking_status(first["id"], "NO_SHOW")
    planner.settle()
    plan = planner.plan()
    assert plan.missed == (NOON.date(),)
    assert plan.is_off
    assert plan.kept == (moved,)
    assert len(propose_plan(store, plan, plan.rhythm)) == plan.to_plan == 11
    # She cancels the other one in Square: it is planned no more.
    clinic.till.set_booking_status(second["id"], "CANCELLED_BY_CUSTOMER")
    planner.settle()
    assert planner.dates() == []
    assert planner.asked() == []
    assert clinic.is_sound()


def test_a_visit_that_took_place_was_not_missed(planner: Planner) -> None:
    planner.save(NOON)
    planner.clinic.clock.set(NOON + timedelta(hours=1))
    use_booking(planner.clinic.services.store, planner.act(), planner.calendar()[0]["id"])
    planner.clinic.clock.advance(days=1)
    assert planner.plan().missed == ()


def test_a_day_that_passed_without_a_visit_is_missed(planner: Planner) -> None:
    planner.save(NOON)
    planner.clinic.clock.set(NOON + timedelta(days=1))
    assert planner.plan().missed == (NOON.date(),)


def test_an_answer_that_is_lost_or_late_books_once(planner: Planner) -> None:
    ways = [("429", False), ("500", False), ("cut", True), ("garbage", True), ("503", True)]
    for number, (how, is_after) in enumerate(ways, start=1):
        step = {"call": BOOKINGS, "how": how, "after": is_after, "times": 2}
        planner.clinic.till.set_faults(fail_plan=[step])
        planner.save(*days(*range(number)))
        for _try in range(3):
            planner.later()
        assert planner.dates() == [(at, "booked") for at in days(*range(number))], how
        assert len(planner.calendar(live=False)) == number, how


def test_an_appointment_canceled_while_its_answer_was_lost_is_not_brought_back(planner: Planner) -> None:
    planner.clinic.till.set_faults(
        fail_plan=[{"call": BOOKINGS, "how": "cut", "after": True, "times": 1}], has_withheld_events=True
    )
    planner.save(NOON, settle=False)
    planner.clinic.errands()
    (booked,) = planner.calendar()
    planner.clinic.till.set_booking_status(booked["id"], "CANCELLED_BY_CUSTOMER")
    planner.later()
    assert planner.calendar() == []
    assert (planner.dates(), planner.asked()) == ([], [])
    # Planned again it is another visit, and booked.
    planner.save(NOON)
    assert planner.dates() == [(NOON, "booked")]


@pytest.mark.parametrize("call", ["PUT /v2/bookings/{id}", "POST /v2/bookings/{id}/cancel"])
def test_a_lost_answer_moves_and_cancels_once(planner: Planner, call: str) -> None:
    planner.save(*days(0, 7))
    planner.clinic.till.set_faults(fail_plan=[{"call": call, "how": "500", "after": True, "times": 1}])
    # One is moved by an hour, the other left out.
    planner.save(NOON + timedelta(hours=1))
    planner.later()
    assert planner.times() == ["12-03T21:00"]
    assert planner.dates() == [(NOON + timedelta(hours=1), "booked")]
    assert planner.asked() == []


def test_a_plan_dropped_while_its_answer_is_lost_leaves_nothing_in_square(planner: Planner) -> None:
    planner.clinic.till.set_faults(fail_plan=[{"call": BOOKINGS, "how": "cut", "after": True, "times": 1}])
    planner.save(NOON, settle=False)
    planner.clinic.errands()
    assert len(planner.calendar()) == 1
    planner.save()
    planner.later()
    assert planner.calendar() == []
    assert planner.dates() == []


def test_the_same_plan_twice_books_nothing_more(planner: Planner) -> None:
    planner.save(*days(0, 7))
    planner.save(*days(0, 7))
    planner.run_jobs_again()
    assert len(planner.calendar(live=False)) == 2


def test_a_job_of_a_moved_visit_that_runs_again_cancels_nothing(planner: Planner) -> None:
    planner.save(NOON)
    planner.save(NOON + timedelta(hours=2))
    planner.run_jobs_again()
    assert planner.times() == ["12-03T22:00"]


def take(planner: Planner, at: datetime) -> None:
    """Have somebody else's appointment with each of the team at this time."""
    for member in planner.clinic.till.team():
        planner.clinic.till.book(at.isoformat(), team_member_id=member["id"])


def test_a_time_that_is_taken_is_not_booked_over(planner: Planner) -> None:
    take(planner, NOON)
    planner.save(*days(0, 7))
    assert planner.times() == ["12-10T20:00"]
    (date, _later) = planner.plan().dates
    assert (date.state, date.problem) == ("failed", "Square has no free time then.")
    (said,) = planner.asked()
    assert said == (
        "The visit planned for Dec 3, 2026, 12:00 PM is not booked in Square: Square has no free time then."
        " Free close to it: Dec 3, 2026, 10:45 AM · Dec 3, 2026, 11:00 AM · Dec 3, 2026, 1:00 PM."
    )
    # Planned at one of those times it is booked, and the question is settled.
    planner.save(NOON + timedelta(hours=1), NOON + timedelta(days=7))
    assert planner.times() == ["12-03T21:00", "12-10T20:00"]
    assert planner.asked() == []


def decide(planner: Planner, decision: str) -> AttentionView:
    (item,) = [each for each in planner.clinic.attention() if each.kind == NOT_BOOKED]
    act = Act(OWNER, planner.clinic.clock(), f"decide-{decision}")
    return resolve(planner.clinic.services.store, act, item.id, Resolution("At the desk", decision=decision))


def test_a_free_time_is_booked_by_one_decision(planner: Planner) -> None:
    take(planner, NOON)
    planner.save(*days(0, 7))
    (item,) = [each for each in planner.clinic.attention() if each.kind == NOT_BOOKED]
    assert item.decisions == ("book_1", "book_2", "book_3", "dismiss")
    assert [f"{each:%H:%M}" for each in item.free_times] == ["18:45", "19:00", "21:00"]
    answer = decide(planner, "book_3").answer or ""
    assert answer.replace("\u202f", " ") == "Planned for Dec 3, 2026, 1:00 PM"
    planner.settle()
    assert planner.times() == ["12-03T21:00", "12-10T20:00"]
    assert planner.dates() == [(NOON + timedelta(hours=1), "booked"), (NOON + timedelta(days=7), "booked")]
    assert planner.asked() == []


def test_a_visit_that_could_not_be_moved_is_moved_by_one_decision(planner: Planner) -> None:
    planner.save(NOON)
    (booked,) = planner.calendar()
    take(planner, NOON + timedelta(days=1))
    planner.save(NOON + timedelta(days=1))
    decide(planner, "book_1")
    planner.settle()
    (moved,) = planner.calendar()
    assert moved["id"] == booked["id"]
    assert moved["start_at"] != booked["start_at"]
    assert planner.asked() == []


def test_a_free_time_that_is_gone_is_asked_about_again(planner: Planner) -> None:
    take(planner, NOON)
    planner.save(NOON)
    take(planner, NOON + timedelta(hours=1))
    decide(planner, "book_3")
    planner.settle()
    assert planner.dates() == [(NOON + timedelta(hours=1), "failed")]
    assert len(planner.asked()) == 1


def test_a_free_time_that_has_passed_or_has_another_visit_that_day_is_refused(planner: Planner) -> None:
    take(planner, NOON)
    planner.save(*days(0, 7))
    store = planner.clinic.services.store
    with store.reading() as session:
        failed = session.scalar(select(PlannedVisit.id).where(PlannedVisit.booking_state == "failed")) or ""
    at = NOON + timedelta(days=7, hours=1)
    with pytest.raises(Refused, match="was changed since"):
        transact(store, planner.act(), lambda work: book_instead_in(work, failed, at))
    planner.clinic.clock.set(NOON + timedelta(hours=2))
    with pytest.raises(Refused, match="has passed"):
        decide(planner, "book_3")
    assert len(planner.asked()) == 1


def test_a_time_that_becomes_free_is_booked_when_the_plan_is_saved_again(planner: Planner) -> None:
    take(planner, NOON)
    planner.save(NOON)
    for one in planner.clinic.services.square.bookings(NOON, NOON + timedelta(hours=1), None):
        for booking in one:
            planner.clinic.till.set_booking_status(booking["id"], "CANCELLED_BY_SELLER")
    planner.save(NOON)
    assert planner.dates() == [(NOON, "booked")]
    assert planner.asked() == []


def test_a_visit_that_can_not_be_moved_keeps_its_appointment(planner: Planner) -> None:
    planner.save(NOON)
    take(planner, NOON + timedelta(days=1))
    planner.save(NOON + timedelta(days=1))
    assert planner.times() == ["12-03T20:00"]
    (date,) = planner.plan().dates
    assert (date.at, date.state) == (NOON, "booked")
    assert date.problem.replace("\u202f", " ") == (
        "It could not be moved to Dec 4, 2026, 12:00 PM: Square has no free time then."
    )
    assert len(planner.asked()) == 1


def test_an_appointment_that_the_client_made_counts(planner: Planner) -> None:
    planner.clinic.till.set_faults(has_withheld_events=True)
    own = planner.clinic.till.book("2026-12-03T17:00:00Z", customer_id=planner.customer_id)
    planner.save(NOON)
    assert [one["id"] for one in planner.calendar()] == [own["id"]]
    plan = planner.plan()
    assert plan.dates == ()
    assert [each.square_booking_id for each in plan.booked_otherwise] == [own["id"]]


def test_somebody_without_a_profile_in_square_is_not_booked(planner: Planner) -> None:
    planner.clinic.till.set_faults(has_withheld_events=True)
    planner.clinic.till.delete_customer(planner.customer_id)
    planner.save(NOON)
    (date,) = planner.plan().dates
    assert (date.state, date.problem) == ("failed", "the client has no profile in Square’s directory.")
    assert planner.calendar(live=False) == []


def test_a_treatment_without_a_service_is_not_booked(planner: Planner) -> None:
    store = planner.clinic.services.store
    save_services(store, planner.act(), {each.id: "" for each in planned_treatments(store)})
    planner.save(NOON)
    assert planner.dates() == [(NOON, "failed")]
    assert "no service" in planner.asked()[0]


def _free_plan(planner: Planner) -> None:
    planner.clinic.till.set_appointments_plan("free")


def _no_plan(planner: Planner) -> None:
    planner.clinic.till.set_appointments_plan("none")


@pytest.mark.parametrize("spoil", [_free_plan, _no_plan])
def test_without_the_right_to_write_it_is_said_once_and_plans_go_on(
    planner: Planner, spoil: Callable[[Planner], None]
) -> None:
    spoil(planner)
    planner.save(*days(0, 7))
    assert planner.dates() == [(at, "failed") for at in days(0, 7)]
    (said,) = planner.asked()
    assert said == (
        "Planned visits are not booked in Square: Your plan of Square Appointments does not let Coursekeeper"
        " book. That needs Plus or Premium."
    )
    assert why_not_booking(planner.clinic.services) in said
    # Nothing else of the connection is held up by it, and planned visits are where they always were.
    assert planner.clinic.services.square.locations()
    assert planned_on(planner.clinic.services.store, NOON.date())[0].state == "failed"
    planner.clinic.till.set_appointments_plan("plus")
    planner.save(*days(0, 7))
    assert planner.dates() == [(at, "booked") for at in days(0, 7)]
    assert planner.asked() == []


def test_an_appointment_that_may_not_be_canceled_is_asked_about_by_itself(planner: Planner) -> None:
    planner.save(*days(0, 7))
    planner.clinic.till.set_appointments_plan("free")
    planner.save(NOON)
    planner.clinic.till.set_appointments_plan("plus")
    # The right to write is back, and the next visit is booked: what is left in Square is still to be canceled there.
    planner.save(*days(0, 14))
    assert planner.times() == ["12-03T20:00", "12-10T20:00", "12-17T20:00"]
    (asked,) = planner.asked()
    assert asked.startswith("The appointment of Dec 10, 2026, 12:00 PM is not canceled in Square: ")


def test_a_plan_whose_visits_are_all_booked_is_no_proposal(planner: Planner) -> None:
    assert planner.plan().needs_proposal
    planner.save(*days(*range(12)))
    plan = planner.plan()
    assert (len(plan.kept), plan.to_plan, plan.needs_proposal) == (12, 0, False)


def test_switched_off_nothing_is_asked_of_square(lite_store: Store, open_clinic: OpenClinic) -> None:
    planner = open_planner(open_clinic(lite_store))
    save_plan(lite_store, planner.act(), planner.course_id, [NOON])
    planner.settle()
    assert planner.dates() == [(NOON, "")]
    assert planner.calendar() == []


def test_what_is_booked_shows_where_planned_visits_do(planner: Planner) -> None:
    planner.save(*days(0, 7))
    plan = planner.plan()
    shown = planned_of_courses(planner.clinic.services.store, [plan.course], now=planner.clinic.clock())
    assert [each.state for each in shown[planner.course_id]] == ["booked", "booked"]
    # The day itself has the arrival.
    assert planned_on(planner.clinic.services.store, NOON.date()) == ()


@pytest.mark.parametrize(
    "answer",
    [
        {"availabilities": [{"start_at": "soon"}]},
        {"availabilities": [{"start_at": "2026-12-03T20:00:00Z", "appointment_segments": [{}]}]},
        {"availabilities": "none"},
    ],
)
def test_nonsense_from_square_books_nothing(planner: Planner, answer: Any) -> None:
    square = planner.clinic.services.square
    square.free_times = lambda *_given, **_named: answer["availabilities"]  # type: ignore[method-assign]
    planner.save(NOON)
    assert planner.calendar() == []
    assert [state for _at, state in planner.dates()] in (["waiting"], ["failed"])


def test_a_changed_service_is_in_the_activity(planner: Planner) -> None:
    store = planner.clinic.services.store
    (treatment, *_others) = planned_treatments(store)
    for _twice in range(2):
        save_services(store, planner.act(), {treatment.id: ""})
    with store.reading() as session:
        rows = session.scalars(
            select(Activity).where(Activity.subject_id == treatment.id).order_by(Activity.id)
        )
        found = [(row.kind, row.name, row.before, row.after) for row in rows]
    assert found[-1] == ("setting.booked_service", treatment.name, treatment.square_service_id, "")
    assert len(found) == 2


@pytest.mark.parametrize("cancels", [True, False])
def test_a_course_on_hold_has_its_appointments_canceled_only_if_asked(
    planner: Planner, cancels: bool
) -> None:
    planner.save(*days(0, 7))
    store = planner.clinic.services.store
    freeze_course(store, planner.act(), planner.course_id, "Travels", cancels_appointments=cancels)
    planner.settle()
    assert len(planner.calendar()) == (0 if cancels else 2)
    assert len(planner.dates()) == (0 if cancels else 2)
    assert planner.asked() == []
    assert planner.clinic.is_sound()


def test_an_appointment_whose_answer_is_lost_is_canceled_with_the_hold(planner: Planner) -> None:
    planner.clinic.till.set_faults(fail_plan=[{"call": BOOKINGS, "how": "cut", "after": True, "times": 1}])
    planner.save(NOON, settle=False)
    planner.clinic.errands()
    assert len(planner.calendar()) == 1
    freeze_course(
        planner.clinic.services.store, planner.act(), planner.course_id, "Travels", cancels_appointments=True
    )
    for _try in range(3):
        planner.later()
    assert planner.calendar() == []


def test_a_time_that_passes_before_square_is_asked_is_not_booked(planner: Planner) -> None:
    planner.save(NOON, settle=False)
    planner.clinic.clock.set(NOON + timedelta(minutes=1))
    planner.settle()
    assert planner.dates() == []
    assert planner.calendar(live=False) == []


def test_what_square_refuses_for_good_is_asked_about(planner: Planner) -> None:
    planner.save(NOON, settle=False)
    with planner.clinic.services.store.reading() as session:
        visit_id = session.scalars(select(PlannedVisit.id)).one()
    job = Job(id="1", kind="planned_booking", subject=visit_id, payload={}, attempts=1)
    give_up_planned_booking(planner.clinic.services, job, "Square is away.")
    (date,) = planner.plan().dates
    assert (date.state, date.problem) == ("failed", "Square is away.")
    assert len(planner.asked()) == 1


def test_a_square_that_does_not_say_what_can_be_booked_is_named(planner: Planner) -> None:
    class Away:
        def __getattr__(self, name: str) -> Any:
            raise SquareFailed("Square is away.", permanent=False, code="square_down")

    nobody: Any = Away()
    away = replace(planner.clinic.services, square=nobody)
    assert why_not_booking(away) == "Square is away."
    assert bookable(away).problem == "Square is away."
    assert why_not_booking(planner.clinic.services) == ""
