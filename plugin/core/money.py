"""Money as integer minor units with its currency (docs/rules.md, rule 1). Never a float."""

from __future__ import annotations

import re
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
                    "{currency} can't be added to {currency2}.",
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
