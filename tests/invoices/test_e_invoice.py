"""The XML inside an invoice's file: of the norm's schema, adding up by its rules, stating what the paper states."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pikepdf
import pytest
from drafthorse.utils import validate_xml

from invoices.e_invoice import why_not
from invoices.e_invoice.eligibility import registration
from invoices.e_invoice.facturx import xml_of
from invoices.language import language_for
from invoices.pages.account_rows import row
from invoices.pages.fit import fit
from invoices.papers import Clinic, CreditNote, Invoice, Paper, PaperRefused
from tests.invoices.accounts import (
    CLINIC,
    GERMAN_CLINIC,
    PACKAGE,
    credit_note,
    invoice_of,
    line,
    package_and_oil,
    tax,
    three_taxes,
)
from tests.papers.real import NAMES as REAL
from tests.papers.real import paper as real_paper

NAMES = {"ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"}
AGREEMENT, SETTLEMENT = ".//ram:ApplicableHeaderTradeAgreement/", ".//ram:ApplicableHeaderTradeSettlement/"
SUMS = SETTLEMENT + "ram:SpecifiedTradeSettlementHeaderMonetarySummation/ram:"
LINE = ".//ram:IncludedSupplyChainTradeLineItem"
YEN = tax("消費税", "10", currency="JPY")
STATE, CITY = tax("State", "6.25"), tax("City", "1.125")
VAT20 = tax("VAT", "20", is_included=True, currency="EUR")
VAT7 = tax("VAT reduced", "7", is_included=True, currency="EUR")
ZERO = tax("VAT", "0", currency="EUR")
VAT_INSIDE = replace(package_and_oil(is_included=True), due_on=date(2026, 11, 1))
PART_PAID = replace(invoice_of([line(PACKAGE, 198000)], paid=99000), due_on=date(2026, 11, 1))
PAPERS: dict[str, Invoice | CreditNote] = {
    "tax included": VAT_INSIDE,
    "credit": credit_note(VAT_INSIDE),
    "credit in part": credit_note(VAT_INSIDE, positions=(2,)),
    "sales tax": package_and_oil(),
    "no tax": PART_PAID,
    "no tax, tip": invoice_of([line("Facial", 16500)], tip=3000, service_charge=500),
    "three taxes": three_taxes(12),
    "yen": invoice_of([line("Facial", 198000, currency="JPY", taxes=[YEN])], taxes=[YEN]),
    "parts of one": invoice_of(
        [
            line("Half an hour", 9999, quantity="0.5", taxes=[STATE, CITY]),
            line("Oil", 3333, quantity="3", discount=1, taxes=[STATE, CITY]),
        ],
        taxes=[STATE, CITY],
    ),
    "two rates": invoice_of(
        [
            line("Facial", 9999, quantity="3", discount=333, taxes=[VAT20], currency="EUR"),
            line("Book", 1999, taxes=[VAT7], currency="EUR"),
            line("Deposit", 500, currency="EUR"),
            line("Rounding", -2, currency="EUR"),
        ],
        taxes=[VAT20, VAT7],
        clinic=GERMAN_CLINIC,
        paid=0,
    ),
    "exempt": invoice_of([line("Facial", 9999, currency="EUR")], clinic=GERMAN_CLINIC, tip=100),
    "free": invoice_of([line("Facial", 9999, discount=9999, currency="EUR")], clinic=GERMAN_CLINIC),
    "zero rate": invoice_of(
        [line("Facial", 9999, currency="EUR", taxes=[ZERO])], taxes=[ZERO], clinic=GERMAN_CLINIC
    ),
}
# Those that the use cases made are known by name alone while tests are collected.
ISSUED = [name for name in REAL if name.startswith(("invoice", "credit-note"))]
every_paper = pytest.mark.parametrize("name", [*PAPERS, *ISSUED])


def named(name: str) -> Invoice | CreditNote:
    if name in PAPERS:
        return PAPERS[name]
    issued = real_paper(name)
    assert isinstance(issued, Invoice | CreditNote)
    has_country = replace(issued.clinic, country=issued.clinic.country or "US")
    return replace(issued, clinic=has_country)


def xml(paper: Invoice | CreditNote) -> bytes:
    fitted = fit(replace(paper, is_electronic=True))
    assert isinstance(fitted, Invoice | CreditNote)
    return xml_of(fitted)


def tree(paper: Invoice | CreditNote) -> ElementTree.Element:
    return ElementTree.fromstring(xml(paper))


def texts(root: ElementTree.Element, path: str) -> list[str]:
    return [each.text or "" for each in root.findall(path, NAMES)]


def amount(root: ElementTree.Element, path: str) -> Decimal:
    (text,) = texts(root, path)
    return Decimal(text)


def total(root: ElementTree.Element, path: str) -> Decimal:
    return sum(map(Decimal, texts(root, path)), Decimal(0))


@every_paper
def test_it_is_of_the_schema(name: str) -> None:
    assert validate_xml(xml(named(name)), "FACTUR-X_EN16931")


@every_paper
def test_its_sums_are_those_of_the_norm_and_of_the_paper(name: str) -> None:
    paper = named(name)
    root = tree(paper)
    net, charges = amount(root, SUMS + "LineTotalAmount"), amount(root, SUMS + "ChargeTotalAmount")
    base, taxed = amount(root, SUMS + "TaxBasisTotalAmount"), amount(root, SUMS + "TaxTotalAmount")
    whole, paid = amount(root, SUMS + "GrandTotalAmount"), amount(root, SUMS + "TotalPrepaidAmount")
    # BR-CO-10, 12, 13, 14, 15, 16.
    assert net == total(root, LINE + "//ram:LineTotalAmount")
    assert charges == total(root, SETTLEMENT + "ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount")
    assert base == net + charges
    assert taxed == total(root, SETTLEMENT + "ram:ApplicableTradeTax/ram:CalculatedAmount")
    assert base == total(root, SETTLEMENT + "ram:ApplicableTradeTax/ram:BasisAmount")
    assert whole == base + taxed
    assert amount(root, SUMS + "DuePayableAmount") == whole - paid
    digits = 0 if paper.total.currency == "JPY" else 2
    assert whole == Decimal(abs(paper.total.amount)).scaleb(-digits)


@every_paper
def test_every_tax_is_its_rate_of_its_base(name: str) -> None:
    # BR-CO-17: as near as rounding line by line allows.
    for group in tree(named(name)).findall(SETTLEMENT + "ram:ApplicableTradeTax", NAMES):
        rate = Decimal(group.findtext("ram:RateApplicablePercent", "0", NAMES))
        base = Decimal(group.findtext("ram:BasisAmount", "", NAMES))
        taxed = Decimal(group.findtext("ram:CalculatedAmount", "", NAMES))
        assert abs(base * rate / 100 - taxed) <= Decimal("0.12")


@every_paper
def test_every_line_is_its_quantity_times_its_price_less_its_discount(name: str) -> None:
    for item in tree(named(name)).findall(LINE, NAMES):
        price = Decimal(item.findtext(".//ram:ChargeAmount", "", NAMES))
        of = Decimal(item.findtext(".//ram:BasisQuantity", "1", NAMES))
        quantity = Decimal(item.findtext(".//ram:BilledQuantity", "", NAMES))
        discount = Decimal(item.findtext(".//ram:ActualAmount", "0", NAMES))
        assert price >= 0
        assert quantity * price / of - discount == Decimal(item.findtext(".//ram:LineTotalAmount", "", NAMES))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("tax included", [("S", "19"), ("E", "0")]),
        ("sales tax", [("E", "0"), ("S", "9.5")]),
        ("three taxes", [("S", "9.5"), ("E", "0")]),
        ("no tax", [("O", "")]),
        ("no tax, tip", [("O", "")]),
        ("two rates", [("S", "20"), ("S", "7"), ("E", "0")]),
        ("exempt", [("E", "0")]),
        ("zero rate", [("Z", "0")]),
    ],
)
def test_amounts_are_in_the_categories_of_the_norm(name: str, says: list[tuple[str, str]]) -> None:
    groups = tree(PAPERS[name]).findall(SETTLEMENT + "ram:ApplicableTradeTax", NAMES)
    assert [
        (each.findtext("ram:CategoryCode", "", NAMES), each.findtext("ram:RateApplicablePercent", "", NAMES))
        for each in groups
    ] == says
    # An amount without tax states why (BR-E-10, BR-O-10).
    reasons = [bool(each.findtext("ram:ExemptionReason", "", NAMES)) for each in groups]
    assert reasons == [category in "EO" for category, _ in says]


def test_a_tax_of_unknown_rate_is_told_by_what_it_came_to() -> None:
    paper = PAPERS["sales tax"]
    unknown = replace(paper, taxes=(replace(paper.taxes[0], percentage=""),))
    rates = texts(tree(unknown), SETTLEMENT + "ram:ApplicableTradeTax/ram:RateApplicablePercent")
    assert rates == ["0", "9.5023"]


def test_tip_and_service_charge_are_charges_on_the_whole() -> None:
    charges = SETTLEMENT + "ram:SpecifiedTradeAllowanceCharge/ram:"
    root = tree(PAPERS["no tax, tip"])
    assert texts(root, charges + "Reason") == ["Tip", "Service charge"]
    assert texts(root, charges + "ActualAmount") == ["30.00", "5.00"]


def test_a_credit_note_refers_to_its_invoice_and_is_positive() -> None:
    root = tree(PAPERS["credit"])
    assert texts(root, ".//ram:TypeCode")[0] == "381"
    referred = SETTLEMENT + "ram:InvoiceReferencedDocument/ram:IssuerAssignedID"
    assert texts(root, referred) == ["INV-1042"]
    assert texts(root, SUMS + "GrandTotalAmount") == ["2066.40"]
    assert texts(root, ".//ram:IncludedNote/ram:Content") == ["Sessions 6 to 12 are given back."]


def test_an_invoice_says_when_the_rest_is_due() -> None:
    root = tree(PAPERS["tax included"])
    assert texts(root, ".//ram:TypeCode")[0] == "380"
    terms = SETTLEMENT + "ram:SpecifiedTradePaymentTerms/ram:"
    assert texts(root, terms + "Description") == ["Balance due by November 1, 2026"]
    # BR-CO-25: something due has a day or words for it.
    unpaid = tree(PAPERS["two rates"])
    assert texts(unpaid, terms + "Description") == ["Payable on receipt"]


def test_what_only_the_layout_needs_does_not_reach_the_machine() -> None:
    plain = PAPERS["sales tax"]
    root = tree(replace(plain, reference="r" * 64, billed_to=replace(plain.billed_to, name="שרה לוי")))
    assert texts(root, AGREEMENT + "ram:SellerOrderReferencedDocument/ram:IssuerAssignedID") == ["r" * 64]
    assert texts(root, AGREEMENT + "ram:BuyerTradeParty/ram:Name") == ["שרה לוי"]


@pytest.mark.parametrize("name", [*PAPERS, *ISSUED])
def test_paper_and_machine_read_the_same_amount_on_every_line(name: str) -> None:
    """Row 9 of the papers' findings: the amounts on both are before tax."""
    paper = fit(named(name))
    assert isinstance(paper, Invoice | CreditNote)
    language = language_for(paper.language)
    stands = [row(each, paper.taxes, language).amount for each in paper.lines]
    nets = [language.money(each.net) for each in paper.lines]
    assert stands == nets
    digits = 0 if paper.total.currency == "JPY" else 2
    read = texts(tree(paper), LINE + "//ram:LineTotalAmount")
    assert [abs(Decimal(each)) for each in read] == [
        Decimal(abs(each.net.amount)).scaleb(-digits) for each in paper.lines if each.position
    ]


