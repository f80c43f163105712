"""Invoices and credit notes as plain values, for sums that no register rings up and for what must be refused."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from invoices.papers import AccountLine, Clinic, CreditNote, Invoice, Money, Party, PaymentLine, TaxLine
from invoices.papers.account import negated

CLINIC = Clinic(
    name="Juniper Street Acupuncture",
    address_lines=("118 Juniper Street, Suite 4", "Los Angeles, CA 90012"),
    phone="(310) 555-0100",
    email="hello@juniperstreet.example",
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
GIVEN_BACK_ON = date(2026, 11, 10)
PACKAGE = "Facial acupuncture, course of 12 with two touch-ups"
CONTENTS = "12 × Facial acupuncture, 60 min · 2 × Touch-up, 45 min"
OIL = "Evening primrose face oil, 30 ml"


def usd(amount: int) -> Money:
    return Money(amount, "USD")


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
    """One line as Square would compute it, from the price of one in minor units and the taxes on it."""
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
    """A tax for lines; `invoice_of` fills in its amount."""
    nothing = Money(0, currency)
    return TaxLine(name=name, percentage=percentage, base=nothing, amount=nothing, is_included=is_included)


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
    """An invoice over these lines, paid by card in full by default."""
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
        taxes=tuple(_summed(each, lines) for each in taxes),
        tip=Money(tip, currency),
        service_charge=Money(service_charge, currency),
        total=Money(total, currency),
        payments=(payment,) if came else (),
        paid=Money(came, currency),
        balance_due=Money(total - came, currency),
        reference="CAISENgvlJ6jLWAzERDzjyHVybY",
    )


def _summed(tax: TaxLine, lines: Sequence[AccountLine]) -> TaxLine:
    on_it = [each for each in lines if tax.name in each.taxes]
    amount = sum(each.tax.amount if tax.is_included else amount_of(tax, each.net.amount) for each in on_it)
    base = sum(each.net.amount for each in on_it)
    currency = tax.base.currency
    return replace(tax, base=Money(base, currency), amount=Money(amount, currency))


def package_and_oil(*, is_included: bool = False) -> Invoice:
    """A package and two bottles of oil with a tip: in Los Angeles with sales tax on the oil, in Berlin with VAT."""
    currency = "EUR" if is_included else "USD"
    on_it = tax("MwSt.", "19", is_included=True, currency="EUR") if is_included else tax("Sales tax", "9.5")
    on_package = [on_it] if is_included else []
    sold = [
        line(PACKAGE, 198000, detail=CONTENTS, taxes=on_package, currency=currency),
        line(OIL, 4800, quantity="2", discount=960, taxes=[on_it], currency=currency),
    ]
    clinic = GERMAN_CLINIC if is_included else CLINIC
    paper = invoice_of(sold, taxes=[on_it], tip=4000, clinic=clinic, paid=100000 if is_included else None)
    return replace(paper, is_electronic=is_included)


def three_taxes(lines: int) -> Invoice:
    """Many lines, with state, county and city tax on every other."""
    taxes = [tax("California", "6"), tax("Los Angeles County", "0.25"), tax("City of Los Angeles", "3.25")]
    sold = [
        line(f"{OIL}, batch {n}", 4800, quantity=str(1 + n % 3), taxes=taxes if n % 2 else ())
        for n in range(1, lines + 1)
    ]
    return invoice_of(sold, taxes=taxes, tip=2500, service_charge=5000)


def credit_note(of: Invoice, *, positions: Sequence[int] = (1, 2)) -> CreditNote:
    """Refund these lines of an invoice as a whole, to the card."""
    lines = [replace(negated(of.lines[place - 1]), detail="") for place in positions]
    taxes = [_negated_tax(each, lines) for each in of.taxes]
    total, currency = sum(each.total.amount for each in lines), of.total.currency
    back = PaymentLine(on=GIVEN_BACK_ON, how="card", amount=Money(-total, currency), label="Visa")
    return CreditNote(
        clinic=of.clinic,
        number="CN-0007",
        issued_on=GIVEN_BACK_ON,
        invoice_number=of.number,
        invoice_issued_on=of.issued_on,
        billed_to=of.billed_to,
        lines=tuple(lines),
        net=Money(sum(each.net.amount for each in lines), currency),
        taxes=tuple(each for each in taxes if each.base.amount),
        total=Money(total, currency),
        returned=(back,),
        reason="Sessions 6 to 12 are given back.",
        reference=of.reference,
        is_electronic=of.is_electronic,
    )


def _negated_tax(tax: TaxLine, lines: Sequence[AccountLine]) -> TaxLine:
    on_it = [each for each in lines if tax.name in each.taxes]
    base, amount = sum(each.net.amount for each in on_it), sum(each.tax.amount for each in on_it)
    return replace(tax, base=Money(base, tax.base.currency), amount=Money(amount, tax.base.currency))
