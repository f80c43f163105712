"""The owner's lists for visit notes, and the names in the languages of clients."""

import pytest
from flask import Flask

from invoices.papers import Invoice, from_json
from plugin.core.acts import Role
from plugin.courses.catalog.visit_options import list_options
from plugin.courses.clients.clients import change_client
from plugin.courses.clients.private_page import token_of
from plugin.courses.handouts.content import summary_paper
from plugin.store.documents import Document
from tests.courses.desk import FACIAL, Desk
from tests.courses.documents.sales import Papers
from tests.courses.notes import write_note
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor

PACKAGE = "Facial acupuncture, course of 12"
SPANISH = {f"es:{PACKAGE}": "Acupuntura facial, 12 sesiones", f"es:{FACIAL}": "Acupuntura facial"}


@pytest.fixture
def olga(as_role: As) -> Visitor:
    return as_role(Role.OWNER)


def names(desk: Desk) -> list[str]:
    return [each.name for each in list_options(desk.store) if not each.is_retired]


class TestTheLists:
    def test_one_is_added_renamed_moved_and_retired(self, olga: Visitor, desk: Desk) -> None:
        page = olga.after(olga.page("/clinic/visit-lists").form("/focus"), name="Neck")
        assert "“Neck” is on the list." in page.text
        neck = next(each.id for each in list_options(desk.store) if each.name == "Neck")
        olga.after(page.form(f"/options/{neck}"), name="Neck and chest")
        place = page.form(f"/{neck}/place")
        olga.after(place, to="up")
        assert names(desk).index("Neck and chest") < names(desk).index("Redness")
        page = olga.after(page.form(f"/{neck}/retirement"))
        assert "is retired. Visits that have it keep it." in page.text
        olga.after(next(each for each in page.forms if each.action.endswith(f"/{neck}/retirement")))
        assert "Neck and chest" in names(desk)

    @pytest.mark.parametrize(
        ("name", "said"), [("", "The name is missing."), ("jawline", "is on the list already")]
    )
    def test_a_name_that_can_t_be_comes_back(self, olga: Visitor, desk: Desk, name: str, said: str) -> None:
        answer = olga.send(olga.page("/clinic/visit-lists").form("/focus"), name=name)
        assert answer.status_code == 422
        assert said in Page(answer.text).text

    def test_another_list_is_not_found(self, olga: Visitor) -> None:
        form = olga.page("/clinic/visit-lists").form("/focus")
        form.action = "/clinic/visit-lists/diagnosis"
        assert olga.send(form, name="Neck").status_code == 404


class TestTheNames:
    def test_clients_read_theirs_and_square_keeps_the_main_one(
        self, app: Flask, olga: Visitor, desk: Desk
    ) -> None:
        course_id = desk.sell()
        desk.use(course_id)
        client_id = desk.course(course_id).client_id or ""
        change_client(desk.store, desk.act(), client_id, name="Ana Souza", language="es-MX")
        before = desk.course(course_id).package_id
        page = olga.after(olga.page("/clinic/names").form("/clinic/names"), **SPANISH)
        assert "Names changed: 2." in page.text
        private = Visitor(app).get(f"/my/{token_of(desk.store, desk.act(), client_id)}").text
        assert "Acupuntura facial, 12 sesiones" in private
        assert PACKAGE not in private
        assert (desk.course(course_id).package_id, desk.course(course_id).package_name) == (before, PACKAGE)
        assert PACKAGE in olga.page(f"/clients/{client_id}").text

    def test_papers_and_pages_name_package_treatment_and_focus_in_the_language_of_the_client(
        self, app: Flask, olga: Visitor, desk: Desk
    ) -> None:
        course_id = desk.sell()
        desk.use(course_id)
        course = desk.course(course_id)
        jawline = next(each for each in list_options(desk.store) if each.name == "Jawline")
        write_note(desk.store, desk.act(), course.visits[0].id, option_ids=(jawline.id,))
        change_client(desk.store, desk.act(), course.client_id or "", name="Ana Souza", language="es-MX")
        form = olga.page("/clinic/names").form("/clinic/names")
        olga.after(form, **SPANISH, **{"es:Jawline": "Línea de la mandíbula"})
        summary = summary_paper(desk.store, course_id, now=desk.clock())
        assert (summary.package_name, summary.allowances[0].treatment, summary.visits[0].focus) == (
            "Acupuntura facial, 12 sesiones",
            "Acupuntura facial",
            "Línea de la mandíbula",
        )
        private = Visitor(app).page(f"/my/{token_of(desk.store, desk.act(), course.client_id or '')}").text
        assert "Acupuntura facial, 12 sesiones" in private
        assert "Línea de la mandíbula" in private
        assert not any(name in private for name in (PACKAGE, FACIAL, "Jawline"))

    def test_what_was_issued_keeps_its_words(self, olga: Visitor, desk: Desk) -> None:
        papers = Papers(desk)
        papers.sell("FIRST")
        papers.work()
        form = olga.page("/clinic/names").form("/clinic/names")
        name = next(field for field in form.fields if field.startswith("en:Facial acupuncture, course"))
        olga.after(form, **{name: "The twelve"})
        papers.sell("SECOND")
        papers.work()
        with desk.store.reading() as session:
            papers_issued = [from_json(row.content) for row in session.query(Document).order_by(Document.id)]
        lines = [each.lines[0].description for each in papers_issued if isinstance(each, Invoice)]
        assert lines == [name.removeprefix("en:"), "The twelve"]

    def test_two_owners_lose_nothing(self, olga: Visitor, desk: Desk) -> None:
        desk.sell()
        stale = olga.page("/clinic/names").form("/clinic/names")
        olga.after(olga.page("/clinic/names").form("/clinic/names"), **{f"es:{PACKAGE}": "Doce"})
        # Another field of the stale page is saved all the same, and takes nothing back.
        olga.after(stale, **{f"zh:{PACKAGE}": "十二次"})
        fields = olga.page("/clinic/names").form("/clinic/names").fields
        assert (fields[f"es:{PACKAGE}"], fields[f"zh:{PACKAGE}"]) == ("Doce", "十二次")
        answer = olga.send(stale, key="another-key-1", **{f"es:{PACKAGE}": "Docena"})
        assert answer.status_code == 422
        page = Page(answer.text)
        assert "Another person changed this to “Doce” meanwhile." in page.text
        olga.after(page.form("/clinic/names"))
        assert olga.page("/clinic/names").form("/clinic/names").fields[f"es:{PACKAGE}"] == "Docena"

    def test_too_long_a_name_is_refused(self, olga: Visitor, desk: Desk) -> None:
        desk.sell()
        answer = olga.send(olga.page("/clinic/names").form("/clinic/names"), **{f"es:{PACKAGE}": "x" * 121})
        assert answer.status_code == 422
        assert "121 characters" in Page(answer.text).text
