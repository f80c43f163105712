"""Invoice and credit note as Factur-X XML, profile EN 16931, checked against its schema.

The same content gives the same bytes.
BT and BR numbers are the norm's. A credit note's amounts are positive: its type states the direction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from babel.numbers import get_currency_precision
from drafthorse.models.accounting import (  # type: ignore[import-untyped]  # it ships no types
    ApplicableTradeTax,
    CategoryTradeTax,
    TradeAllowanceCharge,
)
from drafthorse.models.document import Document  # type: ignore[import-untyped]
from drafthorse.models.note import IncludedNote  # type: ignore[import-untyped]
from drafthorse.models.party import TaxRegistration, TradeParty  # type: ignore[import-untyped]
from drafthorse.models.payment import PaymentMeans, PaymentTerms  # type: ignore[import-untyped]
from drafthorse.models.tradelines import LineItem  # type: ignore[import-untyped]

from invoices.e_invoice.eligibility import Scheme, registration
from invoices.language import Language, language_for
from invoices.papers import (
    AccountLine,
    Clinic,
    CreditNote,
    Invoice,
    PaidBy,
    PaperRefused,
    Party,
    PaymentLine,
    TaxLine,
)
from invoices.papers.account import negated

# Standard rate, zero rate, exempt, outside the scope of the tax (UNTDID 5305).
Category = Literal["S", "Z", "E", "O"]
_CLOSE = Decimal("0.0001")


@dataclass(frozen=True)
class Rate:
    """The tax category and rate of an amount; `percent` is None where the norm allows no rate."""

    category: Category
    percent: Decimal | None


@dataclass(frozen=True)
class Share:
    """All amounts of one rate: their sum and the tax on it, minor units."""

    rate: Rate
    base: int
    tax: int


def rates_of(lines: Sequence[AccountLine], taxes: Iterable[TaxLine], scheme: Scheme) -> list[Rate]:
    """Return the rate of every line, in their order. Raises PaperRefused for a tax on nothing."""
    by_name = {tax.name: tax for tax in taxes}
    groups: dict[frozenset[str], list[AccountLine]] = {}
    for line in lines:
        groups.setdefault(frozenset(line.taxes), []).append(line)
    rates = {names: _rate(names, group, by_name) for names, group in groups.items()}
    free = untaxed(any(rates.values()), scheme)
    return [rates[frozenset(line.taxes)] or free for line in lines]


def untaxed(is_taxed_elsewhere: bool, scheme: Scheme) -> Rate:
    """Return the category of an amount without any tax.

    "Outside the scope" is not allowed beside taxed amounts, nor beside a VAT identifier (BR-O-02, BR-O-11).
    """
    if is_taxed_elsewhere or scheme == "VA":
        return Rate("E", Decimal(0))
    return Rate("O", None)


def shares_of(amounts: Iterable[tuple[Rate, int, int]]) -> list[Share]:
    """Sum amounts and their tax by rate, in the order of the rates."""
    sums: dict[Rate, tuple[int, int]] = {}
    for rate, base, tax in amounts:
        before = sums.get(rate, (0, 0))
        sums[rate] = (before[0] + base, before[1] + tax)
    return [Share(rate, base, tax) for rate, (base, tax) in sums.items()]


def _rate(names: frozenset[str], lines: Sequence[AccountLine], taxes: dict[str, TaxLine]) -> Rate | None:
    if not names:
        return None
    base, tax = sum(line.net.amount for line in lines), sum(line.tax.amount for line in lines)
    said = [taxes[name].percentage for name in sorted(names)]
    percent = sum((Decimal(each) for each in said if each), Decimal(0))
    # Square rounds the tax of each line; a tax on a tax, or one of unknown rate, gets its effective rate.
    if not all(said) or abs(base * percent / 100 - tax) > len(lines) * len(names):
        if not base:
            raise PaperRefused("An electronic invoice can’t hold a tax on nothing.")
        percent = (Decimal(tax) * 100 / base).quantize(_CLOSE)
    return Rate("S" if percent else "Z", percent.normalize())


# Inserted into papers for line breaks and right-to-left words.
_LAYOUT_MARKS = str.maketrans("", "", "\u200b\u200e\u200f")


def plain(text: str) -> str:
    """Return a text of a paper without its layout characters."""
    return text.translate(_LAYOUT_MARKS)


def decimal(amount: int, currency: str) -> Decimal:
    """Return minor units as a decimal with all its places."""
    return Decimal(amount).scaleb(-get_currency_precision(currency))


def percent(rate: Decimal) -> str:
    """Return a rate such as 9.5 without an exponent."""
    return f"{rate:f}"


def write_seller(seller: TradeParty, clinic: Clinic) -> None:
    """Write the seller's name, address and tax number."""
    scheme, number = registration(clinic)
    name, legal_name = plain(clinic.name), plain(clinic.legal_name or clinic.name)
    if scheme != "VA":
        # The buyer must be able to identify the seller; only a VAT identifier does that by itself (BR-CO-26).
        seller.id = plain(number)
    seller.name = legal_name
    if name != legal_name:
        seller.legal_organization.trade_name = name
    _write_address(seller, clinic.address_lines, clinic.country)
    if clinic.phone:
        seller.contact.telephone.number = plain(clinic.phone)
    if clinic.email:
        seller.contact.email.address = plain(clinic.email)
        seller.electronic_address.uri_ID = ("EM", plain(clinic.email))
    registered = TaxRegistration()
    registered.id = (scheme, plain(number))
    seller.tax_registrations.add(registered)


