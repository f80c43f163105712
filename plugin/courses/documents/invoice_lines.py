"""A sale as the lines and taxes of an invoice. All sums are Square's; a remainder is a line of rounding.

Pure; no I/O: the same sale gives the same account.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from invoices.language import Language
from invoices.papers import AccountLine, Money, TaxLine
from plugin.courses.documents.sale_record import AppliedTax, SaleTax, ServiceCharge, SoldLine, SoldSale

_MOST_QUANTITY = 10**7
# Square's name of an item's only variation.
_NO_VARIATION = ("", "regular", "regular price")


@dataclass(frozen=True, slots=True)
class PackageWords:
    """The name of a package on a line, and its contents."""

    name: str
    holds: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the account, and the amount of each tax on it."""

    line: AccountLine
    taxes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """The sale's own lines in Square's order first, then taxed charges and rounding; minor units."""

    rows: tuple[Row, ...]
    taxes: tuple[TaxLine, ...]
    net: int
    tip: int
    service_charge: int
    total: int


def account_of(sale: SoldSale, language: Language, packages: Mapping[str, PackageWords]) -> Account:
    """Return the account of a sale; `packages` has the words for lines that sold one, by the line's uid."""
    names = _tax_names(sale.taxes, language)
    rows = [_row(sale, line, names, language, packages.get(line.uid)) for line in sale.lines]
    rows += [_charge_row(sale, each, names, language) for each in sale.charges if each.tax]
    service_charge = sum(line.service_charge for line in sale.lines)
    service_charge += sum(each.total for each in sale.charges if not each.tax)
    rest = sale.total - sum(row.line.total.amount for row in rows) - sale.tip - service_charge
    if rest:
        # Cash rounding, which Square reports; or parts that do not add up to Square's total.
        rows.append(Row(plain_line(language.gettext("Rounding"), rest, sale.currency)))
    numbered = tuple(_at(row, place) for place, row in enumerate(rows, start=1))
    return Account(
        rows=numbered,
        taxes=_tax_lines(sale, numbered, names),
        net=sum(row.line.net.amount for row in numbered),
        tip=sale.tip,
        service_charge=service_charge,
        total=sale.total,
    )


def plain_line(description: str, amount: int, currency: str, position: int = 0) -> AccountLine:
    """Return a line of one thing without discount and tax."""
    money, nothing = Money(amount, currency), Money(0, currency)
    return AccountLine(
        description=description,
        quantity="1",
        unit_price=money,
        discount=nothing,
        net=money,
        tax=nothing,
        total=money,
        position=position,
    )


def _row(
    sale: SoldSale,
    line: SoldLine,
    names: Mapping[str, str],
    language: Language,
    package: PackageWords | None,
) -> Row:
    def money(amount: int) -> Money:
        return Money(amount, sale.currency)

    taxes = _taxes_on(line.taxes, line.tax, names, language)
    charged = line.total - line.service_charge
    described = package.name if package is not None else _description(line, language)
    quantity, unit_price = line.quantity, line.unit_price + sum(each.price for each in line.modifiers)
    if not _multiplies(sale, line, unit_price, charged):
        # Square does not state the price of one unit; the price of all of it is known.
        described, quantity = f"{line.quantity} × {described}", "1"
        unit_price = charged - line.tax + line.discount
    return Row(
        AccountLine(
            description=described,
            quantity=quantity,
            unit_price=money(unit_price),
            discount=money(line.discount),
            net=money(charged - line.tax),
            tax=money(line.tax),
            total=money(charged),
            detail=package.holds if package is not None else "",
            taxes=tuple(taxes),
        ),
        taxes,
    )


def _multiplies(sale: SoldSale, line: SoldLine, unit_price: int, charged: int) -> bool:
    """Return whether quantity, price and discount give what was charged, with or without an included tax."""
    quantity = Decimal(line.quantity)
    if not 0 < quantity < _MOST_QUANTITY:
        return False
    included = {tax.uid for tax in sale.taxes if tax.is_included}
    net = charged - line.tax
    most = charged if any(each.uid in included for each in line.taxes) else net
    return net - 1 <= quantity * unit_price - line.discount <= most + 1


def _description(line: SoldLine, language: Language) -> str:
    variation = "" if line.variation.casefold() in _NO_VARIATION else line.variation
    said = [line.name, *(() if variation in line.name else (variation,))]
    said += [each.name for each in line.modifiers]
    return ", ".join(one for one in said if one) or language.gettext("Custom amount")


def _charge_row(sale: SoldSale, charge: ServiceCharge, names: Mapping[str, str], language: Language) -> Row:
    taxes = _taxes_on(charge.taxes, charge.tax, names, language)
    net = Money(charge.total - charge.tax, sale.currency)
    return Row(
        AccountLine(
            description=charge.name or language.gettext("Service charge"),
            quantity="1",
            unit_price=net,
            discount=Money(0, sale.currency),
            net=net,
            tax=Money(charge.tax, sale.currency),
            total=Money(charge.total, sale.currency),
            taxes=tuple(taxes),
        ),
        taxes,
    )


def _at(row: Row, position: int) -> Row:
    return replace(row, line=replace(row.line, position=position))


def _tax_names(taxes: tuple[SaleTax, ...], language: Language) -> dict[str, str]:
    """Name each tax so that two of different rates never share a name."""
    unnamed = language.pgettext("line", "Tax")
    kinds: dict[str, set[tuple[str, bool]]] = {}
    for tax in taxes:
        kinds.setdefault(tax.name or unnamed, set()).add((tax.percentage, tax.is_included))
    return {
        tax.uid: called if len(kinds[called]) == 1 else f"{called} {tax.percentage} %"
        for tax in taxes
        for called in (tax.name or unnamed,)
    }


def _taxes_on(
    applied: tuple[AppliedTax, ...], whole: int, names: Mapping[str, str], language: Language
) -> dict[str, int]:
    """Return the amount of each tax on a line, adding up to the line's tax.

    An odd cent is allocated to the last.
    """
    unnamed = language.pgettext("line", "Tax")
    found: dict[str, int] = {}
    for each in applied:
        name = names.get(each.uid, unnamed)
        found[name] = found.get(name, 0) + each.amount
    rest = whole - sum(found.values())
    if rest:
        only = next(iter(names.values())) if len(names) == 1 else unnamed
        last = next(reversed(found), only)
        found[last] = found.get(last, 0) + rest
    return found


def _tax_lines(sale: SoldSale, rows: tuple[Row, ...], names: Mapping[str, str]) -> tuple[TaxLine, ...]:
    by_name = {names[tax.uid]: tax for tax in sale.taxes}
    used = dict.fromkeys(name for row in rows for name in row.taxes)
    lines = []
    for name in used:
        tax = by_name.get(name)
        on_it = [row for row in rows if name in row.taxes]
        lines.append(
            TaxLine(
                name=name,
                percentage=tax.percentage if tax is not None else "",
                base=Money(sum(row.line.net.amount for row in on_it), sale.currency),
                amount=Money(sum(row.taxes[name] for row in on_it), sale.currency),
                is_included=tax.is_included if tax is not None else False,
            )
        )
    return tuple(lines)
