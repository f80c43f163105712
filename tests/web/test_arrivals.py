"""Today's arrivals on the screen: one tap uses a visit, one takes it back, a missed one is decided."""

from datetime import timedelta

import pytest

from plugin.core.money import Money
from plugin.core.terms import NoShow, Terms
from plugin.courses.base.work import Work
from plugin.courses.refunds.disputes import DisputeRecord, save_dispute
from tests.clock import START
from tests.courses.appointments import Appointments, at
from tests.courses.desk import Desk
from tests.web.page import Form, Page
from tests.web.visitor import Visitor


@pytest.fixture
def calendar(small_desk: Desk) -> Appointments:
    return Appointments(small_desk)


def form(page: Page, booking_id: str, deed: str) -> Form:
    return page.form(f"/bookings/{booking_id}/{deed}")


def dispute(desk: Desk, order: str, state: str) -> None:
    told = DisputeRecord(
        "D1", state, Money(198000, "USD"), "NOT_RECEIVED", START + timedelta(days=9), "P1", order, 1, START
    )
    act = desk.act()
    desk.store.transact(lambda session: save_dispute(Work(session, desk.store, act), told))


def test_a_clinic_without_appointments_sees_today_as_ever(small_deb: Visitor, small_desk: Desk) -> None:
    assert "Arrivals" not in small_deb.page("/").text


def test_a_day_without_bookings_says_so(small_deb: Visitor, calendar: Appointments) -> None:
    calendar.told(start_at=at("2026-11-21T18:00:00Z"))
    assert (
        "Arrivals No bookings today Appointments in Square appear here automatically."
        in small_deb.page("/").text
    )


def test_one_tap_uses_the_visit_and_one_takes_it_back(small_deb: Visitor, calendar: Appointments) -> None:
    course = calendar.desk.sell()
    calendar.told(team_member_name="A. Kim")
    page = small_deb.page("/")
    said = "Facial acupuncture, 60 min · with A. Kim Facial acupuncture, course of 12"
    assert f"Arrivals 1 Now 1 10:00 AM Booked Ana Souza {said}" in page.text
    assert "12 of 12 left Use a session" in page.text

    tapped = form(page, "B1", "uses")
    used = small_deb.after(tapped)
    assert "Used, 11 of 12 left" in used.text
    assert "Ana Souza: Session 1 used. 11 of 12 left." in used.text
    # In the notice, where `z` finds it, and in the row.
    assert [each.action for each in used.forms].count("/bookings/B1/reversal") == 2
    # The lost reply's second send, and the other iPad's page.
    small_deb.after(tapped)
    small_deb.after(form(page, "B1", "uses"), key="desk-of-the-other-ipad")
    assert calendar.desk.balance(course)[0] == 11

    again = small_deb.after(form(used, "B1", "reversal"))
    assert "Undone. The visit is expected again." in again.text
    assert "12 of 12 left Use a session" in again.text
    small_deb.after(form(again, "B1", "uses"))
    assert calendar.desk.balance(course)[0] == 11


def test_of_a_course_of_one_treatment_the_package_is_named_alone(
    small_deb: Visitor, calendar: Appointments
) -> None:
    calendar.desk.sell()
    calendar.told(service_name="Single visit")
    assert "Single visit Uses Facial acupuncture, course of 12 " in small_deb.page("/").text


def test_htmx_gets_the_living_part_alone(small_deb: Visitor, calendar: Appointments) -> None:
    calendar.desk.sell()
    calendar.told()
    answer = small_deb.send_by_htmx(form(small_deb.page("/"), "B1", "uses"))
    assert (answer.status_code, "<html" in answer.text) == (200, False)
    assert "X-Seen" in answer.headers
    assert "11</b> of 12 left" in answer.text


def test_a_refusal_is_told_on_today(small_deb: Visitor, calendar: Appointments) -> None:
    calendar.desk.sell()
    calendar.told()
    page = small_deb.page("/")
    calendar.told(status="CANCELLED_BY_CUSTOMER")
    answer = small_deb.send(form(page, "B1", "uses"))
    assert answer.status_code == 409
    assert "canceled in Square" in Page(answer.text).text