def write_buyer(buyer: TradeParty, billed: Party, home: str) -> None:
    """Write the buyer; `home` is the clinic's country."""
    buyer.name = plain(billed.name)
    # The norm requires a country; clients are served in the clinic's.
    _write_address(buyer, billed.address_lines, billed.country or home)
    if billed.email:
        buyer.electronic_address.uri_ID = ("EM", plain(billed.email))


def _write_address(party: TradeParty, lines: tuple[str, ...], country: str) -> None:
    first, second, *more = [plain(line) for line in lines if line] + ["", ""]
    party.address.line_one, party.address.line_two = first, second
    party.address.line_three = ", ".join(filter(None, more))
    party.address.country_id = country


_ONE = "C62"


def item_of(line: AccountLine, rate: Rate, place: int, language: Language) -> LineItem:
    """Write one line, of positive amounts as far as it was sold."""
    item = LineItem()
    item.document.line_id = str(place)
    item.product.name = plain(line.description)
    if line.detail:
        item.product.description = plain(line.detail)
    quantity = Decimal(line.quantity)
    if line.net.amount < 0:
        # A price can't be below zero (BR-27), a quantity can.
        quantity = -quantity
    _price(item, line, abs(quantity), language)
    item.delivery.billed_quantity = (quantity, _ONE)
    item.settlement.trade_tax.type_code = "VAT"
    item.settlement.trade_tax.category_code = rate.category
    if rate.percent is not None:
        item.settlement.trade_tax.rate_applicable_percent = percent(rate.percent)
    item.settlement.monetary_summation.total_amount = decimal(line.net.amount, line.net.currency)
    return item


def _price(item: LineItem, line: AccountLine, quantity: Decimal, language: Language) -> None:
    """Write price and discount where they make the net; else the price of the whole line, without tax (BT-149)."""
    if (
        line.unit_price.amount >= 0
        and quantity * line.unit_price.amount - line.discount.amount == line.net.amount
    ):
        item.agreement.net.amount = decimal(line.unit_price.amount, line.net.currency)
        if line.discount.amount:
            discount = TradeAllowanceCharge()
            discount.indicator = False
            discount.actual_amount = decimal(line.discount.amount, line.net.currency)
            discount.reason = language.gettext("Discount")
            item.settlement.allowance_charge.add(discount)
        return
    item.agreement.net.amount = decimal(abs(line.net.amount), line.net.currency)
    item.agreement.net.basis_quantity = (quantity, _ONE)


_GUIDELINE = "urn:cen.eu:en16931:2017"
_SCHEMA = "FACTUR-X_EN16931"
_INVOICE, _CREDIT_NOTE = "380", "381"
_MOST_DECIMALS = 2
# UNTDID 4461. Bank is 42, a payment to a bank account: a transfer (30) would have to name the account (BR-50).
_MEANS: dict[PaidBy, str] = {
    "card": "48",
    "cash": "10",
    "gift_card": "1",
    "bank": "42",
    "wallet": "68",
    "other": "1",
}
_SEVERAL_MEANS = "1"


@dataclass(frozen=True)
class _Account:
    """The common content of invoice and credit note, in positive amounts."""

    kind: str
    paper: Invoice | CreditNote
    lines: tuple[AccountLine, ...]
    rates: Sequence[Rate]
    charges: tuple[tuple[str, int, Rate], ...]
    shares: Sequence[Share]
    paid: tuple[PaymentLine, ...]
    language: Language

    @property
    def currency(self) -> str:
        return self.paper.total.currency

    @property
    def net(self) -> int:
        return sum(line.net.amount for line in self.lines)

    @property
    def charged(self) -> int:
        return sum(amount for _, amount, _ in self.charges)

    @property
    def tax(self) -> int:
        return sum(share.tax for share in self.shares)

    @property
    def prepaid(self) -> int:
        return sum(payment.amount.amount for payment in self.paid)


def xml_of(paper: Invoice | CreditNote) -> bytes:
    """Write the XML of a fitted paper. Raises PaperRefused where the norm can't express it."""
    if get_currency_precision(paper.total.currency) > _MOST_DECIMALS:
        raise PaperRefused("An electronic invoice can’t be in a currency of more than two decimals.")
    account = _account(paper)
    document = Document()
    document.context.guideline_parameter.id = _GUIDELINE
    _head(document, account)
    write_seller(document.trade.agreement.seller, paper.clinic)
    write_buyer(document.trade.agreement.buyer, paper.billed_to, paper.clinic.country)
    for place, (line, rate) in enumerate(zip(account.lines, account.rates, strict=True), start=1):
        document.trade.items.add(item_of(line, rate, place, account.language))
    _settle(document, account)
    try:
        return bytes(document.serialize(schema=_SCHEMA))
    except SyntaxError as error:
        raise PaperRefused(f"This content can’t be an electronic invoice: {error}.") from error


