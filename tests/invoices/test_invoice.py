"""The text of an invoice, what is refused, and that its file can be archived."""

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pikepdf
import pytest

from invoices.language import language_for
from invoices.pages.account_rows import closing, issuer, party
from invoices.pages.account_rows import how as how_paid
from invoices.pages.fit import fit
from invoices.pages.invoice import invoice_page
from invoices.papers import Invoice, Money, PageSize, Paper, PaperRefused, Party
from invoices.press.render import render
from tests.invoices.accounts import (
    CLINIC,
    GERMAN_CLINIC,
    PACKAGE,
    invoice_of,
    line,
    package_and_oil,
    tax,
    three_taxes,
    usd,
)
from tests.invoices.conftest import text_in
from tests.papers.real import NAMES, paper

Draw = Callable[[Paper], bytes]
Text = Callable[[Paper], str]
Named = Callable[[str], str]
ENGLISH = language_for("en")
PART_PAID = replace(
    invoice_of([line(PACKAGE, 198000)], paid=99000), due_on=date(2026, 11, 1), issued_on=date(2026, 10, 2)
)
INVOICES = [name for name in NAMES if name.startswith("invoice")]


def real(name: str = "invoice") -> Invoice:
    found = paper(name)
    assert isinstance(found, Invoice)
    return found


def said(paper: Invoice) -> Any:
    """The page in words, without drawing it."""
    return invoice_page(fit(paper), ENGLISH)  # type: ignore[arg-type]  # an invoice stays one


def closing_of(paper: Invoice) -> tuple[str, ...]:
    return closing(fit(paper), ENGLISH)  # type: ignore[arg-type]  # an invoice stays one


def billed_to_of(paper: Invoice) -> tuple[str, ...]:
    fitted: Any = fit(paper)
    return party(fitted.billed_to, fitted.clinic, ENGLISH)


def test_it_answers_what_was_paid_before_anything_else(real_text: Named) -> None:
    text = real_text("invoice")
    places = [
        text.index(each)
        for each in (
            f"Invoice {real().number}",
            "$2,114.61",
            "paid in full on October 1, 2026",
            "What you bought",
        )
    ]
    assert places == sorted(places)


def test_it_names_both_sides_and_the_tax_number(real_text: Named) -> None:
    text = real_text("invoice")
    for each in ("118 Juniper Street, Suite 4", "Tax ID 95-4821937", "Margaret Osei", "client@example.com"):
        assert each in text


def test_it_lists_what_was_sold_to_the_cent(real_text: Named) -> None:
    text = real_text("invoice")
    assert "Evening primrose face oil, 2 $48.00 −$9.60 9.5% $86.40" in text
    assert "12 × Facial acupuncture, 60 min" in text


def test_its_sums_stand_under_the_lines_they_are_of(real_text: Named) -> None:
    assert (
        "Subtotal before tax $2,066.40 Sales tax 9.5% on $86.40 $8.21 Tip $40.00 Total $2,114.61 "
        "Paid $2,114.61 Balance due $0.00"
    ) in real_text("invoice")


def _cents(amount: str) -> int:
    return int(re.sub(r"[^\d-]", "", amount))


@pytest.mark.parametrize("name", INVOICES)
def test_the_amounts_of_its_lines_add_up_to_the_subtotal(name: str) -> None:
    """Row 9 of the papers' findings: with its taxes, tip and service charge that is the total."""
    page = said(real(name))
    amounts = sum(_cents(each.amount) for each in page.rows)
    names = {each.name: _cents(each.amount) for each in page.sums}
    assert names.get("Subtotal before tax", names.get("Subtotal", names["Total"])) == amounts
    *parts, total, _paid, _due = page.sums
    assert sum(_cents(each.amount) for each in parts) in (0, _cents(total.amount))


@pytest.mark.parametrize("name", ["invoice", "invoice-electronic"])
def test_its_headings_say_that_prices_and_amounts_are_before_tax(real_text: Named, name: str) -> None:
    """Row 9."""
    text = real_text(name)
    assert "Unit price" in text
    assert text.count("before tax") == 3


def test_a_price_that_holds_its_tax_is_told_beside_the_one_before_tax(real_text: Named) -> None:
    """Row 9: the client knows the price from the register."""
    text = real_text("invoice-electronic")
    assert "€1,663.87 19% €1,663.87" in text
    assert "€1,980.00 with tax" in text
    assert "€48.00 each with tax, less €9.60" in text


def test_unit_prices_times_quantities_are_the_amounts_also_where_tax_is_taken_out() -> None:
    """Row 9: 72.61 is 2 x 36.305."""
    oil = said(real("invoice-electronic")).rows[1]
    price = Decimal(oil.unit_price.strip("€"))
    assert price * Decimal(oil.quantity) == Decimal(oil.amount.strip("€")) == Decimal("72.61")