@pytest.mark.parametrize(
    ("terms", "said", "first"),
    [
        (Terms(), "The terms leave it to you.", "forgive"),
        (Terms(no_show=NoShow.CHARGE), "By the terms a no-show is charged.", "charge"),
        (Terms(no_show=NoShow.FORGIVE), "By the terms a no-show is not charged.", "forgive"),
        (
            Terms(no_show=NoShow.CHARGE, forgiven_no_shows=2),
            "By the terms a no-show is charged; 0 of 2 waived so far.",
            "forgive",
        ),
    ],
)
def test_a_no_show_is_offered_by_the_rule(
    small_deb: Visitor, calendar: Appointments, terms: Terms, said: str, first: str
) -> None:
    course = calendar.desk.sell(calendar.desk.package(terms=terms))
    calendar.told(status="NO_SHOW")
    page = small_deb.page("/")
    offered = form(page, "B1", "no-show")
    assert said in page.text
    assert next(value for _, value, _ in offered.buttons) == first
    charged = small_deb.after(offered, decision="charge")
    assert "No-show charged. 11 of 12 left." in charged.text
    client = small_deb.page(f"/clients/{calendar.desk.course(course).client_id}")
    assert "No-show, session 1" in client.text
    forgiven = small_deb.after(
        form(small_deb.after(form(charged, "B1", "reversal")), "B1", "no-show"), decision="forgive"
    )
    assert "No-show waived" in forgiven.text
    assert calendar.desk.balance(course)[0] == 12


def test_did_not_come_is_offered_once_the_hour_has_come(small_deb: Visitor, calendar: Appointments) -> None:
    calendar.desk.sell()
    calendar.told(start_at=at("2026-11-22T18:30:00Z"))
    assert "No-show" not in small_deb.page("/").text
    calendar.desk.clock.advance(minutes=30)
    assert "No-show" in small_deb.page("/").text


def test_strangers_and_hostile_names_are_text(small_deb: Visitor, calendar: Appointments) -> None:
    calendar.told(
        square_customer_id="S1", customer_name="<script>alert(1)</script>", service_name='"><img src=x>'
    )
    calendar.told('B"2<', square_customer_id=None)
    page = small_deb.page("/")
    assert "<script>alert(1)</script>" in page.text
    assert "Unassigned" in page.text
    assert page.text.count("no course") == 2
    assert not [each for each in page.elements if each.tag == "img"]


def test_a_dispute_warns_on_every_screen_and_blocks_nothing(
    small_deb: Visitor, calendar: Appointments
) -> None:
    desk = calendar.desk
    course = desk.sell(order="ORDER-D")
    calendar.told()
    dispute(desk, "ORDER-D", "EVIDENCE_REQUIRED")
    page = small_deb.page("/")
    assert "Payment disputed" in page.text
    assert (
        "A client’s bank disputes a payment of $1,980.00. Answer it in Square until Dec 1, 2026." in page.text
    )
    used = small_deb.after(form(page, "B1", "uses"))
    assert "A payment for this course is disputed." in used.text
    client = small_deb.page(f"/clients/{desk.course(course).client_id}")
    assert (
        "The client’s bank disputes $1,980.00 of this sale. Answer it in Square until Dec 1." in client.text
    )
    assert client.form(f"/courses/{course}/uses")


@pytest.mark.parametrize(
    ("state", "first", "said"),
    [
        ("PROCESSING", "keep_sessions", "All sessions stay. The decision is noted in the history."),
        ("LOST", "close_course", "The package is canceled."),
    ],
)
def test_attention_proposes_and_one_tap_decides(
    small_deb: Visitor, small_desk: Desk, state: str, first: str, said: str
) -> None:
    small_desk.sell(order="ORDER-D")
    dispute(small_desk, "ORDER-D", state)
    asked = small_deb.page("/attention").form("/resolution")
    assert next(value for _, value, _ in asked.buttons) == first
    assert said in small_deb.after(asked, decision=first).text
