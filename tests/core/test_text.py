"""What people type: kept readable, searched without accents, never longer than it may be."""

import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.core.text import NAME_LENGTH, clean, digits, folded, optional, required
from plugin.errors import InvalidField


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana\tSouza \n", "Ana Souza"),
        ("Ana\x00Souza", "AnaSouza"),
        ("\u202eazuoS anA", "azuoS anA"),
        ("Ine\u0302s", "In\u00eas"),
        ("\ud800Ana", "Ana"),
        ("王小明", "王小明"),
        ("نور", "نور"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("\u2028Ana\u00a0Souza", "Ana Souza"),
        ("\ue000\ufeff", ""),
        # Row 12 of the papers' findings: nothing to see is no text.
        ("\u200c\u200d", ""),
        ("\u3164 \u2800", ""),
        ("\u0301\ufe0f", ""),
        ("क्\u200dष", "क्\u200dष"),
    ],
    ids=ascii,
)
def test_text_is_kept_without_what_nobody_can_see(typed: str, kept: str) -> None:
    assert clean(typed) == kept


@pytest.mark.parametrize("typed", ["\u200c\u200d", "\u3164", "\u200b"])
def test_a_name_of_which_nothing_can_be_seen_is_missing(typed: str) -> None:
    with pytest.raises(InvalidField, match="The name is missing"):
        required(typed, field="name", called="The name")


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_clean_text_stays_as_it_is(typed: str) -> None:
    kept = clean(typed)
    assert clean(kept) == kept
    assert "\x00" not in kept
    assert kept == kept.strip()
    kept.encode()


@pytest.mark.parametrize(
    ("written", "searched"),
    [
        ("Inês", "ines"),
        ("ZOË", "zoe"),
        ("Straße", "strasse"),
        ("Łukasz Østergård", "lukasz ostergard"),
        ("Đặng", "dang"),
        ("İpek Işık", "ipek isik"),
        ("Cæcilia", "caecilia"),
        ("Анна", "анна"),
        ("ＡＮＡ", "ana"),
        ("王小明", "王小明"),
        ("  two   words ", "two words"),
    ],
)
def test_search_finds_a_name_without_its_accents(written: str, searched: str) -> None:
    assert folded(written) == searched


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=0x24F)))
def test_folding_does_not_care_about_case_or_composition(written: str) -> None:
    assert folded(unicodedata.normalize("NFD", written)) == folded(written)
    assert folded(folded(written)) == folded(written)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("(415) 555-0123", "4155550123"), ("+1 415", "1415"), ("٤١٥", "415"), ("ana", ""), ("½", "")],
)
def test_digits_are_taken_out_of_any_script(typed: str, kept: str) -> None:
    assert digits(typed) == kept


@pytest.mark.parametrize("length", [NAME_LENGTH - 1, NAME_LENGTH])
def test_a_text_up_to_the_limit_fits(length: int) -> None:
    assert required("x" * length, field="name", called="The name") == "x" * length


def test_one_character_more_is_refused_with_both_numbers() -> None:
    with pytest.raises(InvalidField, match="The name has 121 characters, at most 120 fit") as refusal:
        required("x" * (NAME_LENGTH + 1), field="name", called="The name")
    assert refusal.value.field == "name"


@pytest.mark.parametrize("typed", [None, "", "   ", "\x00", "\u200b\u202e"], ids=ascii)
def test_nothing_is_missing_where_it_is_needed_and_empty_where_it_is_not(typed: str | None) -> None:
    with pytest.raises(InvalidField, match="The name is missing"):
        required(typed, field="name", called="The name")
    assert optional(typed, field="note", called="The note") == ""


def test_whatever_python_calls_printable_is_kept() -> None:
    printable = "".join(ch for ch in map(chr, range(sys.maxunicode + 1)) if ch.isprintable())
    # A letter before each, as a mark would join the character before it, and a space between.
    plain = unicodedata.normalize("NFC", " ".join(f"a{ch}" for ch in printable if not ch.isspace()))
    assert clean(plain) == plain
