"""Sample invoices and credit notes. The people and clinics are invented."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from invoices.papers import (
    AccountLine,
    Clinic,
    CreditNote,
    Invoice,
    Money,
    Paper,
    Party,
    PaymentLine,
    TaxLine,
)
from invoices.papers.account import negated

CLINIC = Clinic(
    name="Juniper Street Acupuncture",
    address_lines=("118 Juniper Street, Suite 4", "Los Angeles, CA 90012"),
    phone="(310) 555-0100",
    email="hello@juniperstreet.example",
    website="juniperstreet.example",
    legal_name="Juniper Street Acupuncture LLC",
    tax_id="95-4821937",
)
GERMAN_CLINIC = Clinic(
    name="Praxis Lindenhof",
    address_lines=("Lindenstraße 8", "10969 Berlin"),
    phone="+49 30 5550100",
    email="praxis@lindenhof.example",
    page_size="a4",
    time_zone="Europe/Berlin",
    legal_name="Praxis Lindenhof GmbH",
    tax_id="DE 123 456 789",
    country="DE",
)
MARGARET = Party(name="Margaret Osei", email="margaret.osei@example.com", phone="(310) 555-0142")
SOLD_ON = date(2026, 10, 1)
# What the packages hold and what is sold beside them, as the desk of a clinic in this language names it.
WORDS = {
    "en": (
        "Facial acupuncture, course of 12 with two touch-ups",
        "12 × Facial acupuncture, 60 min · 2 × Touch-up, 45 min",
        "Evening primrose face oil, 30 ml",
        "Sales tax",
        "Sessions 6 to 12 are given back.",
    ),
    "es": (
        "Acupuntura facial, 12 sesiones con dos retoques",
        "12 × Acupuntura facial, 60 min · 2 × Retoque, 45 min",
        "Aceite facial de onagra, 30 ml",
        "Impuesto sobre las ventas",
        "Se devuelven las sesiones 6 a 12.",
    ),
    "zh-Hans": (
        "面部针灸疗程，12次，含2次巩固护理",
        "12 × 面部针灸，60分钟 · 2 × 巩固护理，45分钟",
        "月见草面部精油，30毫升",
        "销售税",
        "退还第6至12次。",
    ),
}


def line(
    description: str,
    price: int,
    *,
    quantity: str = "1",
    discount: int = 0,
    taxes: Sequence[TaxLine] = (),
    currency: str = "USD",
    detail: str = "",
) -> AccountLine:
    """One line as Square would reckon it, from the price of one in minor units and the taxes on it."""
    charged = int((Decimal(quantity) * price).to_integral_value()) - discount
    included = sum((Decimal(tax.percentage) for tax in taxes if tax.is_included), Decimal(0))
    net = int((charged / (1 + included / 100)).to_integral_value())
    tax = charged - net + sum(amount_of(each, net) for each in taxes if not each.is_included)
    return AccountLine(
        description=description,
        quantity=quantity,
        unit_price=Money(price, currency),
        discount=Money(discount, currency),
        net=Money(net, currency),
        tax=Money(tax, currency),
        total=Money(net + tax, currency),
        detail=detail,
        taxes=tuple(each.name for each in taxes),
    )


def tax(name: str, percentage: str, *, is_included: bool = False, currency: str = "USD") -> TaxLine:
    """A tax to put on lines; `invoice_of` fills in what it comes to."""
    return TaxLine(
        name=name,
        percentage=percentage,
        base=Money(0, currency),
        amount=Money(0, currency),
        is_included=is_included,
    )


def amount_of(tax: TaxLine, net: int) -> int:
    """What a tax is on a net amount."""
    return int((net * Decimal(tax.percentage) / 100).to_integral_value())


def invoice_of(
    lines: Sequence[AccountLine],
    *,
    taxes: Sequence[TaxLine] = (),
    tip: int = 0,
    service_charge: int = 0,
    paid: int | None = None,
    clinic: Clinic = CLINIC,
) -> Invoice:
    """An invoice over these lines, paid by card in full unless said."""
    currency = lines[0].net.currency
    net = sum(each.net.amount for each in lines)
    total = sum(each.total.amount for each in lines) + tip + service_charge
    came = total if paid is None else paid
    payment = PaymentLine(on=SOLD_ON, how="card", amount=Money(came, currency), label="Visa")
    return Invoice(
        clinic=clinic,
        number="INV-1042",
        issued_on=SOLD_ON,
        sold_on=SOLD_ON,
        billed_to=MARGARET,
        lines=tuple(replace(each, position=place) for place, each in enumerate(lines, start=1)),
        net=Money(net, currency),
        taxes=tuple(_reckoned(each, lines) for each in taxes),
        tip=Money(tip, currency),
        service_charge=Money(service_charge, currency),
        total=Money(total, currency),
        payments=(payment,) if came else (),
        paid=Money(came, currency),
        balance_due=Money(total - came, currency),
        reference="CAISENgvlJ6jLWAzERDzjyHVybY",
    )


def _reckoned(tax: TaxLine, lines: Sequence[AccountLine]) -> TaxLine:
    on_it = [each for each in lines if tax.name in each.taxes]
    amount = sum(each.tax.amount if tax.is_included else amount_of(tax, each.net.amount) for each in on_it)
    base = sum(each.net.amount for each in on_it)
    currency = tax.base.currency
    return replace(tax, base=Money(base, currency), amount=Money(amount, currency))


def invoice(language: str = "en") -> Invoice:
    """A package and a bottle of oil, a tip, paid in full by two cards."""
    package, contents, oil, sales_tax, _ = WORDS[language]
    on_sales = tax(sales_tax, "9.5")
    paper = invoice_of(
        (
            line(package, 198000, detail=contents),
            line(oil, 4800, quantity="2", discount=960, taxes=[on_sales]),
        ),
        taxes=[on_sales],
        tip=4000,
    )
    gift_card = PaymentLine(on=SOLD_ON, how="gift_card", amount=Money(50000, "USD"))
    card = replace(paper.payments[0], amount=Money(paper.total.amount - 50000, "USD"))
    return replace(paper, payments=(gift_card, card), language=language)


def part_paid() -> Invoice:
    """A deposit has come; the rest is due in a month."""
    package, contents, *_ = WORDS["en"]
    paper = invoice_of((line(package, 198000, detail=contents),), paid=99000)
    return replace(paper, due_on=date(2026, 11, 1), issued_on=date(2026, 10, 2))


def long_invoice(lines: int = 100) -> Invoice:
    """Many lines, with state, county and city tax on every other."""
    taxes = [tax("California", "6"), tax("Los Angeles County", "0.25"), tax("City of Los Angeles", "3.25")]
    sold = [
        line(f"{WORDS['en'][2]}, batch {n}", 4800, quantity=str(1 + n % 3), taxes=taxes if n % 2 else ())
        for n in range(1, lines + 1)
    ]
    return invoice_of(sold, taxes=taxes, tip=2500, service_charge=5000)


def long_names() -> Invoice:
    """The longest names and amounts that a clinic may meet."""
    package, contents, *_ = WORDS["en"]
    on_all = tax("Combined state, county and city sales tax of Los Angeles", "10.25")
    paper = invoice_of(
        (
            line(
                f"{package}, for the face, neck and chest, with LED light dome at every visit",
                123456789,
                discount=2345678,
                taxes=[on_all],
                detail=f"{contents} · 12 × LED light dome, 15 min · 1 × First consultation with tongue and pulse",
            ),
        ),
        taxes=[on_all],
    )
    name = "Wilhelmina Konstantinopolitanska-Featherstonehaugh von Hohenzollern-Sigmaringen"
    return replace(
        paper,
        billed_to=Party(name=name, email="wilhelmina.konstantinopolitanska@featherstonehaugh.example"),
        clinic=replace(CLINIC, name="The Juniper Street Centre for Facial and Restorative Acupuncture"),
    )


def electronic(language: str = "en") -> Invoice:
    """A German clinic's, with its tax inside the prices and the XML inside the file."""
    package, contents, oil, *_ = WORDS[language]
    vat = tax("MwSt.", "19", is_included=True, currency="EUR")
    paper = invoice_of(
        (
            line(package, 198000, detail=contents, taxes=[vat], currency="EUR"),
            line(oil, 4800, quantity="2", discount=960, taxes=[vat], currency="EUR"),
        ),
        taxes=[vat],
        tip=2000,
        paid=100000,
        clinic=GERMAN_CLINIC,
    )
    return replace(paper, is_electronic=True, due_on=date(2026, 11, 1), language=language)


