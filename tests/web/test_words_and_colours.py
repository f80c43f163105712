"""Dates, money and colours as people see them: by the clinic's country and zone, and always readable."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel import Locale

from plugin.core.money import Money
from plugin.courses.base.views import ClinicView
from plugin.courses.clients.contacts import written_phone
from plugin.errors import InvalidField
from plugin.web import pages
from plugin.web.format import counted, initials, locale_of, written_day
from plugin.web.forms import parsed_amount
from plugin.web.pages import TEMPLATES
from plugin.web.theme import (
    LEAST,
    PAPER_LIGHT,
    SURFACE_DARK,
    contrast,
    for_dark,
    for_light,
    mixed,
    parse,
    sheet,
)

STYLES = TEMPLATES / "static" / "styles"
PLUGIN = Path(pages.__file__).resolve().parents[1]

CLINIC = ClinicView(
    name="Jade Room",
    address="",
    phone="",
    email="",
    website="",
    country="US",
    time_zone="America/Los_Angeles",
    currency="USD",
    language="en",
    accent="#0F6B5C",
    page_size="letter",
    square_location_id=None,
)
TODAY = date(2026, 11, 22)


def test_a_moment_is_a_day_at_the_clinic() -> None:
    late = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    assert written_day(late, CLINIC, TODAY) == "Nov 22"
    assert written_day(late, replace(CLINIC, time_zone="Europe/Berlin"), TODAY) == "Nov 23"


def test_another_year_is_named() -> None:
    assert written_day(date(2025, 3, 1), CLINIC, TODAY) == "Mar 1, 2025"


@pytest.mark.parametrize(
    ("language", "country", "written"),
    [("en", "GB", "22 Nov"), ("es", "ES", "22 nov"), ("zh-Hans", "CN", "11月22日"), ("de", "CH", "22. Nov.")],
)
def test_each_country_writes_its_own_way(language: str, country: str, written: str) -> None:
    assert written_day(TODAY, replace(CLINIC, language=language, country=country), TODAY) == written


def test_an_unknown_language_is_no_error() -> None:
    assert str(locale_of(replace(CLINIC, language="xx-Nope", country="ZZ"))) == "en_US"


def test_one_is_one_and_the_rest_are_many() -> None:
    assert counted(1, "session", "sessions", Locale("en")) == "1 session"
    assert counted(1200, "session", "sessions", Locale("en")) == "1,200 sessions"
    assert counted(0, "session", "sessions", Locale("en")) == "0 sessions"


def test_a_phone_number_is_written_as_it_is_dialled() -> None:
    assert written_phone("+14155550123", "US") == "(415) 555-0123"
    assert written_phone("+33612345678", "US") == "+33 6 12 34 56 78"
    assert written_phone("odd", "US") == "odd"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ana Kim", "AK"),
        ("Ana Maria de Kim", "AK"),
        ("Prince", "P"),
        ("李美玲", "李"),
        ("— (x)", "?"),
        ("", "?"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("typed", "currency", "locale", "amount"),
    [
        ("1,980.00", "USD", "en_US", 198000),
        ("$165", "USD", "en_US", 16500),
        ("0", "USD", "en_US", 0),
        ("1.980,50", "EUR", "de_DE", 198050),
        ("165000", "JPY", "ja_JP", 165000),
        ("1.234", "KWD", "en_US", 1234),
    ],
)
def test_an_amount_is_read_as_the_country_writes_it(
    typed: str, currency: str, locale: str, amount: int
) -> None:
    assert parsed_amount(typed, currency, Locale.parse(locale), field="price", called="The price") == Money(
        amount, currency
    )


@pytest.mark.parametrize(
    "typed", ["", "x", "1,98", "1.005", "NaN", "Infinity", "1e3", "9" * 25, "1 2", "--1"]
)
def test_anything_else_is_no_amount(typed: str) -> None:
    with pytest.raises(InvalidField):
        parsed_amount(typed, "USD", Locale("en", "US"), field="price", called="The price")


ACCENTS = ["#0F6B5C", "#FFFFFF", "#000000", "#FFE600", "#FF0000", "#8ECAE6", "#777777", "not a colour"]


@pytest.mark.parametrize("accent", ACCENTS)
def test_whatever_the_clinic_chooses_stays_readable(accent: str) -> None:
    for colour, ground, share in (
        (for_light(accent), PAPER_LIGHT, 0.11),
        (for_dark(accent), SURFACE_DARK, 0.22),
    ):
        assert contrast(colour, mixed(colour, ground, share)) >= LEAST
        assert contrast(colour, ground) >= LEAST
    for colour, over in re.findall(r"--accent:(#\w{6});--on-accent:(#\w{6})", sheet(accent)):
        assert contrast(parse(colour), parse(over)) >= LEAST


def tokens(css: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-fA-F]{6});", css))


def themes() -> list[dict[str, str]]:
    css = (STYLES / "tokens" / "tokens.css").read_text(encoding="utf-8")
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)", 1)
    day = tokens(light)
    night = {**day, **tokens(dark.split("}\n}", 1)[0])}
    modes = (STYLES / "modes" / "preferences.css").read_text(encoding="utf-8")
    more = [tokens(each.split("}", 1)[0]) for each in modes.split("@media (prefers-contrast: more)")[1:]]
    return [day, night, {**day, **more[0]}, {**night, **more[1]}]


READ_ON = [
    ("ink", "paper"),
    ("ink", "surface"),
    ("muted", "paper"),
    ("muted", "surface"),
    ("accent", "paper"),
    ("accent", "surface"),
    ("accent", "accent-pale"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("ink", "accent-pale"),
    ("muted", "accent-pale"),
    ("warn", "warn-pale"),
    ("ink", "warn-pale"),
    ("on-warn", "warn"),
    ("stop", "stop-pale"),
    ("stop", "surface"),
    ("on-stop", "stop"),
    ("ink", "pale"),
    ("paper", "ink"),
]


@pytest.mark.parametrize(("text", "ground"), READ_ON)
def test_every_text_reads_on_its_ground_by_day_and_by_night(text: str, ground: str) -> None:
    for theme in themes():
        assert contrast(parse(theme[text]), parse(theme[ground])) >= LEAST


def test_edges_of_fields_can_be_seen() -> None:
    for theme in themes():
        assert contrast(parse(theme["edge"]), parse(theme["surface"])) >= 3


def test_the_sheet_uses_no_size_and_no_colour_outside_its_tokens() -> None:
    for path in STYLES.glob("*/*.css"):
        css = path.read_text(encoding="utf-8")
        if path.parent.name not in ("tokens", "modes"):
            assert not re.findall(r"#[0-9a-fA-F]{3,8}\b", css), path
        assert not re.findall(r"font-size: (?!var\()", css), path


def test_the_sheet_is_every_file_once_in_its_layer() -> None:
    """Braces that do not close would take the layers after them along."""
    sheet = pages.joined(STYLES)
    assert "/*" not in sheet
    assert sheet.count("{") == sheet.count("}")
    for path in STYLES.rglob("*.css"):
        assert path.parent.name in pages.LAYERS, path
        css = path.read_text(encoding="utf-8")
        assert css.count("{") == css.count("}"), path
        (rule,) = re.findall(r"^[^@/\s].*", css, re.MULTILINE)[:1]
        assert pages.tight(rule) in sheet, path


def test_every_class_in_the_sheet_is_named_by_a_page() -> None:
    """A rule for a class that nothing has is dead: delete it."""
    named = " ".join(
        path.read_text(encoding="utf-8")
        for folder, kind in ((TEMPLATES, "html"), (TEMPLATES / "static" / "desk", "js"), (PLUGIN, "py"))
        for path in folder.rglob(f"*.{kind}")
    )
    words = set(re.findall(r"[\w-]+", named))
    classes = set(re.findall(r"\.([a-zA-Z_][\w-]*)", re.sub(r"\{[^{}]*\}", " ", pages.joined(STYLES))))
    assert {each for each in classes - words if not each.startswith("setup-of-")} == set()