def _account(paper: Invoice | CreditNote) -> _Account:
    scheme, _ = registration(paper.clinic)
    language = language_for(paper.language)
    lines = paper.lines if isinstance(paper, Invoice) else tuple(map(negated, paper.lines))
    rates = rates_of(lines, paper.taxes, scheme)
    free = untaxed(any(rate.category in "SZ" for rate in rates), scheme)
    charges = _charges(paper, free, language) if isinstance(paper, Invoice) else ()
    of_lines = [(rate, line.net.amount, line.tax.amount) for line, rate in zip(lines, rates, strict=True)]
    of_charges = [(rate, amount, 0) for _, amount, rate in charges]
    return _Account(
        kind=_INVOICE if isinstance(paper, Invoice) else _CREDIT_NOTE,
        paper=paper,
        lines=lines,
        rates=rates,
        charges=charges,
        shares=shares_of([*of_lines, *of_charges]),
        paid=paper.payments if isinstance(paper, Invoice) else paper.returned,
        language=language,
    )


def _charges(paper: Invoice, free: Rate, language: Language) -> tuple[tuple[str, int, Rate], ...]:
    named = (
        (language.gettext("Tip"), paper.tip.amount),
        (language.gettext("Service charge"), paper.service_charge.amount),
    )
    return tuple((name, amount, free) for name, amount in named if amount)


def _head(document: Document, account: _Account) -> None:
    paper = account.paper
    document.header.id = plain(paper.number)
    document.header.type_code = account.kind
    document.header.issue_date_time = paper.issued_on
    if isinstance(paper, CreditNote):
        referred = document.trade.settlement.invoice_referenced_document
        referred.issuer_assigned_id = plain(paper.invoice_number)
        referred.issue_date_time = paper.invoice_issued_on
        _add_note(document, plain(paper.reason))
    else:
        _add_note(
            document,
            account.language.gettext("The sessions are paid in advance and given at the visits.")
            if paper.is_prepayment
            else "",
        )
        # A package is a right to its sessions, and handed over when it is sold.
        document.trade.delivery.event.occurrence = paper.sold_on
    if paper.reference:
        document.trade.agreement.seller_order.issuer_assigned_id = plain(paper.reference)


def _add_note(document: Document, text: str) -> None:
    if text:
        note = IncludedNote()
        note.content = text
        document.header.notes.add(note)


def _settle(document: Document, account: _Account) -> None:
    settlement = document.trade.settlement
    settlement.currency_code = account.currency
    if account.paid:
        codes = {_MEANS[payment.how] for payment in account.paid}
        means = PaymentMeans()
        means.type_code = codes.pop() if len(codes) == 1 else _SEVERAL_MEANS
        settlement.payment_means.add(means)
    for share in account.shares:
        settlement.trade_tax.add(_trade_tax(share, account))
    for name, amount, rate in account.charges:
        settlement.allowance_charge.add(_charge(name, amount, rate, account))
    total = account.net + account.charged + account.tax
    if total > account.prepaid:
        terms, paper = PaymentTerms(), account.paper
        terms.description = account.language.gettext("Payable on receipt")
        if isinstance(paper, Invoice) and paper.due_on:
            date = account.language.long_date(paper.due_on)
            terms.description = account.language.gettext("Balance due by {date}", date=date)
            terms.due = paper.due_on
        settlement.terms.add(terms)
    sums = settlement.monetary_summation
    sums.line_total = decimal(account.net, account.currency)
    sums.charge_total = decimal(account.charged, account.currency)
    sums.allowance_total = decimal(0, account.currency)
    sums.tax_basis_total = decimal(account.net + account.charged, account.currency)
    sums.tax_total = (decimal(account.tax, account.currency), account.currency)
    sums.grand_total = decimal(total, account.currency)
    sums.prepaid_total = decimal(account.prepaid, account.currency)
    sums.due_amount = decimal(total - account.prepaid, account.currency)


def _trade_tax(share: Share, account: _Account) -> ApplicableTradeTax:
    tax = ApplicableTradeTax()
    tax.calculated_amount = decimal(share.tax, account.currency)
    tax.type_code = "VAT"
    tax.basis_amount = decimal(share.base, account.currency)
    tax.category_code = share.rate.category
    if share.rate.category in "EO":
        tax.exemption_reason = account.language.gettext("No tax is charged")
    if share.rate.percent is not None:
        tax.rate_applicable_percent = percent(share.rate.percent)
    return tax


def _charge(name: str, amount: int, rate: Rate, account: _Account) -> TradeAllowanceCharge:
    charge, tax = TradeAllowanceCharge(), CategoryTradeTax()
    charge.indicator = True
    charge.actual_amount = decimal(amount, account.currency)
    charge.reason = name
    tax.type_code = "VAT"
    tax.category_code = rate.category
    if rate.percent is not None:
        tax.rate_applicable_percent = percent(rate.percent)
    charge.trade_tax.add(tax)
    return charge