def credit_note(of: Invoice | None = None, *, positions: Sequence[int] = (1,)) -> CreditNote:
    """Give back these lines of an invoice, to the card."""
    paper = of or invoice()
    lines = [replace(negated(paper.lines[place - 1]), detail="") for place in positions]
    taxes = [_negated_tax(each, lines) for each in paper.taxes]
    total, currency = sum(each.total.amount for each in lines), paper.total.currency
    day = date(2026, 11, 10)
    return CreditNote(
        clinic=paper.clinic,
        number="CN-0007",
        issued_on=day,
        invoice_number=paper.number,
        invoice_issued_on=paper.issued_on,
        billed_to=paper.billed_to,
        lines=tuple(lines),
        net=Money(sum(each.net.amount for each in lines), currency),
        taxes=tuple(each for each in taxes if each.base.amount),
        total=Money(total, currency),
        returned=(PaymentLine(on=day, how="card", amount=Money(-total, currency), label="Visa"),),
        language=paper.language,
        reason=WORDS[paper.language][4],
        reference=paper.reference,
        is_electronic=paper.is_electronic,
    )


def _negated_tax(tax: TaxLine, lines: Sequence[AccountLine]) -> TaxLine:
    on_it = [each for each in lines if tax.name in each.taxes]
    base, amount = sum(each.net.amount for each in on_it), sum(each.tax.amount for each in on_it)
    return replace(tax, base=Money(base, tax.base.currency), amount=Money(amount, tax.base.currency))


def account_samples() -> dict[str, Paper]:
    """Samples of these two papers by a name that says what they show."""
    return {
        "invoice": invoice(),
        "invoice-spanish": invoice("es"),
        "invoice-chinese": invoice("zh-Hans"),
        "invoice-part-paid": part_paid(),
        "invoice-40-lines": long_invoice(40),
        "invoice-long-names": long_names(),
        "invoice-electronic": electronic(),
        "credit-note": credit_note(),
        "credit-note-spanish": credit_note(invoice("es"), positions=(1, 2)),
        "credit-note-chinese": credit_note(invoice("zh-Hans"), positions=(1, 2)),
        "credit-note-electronic": credit_note(electronic(), positions=(1, 2)),
    }
