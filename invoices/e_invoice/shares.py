"""An invoice's tax as EN 16931 wants it: every line and charge in one category with one rate, each summed to the cent.

Several taxes on a line, such as a state's and a city's, are one rate there. Pure; no XML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from invoices.e_invoice.eligibility import Scheme
from invoices.papers import AccountLine, PaperRefused, TaxLine

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
