"""The text of a credit note: its invoice, what is refunded and by which formula, and how the money was paid."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pikepdf
import pytest

from invoices.language import language_for
from invoices.pages.fit import fit
from invoices.pages.invoice import credit_note_page, working
from invoices.papers import CreditNote, Paper, PaperRefused, RefundedSessions, RefundWorking
from invoices.press.html import html_of
from tests.invoices.accounts import credit_note, invoice_of, line, package_and_oil, usd
from tests.papers.real import paper as real_paper

Named = Callable[[str], str]
ENGLISH = language_for("en")
NOTE = credit_note(package_and_oil())


def said(paper: CreditNote) -> Any:
    return credit_note_page(fit(paper), ENGLISH)  # type: ignore[arg-type]  # it stays a credit note


def real(name: str = "credit-note") -> CreditNote:
    found = real_paper(name)
    assert isinstance(found, CreditNote)
    return found


def test_it_names_its_invoice_and_what_was_refunded_before_anything_else(real_text: Named) -> None:
    note, text = real(), real_text("credit-note")
    places = [
        text.index(each)
        for each in (
            f"Credit note {note.number}",
            f"To invoice {note.invoice_number} of October 13, 2026",
            "$1,320.00",
            "What is credited",
        )
    ]
    assert places == sorted(places)
    assert "Reason: Moved away" in text


def test_it_says_how_its_amount_came_about_and_which_sessions_left(real_text: Named) -> None:
    """Row 8 of the papers' findings."""
    text = real_text("credit-note").replace("\u00a0", " ")
    assert "8 of 10 sessions unused, $1,650.00 × 8 / 10" in text
    assert "Left the course: 8 × Facial acupuncture, 60 min" in text


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("credit-note-spanish", "9 de 14 sesiones sin usar, $1,980.00 − 5 × $165.00"),
        ("credit-note-chinese", "共14次，9次未使用，US$1,980.00 − 5 × US$165.00"),
    ],
)
def test_it_says_so_by_the_formula_of_the_terms_in_the_clients_language(
    real_text: Named, name: str, says: str
) -> None:
    """Row 8: the visits that were used count at the single-visit price."""
    assert says in real_text(name).replace("\u00a0", " ")


def sessions(used: int, removed: int, single: int = 16500, treatment: str = "Facial") -> RefundedSessions:
    return RefundedSessions(treatment=treatment, used=used, removed=removed, single_price=usd(single))


def worked_out(
    paid: int, *parts: RefundedSessions, formula: str = "prorated", price: int | None = None
) -> RefundWorking:
    return RefundWorking(
        package_name="Ten facials",
        paid=usd(paid),
        sessions=parts,
        formula=formula,  # type: ignore[arg-type]
        price=usd(price) if price is not None else None,
    )


@pytest.mark.parametrize(
    ("done", "says"),
    [
        (worked_out(165000, sessions(2, 8)), "8 of 10 sessions unused, $1,650.00 × 8 / 10"),
        (worked_out(16500, sessions(0, 1)), "1 of 1 session unused"),
        (
            worked_out(198000, sessions(5, 7), formula="discount_forfeited"),
            "7 of 12 sessions unused, $1,980.00 − 5 × $165.00",
        ),
        (
            worked_out(
                198000, sessions(5, 7), sessions(1, 1, 9000, "Touch-up"), formula="discount_forfeited"
            ),
            "8 of 14 sessions unused, $1,980.00 − 5 × $165.00 − 1 × $90.00",
        ),
        (
            worked_out(90000, sessions(2, 3, 15000), sessions(2, 2, 7500, "Touch-up")),
            "5 of 9 sessions unused, $900.00 × $600.00 / $1,050.00",
        ),
        (
            worked_out(165000, sessions(2, 8), sessions(1, 9, 0, "LED")),
            "8 of 10 sessions unused, $1,650.00 × 8 / 10",
        ),
        (
            worked_out(99000, sessions(2, 10), price=198000),
            "10 of 12 sessions unused, $990.00 − $1,980.00 × 2 / 12",
        ),
        (worked_out(198000, sessions(9, 3), formula=""), "3 of 12 sessions unused"),
    ],
)
def test_every_working_is_said_in_a_line(done: RefundWorking, says: str) -> None:
    """Row 8."""
    assert working(done, ENGLISH, is_named=False).formula.replace("\u00a0", " ") == says


