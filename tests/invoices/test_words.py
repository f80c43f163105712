"""Every language says everything: each phrase of each paper, with the same blanks to fill in."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, date, datetime
from typing import Any

import pytest

from invoices.papers import Money
from invoices.words import is_supported, language_for
from invoices.words.language import supported_languages
from invoices.words.phrases import Spoken

PAPERS = [field.name for field in fields(Spoken)]
OTHERS = [tag for tag in supported_languages() if tag != "en"]
# The same in Spanish as in English: nothing but blanks and punctuation.
SAME_AS_ENGLISH = {
    ("es", "month", "title"),
    ("es", "month", "owed_point"),
    ("es", "month", "about"),
    ("es", "account", "subtotal"),
}
# What a Chinese reader calls by its Latin letters, too, and a screen of the program by the name it bears.
LATIN_IN_CHINESE = {"PDF", "LED", "QR", "Money", "owed"}


def phrases_of(tag: str, paper: str) -> dict[str, Any]:
    """The phrases of a paper by name; how an aftercare text's headings begin is no phrase."""
    said = getattr(language_for(tag).spoken, paper)
    return {f.name: getattr(said, f.name) for f in fields(said) if f.name != "section_roles"}


def forms(phrase: str | dict[str, str]) -> list[str]:
    return [phrase] if isinstance(phrase, str) else list(phrase.values())


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def without_blanks(text: str) -> str:
    return re.sub(r"\{[^}]*\}", "", text)


def every_form(tag: str) -> Iterator[tuple[str, str, str]]:
    for paper in PAPERS:
        for name, phrase in phrases_of(tag, paper).items():
            for form in forms(phrase):
                yield paper, name, form


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("tag", supported_languages())
def test_no_phrase_is_missing_or_has_other_blanks(tag: str, paper: str) -> None:
    english = phrases_of("en", paper)
    for name, phrase in phrases_of(tag, paper).items():
        wanted = blanks(forms(english[name])[-1])
        for form in forms(phrase):
            assert form.strip(), name
            # A singular may say its number in words, or leave it unsaid.
            assert wanted - {"n"} <= blanks(form) <= wanted | {"n"}, name


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("tag", supported_languages())
def test_every_plural_has_the_forms_of_its_language(tag: str, paper: str) -> None:
    # Spanish has a form of its own for whole millions; nothing on a paper is counted in those.
    wanted = (language_for(tag).locale.plural_form.tags | {"other"}) - {"many"}
    for name, phrase in phrases_of(tag, paper).items():
        if not isinstance(phrase, str):
            assert phrase.keys() == wanted, name


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("tag", supported_languages())
def test_a_phrase_is_plural_in_all_languages_or_in_none(tag: str, paper: str) -> None:
    english = phrases_of("en", paper)
    for name, phrase in phrases_of(tag, paper).items():
        assert type(phrase) is type(english[name]), name


@pytest.mark.parametrize("tag", OTHERS)
def test_no_phrase_is_left_in_english(tag: str) -> None:
    same = {
        (tag, paper, name)
        for paper in PAPERS
        for name, phrase in phrases_of(tag, paper).items()
        if set(forms(phrase)) & set(forms(phrases_of("en", paper)[name]))
    }
    assert same == {each for each in SAME_AS_ENGLISH if each[0] == tag}


def test_no_latin_word_and_no_latin_punctuation_is_left_in_chinese() -> None:
    for paper, name, form in every_form("zh"):
        plain = without_blanks(form)
        assert set(re.findall("[A-Za-z]+", plain)) <= LATIN_IN_CHINESE, (paper, name)
        assert not re.findall(r"[,;:!?()\"']|\.(?!\d)", plain), (paper, name)


def test_numbers_stand_close_to_their_chinese_words() -> None:
    # As in the dates between them: 2026年11月3日.
    for paper, name, form in every_form("zh"):
        assert not re.search(r"[\u4e00-\u9fff] \{n\}|\{n\} [\u4e00-\u9fff]", form), (paper, name)


def test_spanish_says_usted() -> None:
    for paper, name, form in every_form("es"):
        assert not re.search(r"\b(tú|tu|tus|te|contigo|vosotros|vuestr\w+)\b", form.casefold()), (paper, name)


@pytest.mark.parametrize("tag", supported_languages())
def test_every_language_recognises_every_part_of_an_aftercare_text(tag: str) -> None:
    roles = set(language_for(tag).phrases.section_roles.values())
    assert roles == set(language_for("en").phrases.section_roles.values())


@pytest.mark.parametrize(
    "tag", ["tlh", "", "zz-ZZ", "x" * 1000, "../en", "-", "zh-Hant", "zh-TW", "zh-HK", "yue"]
)
def test_a_language_not_spoken_here_falls_back_to_english(tag: str) -> None:
    # Traditional characters too: simplified ones would be taken for an answer, and are none.
    assert language_for(tag).phrases is language_for("en").phrases
    assert not is_supported(tag)


@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("zh", "zh-Hans"),
        ("zh-Hans", "zh-Hans"),
        ("ZH_hans", "zh-Hans"),
        ("zh-CN", "zh-Hans-CN"),
        ("zh-SG", "zh-Hans-SG"),
        ("zh-Hans-HK", "zh-Hans-HK"),
        ("zh-Hans-US", "zh-Hans"),
        ("es", "es-US"),
        ("es-MX", "es-MX"),
    ],
)
def test_a_paper_names_its_language(tag: str, says: str) -> None:
    assert language_for(tag).tag == says
    assert is_supported(tag)


@pytest.mark.parametrize(
    ("tag", "day", "money"),
    [
        ("en", "November 3, 2026", "$1,980.00"),
        ("en-GB", "3 November 2026", "US$1,980.00"),
        ("es", "3 de noviembre de 2026", "$1,980.00"),
        ("es-ES", "3 de noviembre de 2026", "1.980,00\u00a0US$"),
        ("zh-Hans", "2026年11月3日", "US$1,980.00"),
    ],
)
def test_dates_and_money_follow_the_region(tag: str, day: str, money: str) -> None:
    language = language_for(tag)
    assert language.long_date(date(2026, 11, 3)) == day
    assert language.money(Money(198000, "USD")) == money


def test_chinese_has_one_form_for_every_number() -> None:
    chinese = language_for("zh-Hans")
    said = [chinese.plural(chinese.phrases.of_sessions_left, n) for n in (0, 1, 12)]
    assert said == ["次剩余，共0次", "次剩余，共1次", "次剩余，共12次"]


@pytest.mark.parametrize(
    ("tag", "sentences", "line"), [("en", "A. B.", "x, y"), ("es", "A. B.", "x, y"), ("zh", "A.B.", "x，y")]
)
def test_sentences_and_lines_are_put_together_as_the_language_does(
    tag: str, sentences: str, line: str
) -> None:
    language = language_for(tag)
    assert language.sentences("A.", "", "B.") == sentences
    assert language.with_comma("x", "", "y") == line


@pytest.mark.parametrize(("amount", "says"), [(1, "$0.01"), (-500, "-$5.00"), (0, "$0.00")])
def test_money_is_exact_to_the_cent(amount: int, says: str) -> None:
    assert language_for("en").money(Money(amount, "USD")) == says


def test_a_time_is_the_clinics_own_also_across_midnight() -> None:
    at = datetime(2026, 12, 2, 7, 30, tzinfo=UTC)
    english = language_for("en")
    assert english.local_day(at, "America/Los_Angeles") == date(2026, 12, 1)
    assert english.time_of_day(at, "America/Los_Angeles") == "11:30\u00a0PM"