def test_it_lists_the_payments_with_day_and_way(real_text: Named) -> None:
    assert "Oct 1, 2026 Gift card $500.00 Oct 1, 2026 Card · Visa $1,614.61" in real_text("invoice")


def test_it_ends_with_how_to_reach_the_clinic(real_text: Named) -> None:
    text = real_text("invoice")
    assert text.endswith("(310) 555-0100 · hello@juniperstreet.example · juniperstreet.example")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("invoice-spanish", ("Factura", "pagado el 1 de octubre", "$86.40", "Pagos")),
        (
            "invoice-chinese",
            ("账单", "已于2026年10月1日全额付清", "销售税 9.5%", "付款", "US$2,114.61"),
        ),
    ],
)
def test_it_speaks_the_clients_language(real_text: Named, name: str, says: tuple[str, ...]) -> None:
    text = real_text(name).replace("\u00a0", " ")
    assert [each for each in says if each not in text] == []
    assert "Invoice" not in text


def test_it_says_that_sessions_are_paid_in_advance_and_given_later(real_text: Named) -> None:
    """Row 10: one that sells no session does not state it."""
    sentence = "The sessions are paid in advance and given at the visits."
    assert sentence in real_text("invoice")
    assert real().is_prepayment
    assert sentence not in closing_of(invoice_of([line("Face oil", 4800)]))


@pytest.mark.parametrize(
    ("country", "has_tax", "is_said"), [("DE", False, True), ("DE", True, False), ("US", False, False)]
)
def test_where_tax_is_the_rule_its_absence_is_said(country: str, has_tax: bool, is_said: bool) -> None:
    """Row 10."""
    vat = [tax("VAT", "19", is_included=True)] if has_tax else []
    clinic = replace(GERMAN_CLINIC, country=country)
    found = closing_of(invoice_of([line("Facial", 16500, taxes=vat)], taxes=vat, clinic=clinic))
    assert any("No tax is charged." in each for each in found) is is_said


@pytest.mark.parametrize(
    ("country", "number", "says"),
    [
        ("US", "95-4821937", "Tax ID 95-4821937"),
        ("DE", "DE 123 456 789", "VAT ID DE 123 456 789"),
        ("DE", "12/345/67890", "Tax ID 12/345/67890"),
        ("GR", "EL 123456789", "VAT ID EL 123456789"),
        ("FR", "DE 123 456 789", "Tax ID DE 123 456 789"),
    ],
)
def test_a_number_is_called_a_vat_id_only_where_it_is_one(country: str, number: str, says: str) -> None:
    """Row 10."""
    assert issuer(replace(GERMAN_CLINIC, country=country, tax_id=number), ENGLISH)[-1] == says


def test_the_buyers_address_stands_under_their_name_with_a_country_that_is_not_the_clinics() -> None:
    """Row 10."""
    billed_to = billed_to_of(real("invoice-electronic"))
    assert billed_to[:4] == ("Greta Lindholm", "Hauptstraße 7", "1010 Wien", "Austria")
    home = replace(real("invoice-electronic").billed_to, country="DE")
    at_home = billed_to_of(replace(real("invoice-electronic"), billed_to=home))
    assert at_home[:3] == ("Greta Lindholm", "Hauptstraße 7", "1010 Wien")
    assert "Germany" not in at_home


def test_a_country_alone_is_no_address() -> None:
    buyer = Party(name="Greta Lindholm", country="AT")
    assert billed_to_of(replace(real(), billed_to=buyer)) == ("Greta Lindholm",)


@pytest.mark.parametrize(
    ("paper", "figure", "label", "note"),
    [
        (PART_PAID, "$990.00", "balance due by November 1, 2026", "$990.00 of $1,980.00 is paid."),
        (replace(PART_PAID, due_on=None), "$990.00", "balance due", "$990.00 of $1,980.00 is paid."),
        (invoice_of([line("Facial", 16500)], paid=0), "$165.00", "balance due", "Nothing is paid yet."),
        (invoice_of([line("Gift", 16500, discount=16500)]), "$0.00", "nothing to pay", ""),
        (invoice_of([line("Facial", 16500)]), "$165.00", "paid in full on October 1, 2026", ""),
        (invoice_of([line("Facial", 16500)], paid=17000), "$165.00", "paid in full on October 1, 2026", ""),
    ],
    ids=["part", "no day", "nothing", "free", "all", "more"],
)
def test_its_figure_is_what_the_client_asks_first(paper: Invoice, figure: str, label: str, note: str) -> None:
    page = said(paper)
    assert (page.figure, page.figure_label.replace("\u00a0", " ")) == (figure, label)
    assert page.notes == ((note,) if note else ())


