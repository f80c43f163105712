"""Every language says everything, with the same blanks to fill in."""

from __future__ import annotations

import string
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime

import pytest

from invoices.aftercare import starting_slugs, starting_text
from invoices.papers import Money, PageSize, Paper
from invoices.samples import aftercare, clinic, course
from invoices.words import language_for
from invoices.words.language import spoken_languages
from invoices.words.phrases import Phrases

PHRASES = [field.name for field in fields(Phrases)]
ENGLISH = language_for("en").phrases
languages = pytest.mark.parametrize("tag", spoken_languages())


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def forms(phrase: str | dict[str, str]) -> list[str]:
    return [phrase] if isinstance(phrase, str) else list(phrase.values())


@languages
@pytest.mark.parametrize("name", [name for name in PHRASES if name != "section_roles"])
def test_no_phrase_is_missing_or_has_other_blanks(tag: str, name: str) -> None:
    said = forms(getattr(language_for(tag).phrases, name))
    wanted = blanks(forms(getattr(ENGLISH, name))[-1])
    assert all(form.strip() for form in said)
    # A singular may say its number in words.
    assert all(wanted - {"n"} <= blanks(form) <= wanted | {"n"} for form in said)


@languages
def test_every_plural_has_a_form_for_one_and_for_the_rest(tag: str) -> None:
    phrases = language_for(tag).phrases
    for name in PHRASES:
        phrase = getattr(phrases, name)
        if isinstance(phrase, dict) and name != "section_roles":
            assert {"one", "other"} <= phrase.keys()


@languages
def test_every_language_recognises_every_part_of_an_aftercare_text(tag: str) -> None:
    roles = set(language_for(tag).phrases.section_roles.values())
    assert roles == set(ENGLISH.section_roles.values())


def test_no_phrase_is_left_in_english() -> None:
    same = {name for name in PHRASES if getattr(language_for("es").phrases, name) == getattr(ENGLISH, name)}
    assert same == set()


@pytest.mark.parametrize("slug", [*starting_slugs(), "general"])
def test_the_spanish_texts_have_the_parts_of_the_english_ones(slug: str) -> None:
    spanish, english = starting_text(slug, "es"), starting_text(slug, "en")
    assert [part.role for part in spanish.sections] == [part.role for part in english.sections]
    assert spanish.title != english.title


def test_an_english_text_keeps_its_parts_for_a_spanish_client(text_of: Callable[[Paper], str]) -> None:
    text = text_of(replace(aftercare(), language="es"))
    assert "When to call us" in text
    assert "Sesión 5 de 12" in text


@pytest.mark.parametrize("tag", ["tlh", "", "zz-ZZ", "x" * 1000, "../en"])
def test_a_language_not_spoken_here_falls_back_to_english(tag: str) -> None:
    assert language_for(tag).phrases is ENGLISH


@pytest.mark.parametrize(
    ("tag", "day", "money"),
    [
        ("en", "November 3, 2026", "$1,980.00"),
        ("en-GB", "3 November 2026", "US$1,980.00"),
        ("es", "3 de noviembre de 2026", "$1,980.00"),
        ("es-ES", "3 de noviembre de 2026", "1.980,00\u00a0US$"),
    ],
)
def test_dates_and_money_follow_the_region(tag: str, day: str, money: str) -> None:
    language = language_for(tag)
    assert language.long_date(date(2026, 11, 3)) == day
    assert language.money(Money(198000, "USD")) == money


@pytest.mark.parametrize(("amount", "says"), [(1, "$0.01"), (-500, "-$5.00"), (0, "$0.00")])
def test_money_is_exact_to_the_cent(amount: int, says: str) -> None:
    assert language_for("en").money(Money(amount, "USD")) == says


def test_a_time_is_the_clinics_own_also_across_midnight() -> None:
    at = datetime(2026, 12, 2, 7, 30, tzinfo=UTC)
    english = language_for("en")
    assert english.local_day(at, "America/Los_Angeles") == date(2026, 12, 1)
    assert english.time_of_day(at, "America/Los_Angeles") == "11:30\u00a0PM"


def test_a_spanish_summary_is_all_spanish(text_of: Callable[[Paper], str]) -> None:
    text = text_of(replace(course(5), language="es"))
    for said in ("Resumen de su tratamiento", "de 12 sesiones por usar", "Sus visitas", "6 oct 2026"):
        assert said in text


@pytest.mark.parametrize("size", ["letter", "a4"])
@pytest.mark.parametrize("slug", starting_slugs())
def test_a_spanish_sheet_stays_on_one_page(
    pages_of: Callable[[Paper], int], slug: str, size: PageSize
) -> None:
    assert pages_of(replace(aftercare(slug, language="es"), clinic=clinic(size))) == 1
