"""Taps of a desk that was offline: who may send them, once, at the time of the tap, and nothing vanishes."""

import json
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.courses.accounts.staff import staff_by_email
from plugin.courses.attention.items import list_attention
from plugin.courses.base.views import AttentionView, CourseView
from plugin.courses.changes.expiry import freeze_course, thaw_course
from plugin.services import Services
from plugin.store.queues import Attention
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import As
from tests.web.page import Form, has_word
from tests.web.visitor import Visitor, email_of

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


class Tablet:
    """A tablet that taps the forms of a client's page without a connection, and sends them later."""

    def __init__(self, visitor: Visitor, services: Services, role: Role) -> None:
        self.visitor, self.services = visitor, services
        staff = staff_by_email(services.store, email_of(role))
        assert staff is not None
        self.staff_id = staff.id

    def tap(self, course: CourseView, action: str = "/uses") -> Form:
        return self.visitor.page(f"/clients/{course.client_id}").form(action)

    def send(
        self, form: Form, *, ago_ms: int | str = 30 * MINUTE_MS, by: str = "", **typed: str
    ) -> TestResponse:
        late = {
            "late_address": form.action,
            "late_by": by or self.staff_id,
            "late_ago": str(ago_ms),
            "late_before": json.dumps(form.fields),
            # The page it was tapped on may be of an earlier sign-in.
            "csrf_token": self.visitor.page("/clients").form("/sign-out").fields["csrf_token"],
        }
        return self.visitor.client.post("/late-acts", data=form.filled(**typed) | late)

    def saved(self, form: Form, **how: Any) -> str:
        answer = self.send(form, **how)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        assert answer.json["is_saved"], answer.json
        return str(answer.json["said"])

    def postponed(self, form: Form, **how: Any) -> AttentionView:
        answer = self.send(form, **how)
        assert answer.status_code == 200, answer.text
        assert answer.json is not None
        assert not answer.json["is_saved"], answer.json
        assert "/attention#item-" in answer.json["address"]
        return list_attention(self.services.store).rows[0]


@pytest.fixture
def tablet(small_deb: Visitor, small_house: Services) -> Tablet:
    return Tablet(small_deb, small_house, Role.DESK)


@pytest.fixture
def course(small_desk: Desk, clock: HandMovedClock) -> CourseView:
    return small_desk.course(small_desk.sell(paid_at=clock() - timedelta(days=20)))


def decide(visitor: Visitor, decision: str) -> TestResponse:
    form = next(
        each
        for each in visitor.page("/attention").forms
        if each.action.endswith("/resolution") and ("decision", decision) in {b[:2] for b in each.buttons}
    )
    return visitor.send(form, decision=decision)


def test_a_late_session_is_used_at_the_time_of_the_tap(
    tablet: Tablet, course: CourseView, small_desk: Desk, clock: HandMovedClock
) -> None:
    form = tablet.tap(course)
    clock.advance(minutes=45)
    assert tablet.saved(form, ago_ms=45 * MINUTE_MS) == "Ana Souza: Session 1 used. 11 of 12 left."
    entry = small_desk.course(course.id).entries[-1]
    assert entry.happened_at == clock() - timedelta(minutes=45)
    assert entry.written_at == clock()


def test_sent_twice_it_counts_once(tablet: Tablet, course: CourseView, small_desk: Desk) -> None:
    form = tablet.tap(course)
    assert tablet.saved(form) == tablet.saved(form, ago_ms=31 * MINUTE_MS)
    assert small_desk.course(course.id).left == 11


def test_the_answer_to_the_tap_itself_was_lost(tablet: Tablet, course: CourseView, small_desk: Desk) -> None:
    form = tablet.tap(course)
    tablet.visitor.after(form)
    assert tablet.saved(form) == "Ana Souza: Session 1 used. 11 of 12 left."
    assert small_desk.course(course.id).left == 11


