"""The refund value of a course by the two formulas clinics publish, with the working (docs/rules.md, rule 9).

Independent of language: the caller's `write` formats amounts.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.wording import _, joined

Write = Callable[[Money], str]


@dataclass(frozen=True, slots=True)
class Sessions:
    """One allowance as a refund counts it. Sessions removed earlier are in neither number."""

    treatment: str
    used: int
    left: int
    single_price: int
    # Tax added to the single price; tax contained in the price is already included.
    added_tax: int = 0

    @property
    def total(self) -> int:
        """Return the sessions that the money kept so far paid for."""
        return self.used + self.left

    @property
    def charged(self) -> int:
        """Return what a client pays for a single visit, tax included."""
        return self.single_price + self.added_tax


@dataclass(frozen=True, slots=True)
class Agreed:
    """What was agreed for the course, what was paid of it, and what was refunded before: all including tax.

    `left_with_sessions`: the part of sessions that were transferred or removed, no longer this course's.
    `tax`: how much of the amount paid is tax; without `is_tax_known` all amounts exclude tax.
    """

    price: Money
    paid: Money
    refunded: Money
    left_with_sessions: int = 0
    tax: int = 0
    is_tax_known: bool = True

    @property
    def gone(self) -> Money:
        """Return the money that no refund of this course can return."""
        return Money(self.refunded.amount + self.left_with_sessions, self.paid.currency)

    @property
    def kept(self) -> Money:
        """Return what the clinic has now, the most that can be refunded."""
        return Money(max(0, (self.paid - self.gone).amount), self.paid.currency)

    @property
    def price_kept(self) -> Money:
        """Return the part of the price for the sessions still in this course, used or not."""
        return Money(max(0, (self.price - self.gone).amount), self.price.currency)

    @property
    def is_part_paid(self) -> bool:
        """Return whether some of the price is not paid."""
        return self.paid < self.price


@dataclass(frozen=True, slots=True)
class RefundValue:
    """A sum and its working, one sentence per line."""

    amount: Money
    working: tuple[str, ...]


def prorated(agreed: Agreed, parts: Sequence[Sessions], write: Write) -> RefundValue:
    """Return paid x unused / total, weighted by single-visit price and rounded once, half up.

    For a part-paid course, the price of the sessions used is subtracted from the money paid.
    """
    weights = _weights(parts)
    unused = sum(weight * part.left for weight, part in zip(weights, parts, strict=True))
    total = sum(weight * part.total for weight, part in zip(weights, parts, strict=True))
    if total == 0:
        return RefundValue(_of(agreed, 0), (*_before(agreed, write), _("No session is left.")))
    share = Fraction(unused, total)
    price = agreed.price_kept
    exact = max(Fraction(0), agreed.kept.amount - price.amount * (1 - share))
    amount = _of(agreed, floor(exact + Fraction(1, 2)))
    shown = _Shown(parts, unused, total, write, agreed.paid.currency)
    if agreed.is_part_paid:
        said = _part_paid(agreed, price, amount, shown)
    else:
        quotient = f"{write(agreed.kept)} × {shown.unused} ÷ {shown.total} = {write(amount)}"
        is_exact = exact == amount.amount
        said = f"{quotient}." if is_exact else _("{quotient}, rounded.", quotient=quotient)
    return RefundValue(amount, (*_before(agreed, write), *shown.lines, said))


def discount_forfeited(agreed: Agreed, parts: Sequence[Sessions], write: Write) -> RefundValue:
    """Return paid - used x single price, never below zero: used visits count at the single-visit price.

    Both include tax: the tax that the single price contains, and the tax that was added to this sale.
    """
    used = [part for part in parts if part.used]
    charged = _of(agreed, sum(part.used * part.charged for part in used))
    amount = _of(agreed, max(0, agreed.kept.amount - charged.amount))
    lines = [_used_line(agreed, part, write) for part in used]
    if not used:
        return RefundValue(
            amount, (*_before(agreed, write), _("No session was used: {write}.", write=write(amount)))
        )
    difference = f"{write(agreed.kept)} − {write(charged)}"
    is_below = charged > agreed.kept
    said = (
        _("{difference} is below zero, so {write}.", difference=difference, write=write(amount))
        if is_below
        else f"{difference} = {write(amount)}."
    )
    return RefundValue(amount, (*_before(agreed, write), *lines, said))


FORMULAS: Mapping[RefundFormula, Callable[[Agreed, Sequence[Sessions], Write], RefundValue]] = {
    RefundFormula.PRORATED: prorated,
    RefundFormula.DISCOUNT_FORFEITED: discount_forfeited,
}


def sessions_covered(agreed: Agreed, parts: Sequence[Sessions], part: Sessions, amount: int) -> int:
    """Return how many sessions left in `part` the refunded amount, tax included, covers when prorated."""
    most = part.left
    while most and price_of(agreed, parts, part, most) > amount:
        most -= 1
    return most


def price_of(agreed: Agreed, parts: Sequence[Sessions], part: Sessions, sessions: int) -> int:
    """Return the price of so many sessions of `part`, as `prorated` counts them, rounded half up."""
    weights = _weights(parts)
    total = sum(weight * each.total for weight, each in zip(weights, parts, strict=True))
    share = sessions * weights[parts.index(part)]
    return floor(Fraction(agreed.price_kept.amount * share, total) + Fraction(1, 2)) if total else 0


def _used_line(agreed: Agreed, part: Sessions, write: Write) -> str:
    single, added, each = (_of(agreed, one) for one in (part.single_price, part.added_tax, part.charged))
    with_tax = (
        _(" ({write} and {write2} tax)", write=write(single), write2=write(added)) if part.added_tax else ""
    )
    total = _of(agreed, part.used * part.charged)
    return _(
        "{treatment}: {used} used × {write}{with_tax} = {write2}.",
        treatment=part.treatment,
        used=part.used,
        write=write(each),
        with_tax=with_tax,
        write2=write(total),
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """How the share of unused sessions is shown: by their number where all are alike, else by their price."""

    parts: Sequence[Sessions]
    weight_unused: int
    weight_total: int
    write: Write
    currency: str

    @property
    def is_counted(self) -> bool:
        weighed = [part for part in self.parts if part.total]
        return len(weighed) == 1 or all(part.single_price == 0 for part in self.parts)

    @property
    def unused(self) -> str:
        return self._shown(sum(part.left for part in self.parts), self.weight_unused)

    @property
    def total(self) -> str:
        return self._shown(sum(part.total for part in self.parts), self.weight_total)

    @property
    def used(self) -> str:
        used = sum(part.used for part in self.parts)
        return self._shown(used, self.weight_total - self.weight_unused)

    def _shown(self, count: int, weight: int) -> str:
        return str(count) if self.is_counted else self.write(Money(weight, self.currency))

    @property
    def lines(self) -> list[str]:
        lines = [self._line(part) for part in self.parts if part.total]
        if self.is_counted and len(lines) == 1:
            return lines
        together = (
            _("Together {unused} of {total} sessions unused.", unused=self.unused, total=self.total)
            if self.is_counted
            else _("Together {unused} of {total} unused.", unused=self.unused, total=self.total)
        )
        return [*lines, together]

    def _line(self, part: Sessions) -> str:
        said = _(
            "{treatment}: {left} of {total} unused",
            treatment=part.treatment,
            left=part.left,
            total=part.total,
        )
        if self.is_counted:
            return f"{said}."
        worth = self.write(Money(part.left * part.single_price, self.currency))
        of = self.write(Money(part.total * part.single_price, self.currency))
        return _("{said}, {worth} of {of} at the single price.", said=said, worth=worth, of=of)


def _part_paid(agreed: Agreed, price: Money, amount: Money, shown: _Shown) -> str:
    write = shown.write
    said = _("{write} of {write2} is paid.", write=write(agreed.paid), write2=write(agreed.price))
    earned = _("Used: {write} × {used} ÷ {total}", write=write(price), used=shown.used, total=shown.total)
    if amount.amount == 0:
        return _(
            "{said} {earned}, no less than what is paid, so {write}.",
            said=said,
            earned=earned,
            write=write(amount),
        )
    used = write(agreed.kept - amount)
    return f"{said} {earned} = {used}. {write(agreed.kept)} − {used} = {write(amount)}."


def _before(agreed: Agreed, write: Write) -> list[str]:
    """Explain how the amount paid leads to what can be refunded: its tax, and what was deducted."""
    lines = []
    if not agreed.is_tax_known:
        lines.append(_("The tax of this sale is not known here: the amounts are without tax."))
    elif agreed.tax:
        lines.append(
            _(
                "{write} paid, including {write2} tax.",
                write=write(agreed.paid),
                write2=write(_of(agreed, agreed.tax)),
            )
        )
    gone = []
    if agreed.refunded.amount:
        gone.append(_("{write} refunded before", write=write(agreed.refunded)))
    if agreed.left_with_sessions:
        moved = write(_of(agreed, agreed.left_with_sessions))
        gone.append(_("{moved} left with sessions that were transferred or removed", moved=moved))
    if gone:
        lines.append(
            _(
                "{write} paid, {names}: {write2}.",
                write=write(agreed.paid),
                names=joined(gone, ", "),
                write2=write(agreed.kept),
            )
        )
    return lines


def _weights(parts: Sequence[Sessions]) -> list[int]:
    # Sessions that cost nothing individually are weighted equally.
    is_free = all(part.single_price == 0 for part in parts if part.total)
    return [1 if is_free else part.single_price for part in parts]


def _of(agreed: Agreed, amount: int) -> Money:
    return Money(amount, agreed.paid.currency)
