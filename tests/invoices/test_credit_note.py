"""What a credit note says: which invoice it is of, what is given back, how the money went, and why."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pikepdf
import pytest

from invoices.pages.credit_note import credit_note_page
from invoices.pages.fit import fit
from invoices.papers import CreditNote, Money, Paper, PaperRefused
from invoices.samples.account import credit_note, invoice, invoice_of, line
from invoices.words import language_for

Text = Callable[[Paper], str]
NOTE = credit_note(positions=(1, 2))


def usd(amount: int) -> Money:
    return Money(amount, "USD")


def said(paper: CreditNote) -> Any:
    return credit_note_page(fit(paper), language_for("en"))  # type: ignore[arg-type]  # it stays a credit note


def test_it_names_its_invoice_and_what_went_back_before_anything_else(text_of: Text) -> None:
    text = text_of(NOTE)
    places = [
        text.index(each)
        for each in (
            "Credit note CN-0007",
            "To invoice INV-1042 of October 1, 2026",
            "$2,074.61",
            "What is credited",
        )
    ]
    assert places == sorted(places)
    assert "Reason: Sessions 6 to 12 are given back." in text


def test_its_lines_and_sums_are_below_zero(text_of: Text) -> None:
    text = text_of(NOTE).replace("\u2011", "-")
    for each in (
        "2 -$48.00 -$9.60 -$8.21 -$94.61",
        "Sales tax 9.5% on -$86.40 -$8.21",
        "Total credited -$2,074.61",
    ):
        assert each in text


def test_it_says_how_the_money_went_back(text_of: Text) -> None:
    assert "How the money went back Date How Amount Nov 10, 2026 Card · Visa $2,074.61" in text_of(NOTE)


@pytest.mark.parametrize(
    ("language", "says"),
    [
        (
            "es",
            (
                "Nota de crédito CN-0007",
                "De la factura INV-1042 del 1 de octubre de 2026",
                "Motivo: Se devuelven",
            ),
        ),
        (
            "zh-Hans",
            ("退款单 CN-0007", "对应 2026年10月1日的账单 INV-1042", "退款合计", "原因：退还第6至12次。"),
        ),
    ],
)
def test_it_speaks_the_clients_language(text_of: Text, language: str, says: tuple[str, ...]) -> None:
    text = text_of(credit_note(invoice(language), positions=(1, 2))).replace("\u00a0", " ")
    assert [each for each in says if each not in text] == []


@pytest.mark.parametrize(
    ("amounts", "label", "note"),
    [
        ((207461,), "went back to you on November 10, 2026", None),
        ((100000,), "credited", "$1,000.00 of it went back to you."),
        ((), "credited", None),
    ],
)
def test_it_says_how_much_of_it_went_back(amounts: tuple[int, ...], label: str, note: str | None) -> None:
    returned = tuple(replace(NOTE.returned[0], amount=usd(each)) for each in amounts)
    page = said(replace(NOTE, returned=returned, reason=""))
    assert page.figure_label.replace("\u00a0", " ") == label
    assert page.notes == ((note,) if note else ())


def test_money_that_went_back_on_several_days_is_told_by_each() -> None:
    (back,) = NOTE.returned
    earlier = replace(back, on=date(2026, 11, 9), amount=usd(7461))
    page = said(replace(NOTE, returned=(earlier, replace(back, amount=usd(200000)))))
    assert page.figure_label.replace("\u00a0", " ") == "went back to you"
    assert [each.on for each in page.moved] == ["Nov 9, 2026", "Nov 10, 2026"]


def test_a_negated_rounding_may_stand_above_zero() -> None:
    rounded = invoice_of([line("Facial", 16502), line("Rounding", -2)])
    assert said(credit_note(rounded, positions=(1, 2))).rows[1].amount == "$0.02"


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        (replace(NOTE, lines=()), "holds 1 to 200 lines"),
        (replace(NOTE, invoice_number=""), "the number of its invoice"),
        (replace(NOTE, issued_on=date(2026, 9, 30)), "older than its invoice"),
        (replace(NOTE, total=usd(-1)), "its lines and taxes are not its total"),
        (replace(NOTE, net=usd(-1)), "they are not the net sum"),
        (replace(NOTE, returned=NOTE.returned * 2), "more money went back than it credits"),
        (replace(NOTE, returned=(replace(NOTE.returned[0], amount=usd(-1)),)), "above zero"),
        (
            replace(credit_note(invoice_of([line("Gift", 100, discount=100)])), returned=()),
            "must be below zero",
        ),
    ],
)
def test_what_does_not_add_up_is_refused(paper: CreditNote, says: str) -> None:
    with pytest.raises(PaperRefused) as refused:
        fit(paper)
    assert says in str(refused.value)


def test_its_file_is_an_archives(draw: Callable[[Paper], bytes]) -> None:
    with pikepdf.open(io.BytesIO(draw(NOTE))) as pdf, pdf.open_metadata() as xmp:
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]) == ("3", "A", "1")
