"""What a refund credits of each line of an invoice, net and tax, to the cent, never more than is left of it.

Pure arithmetic: lines that Square names are taken as Square computes them; other sums are allocated by what
is left.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from plugin.core.money import allocate


@dataclass(frozen=True, slots=True)
class Left:
    """What of one line was not credited yet, minor units.

    `is_beside`: tip or service charge, not a line that was sold.
    """

    position: int
    net: int
    tax: int
    is_beside: bool = False

    @property
    def total(self) -> int:
        """Return net and tax together."""
        return self.net + self.tax


@dataclass(frozen=True, slots=True)
class Wanted:
    """A line named by a refund: so much of it, in Square's quantity.

    No `total`: as far as the money reaches.
    """

    position: int
    total: int | None = None
    tax: int = 0
    discount: int = 0
    quantity: str = "1"


@dataclass(frozen=True, slots=True)
class Share:
    """What is credited of one line; `of` is the line as Square named it, where it is returned exactly so."""

    position: int
    net: int
    tax: int
    of: Wanted | None = None

    @property
    def total(self) -> int:
        """Return net and tax together."""
        return self.net + self.tax


def shares_of(amount: int, lines: Sequence[Left], wanted: Sequence[Wanted]) -> tuple[Share, ...]:
    """Allocate the amount to the lines; more than all that is left credits all that is left."""
    whole = sum(line.total for line in lines)
    if whole <= 0:
        return ()
    if amount >= whole:
        by_position = {each.position: each for each in wanted}
        return tuple(
            Share(line.position, line.net, line.tax, _just_so(line, by_position.get(line.position)))
            for line in lines
            if line.net or line.tax
        )
    open_lines = {line.position: line for line in lines if line.total > 0}
    named = [each for each in wanted if each.position in open_lines]
    taken = _of_named(amount, open_lines, named)
    for group in _groups(open_lines, {each.position for each in named}):
        rest = amount - sum(share.total for share in taken.values())
        _take(rest, group, taken)
    return tuple(taken[position] for position in sorted(taken) if taken[position].total)


def _just_so(line: Left, wanted: Wanted | None) -> Wanted | None:
    return wanted if wanted is not None and wanted.total == line.total else None


def _of_named(amount: int, lines: dict[int, Left], named: Sequence[Wanted]) -> dict[int, Share]:
    """Return the named lines as Square computes them, or as much of them as the money is."""
    wishes = [min(_wish(each, lines[each.position]), lines[each.position].total) for each in named]
    fits = sum(wishes) <= amount and all(each.total is not None for each in named)
    if fits:
        return {
            each.position: _exact(lines[each.position], each, wish)
            for each, wish in zip(named, wishes, strict=True)
        }
    cut = allocate(min(amount, sum(wishes)), wishes) if wishes else ()
    return {each.position: _part(lines[each.position], total) for each, total in zip(named, cut, strict=True)}


def _wish(wanted: Wanted, line: Left) -> int:
    return line.total if wanted.total is None else wanted.total


def _exact(line: Left, wanted: Wanted, total: int) -> Share:
    if total == line.total:
        return Share(line.position, line.net, line.tax, wanted if wanted.total == total else None)
    tax = min(max(wanted.tax, total - line.net), line.tax)
    return Share(
        line.position, total - tax, tax, wanted if (wanted.total, wanted.tax) == (total, tax) else None
    )


def _part(line: Left, total: int) -> Share:
    if total == line.total:
        return Share(line.position, line.net, line.tax)
    net, tax = allocate(total, (line.net, line.tax))
    return Share(line.position, net, tax)


def _groups(lines: dict[int, Left], named: set[int]) -> list[list[Left]]:
    """Return where the rest is taken from, one group after the other.

    Beside named lines, a rest is the tip or the charge refunded with them; beside the tip alone, it is for
    what was sold.
    """
    others = [line for line in lines.values() if line.position not in named]
    if not named:
        return [others]
    beside = [line for line in others if line.is_beside]
    sold = [line for line in others if not line.is_beside]
    first = [sold, beside] if all(lines[each].is_beside for each in named) else [beside, sold]
    return [*first, [lines[position] for position in sorted(named)]]


def _take(amount: int, group: Sequence[Left], taken: dict[int, Share]) -> None:
    left = [_after(line, taken.get(line.position)) for line in group]
    weights = [max(line.total, 0) for line in left]
    fits = min(amount, sum(weights))
    if fits <= 0:
        return
    for line, total in zip(left, allocate(fits, weights), strict=True):
        part, before = _part(line, total), taken.get(line.position)
        taken[line.position] = Share(
            line.position, part.net + (before.net if before else 0), part.tax + (before.tax if before else 0)
        )


def _after(line: Left, share: Share | None) -> Left:
    if share is None:
        return line
    return Left(line.position, line.net - share.net, line.tax - share.tax, line.is_beside)