def test_a_tap_of_yesterday_is_a_visit_of_yesterday(
    tablet: Tablet, course: CourseView, small_desk: Desk, clock: HandMovedClock
) -> None:
    form = tablet.tap(course)
    yesterday = small_desk.today
    clock.advance(days=1)
    tablet.visitor.sign_in_again()
    tablet.saved(form, ago_ms=DAY_MS)
    assert small_desk.course(course.id).visits[-1].visited_on == yesterday


@pytest.mark.parametrize("ago_ms", [-1, -DAY_MS, "-99999999999999999999"])
def test_a_clock_that_was_set_back_dates_nothing_into_the_future(
    tablet: Tablet, course: CourseView, small_desk: Desk, clock: HandMovedClock, ago_ms: int | str
) -> None:
    form = tablet.tap(course)
    if ago_ms == "-99999999999999999999":
        assert tablet.send(form, ago_ms=ago_ms).status_code == 422
        return
    tablet.saved(form, ago_ms=ago_ms)
    assert small_desk.course(course.id).entries[-1].happened_at == clock()


def test_too_old_a_tap_is_asked_about(tablet: Tablet, course: CourseView, small_desk: Desk) -> None:
    form = tablet.tap(course)
    item = tablet.postponed(form, ago_ms=8 * DAY_MS)
    assert "more than 7 days" in item.summary
    assert small_desk.course(course.id).left == 12
    assert decide(tablet.visitor, "record_visit").status_code == 303
    after = small_desk.course(course.id)
    assert after.visits[-1].visited_on == small_desk.today - timedelta(days=8)


def test_two_tablets_tap_the_same_last_session(
    tablet: Tablet, small_as: As, small_house: Services, small_desk: Desk
) -> None:
    course = small_desk.course(small_desk.sell(small_desk.package(sessions=1)))
    other = Tablet(small_as(Role.PRACTITIONER), small_house, Role.PRACTITIONER)
    first, second = tablet.tap(course), other.tap(course)
    tablet.saved(first)
    item = other.postponed(second, ago_ms=20 * MINUTE_MS)
    assert item.kind == "late_use"
    for said in ("Ana Souza", "A. Kim", "No session is left."):
        assert said in item.summary
    assert item.decisions == ("other_course", "record_visit", "not_charged")
    # Sent again, it is the same item.
    assert other.postponed(second).id == item.id
    assert len(list_attention(small_house.store).rows) == 1
    assert decide(tablet.visitor, "not_charged").status_code == 303
    assert any("not charged" in each.text for each in small_desk.course(course.id).happenings)


def test_another_tablet_used_the_session_of_today(
    tablet: Tablet, course: CourseView, small_desk: Desk
) -> None:
    form = tablet.tap(course)
    small_desk.use(course.id)
    item = tablet.postponed(form, ago_ms=0)
    assert item.decisions == ("same_visit", "charge_again")
    # It is read on another day.
    assert "Already used on " in item.summary
    assert small_desk.course(course.id).left == 11
    assert decide(tablet.visitor, "charge_again").status_code == 303
    assert small_desk.course(course.id).left == 10


def test_a_frozen_course_is_recorded_once_it_is_unfrozen(
    tablet: Tablet, course: CourseView, small_desk: Desk
) -> None:
    form = tablet.tap(course)
    freeze_course(small_desk.store, small_desk.act(OLGA), course.id, "Travel")
    item = tablet.postponed(form, ago_ms=0)
    assert "frozen" in item.summary
    decide(tablet.visitor, "record_visit")
    assert len(list_attention(small_desk.store).rows) == 1
    thaw_course(small_desk.store, small_desk.act(OLGA), course.id, "")
    decide(tablet.visitor, "record_visit")
    assert not list_attention(small_desk.store).rows
    assert small_desk.course(course.id).left == 11


