"""Every language is complete: each message of the code is in each catalog, with the same placeholders."""

import re
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from invoices.language import LANGUAGES, is_supported, language_for
from invoices.papers import Money

ROOT = Path(__file__).parents[2]
TRANSLATED = [tag for tag in LANGUAGES if tag != "en"]
Key = tuple[str | None, str]
# The same in Spanish as in English: nothing but blanks, punctuation and a word that both have.
SAME_AS_ENGLISH = {
    "es": {
        "{paper}: {month}",
        "{month}: {owed}",
        "{why} ({package})",
        "{when} ({treatment})",
        "Subtotal",
        " ({prices})",
    },
    "zh": set[str](),
}
# What a Chinese reader calls by its Latin letters, too, and a screen of the program by its name.
LATIN_IN_CHINESE = {"PDF", "LED", "QR", "SHA", "Square", "Apple", "Google", "Wallet"}


@cache
def catalog(tag: str) -> Catalog:
    with (ROOT / "invoices" / "locale" / f"{tag}.po").open("rb") as file:
        return read_po(file, locale=tag)


@cache
def messages_of_the_code() -> frozenset[Key]:
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, directory_filter=_is_ours)
    return frozenset((context, _first(message)) for _, _, message, _, context in found)


def _is_ours(folder: str) -> bool:
    path = Path(folder)
    return path == ROOT or path.relative_to(ROOT).parts[0] in {"invoices", "plugin", "templates"}


def _first(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def messages(tag: str) -> list[Message]:
    return [each for each in catalog(tag) if each.id]


def ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def every_form(tag: str) -> Iterator[str]:
    for message in messages(tag):
        yield from forms(message)


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def without_blanks(text: str) -> str:
    return re.sub(r"\{[^}]*\}", "", text)


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_catalog_holds_the_messages_of_the_code_and_no_others(tag: str) -> None:
    kept = {(each.context, _first(each.id)) for each in messages(tag)}
    assert len(kept) > 300
    assert kept == messages_of_the_code(), "run `make messages` and translate what is new"
    assert not catalog(tag).obsolete


@pytest.mark.parametrize("tag", TRANSLATED)
def test_no_message_is_fuzzy_or_left_untranslated(tag: str) -> None:
    wanted = catalog(tag).num_plurals
    for message in messages(tag):
        assert not message.fuzzy, message.id
        assert all(form.strip() for form in forms(message)), message.id
        if message.pluralizable:
            assert len(forms(message)) == wanted, message.id
        if message.id not in SAME_AS_ENGLISH[tag]:
            assert not set(ids(message)) & set(forms(message)), message.id


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_translation_has_the_blanks_of_its_message(tag: str) -> None:
    for message in messages(tag):
        wanted = blanks(ids(message)[-1])
        for form in forms(message):
            # A singular may write its number in words, or omit it.
            may_lack = {"n"} if message.pluralizable else set()
            assert wanted - may_lack <= blanks(form) <= wanted | may_lack, message.id


def test_spanish_and_chinese_choose_their_plurals_as_their_readers_do() -> None:
    said = {
        tag: [language_for(tag).ngettext("{n} expired.", "{n} expired.", n) for n in (0, 1, 2)]
        for tag in LANGUAGES
    }
    assert said["en"] == ["0 expired.", "1 expired.", "2 expired."]
    assert said["zh"] == ["0次已到期。", "1次已到期。", "2次已到期。"]
    sessions = ("{n} session left", "{n} sessions left")
    spanish = language_for("es")
    assert [spanish.ngettext(*sessions, n) for n in (0, 1, -1, 2)] == [
        "Quedan 0 sesiones",
        "Queda 1 sesión",
        "Queda -1 sesión",
        "Quedan 2 sesiones",
    ]


def test_the_same_english_may_say_two_things() -> None:
    spanish = language_for("es")
    assert spanish.gettext("Sold") == "Vendido"
    assert spanish.pgettext("column", "Sold") == "Ventas"


def test_no_latin_word_and_no_latin_punctuation_is_left_in_chinese() -> None:
    for form in every_form("zh"):
        plain = without_blanks(form)
        assert set(re.findall("[A-Za-z]+", plain)) <= LATIN_IN_CHINESE, form
        assert not re.findall(r"[,;:!?()\"']|\.(?!\d)", plain), form


def test_numbers_stand_close_to_their_chinese_words() -> None:
    # As in the dates between them: 2026年11月3日.
    for form in every_form("zh"):
        assert not re.search(r"[\u4e00-\u9fff] \{n\}|\{n\} [\u4e00-\u9fff]", form), form


def test_spanish_says_usted() -> None:
    for form in every_form("es"):
        assert not re.search(r"\b(tú|tu|tus|te|contigo|vosotros|vuestr\w+)\b", form.casefold()), form


@pytest.mark.parametrize(
    "tag", ["tlh", "", "zz-ZZ", "x" * 1000, "../en", "-", "zh-Hant", "zh-TW", "zh-HK", "yue"]
)
def test_a_language_not_spoken_here_falls_back_to_english(tag: str) -> None:
    # Traditional characters too: simplified ones are no substitute.
    assert language_for(tag).gettext("Total credited") == "Total credited"
    assert language_for(tag).tag == "en"
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


@pytest.mark.parametrize(
    ("tag", "sentences", "line"), [("en", "A. B.", "x, y"), ("es", "A. B.", "x, y"), ("zh", "A.B.", "x，y")]
)
def test_sentences_and_lines_are_put_together_as_the_language_does(
    tag: str, sentences: str, line: str
) -> None:
    language = language_for(tag)
    assert language.sentences("A.", "", "B.") == sentences
    assert language.with_comma("x", "", "y") == line


@pytest.mark.parametrize(("amount", "says"), [(1, "$0.01"), (-500, "\u2212$5.00"), (0, "$0.00")])
def test_money_is_exact_to_the_cent(amount: int, says: str) -> None:
    assert language_for("en").money(Money(amount, "USD")) == says


def test_a_time_is_the_clinics_own_also_across_midnight() -> None:
    at = datetime(2026, 12, 2, 7, 30, tzinfo=UTC)
    english = language_for("en")
    assert english.local_day(at, "America/Los_Angeles") == date(2026, 12, 1)
    assert english.time_of_day(at, "America/Los_Angeles") == "11:30\u00a0PM"
