"""The note of a visit and My day in the browser: taps, who sees what, two at once, an ended sign-in."""

from typing import Any

import pytest

from plugin.core.acts import Role
from plugin.courses.accounts.staff import deactivate_staff
from plugin.store.people import ClientOpening
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.test_screen_languages import choose
from tests.web.visitor import PASSWORD, Visitor, email_of

TYPED: dict[str, Any] = {"option": ["focus-1", "add_on-7"], "focus": "Brow", "interval": "14"}
PRIVATE = {"points": "KD3 and LI4", "observations": "pale tongue"}


@pytest.fixture
def course(desk: Desk) -> str:
    course_id = desk.sell()
    desk.use(course_id)
    return course_id


@pytest.fixture
def address(desk: Desk, course: str) -> str:
    view = desk.course(course)
    return f"/clients/{view.client_id}/visits/{view.visits[0].id}/note"


@pytest.fixture
def kim(as_role: As) -> Visitor:
    return as_role(Role.PRACTITIONER)


def test_one_is_written_by_tapping(kim: Visitor, desk: Desk, course: str, address: str) -> None:
    page = kim.after(kim.page(address).form("/note"), **TYPED, **PRIVATE)
    assert "Note saved." in page.text
    assert "with A. Kim · Jawline · Brow · LED light" in page.text
    (visit,) = desk.course(course).visits
    assert (visit.areas, visit.add_ons, visit.interval_days) == (("Jawline",), ("LED light",), 14)
    again = kim.page(address)
    assert again.form("/note").fields["points"] == "KD3 and LI4"
    assert "A. Kim : written" in again.text


def test_what_was_done_to_it_is_said_in_the_reader_s_language(
    kim: Visitor, as_role: As, desk: Desk, course: str, address: str
) -> None:
    for points in ("KD3", "KD3 and LI4"):
        kim.after(kim.page(address).form("/note"), points=points)
    olga = as_role(Role.OWNER)
    for visitor, place in ((kim, address), (olga, "/reports/activity")):
        choose(visitor, "es")
        text = visitor.page(place).text
        assert "escrita" in text
        assert "puntos" in text
        assert "written" not in text


def test_a_typed_number_of_days_counts_before_a_tap(
    kim: Visitor, desk: Desk, course: str, address: str
) -> None:
    kim.after(kim.page(address).form("/note"), interval="14", interval_days="10")
    assert desk.course(course).visits[0].interval_days == 10
    assert kim.page(address).form("/note").fields["interval_days"] == "10"


def test_the_desk_neither_sees_nor_loses_what_is_private(
    kim: Visitor, deb: Visitor, desk: Desk, course: str, address: str
) -> None:
    kim.after(kim.page(address).form("/note"), **TYPED, **PRIVATE)
    client = f"/clients/{desk.course(course).client_id}"
    for shown in (deb.page(address), deb.page(client), kim.page(client)):
        assert not any(text in shown.html for text in PRIVATE.values())
    form = deb.page(address).form("/note")
    assert "points" not in form.fields
    deb.after(form, note="Likes the window", points="forged")
    assert kim.page(address).form("/note").fields["points"] == "KD3 and LI4"


def test_whoever_treated_stays_named_after_they_left(
    kim: Visitor, deb: Visitor, desk: Desk, course: str, address: str
) -> None:
    kim.after(kim.page(address).form("/note"), **TYPED)
    (visit,) = desk.course(course).visits
    deactivate_staff(desk.store, desk.act(OLGA), visit.practitioner_id or "")
    deb.after(deb.page(address).form("/note"), note="Likes the window")
    (visit,) = desk.course(course).visits
    assert (visit.practitioner, visit.note) == ("A. Kim", "Likes the window")


def test_before_the_session_it_is_kept_for_the_day(kim: Visitor, desk: Desk) -> None:
    view = desk.course(desk.sell())
    today = desk.clock().date().isoformat()
    address = f"/clients/{view.client_id}/notes/{today}"
    page = kim.after(kim.page(address).form(today), **TYPED)
    assert "It joins the session once one is used that day." in page.text
    kim.after(page.form("/uses"))
    (visit,) = desk.course(view.id).visits
    assert (visit.areas, visit.practitioner) == (("Jawline",), "A. Kim")


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "2026-1-1"])
def test_a_day_that_is_none_is_not_found(kim: Visitor, desk: Desk, day: str) -> None:
    assert kim.get(f"/clients/{desk.course(desk.sell()).client_id}/notes/{day}").status_code == 404