def test_the_buyers_address_and_the_prepayment_reach_the_machine() -> None:
    """Row 10."""
    root = tree(named("invoice-electronic"))
    address = AGREEMENT + "ram:BuyerTradeParty/ram:PostalTradeAddress/ram:"
    assert texts(root, address + "LineOne") == ["Hauptstraße 7"]
    assert texts(root, address + "LineTwo") == ["1010 Wien"]
    assert texts(root, address + "CountryID") == ["AT"]
    assert texts(root, ".//ram:IncludedNote/ram:Content") == [
        "The sessions are paid in advance and given at the visits."
    ]


@pytest.mark.parametrize(
    ("clinic", "says"),
    [
        (GERMAN_CLINIC, ("VA", "DE123456789")),
        (replace(GERMAN_CLINIC, tax_id="12/345/67890"), ("FC", "12/345/67890")),
        (replace(GERMAN_CLINIC, country="GR", tax_id="EL 123456789"), ("VA", "EL123456789")),
        (replace(GERMAN_CLINIC, country="FR"), ("FC", "DE 123 456 789")),
        (CLINIC, ("FC", "95-4821937")),
    ],
)
def test_a_vat_identifier_is_told_from_a_number_of_the_country_s_own(
    clinic: Clinic, says: tuple[str, str]
) -> None:
    assert registration(clinic) == says


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, ""),
        ({"legal_name": ""}, ""),
        ({"tax_id": " "}, "tax number"),
        ({"country": ""}, "country"),
        ({"country": "XX"}, "country"),
        ({"country": "EU"}, "country"),
        ({"address_lines": ()}, "address"),
        ({"legal_name": "", "name": ""}, "legal name"),
    ],
)
def test_a_clinic_is_told_what_it_lacks_before_it_begins(change: dict[str, str], says: str) -> None:
    why = why_not(replace(GERMAN_CLINIC, **change))  # type: ignore[arg-type]  # the table's own
    assert says in str(why or "")
    assert (why is not None) == bool(says)