def test_where_the_client_has_another_package_it_is_offered(tablet: Tablet, small_desk: Desk) -> None:
    last = small_desk.course(small_desk.sell(small_desk.package(sessions=1)))
    other = small_desk.sell()
    form = tablet.tap(last)
    small_desk.use(last.id)
    item = tablet.postponed(form, ago_ms=0)
    assert item.decisions == ("other_course", "record_visit", "not_charged")
    assert f"/clients/{last.client_id}" in tablet.visitor.page("/attention").links()
    assert decide(tablet.visitor, "other_course").status_code == 303
    assert small_desk.course(other).left == 11


def test_the_desk_sends_what_another_person_tapped(
    tablet: Tablet, small_as: As, small_house: Services, course: CourseView, small_desk: Desk
) -> None:
    kim = Tablet(small_as(Role.PRACTITIONER), small_house, Role.PRACTITIONER)
    tablet.saved(kim.tap(course), by=kim.staff_id)
    after = small_desk.course(course.id)
    # Who acted stays who is signed in; who tapped stands beside it.
    assert after.entries[-1].by == "Deb Lane"
    assert any("tapped offline by A. Kim" in each.text for each in after.happenings)
    assert after.visits[-1].practitioner == "A. Kim"


def test_a_practitioner_does_not_send_what_another_person_tapped(
    tablet: Tablet, small_as: As, small_house: Services, course: CourseView, small_desk: Desk
) -> None:
    kim = Tablet(small_as(Role.PRACTITIONER), small_house, Role.PRACTITIONER)
    assert kim.send(kim.tap(course), by=tablet.staff_id).status_code == 403
    assert small_desk.course(course.id).left == 12


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"by": "nobody"}, 422),
        ({"by": "x" * 5000}, 422),
        ({"ago_ms": ""}, 422),
        ({"ago_ms": "1" * 5000}, 422),
        ({"key": ""}, 422),
        ({"key": "x" * 81}, 422),
        ({"allowance_id": "unknown"}, 404),
        ({"guest_id": "unknown"}, 404),
    ],
)
def test_nonsense_writes_nothing(
    tablet: Tablet, course: CourseView, small_desk: Desk, more: dict[str, Any], status: int
) -> None:
    assert tablet.send(tablet.tap(course), **more).status_code == status
    assert small_desk.course(course.id).left == 12
    assert not list_attention(small_desk.store).rows


@pytest.mark.parametrize(
    "address", ["", "/", "/sell", "/courses/unknown/uses", "//evil/uses", "/" + "x" * 9000]
)
def test_only_forms_that_may_come_late_are_taken(tablet: Tablet, address: str) -> None:
    answer = tablet.send(Form(address, "post", {"key": "k"}))
    assert answer.status_code in (404, 422)


@pytest.mark.parametrize("before", ["{", "[]", "1", "[" * 100_000, '{"focus": {}}'])
def test_unreadable_details_write_nothing(
    tablet: Tablet, course: CourseView, small_desk: Desk, before: str
) -> None:
    small_desk.use(course.id)
    form = tablet.tap(course, "/details")
    data = form.filled(focus="Jawline") | {
        "late_address": form.action,
        "late_by": tablet.staff_id,
        "late_ago": "0",
        "late_before": before,
    }
    assert tablet.visitor.client.post("/late-acts", data=data).status_code in (200, 422)


def test_a_late_note_is_saved_once(tablet: Tablet, course: CourseView, small_desk: Desk) -> None:
    small_desk.use(course.id)
    form = tablet.tap(course, "/details")
    assert tablet.saved(form, focus="Jawline", note="Slept well") == "Ana Souza: visit details saved."
    # Changed by hand since, a second arrival of the same note changes nothing.
    tablet.visitor.after(tablet.tap(course, "/details"), focus="Cheeks", note="")
    tablet.saved(form, focus="Jawline", note="Slept well")
    assert small_desk.course(course.id).visits[-1].focus == "Cheeks"


