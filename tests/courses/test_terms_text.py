"""A course's terms and the e-mail with its payment's address, in every supported language."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import product

import pytest

from invoices.language import LANGUAGES, language_for
from plugin.core.terms import ExpiresFrom, NoShow, RefundFormula, Terms
from plugin.courses.catalog.terms_text import questions, terms_sentences

EXPIRIES = (
    Terms(),
    Terms(expires_after_months=12),
    Terms(expires_on=date(2027, 3, 1)),
    Terms(expires_after_months=1, expires_from=ExpiresFrom.FIRST_USE),
    Terms(expires_after_months=6, expires_from=ExpiresFrom.FIRST_USE),
)
OTHERS = [tag for tag in LANGUAGES if tag != "en"]


def every_terms() -> Iterator[Terms]:
    for expiry, formula, no_show, forgiven, notice in product(
        EXPIRIES, RefundFormula, NoShow, (0, 1, 2), (0, 1, 24)
    ):
        yield Terms(
            expires_after_months=expiry.expires_after_months,
            expires_on=expiry.expires_on,
            expires_from=expiry.expires_from,
            refund_formula=formula,
            no_show=no_show,
            forgiven_no_shows=forgiven,
            notice_hours=notice,
        )


@pytest.mark.parametrize("tag", OTHERS)
def test_any_terms_are_said_in_every_language_sentence_by_sentence(tag: str) -> None:
    for terms in every_terms():
        ours, theirs = terms_sentences(terms, "en"), terms_sentences(terms, tag)
        assert len(theirs) == len(ours) >= 1
        for english, sentence in zip(ours, theirs, strict=True):
            assert sentence != english
            assert re.findall(r"\d+", sentence) == re.findall(r"\d+", english)
            assert "{" not in sentence


def test_chinese_terms_are_all_chinese() -> None:
    for terms in every_terms():
        for sentence in terms_sentences(terms, "zh-Hans"):
            assert not re.search("[A-Za-z,.;:]", sentence), sentence
            assert sentence.endswith("。")


def test_a_single_month_is_said_in_the_singular() -> None:
    terms = EXPIRIES[3]
    assert terms_sentences(terms, "en")[0] == "Your sessions are valid for 1 month from your first visit."
    assert terms_sentences(terms, "es")[0] == "Sus sesiones valen 1 mes desde su primera visita."


@pytest.mark.parametrize("tag", ["fr", "zh-Hant", "zh-TW", ""])
def test_terms_in_a_language_not_spoken_are_english_as_the_rest_of_the_paper(tag: str) -> None:
    assert terms_sentences(Terms(), tag) == terms_sentences(Terms(), "en")


@pytest.mark.parametrize(
    ("phone", "email", "says"),
    [
        ("555", "a@b.c", "Questions? Call 555 or write to a@b.c."),
        ("555", "", "Questions? Call 555."),
        ("", "a@b.c", "Questions? Write to a@b.c."),
        ("", "", ""),
    ],
)
def test_a_letter_says_whom_to_ask(phone: str, email: str, says: str) -> None:
    assert questions(language_for("en"), phone, email) == says