def test_an_invoice_that_can_not_be_electronic_is_refused_before_its_number_is_given() -> None:
    lacking = replace(VAT_INSIDE, clinic=replace(GERMAN_CLINIC, tax_id=""))
    with pytest.raises(PaperRefused, match="tax number"):
        fit(lacking)
    dinars = invoice_of([line("Facial", 16500, currency="KWD")], clinic=GERMAN_CLINIC)
    with pytest.raises(PaperRefused, match="two decimals"):
        fit(replace(dinars, is_electronic=True))


def test_what_no_schema_allows_is_refused() -> None:
    with pytest.raises(PaperRefused, match="electronic"):
        xml_of(replace(VAT_INSIDE, number="INV\x01"))


@pytest.mark.parametrize("name", ["invoice-electronic", "credit-note-electronic"])
def test_the_file_carries_it_as_factur_x_asks(draw: Callable[[Paper], bytes], name: str) -> None:
    paper = named(name)
    with pikepdf.open(io.BytesIO(draw(paper))) as pdf:
        (attached,) = list(pdf.Root.AF)
        assert (str(attached.UF), str(attached.AFRelationship)) == ("factur-x.xml", "/Alternative")
        file = pdf.attachments["factur-x.xml"].get_file()
        assert file.read_bytes() == xml(paper)
        assert file.mime_type == "text/xml"
        assert file.mod_date is not None
        assert file.mod_date.date() == paper.issued_on
        with pdf.open_metadata() as xmp:
            said = {
                name: xmp[f"{{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}}{name}"] for name in XMP
            }
        assert said == XMP
        metadata = pdf.Root.Metadata.read_bytes()
        assert metadata.count(b"<rdf:RDF") == 1
        assert b"Factur-X PDFA Extension Schema" in metadata


XMP = {
    "DocumentFileName": "factur-x.xml",
    "DocumentType": "INVOICE",
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
