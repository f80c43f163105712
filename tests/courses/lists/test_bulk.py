"""Acts on many courses at once: previewed, once, course by course, refused in words, undone."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.terms import Terms
from plugin.courses.base.outbox import Job, claim_job
from plugin.courses.base.views import CourseView
from plugin.courses.changes.expiry import Extension, extend_course, move_last_day
from plugin.courses.clients.clients import change_client
from plugin.courses.lists.bulk import (
    BULK,
    MOST_COURSES,
    BulkView,
    cancel_bulk,
    drop_old_previews,
    fail_bulk,
    preview_email,
    preview_extension,
    read_bulk,
    run_bulk,
    start_bulk,
    undo_bulk,
)
from plugin.courses.lists.course_list import ORDERS, CourseFilter
from plugin.courses.lists.listing import keep_listing
from plugin.errors import InvalidField, KeyReused, NotAllowed, NotFound, Refused
from plugin.store.queues import Outbox
from tests.clock import HandMovedClock
from tests.courses.desk import ANA, DEB, OLGA, Desk

CURRENT = CourseFilter(state="current")
MONTHS = Terms(expires_after_months=6)


class Many:
    """A clinic with courses that expire, and its worker."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.package = desk.package(terms=MONTHS)

    def sell(self, name: str, package: str = "", **contact: Any) -> str:
        buyer = replace(ANA, square_customer_id=f"C-{name}", name=name, phone=None, email=None)
        return self.desk.sell(package or self.package, buyer=replace(buyer, **contact))

    def preview(self, days: int = 30, wanted: CourseFilter = CURRENT, key: str | None = None) -> str:
        keep_listing(self.desk.store, self.desk.clock)
        act = self.desk.act(OLGA, key=key)
        return preview_extension(
            self.desk.store, act, wanted, ORDERS["client"], days=days, reason="Closed in May"
        )

    def start(self, bulk_id: str) -> None:
        start_bulk(self.desk.store, self.desk.act(OLGA), bulk_id)

    def work(self, *, has_mail: bool = True) -> str | None:
        job = self.job()
        outcome = run_bulk(self.desk.store, self.desk.clock, job, has_mail=has_mail)
        with self.desk.store.writing() as session:
            session.get_one(Outbox, job.id).state = "done"
        return outcome

    def job(self) -> Job:
        job = claim_job(self.desk.store, self.desk.clock(), of=(BULK,))
        assert job is not None
        return job

    def view(self, bulk_id: str) -> BulkView:
        return read_bulk(self.desk.store, bulk_id)

    def ends(self, course_id: str) -> date | None:
        return self.desk.course(course_id).expires_on

    def extended(self, course_id: str) -> list[str]:
        course: CourseView = self.desk.course(course_id)
        return [each.reason for each in course.happenings if each.kind == "extended"]


@pytest.fixture
def many(desk: Desk) -> Many:
    return Many(desk)


def test_courses_are_extended_once_each_with_a_line_in_their_history_and_undone(many: Many) -> None:
    courses = [many.sell(name) for name in ("Ana", "Bo", "Cy")]
    before = many.ends(courses[0])
    assert before is not None
    bulk_id = many.preview()
    view = many.view(bulk_id)
    assert (view.state, view.counts, view.days) == ("preview", {"chosen": 3}, 30)
    assert (view.first_end, view.last_end) == (before + timedelta(30), before + timedelta(30))
    assert many.ends(courses[0]) == before
    for _ in range(2):
        many.start(bulk_id)
    many.work()
    many.start(bulk_id)
    assert claim_job(many.desk.store, many.desk.clock(), of=(BULK,)) is None
    assert many.view(bulk_id).counts == {"done": 3}
    assert many.view(bulk_id).state == "done"
    for course_id in courses:
        assert many.ends(course_id) == before + timedelta(30)
        assert many.extended(course_id) == ["Closed in May"]
    # Extended once more by hand: that stays.
    later = before + timedelta(90)
    extend_course(many.desk.store, many.desk.act(OLGA), courses[1], Extension(later, "Ill"))
    for _ in range(2):
        undo_bulk(many.desk.store, many.desk.act(OLGA), bulk_id)
    many.work()
    view = many.view(bulk_id)
    assert (view.state, view.counts) == ("undone", {"undone": 2, "kept": 1})
    assert [(each.client_name, each.why[:14]) for each in view.refused] == [("Bo", "Its expiration")]
    assert [many.ends(course_id) for course_id in courses] == [before, later, before]
    assert many.extended(courses[0]) == ["Closed in May", "Undone: Closed in May"]


