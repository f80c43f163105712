"""Guides for staff: two pages each, for those they are for."""

import re
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from plugin.core.acts import Role
from plugin.courses.handouts.cache import GUIDES
from plugin.staff_languages import STAFF_LANGUAGES, read_catalog
from tests.papers import real
from tests.project.test_staff_words import forms
from tests.web.conftest import As
from tests.web.test_screen_languages import choose
from tests.web.visitor import Visitor

ROOT = Path(__file__).parents[2]
# Bold for its weight, not as the name of something on a screen.
EMPHASIS = {
    *("print the papers", "and the customer", "the internet or square is down", "coursekeeper doctor"),
    *("a message says that something was not saved", "two people with one name"),
    *("a client asks what is stored about them", "imprima los documentos", "y el cliente"),
    *("no hay internet o square no responde", "un aviso dice que algo no se guardó"),
    *("dos personas con el mismo nombre", "un cliente pregunta qué se guarda sobre su persona"),
}


@pytest.mark.parametrize("language", ["", "-spanish"])
@pytest.mark.parametrize("name", GUIDES)
def test_a_guide_is_two_pages(name: str, language: str) -> None:
    with pikepdf.open(BytesIO(real.pdf(f"guide-{name}{language}"))) as pdf:
        assert len(pdf.pages) == 2


@pytest.mark.parametrize("name", GUIDES)
@pytest.mark.parametrize("language", STAFF_LANGUAGES)
def test_what_a_guide_names_is_called_so_on_the_screens(name: str, language: str) -> None:
    words = {
        form.partition(" {")[0].casefold()
        for each in read_catalog("es")
        for form in ([each.id] if language == "en" and isinstance(each.id, str) else forms(each))
    }
    text = (ROOT / "invoices" / "texts" / "guides" / language / f"{name}.md").read_text(encoding="utf-8")
    named = {each.casefold() for each in re.findall(r"\*\*(.+?)\*\*", text)} - EMPHASIS
    assert len(named) > 8
    assert [each for each in named if each not in words and not words.issuperset(each.split(", "))] == []


def test_a_guide_is_in_the_language_of_the_person(
    small_deb: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def drawn(*_: object, language: str, **__: object) -> bytes:
        asked.append(language)
        return b"%PDF"

    monkeypatch.setattr("plugin.web.desk.documents.guide_pdf", drawn)
    small_deb.get("/guides/desk.pdf")
    choose(small_deb, "es")
    small_deb.get("/guides/desk.pdf")
    assert asked == ["en", "es"]


def test_the_owner_has_both(as_role: As) -> None:
    olga = as_role(Role.OWNER)
    assert [olga.get(f"/guides/{name}.pdf").mimetype for name in GUIDES] == ["application/pdf"] * 2


def test_the_owners_guide_is_for_the_owner(deb: Visitor) -> None:
    assert deb.get("/guides/desk.pdf").status_code == 200
    assert deb.get("/guides/owner.pdf").status_code == 403
    assert deb.get("/guides/other.pdf").status_code == 404