def test_it_says_when_the_balance_is_due_and_what_was_paid_beyond_the_total() -> None:
    assert said(real("invoice-part-paid")).sums[-1].name == "Balance due by Dec 28, 2026"
    more = said(invoice_of([line("Facial", 16500)], paid=17000)).sums[-1]
    assert (more.name, more.amount) == ("Paid beyond the total", "$5.00")


def test_the_day_of_the_sale_stands_there_where_it_is_another() -> None:
    assert said(real()).dates == ("Issued on October 1, 2026",)
    assert said(PART_PAID).dates == ("Issued on October 2, 2026", "Sold on October 1, 2026")


def test_outside_the_united_states_the_day_of_the_sale_is_always_said() -> None:
    """Row 10: the law of many countries requires the day of supply or of the prepayment on the invoice."""
    assert said(real("invoice-electronic")).dates == (
        "Issued on October 1, 2026",
        "Sold on October 1, 2026",
    )


def test_an_included_tax_is_said_to_be_in_the_prices() -> None:
    names = [each.name for each in said(real("invoice-electronic")).sums]
    assert "MwSt. 19% on €1,736.48, included in the prices" in names


def test_every_tax_stands_on_a_line_of_its_own() -> None:
    names = [each.name for each in said(three_taxes(4)).sums]
    assert names[1:4] == [
        "California 6% on $144.00",
        "Los Angeles County 0.25% on $144.00",
        "City of Los Angeles 3.25% on $144.00",
    ]


def test_a_tax_without_a_known_rate_and_one_named_by_it_are_said_once() -> None:
    vat, levy = tax("IVA 21%", "21"), tax("Levy", "1")
    paper = invoice_of([line("Facial", 10000, taxes=[vat, levy])], taxes=[vat, levy])
    unknown = replace(paper, taxes=(paper.taxes[0], replace(paper.taxes[1], percentage="")))
    assert [each.name for each in said(unknown).sums[1:3]] == ["IVA 21% on $100.00", "Levy on $100.00"]


@pytest.mark.parametrize(
    ("how", "label", "says"),
    [
        ("card", "", "Card"),
        ("card", "Visa", "Card · Visa"),
        ("bank", "Bank transfer", "Bank transfer"),
        ("other", "Insurance", "Insurance"),
        ("other", "", "Other"),
    ],
)
def test_a_payment_is_called_by_what_it_was(how: Any, label: str, says: str) -> None:
    assert how_paid(how, label, ENGLISH) == says


def test_yen_has_no_minor_unit() -> None:
    page = said(invoice_of([line("Facial", 198000, currency="JPY")]))
    assert (page.figure, page.rows[0].amount) == ("¥198,000", "¥198,000")


def test_discount_and_tax_take_no_room_where_there_is_none() -> None:
    page = said(PART_PAID)
    assert not any(row.discount or row.tax for row in page.rows)
    assert [each.name for each in page.sums] == ["Total", "Paid", "Balance due by Nov 1, 2026"]


def test_many_lines_break_with_their_heads_and_the_sums_never_stand_alone(draw: Draw) -> None:
    pages = text_in(draw(three_taxes(100))).split("\f")[:-1]
    listed = [each for each in pages if "batch" in each]
    assert all("Description" in each and "Unit price" in each for each in listed)
    assert f"Page 2 of {len(pages)}" in pages[1]
    assert "Invoice INV-1042" in pages[1]
    (summed,) = [each for each in pages if "Subtotal" in each]
    assert "batch 100" in summed
    assert "Balance due" in summed


def test_sums_that_find_no_room_take_the_last_line_along(draw: Draw) -> None:
    first, second = text_in(draw(three_taxes(18))).split("\f")[:2]
    assert "Total" not in first
    assert "batch 18" in second
    assert "Balance due" in second


@pytest.mark.parametrize("size", ["letter", "a4"])
def test_the_longest_names_stay_on_one_page(pages_of: Callable[[Paper], int], size: PageSize) -> None:
    assert pages_of(paper("invoice-long-names", size)) == 1


BASE = package_and_oil()
FIRST, SECOND = BASE.lines


def with_first(**changes: Any) -> Invoice:
    return replace(BASE, lines=(replace(FIRST, **changes), SECOND))