def test_a_note_over_one_that_was_saved_meanwhile_is_asked_about(
    tablet: Tablet, course: CourseView, small_desk: Desk
) -> None:
    small_desk.use(course.id)
    form = tablet.tap(course, "/details")
    tablet.visitor.after(form, focus="Cheeks", key="another")
    item = tablet.postponed(form, focus="Jawline", note="Slept well")
    assert item.proposal == "Jawline · Slept well"
    assert small_desk.course(course.id).visits[-1].focus == "Cheeks"
    assert "Slept well" in tablet.visitor.page("/attention").text
    decide(tablet.visitor, "use_note")
    assert small_desk.course(course.id).visits[-1].note == "Slept well"


def test_a_note_on_a_session_that_was_undone_is_not_lost(
    tablet: Tablet, course: CourseView, small_desk: Desk
) -> None:
    used = small_desk.use(course.id)
    form = tablet.tap(course, "/details")
    small_desk.undo(used.entry.id)
    item = tablet.postponed(form, focus="Jawline")
    assert (item.proposal, item.decisions) == ("Jawline", ("dismiss",))


def note_form(tablet: Tablet, course: CourseView, day: str) -> Form:
    return tablet.visitor.page(f"/clients/{course.client_id}/notes/{day}").form(f"/notes/{day}")


def test_a_late_note_of_the_day_joins_the_session_that_was_tapped_after_it(
    tablet: Tablet, course: CourseView, small_desk: Desk
) -> None:
    note, use = note_form(tablet, course, str(small_desk.today)), tablet.tap(course)
    assert tablet.saved(note, focus="Jawline") == "Ana Souza: note saved."
    tablet.saved(use)
    assert tablet.saved(note, focus="Jawline") == "Ana Souza: note saved."
    assert small_desk.course(course.id).visits[-1].focus == "Jawline"


def test_two_late_notes_of_one_day_are_both_kept(
    tablet: Tablet, small_as: As, small_house: Services, course: CourseView, small_desk: Desk
) -> None:
    kim = Tablet(small_as(Role.PRACTITIONER), small_house, Role.PRACTITIONER)
    day = str(small_desk.today)
    hers, ours = note_form(kim, course, day), note_form(tablet, course, day)
    tablet.saved(ours, focus="Cheeks")
    item = kim.postponed(hers, focus="Jawline", points="LI4, ST36")
    assert "Someone else changed it meanwhile." in item.summary
    # The front desk decides, and does not read what is for those who treat.
    shown = tablet.visitor.page("/attention").text
    assert "Jawline · (with points or observations)" in shown
    assert not has_word(shown, "LI4")
    assert decide(tablet.visitor, "use_note").status_code == 303
    assert note_form(kim, course, day).fields["points"] == "LI4, ST36"
    # Once it is decided, the item no longer holds the words.
    with small_desk.store.reading() as session:
        decided = session.get_one(Attention, item.id)
        assert "LI4" not in json.dumps(decided.details)


def test_the_desk_does_not_send_points_for_those_who_treat(
    tablet: Tablet, small_as: As, small_house: Services, course: CourseView, small_desk: Desk
) -> None:
    kim = Tablet(small_as(Role.PRACTITIONER), small_house, Role.PRACTITIONER)
    form = note_form(kim, course, str(small_desk.today))
    assert tablet.send(form, by=kim.staff_id, points="LI4").status_code == 403
    assert kim.saved(form, points="LI4")


def test_whoever_sends_without_end_is_stopped(tablet: Tablet) -> None:
    form = Form("/nowhere", "post", {"key": "k"})
    token = tablet.visitor.page("/clients").form("/sign-out").fields["csrf_token"]
    data = {"late_address": form.action, "csrf_token": token}
    statuses = [tablet.visitor.client.post("/late-acts", data=data).status_code for _ in range(61)]
    assert (statuses[0], statuses[-1]) == (422, 429)