def test_of_several_courses_each_working_names_its_own() -> None:
    """Row 8."""
    two = (worked_out(165000, sessions(2, 8)), worked_out(165000, sessions(0, 10)))
    assert [each.name for each in said(replace(NOTE, workings=two)).workings] == ["Ten facials"] * 2
    assert [each.name for each in said(replace(NOTE, workings=two[:1])).workings] == [""]


def test_whom_the_money_went_to_is_credited_and_not_billed(real_text: Named) -> None:
    """Row 8."""
    text = real_text("credit-note")
    assert "Credited to" in text
    assert "Billed to" not in text


def test_a_line_that_comes_back_in_part_has_no_price_of_one() -> None:
    page = said(real())
    assert not any(row.unit_price for row in page.rows)
    assert [(each.quantity, each.unit_price, each.amount) for each in page.rows] == [("", "", "−$1,320.00")]


def test_its_lines_and_sums_are_below_zero_and_add_up() -> None:
    """Row 9: the amounts are before tax, as on the invoice."""
    page = said(NOTE)
    assert [each.amount for each in page.rows] == ["−$1,980.00", "−$86.40"]
    sums = [(each.name.replace("\u2011", "-"), each.amount) for each in page.sums]
    assert sums == [
        ("Subtotal before tax", "−$2,066.40"),
        ("Sales tax 9.5% on −$86.40", "−$8.21"),
        ("Total credited", "−$2,074.61"),
    ]


def test_it_says_how_the_money_went_back(real_text: Named) -> None:
    assert "Refunds Date How Amount Nov 10, 2026 Card · Visa $1,320.00" in real_text("credit-note")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "credit-note-spanish",
            ("Nota de crédito", "De la factura", "3 de noviembre de 2026", "Acreditado a"),
        ),
        ("credit-note-chinese", ("退款单", "对应2026年11月3日的账单", "退款合计", "退款对象")),
    ],
)
def test_it_speaks_the_clients_language(real_text: Named, name: str, says: tuple[str, ...]) -> None:
    text = real_text(name).replace("\u00a0", " ")
    assert [each for each in says if each not in text] == []


@pytest.mark.parametrize(
    ("amounts", "label", "note"),
    [
        ((207461,), "refunded to you on November 10, 2026", None),
        ((100000,), "credited", "$1,000.00 of it was refunded to you."),
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
    paper = replace(NOTE, returned=(earlier, replace(back, amount=usd(200000))))
    assert said(paper).figure_label.replace("\u00a0", " ") == "refunded to you"
    page = html_of(fit(paper)).replace("\u00a0", " ")
    assert page.index(">Nov 9, 2026<") < page.index(">Nov 10, 2026<")


def test_a_negated_rounding_may_stand_above_zero() -> None:
    rounded = invoice_of([line("Facial", 16502), line("Rounding", -2)])
    assert said(credit_note(rounded)).rows[1].amount == "$0.02"


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
            replace(credit_note(invoice_of([line("Gift", 100, discount=100)]), positions=(1,)), returned=()),
            "must be below zero",
        ),
    ],
)
def test_what_does_not_add_up_is_refused(paper: CreditNote, says: str) -> None:
    with pytest.raises(PaperRefused) as refused:
        fit(paper)
    assert says in str(refused.value)


def test_its_file_is_an_archives(draw: Callable[[Paper], bytes]) -> None:
    with pikepdf.open(io.BytesIO(draw(real()))) as pdf, pdf.open_metadata() as xmp:
        assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]) == ("3", "A", "1")