@pytest.mark.parametrize(
    ("paper", "says"),
    [
        (replace(BASE, lines=()), "holds 1 to 200 lines"),
        (replace(BASE, lines=BASE.lines * 101), "holds 1 to 200 lines"),
        (replace(BASE, number=""), "needs a number"),
        (replace(BASE, number="INV 1"), "needs a number"),
        (replace(BASE, billed_to=Party(name=" \u200b")), "needs the name of whom"),
        (replace(BASE, billed_to=Party(name="M. Osei", country="usa")), "two capital letters"),
        (replace(BASE, tip=usd(4001)), "lines, taxes, tip and service charge are not its total"),
        (replace(BASE, service_charge=usd(1)), "lines, taxes, tip and service charge are not its total"),
        (replace(BASE, net=usd(1)), "they are not the net sum"),
        (replace(BASE, paid=usd(1)), "its payments are not what it says was paid"),
        (replace(BASE, balance_due=usd(1)), "what is due is not its total less what was paid"),
        (replace(BASE, taxes=()), "names a tax that is not among the taxes"),
        (replace(BASE, taxes=BASE.taxes * 2), "a name of its own"),
        (replace(BASE, taxes=(replace(BASE.taxes[0], base=usd(1)),)), "its base is not the lines"),
        (replace(BASE, taxes=(replace(BASE.taxes[0], amount=usd(1)),)), "they are not what the lines say"),
        (replace(BASE, taxes=(replace(BASE.taxes[0], percentage="nine"),)), "a rate in percent"),
        (with_first(quantity="0"), "Line 1 needs a quantity"),
        (with_first(quantity="-1"), "Line 1 needs a quantity"),
        (with_first(quantity="1e9"), "Line 1 needs a quantity"),
        (with_first(description=" "), "Line 1 needs a description"),
        (with_first(total=usd(1)), "its net and tax are not its total"),
        (with_first(unit_price=usd(198002)), "quantity, price and discount are not its net"),
        (with_first(discount=usd(2)), "quantity, price and discount are not its net"),
        (replace(BASE, tip=Money(4000, "EUR")), "in one currency"),
        (replace(BASE, tip=Money(4000, "dollars")), "three capital letters"),
        (replace(BASE, payments=(replace(BASE.payments[0], amount=usd(0)),)), "above zero"),
        (replace(BASE, payments=BASE.payments * 51), "20 taxes and 50 payments"),
        (invoice_of([line("Back", -500)], paid=0), "can’t be below zero"),
    ],
)
def test_what_does_not_add_up_or_says_too_little_is_refused(paper: Invoice, says: str) -> None:
    with pytest.raises(PaperRefused) as refused:
        fit(paper)
    assert says in str(refused.value)


def test_a_line_with_a_tax_that_it_does_not_name_is_refused() -> None:
    nothing = replace(BASE.taxes[0], base=usd(0))
    with pytest.raises(PaperRefused, match="Line 2 has a tax and does not name it"):
        fit(replace(BASE, lines=(FIRST, replace(SECOND, taxes=())), taxes=(nothing,)))


def test_a_part_of_a_price_may_be_rounded_by_a_cent() -> None:
    half = replace(line("Half an hour", 9999, quantity="0.5"), net=usd(4999), total=usd(4999))
    assert fit(invoice_of([half]))


def test_wordy_lines_are_cut_to_what_can_be_laid_out_in_time() -> None:
    paper = fit(invoice_of([replace(line("word " * 100, 100), detail="more " * 100)] * 200))
    assert isinstance(paper, Invoice)
    assert sum(len(each.description) + len(each.detail) for each in paper.lines) <= 12_000
    assert len(fit(invoice_of([line("word " * 100, 100)])).lines[0].description) == 250


def test_markup_and_endless_words_come_out_as_text(text_of: Text) -> None:
    hostile = line("<b>Facial</b> & <script>alert(1)</script>", 16500)
    party = Party(name="M" * 3000, email="\u202eevil" * 50)
    text = text_of(replace(invoice_of([hostile]), billed_to=party, reference="r" * 900))
    assert "<b>Facial</b> & <script>" in text
    assert "Total $165.00" in text


def test_its_file_is_an_archives_and_a_screen_readers_at_once(draw: Draw) -> None:
    with pikepdf.open(io.BytesIO(draw(real()))) as pdf:
        with pdf.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"], xmp["pdfuaid:part"]) == ("3", "A", "1")
        assert [str(each.S) for each in pdf.Root.OutputIntents] == ["/GTS_PDFA1"]
        assert "/ID" in pdf.trailer
        assert pdf.Root.MarkInfo.Marked
        assert "/StructTreeRoot" in pdf.Root
        assert str(pdf.Root.Lang) == "en"
        assert str(pdf.docinfo["/Title"]) == f"Invoice {real().number} for Margaret Osei"
        assert not pdf.attachments


def test_the_same_invoice_gives_the_same_bytes(draw: Draw) -> None:
    electronic = real("invoice-electronic")
    assert render(electronic) == draw(electronic)


def test_a_clinic_without_legal_name_and_tax_number_is_named_as_it_is() -> None:
    bare = replace(CLINIC, legal_name="", tax_id="", address_lines=())
    assert issuer(bare, ENGLISH) == ("Juniper Street Acupuncture",)