def test_a_worker_that_ended_in_between_continues_with_what_is_left(many: Many) -> None:
    courses = [many.sell(f"Client {number:02}") for number in range(3)]
    before = many.ends(courses[0])
    bulk_id = many.preview()
    many.start(bulk_id)
    job = many.job()
    # Its last act was committed, the note of it was not.
    assert before is not None
    act = Act(Actor("Olga", Role.OWNER, Source.DESK), many.desk.clock(), f"{bulk_id}:0")
    wish = Extension(before + timedelta(30), "Closed in May")
    move_last_day(many.desk.store, act, courses[0], before, wish)
    assert run_bulk(many.desk.store, many.desk.clock, job, has_mail=False) == "All courses are done."
    assert many.view(bulk_id).counts == {"done": 3}
    assert many.extended(courses[0]) == ["Closed in May"]


def test_another_workers_job_is_left_to_it(many: Many, clock: HandMovedClock) -> None:
    many.sell("Ana")
    bulk_id = many.preview()
    many.start(bulk_id)
    first = many.job()
    clock.advance(minutes=5)
    second = many.job()
    assert second.attempts == first.attempts + 1
    assert run_bulk(many.desk.store, many.desk.clock, first, has_mail=False) is None
    assert many.view(bulk_id).counts == {"chosen": 1}
    assert run_bulk(many.desk.store, many.desk.clock, second, has_mail=False) is not None


def test_what_cannot_be_extended_is_said_before_and_after(many: Many) -> None:
    never = many.sell("Never", many.desk.package())
    moved, fine = many.sell("Moved"), many.sell("Fine")
    bulk_id = many.preview()
    assert [(each.client_name, each.why) for each in many.view(bulk_id).refused] == [
        ("Never", "It has no expiration.")
    ]
    end = many.ends(moved)
    assert end is not None
    extend_course(many.desk.store, many.desk.act(OLGA), moved, Extension(end + timedelta(5), "Ill"))
    many.start(bulk_id)
    many.work()
    view = many.view(bulk_id)
    assert view.counts == {"refused": 2, "done": 1}
    assert {each.client_name for each in view.refused} == {"Never", "Moved"}
    assert many.ends(moved) == end + timedelta(5)
    assert many.ends(never) is None
    assert many.ends(fine) == end + timedelta(30)


def test_an_expired_course_stays_expired_or_is_extended(many: Many, clock: HandMovedClock) -> None:
    course_id = many.sell("Ana")
    clock.advance(days=200)
    expired = CourseFilter(state="expired")
    assert many.view(many.preview(5, expired)).refused[0].why == "It would still be expired."
    bulk_id = many.preview(60, expired)
    many.start(bulk_id)
    many.work()
    assert many.desk.course(course_id).status == "open"


@pytest.mark.parametrize("days", [0, -1, 3661, 10**9])
def test_a_number_of_days_that_makes_no_sense_is_refused(many: Many, days: int) -> None:
    many.sell("Ana")
    with pytest.raises(InvalidField, match="Extend by 1 to 3,660 days"):
        many.preview(days)


def test_far_too_late_is_refused_for_the_course(many: Many) -> None:
    many.sell("Ana")
    assert many.view(many.preview(3660)).refused[0].why == "That is more than ten years from now."


def test_a_choice_of_nothing_and_of_too_many_is_refused(many: Many, monkeypatch: pytest.MonkeyPatch) -> None:
    many.sell("Ana")
    many.sell("Bo")
    for nothing in (
        CourseFilter(course_ids=()),
        CourseFilter(course_ids=("gone", "' OR 1=1")),
        CourseFilter("expired"),
    ):
        with pytest.raises(InvalidField, match="Choose at least one course"):
            many.preview(wanted=nothing)
    monkeypatch.setattr("plugin.courses.lists.bulk.MOST_COURSES", 1)
    with pytest.raises(InvalidField, match="Filter for fewer"):
        many.preview()
    assert MOST_COURSES == 10_000


