"""The lines of an electronic invoice."""

from decimal import Decimal

from drafthorse.models.accounting import TradeAllowanceCharge  # type: ignore[import-untyped]  # it ships no types
from drafthorse.models.tradelines import LineItem  # type: ignore[import-untyped]

from invoices.e_invoice.shares import Rate
from invoices.e_invoice.xml_format import decimal, percent, plain
from invoices.language import Language
from invoices.papers import AccountLine

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
