"""Money as integer minor units with its currency, never a float; allocated to parts exactly; net and gross.

Rules 1 and 8 of docs/rules.md. Pure; no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from plugin.errors import InvalidField
from plugin.wording import _

# ISO 4217 currencies whose minor unit is not a hundredth.
_NO_MINOR_UNIT = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
_THOUSANDTHS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])
_CODE = re.compile(r"[A-Z]{3}\Z")

# Square's amounts are signed 64-bit integers; a clinic's amounts are far below.
LARGEST_AMOUNT = 10**15


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in the smallest unit of its currency: Money(165000, "USD") is $1,650.00."""

    amount: int
    currency: str

    def __post_init__(self) -> None:
        if isinstance(self.amount, bool) or not isinstance(self.amount, int):
            raise InvalidField(_("An amount is a whole number of the smallest unit."), field="amount")
        if abs(self.amount) > LARGEST_AMOUNT:
            raise InvalidField(_("The amount is too large."), field="amount")
        if not isinstance(self.currency, str) or not _CODE.match(self.currency):
            raise InvalidField(_("A currency is a code of three capitals, such as USD."), field="currency")

    def __add__(self, other: Money) -> Money:
        return Money(self.amount + self._same(other).amount, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.amount - self._same(other).amount, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise InvalidField(
                _(
                    "{currency} can’t be added to {currency2}.",
                    currency=other.currency,
                    currency2=self.currency,
                ),
                field="currency",
            )
        return other


def minor_digits(currency: str) -> int:
    """Return the number of decimals the currency is written with: USD 2, JPY 0, KWD 3 (ISO 4217)."""
    if currency in _NO_MINOR_UNIT:
        return 0
    return 3 if currency in _THOUSANDTHS else 2


def allocate(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """Split `total` minor units over the weights; the parts add up to it to the cent.

    Largest remainder, ties to the earlier part. All weights zero: equal parts.
    Raises ValueError for a negative total or weight, or no weights.
    """
    if not weights or total < 0 or min(weights) < 0:
        raise ValueError("an allocation needs a total and weights of zero or more")
    scale = sum(weights)
    shares = [1] * len(weights) if scale == 0 else list(weights)
    scale = scale or len(weights)
    parts = [total * share // scale for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda i: (-(total * shares[i] % scale), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return tuple(parts)


def session_value(*, value_left: int, unpaid: int, sessions_left: int) -> int:
    """Return the value that using one of `sessions_left` sessions moves from deferred to earned revenue.

    The value left, plus what is not paid yet, is divided by the sessions left; the last session takes the
    remainder. A part-paid course counts only money that was paid, so never more than `value_left`.
    """
    if sessions_left <= 0:
        raise ValueError("no session is left to value")
    return min(value_left, (value_left + unpaid) // sessions_left)


@dataclass(frozen=True, slots=True)
class Charge:
    """What was charged for a course, minor units: `net` is its price in the ledger, `tax` is all tax on it.

    `tax_in_price` is the part of the tax that listed prices contain; the rest was added to them. Where no tax
    was recorded, `is_tax_known` is False and net is used as gross.
    """

    net: int
    tax: int = 0
    tax_in_price: int = 0
    is_tax_known: bool = True

    @property
    def gross(self) -> int:
        """Return what the client was charged, tax included."""
        return self.net + self.tax

    @property
    def listed(self) -> int:
        """Return the charge as prices are listed: including the tax they contain, excluding the tax added."""
        return self.net + self.tax_in_price

    def gross_of(self, net: int) -> int:
        """Return a net amount of this sale plus its tax."""
        return _scaled(net, self.gross, self.net)

    def net_of(self, gross: int) -> int:
        """Return an amount of this sale without its tax."""
        return _scaled(gross, self.net, self.gross)

    def gross_of_listed(self, listed: int) -> int:
        """Return a listed price, such as that of a single visit, with the tax rate of this sale."""
        return _scaled(listed, self.gross, self.listed)

    def listed_of(self, gross: int) -> int:
        """Return an amount of this sale as prices are listed, such as a credit taken off a price."""
        return _scaled(gross, self.listed, self.gross)


def _scaled(amount: int, to: int, base: int) -> int:
    """Return amount x to / base, rounded once, half up; the amount itself where nothing was charged."""
    return amount if base == 0 else (2 * amount * to + base) // (2 * base)
