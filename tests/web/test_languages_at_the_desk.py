"""The desk chooses the language of a client's papers, and is told of letters that can't be printed."""

import pytest

from tests.courses.desk import Desk
from tests.web.page import Page
from tests.web.visitor import Visitor

# A character so rare that the fonts of no system have it.
NOBODYS = "\U00030000"


def client_page(deb: Visitor, **typed: str) -> Page:
    form = next(
        each for each in deb.page("/clients").forms if each.method == "post" and each.action == "/clients"
    )
    return deb.after(form, **typed)


@pytest.mark.usefixtures("small_desk")
def test_letters_that_no_font_has_are_told_on_the_clients_page(small_deb: Visitor) -> None:
    said = "come out as empty boxes on the papers"
    assert said in client_page(small_deb, name=f"Ana {NOBODYS}").text
    assert said not in client_page(small_deb, name="王美玲 김민지 Nguyễn").text


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("zh-Hans", "Language: Chinese (Simplified)"),
        ("es", "Language: Spanish"),
        ("en", "Language: English"),
    ],
)
@pytest.mark.usefixtures("small_desk")
def test_each_language_is_a_choice(small_deb: Visitor, language: str, says: str) -> None:
    page = client_page(small_deb, name="Bela", language=language)
    assert says in page.text


def test_a_language_chosen_elsewhere_is_kept_by_the_form(small_deb: Visitor, small_desk: Desk) -> None:
    page = client_page(small_deb, name="Bela", language="es-MX")
    form = next(each for each in page.forms if each.action.endswith("/particulars"))
    assert form.fields["language"] == "es-MX"


@pytest.mark.usefixtures("small_desk")
def test_papers_in_a_language_not_spoken_are_said_to_be_english(small_deb: Visitor) -> None:
    assert "Language: English" in client_page(small_deb, name="Bela", language="zh-Hant").text
