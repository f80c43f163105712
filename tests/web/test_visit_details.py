"""What a visit was about: written down in the history line, shown there, and the focus on the papers alone."""

from datetime import timedelta

import pytest

from plugin.core.acts import Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.visits.visits import describe_visit
from plugin.services import Services
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.page import Form, Page
from tests.web.visitor import NAMES, Visitor, hire


@pytest.fixture
def course(desk: Desk) -> str:
    course_id = desk.sell()
    desk.use(course_id)
    return course_id


@pytest.fixture
def address(desk: Desk, course: str) -> str:
    return f"/clients/{desk.course(course).client_id}"


def details(visitor: Visitor, address: str) -> Form:
    return visitor.page(address).form("/details")


def options(page: Page) -> list[str]:
    """Return who can be named, by the words of the select."""
    said = page.text.split("Practitioner ")[1].split(" Focus ")[0]
    return [name for name in ("Unassigned", *NAMES.values(), "Dr. Wu") if name in said]


def test_the_focus_and_the_note_are_written_down(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    before = desk.balance(course)
    page = deb.after(details(deb, address), focus="Jawline", note="Slept <i>badly</i>")
    assert "Visit details saved." in page.text
    assert "Jawline" in page.text
    assert "Note: Slept <i>badly</i>" in page.text
    assert "<i>badly" not in page.html
    (visit,) = desk.course(course).visits
    assert (visit.focus, visit.note, visit.practitioner_id) == ("Jawline", "Slept <i>badly</i>", None)
    assert desk.balance(course) == before


def test_it_says_where_each_of_them_goes(deb: Visitor, address: str) -> None:
    text = deb.page(address).text
    assert "Printed on the course summary." in text
    assert "Stays here, not on papers." in text


def test_what_is_there_comes_back_to_be_edited(deb: Visitor, address: str) -> None:
    assert "Add note" in deb.page(address).text
    page = deb.after(details(deb, address), focus="Brow", note="Two lines")
    assert "Add note" not in page.text
    again = page.form("/details")
    assert (again.fields["focus"], again.fields["note"]) == ("Brow", "Two lines")


def test_a_visit_of_long_ago_is_edited_on_its_own_page(deb: Visitor, desk: Desk) -> None:
    course = desk.sell(paid_at=desk.clock() - timedelta(days=50))
    desk.use(course)
    today = desk.course(course).visits[0].visited_on
    for days in (30, 31):
        desk.use(course, visited_on=today - timedelta(days=days))
    visits = {(today - each.visited_on).days: each.id for each in desk.course(course).visits}
    page = deb.page(f"/clients/{desk.course(course).client_id}")
    forms = [each.action.split("/")[-2] for each in page.forms if each.action.endswith("/details")]
    assert forms == [visits[0], visits[30]]
    own = deb.page(next(each for each in page.links() if f"/visits/{visits[31]}/note" in each))
    deb.after(own.form("/note"), note="Slept badly")
    assert {each.id: each.note for each in desk.course(course).visits}[visits[31]] == "Slept badly"


def test_those_who_treat_can_be_named(
    deb: Visitor, services: Services, desk: Desk, course: str, address: str
) -> None:
    for role in (Role.PRACTITIONER, Role.OWNER):
        hire(services, role)
    page = deb.page(address)
    assert options(page) == ["Unassigned", NAMES[Role.OWNER], NAMES[Role.PRACTITIONER]]
    kim = page.html.split(f">{NAMES[Role.PRACTITIONER]}</option>")[0].rsplit('value="', 1)[1].split('"')[0]
    after = deb.after(page.form("/details"), practitioner_id=kim)
    assert "with A. Kim" in after.text
    assert after.form("/details").fields["practitioner_id"] == kim
    assert "with A. Kim" not in deb.after(after.form("/details"), practitioner_id="").text


def test_whoever_treated_stays_named_though_they_could_not_be_chosen(
    deb: Visitor, services: Services, desk: Desk, course: str, address: str
) -> None:
    wu = add_staff(
        services.store,
        email="wu@example.org",
        name="Dr. Wu",
        role=Role.DESK,
        password_hash="none",
        now=services.clock(),
    )
    (visit,) = desk.course(course).visits
    describe_visit(services.store, desk.act(), visit.id, practitioner_id=wu.id, focus="", note="")
    deb.after(details(deb, address), focus="Brow")
    (visit,) = desk.course(course).visits
    assert (visit.practitioner, visit.focus) == ("Dr. Wu", "Brow")


def test_a_practitioner_is_named_by_themselves(as_role: As, desk: Desk, address: str) -> None:
    desk.clock.advance(days=1)
    kim = as_role(Role.PRACTITIONER)
    kim.after(kim.page(address).form("/uses"))
    page = kim.after(details(kim, address), focus="Complexion")
    assert "with A. Kim · Complexion" in page.text


@pytest.mark.parametrize("field", ["focus", "note"])
def test_too_long_a_text_is_refused_and_nothing_is_lost(
    deb: Visitor, desk: Desk, course: str, address: str, field: str
) -> None:
    typed = {"focus": "Jaw", "note": "Slept well", field: "x" * 501}
    for htmx in (False, True):
        answer = deb.sending(htmx=htmx)(details(deb, address), **typed)
        assert answer.status_code == 422
        page = Page(answer.text)
        form = page.form("/details")
        assert {name: form.fields[name] for name in ("focus", "note")} == typed
        assert "has 501 characters, at most 500 fit." in page.text
        entry = desk.course(course).visits[0].entry_ids[0]
        panel = page.with_id(f"s-{entry}")
        assert panel is not None
        assert "open" in panel.attributes
    assert desk.course(course).visits[0].focus == ""


def test_a_practitioner_who_is_not_there_is_refused_beside_the_field(
    deb: Visitor, desk: Desk, course: str, address: str
) -> None:
    answer = deb.send(details(deb, address), practitioner_id="nobody", focus="Jaw")
    assert answer.status_code == 422
    page = Page(answer.text)
    assert "There is no such practitioner." in page.text
    assert page.form("/details").fields["focus"] == "Jaw"


def test_a_visit_that_was_undone_meanwhile_is_refused_in_words(
    deb: Visitor, desk: Desk, course: str, address: str
) -> None:
    form = details(deb, address)
    desk.undo(desk.course(course).visits[0].entry_ids[0])
    answer = deb.send(form, focus="Jaw")
    assert answer.status_code == 409
    assert "That session was undone since" in answer.text
    assert not [each for each in Page(answer.text).forms if each.action.endswith("/details")]


def test_a_visit_that_is_not_there_is_not_found(deb: Visitor, desk: Desk, course: str, address: str) -> None:
    form = details(deb, address)
    form.action = "/visits/none/details"
    assert deb.send(form).status_code == 404


def test_htmx_gets_the_living_part(deb: Visitor, address: str) -> None:
    answer = deb.send_by_htmx(details(deb, address), focus="Brow")
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "Visit details saved." in answer.text