def test_the_second_of_two_reads_the_first_beside_their_own(
    kim: Visitor, as_role: As, desk: Desk, course: str, address: str
) -> None:
    olga = as_role(Role.OWNER)
    mine = olga.page(address).form("/note")
    kim.after(kim.page(address).form("/note"), **TYPED, **PRIVATE)
    answer = olga.send(mine, points="mine alone", option=["focus-2"])
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "A. Kim changed this note at" in page.text
    assert "KD3 and LI4" in page.text
    form = page.form("/note")
    assert form.fields["points"] == "mine alone"
    olga.after(form)
    assert desk.course(course).visits[0].areas == ("Puffiness",)


def test_the_short_form_on_the_client_s_page_tells_of_it_too(
    kim: Visitor, deb: Visitor, desk: Desk, course: str, address: str
) -> None:
    client = f"/clients/{desk.course(course).client_id}"
    form = deb.page(client).form("/details")
    kim.after(kim.page(address).form("/note"), **TYPED, **PRIVATE)
    answer = deb.send(form, focus="Cheeks", note="Slept well")
    assert answer.status_code == 409
    page = Page(answer.text)
    assert "A. Kim changed this note at" in page.text
    again = page.form("/details")
    assert (again.fields["focus"], again.fields["note"]) == ("Cheeks", "Slept well")
    deb.after(again)
    assert kim.page(address).form("/note").fields["points"] == "KD3 and LI4"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"points": "x" * 4001}, "The text of the points has 4001 characters"),
        ({"focus": "x" * 501}, "Other focus has 501 characters"),
        ({"interval_days": "400"}, "The next visit is in 1 to 365 days."),
        ({"interval": "3"}, "Choose one of the intervals."),
        ({"option": "nothing"}, "no longer on the list"),
        ({"practitioner_id": "nobody"}, "There is no such practitioner."),
        ({"version": "x"}, "The version is missing."),
    ],
)
def test_what_can_t_be_saved_comes_back_filled_in(
    kim: Visitor, desk: Desk, course: str, address: str, typed: dict[str, str], said: str
) -> None:
    answer = kim.send(kim.page(address).form("/note"), **{"observations": "pale", **typed})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert said in page.text
    assert page.form("/note").fields["observations"] == "pale"
    assert desk.course(course).visits[0].noted_at is None


def test_a_note_survives_an_ended_sign_in(kim: Visitor, desk: Desk, course: str, address: str) -> None:
    form = kim.page(address).form("/note")
    kim.client.delete_cookie("coursekeeper")
    here = {"Origin": "http://localhost", "Referer": f"http://localhost{address}"}
    sent = kim.client.post(form.action, data=form.filled(**TYPED, **PRIVATE), headers=here)
    door = Page(sent.text).form("/sign-in")
    page = Page(kim.send(door, email=email_of(Role.PRACTITIONER), password=PASSWORD).text)
    assert page.form("/note").fields["points"] == "KD3 and LI4"
    assert desk.course(course).visits[0].noted_at is None
    kim.after(page.form("/note"), **TYPED)
    assert desk.course(course).visits[0].areas == ("Jawline",)


class TestMyDay:
    def test_it_shows_mine_with_the_visits_before_and_leads_to_the_note(
        self, kim: Visitor, desk: Desk, course: str, address: str
    ) -> None:
        kim.after(kim.page(address).form("/note"), **TYPED, **PRIVATE)
        desk.clock.advance(days=7)
        kim.sign_in_again()
        desk.use(course)
        page = kim.page("/my-day")
        for said in (
            "Ana Souza",
            "Session 2 of 12",
            "Jawline · Brow · LED light",
            "KD3 and LI4",
            "in 2 weeks",
        ):
            assert said in page.text
        link = next(each for each in page.links() if "/note" in each)
        saved = kim.after(kim.page(link).form("/note"), **PRIVATE)
        assert "Note saved." in saved.text
        assert "Edit note" in saved.text

    def test_whoever_opens_it_is_in_the_access_log(self, kim: Visitor, desk: Desk, course: str) -> None:
        kim.page("/my-day")
        kim.page("/my-day")
        with desk.store.reading() as session:
            rows = [(row.client_id, row.what) for row in session.query(ClientOpening)]
        assert rows == [(desk.course(course).client_id, "my_day.show_my_day")]

    def test_an_empty_day_says_what_shows_here(self, kim: Visitor) -> None:
        assert "Your appointments and the clients checked in with you show here" in kim.page("/my-day").text
