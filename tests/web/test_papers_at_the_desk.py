"""The papers: opened by the browser under a name worth keeping; a failed one says so and can be tried again."""

from dataclasses import replace

import pytest

from invoices.papers import Paper, PaperFailed
from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.clients.contacts import Buyer
from plugin.services import Services
from tests.courses.desk import Desk
from tests.web.conftest import PDF, signed_in
from tests.web.visitor import Visitor


@pytest.mark.parametrize("paper", ["summary", "aftercare"])
def test_a_paper_opens_in_the_browser(deb: Visitor, desk: Desk, paper: str) -> None:
    course = desk.sell()
    desk.use(course)
    answer = deb.get(f"/courses/{course}/{paper}.pdf")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", PDF)
    named = {"summary": "Course summary", "aftercare": "Aftercare"}[paper]
    said = answer.headers["Content-Disposition"]
    assert said == f'inline; filename="{named}, Ana Souza, 2026-11-22.pdf"'


@pytest.mark.parametrize(
    ("name", "plain", "whole"),
    [
        ("李美玲", "Course summary, , 2026-11-22.pdf", "%E6%9D%8E%E7%BE%8E%E7%8E%B2"),
        (
            "Siobhán O’Malley",
            "Course summary, Siobhan OMalley, 2026-11-22.pdf",
            "Siobh%C3%A1n%20O%E2%80%99Malley",
        ),
    ],
)
def test_a_name_in_any_script_fits_into_a_header(
    deb: Visitor, desk: Desk, name: str, plain: str, whole: str
) -> None:
    course = desk.sell(buyer=Buyer("CUSTOMER-X", name=name))
    said = deb.get(f"/courses/{course}/summary.pdf").headers["Content-Disposition"]
    assert (
        said
        == f"inline; filename=\"{plain}\"; filename*=UTF-8''Course%20summary%2C%20{whole}%2C%202026-11-22.pdf"
    )


@pytest.mark.parametrize("name", ['a"; filename="evil.exe', "../../etc/passwd", "李美玲", "line\nbreak"])
def test_a_name_can_not_break_the_file_name(deb: Visitor, desk: Desk, name: str) -> None:
    course = desk.sell(buyer=Buyer("CUSTOMER-X", name=name))
    said = deb.get(f"/courses/{course}/summary.pdf").headers["Content-Disposition"]
    assert said.startswith("inline; filename")
    assert '.exe"' not in said
    assert "/" not in said
    assert "\n" not in said


def test_an_aftercare_sheet_before_the_first_visit_is_refused_in_words(deb: Visitor, desk: Desk) -> None:
    answer = deb.get(f"/courses/{desk.sell()}/aftercare.pdf")
    assert answer.status_code == 409
    assert "No session of this course was used yet" in answer.text


def test_a_visit_of_another_course_is_not_found(deb: Visitor, desk: Desk) -> None:
    course = desk.sell()
    desk.use(course)
    assert deb.get(f"/courses/{course}/aftercare.pdf?visit=other").status_code == 404
    assert deb.get("/courses/none/summary.pdf").status_code == 404


def test_a_paper_that_fails_can_be_tried_again(small_house: Services, small_desk: Desk) -> None:
    def jammed(_paper: Paper, _assets: object = None) -> bytes:
        raise PaperFailed("The printer's worker stopped.")

    app = create_app(services=replace(small_house, render=jammed))
    visitor = signed_in(app, small_house, Role.DESK)
    course = small_desk.sell()
    answer = visitor.get(f"/courses/{course}/summary.pdf")
    assert answer.status_code >= 500
    assert f'href="/courses/{course}/summary.pdf' in answer.text
    assert "Try again" in answer.text