def test_the_same_form_again_is_the_same_act(many: Many) -> None:
    many.sell("Ana")
    bulk_id = many.preview(key="form-1")
    many.sell("Bo")
    assert many.preview(key="form-1") == bulk_id
    assert many.view(bulk_id).total == 1
    with pytest.raises(KeyReused):
        many.preview(31, key="form-1")


def test_only_the_owner_may(many: Many) -> None:
    course_id = many.sell("Ana")
    bulk_id, store = many.preview(), many.desk.store
    order = ORDERS["client"]
    for do in (
        lambda: preview_extension(store, many.desk.act(DEB), CURRENT, order, days=1, reason="Ill"),
        lambda: preview_email(store, many.desk.act(DEB), CURRENT, order),
        lambda: start_bulk(store, many.desk.act(DEB), bulk_id),
        lambda: cancel_bulk(store, many.desk.act(DEB), bulk_id),
        lambda: undo_bulk(store, many.desk.act(DEB), bulk_id),
    ):
        with pytest.raises(NotAllowed):
            do()
    assert many.extended(course_id) == []
    with pytest.raises(NotFound):
        start_bulk(store, many.desk.act(OLGA), "none")


def test_a_preview_can_be_canceled_and_an_act_stopped_and_failed(many: Many, clock: HandMovedClock) -> None:
    course_id = many.sell("Ana")
    act, store = many.desk.act(OLGA), many.desk.store
    canceled = many.preview()
    cancel_bulk(store, act, canceled)
    many.start(canceled)
    assert many.view(canceled).state == "canceled"
    with pytest.raises(Refused, match="nothing to undo"):
        undo_bulk(store, act, canceled)
    stopped = many.preview()
    with pytest.raises(Refused, match="nothing to undo yet"):
        undo_bulk(store, act, stopped)
    many.start(stopped)
    cancel_bulk(store, act, stopped)
    many.work()
    assert (many.view(stopped).state, many.extended(course_id)) == ("canceled", [])
    failed = many.preview()
    many.start(failed)
    fail_bulk(store, many.job(), clock())
    assert many.view(failed).state == "failed"
    forgotten = many.preview()
    clock.advance(days=2)
    assert drop_old_previews(store, clock()) == 1
    with pytest.raises(NotFound):
        many.view(forgotten)


def test_an_old_preview_that_is_started_just_then_is_not_deleted(
    many: Many, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    many.sell("Ana")
    bulk_id = many.preview()
    clock.advance(days=2)
    store, writing = many.desk.store, many.desk.store.writing

    def after_its_start() -> Any:
        monkeypatch.setattr(store, "writing", writing)
        many.start(bulk_id)
        return writing()

    monkeypatch.setattr(store, "writing", after_its_start)
    assert drop_old_previews(store, clock()) == 0
    assert many.view(bulk_id).state == "running"


def test_summaries_go_to_those_who_want_e_mail(many: Many) -> None:
    store = many.desk.store
    many.sell("Ana", email="ana@example.org")
    many.sell("Without")
    bo = many.desk.course(many.sell("Bo", email="bo@example.org")).client_id or ""
    cy = many.desk.course(many.sell("Cy", email="cy@example.org")).client_id or ""
    unsubscribe: dict[str, Any] = {"phone": None, "wants_mail": False}
    change_client(store, many.desk.act(), bo, name="Bo", email="bo@example.org", **unsubscribe)
    keep_listing(store, many.desk.clock)
    bulk_id = preview_email(store, many.desk.act(OLGA), CURRENT, ORDERS["client"])
    assert {each.client_name: each.why for each in many.view(bulk_id).refused} == {
        "Without": "They have no e-mail address.",
        "Bo": "They unsubscribed from e-mails.",
    }
    change_client(store, many.desk.act(), cy, name="Cy", email="cy@example.org", **unsubscribe)
    many.start(bulk_id)
    many.work()
    view = many.view(bulk_id)
    assert view.counts == {"done": 1, "refused": 3}
    assert not view.can_be_undone
    assert "Cy unsubscribed from e-mails." in [each.why for each in view.refused]
    with store.reading() as session:
        jobs = session.scalars(select(Outbox.payload).where(Outbox.kind == "paper_mail")).all()
    assert [job["is_unasked"] for job in jobs] == [True]
