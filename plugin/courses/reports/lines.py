"""The lines of a roll-forward, and which kind of entry belongs to which. Pure."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.reports.period import Period


class Line(StrEnum):
    """The lines of a roll-forward, in their order."""

    OPENING = "opening"
    SOLD = "sold"
    PAID = "paid"
    USED = "used"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    ADJUSTED = "adjusted"
    TRANSFERRED = "transferred"
    CLOSING = "closing"


LINE_OF = {
    Kind.SOLD: Line.SOLD,
    Kind.PAID: Line.PAID,
    Kind.USED: Line.USED,
    Kind.REFUNDED: Line.REFUNDED,
    Kind.EXPIRED: Line.EXPIRED,
    Kind.WRITTEN_OFF: Line.EXPIRED,
    Kind.ADJUSTED: Line.ADJUSTED,
    Kind.TRANSFERRED_OUT: Line.TRANSFERRED,
    Kind.TRANSFERRED_IN: Line.TRANSFERRED,
    # The reversal of a reversal, which no use case writes: it must not be lost either.
    Kind.REVERSED: Line.ADJUSTED,
}


# What the journal calls entries besides their kind, and of which kind they are.
IMPORTED, EARNED_AHEAD = "imported", "earned_ahead"
KIND_OF = {**{kind.value: kind for kind in Kind}, IMPORTED: Kind.PAID, EARNED_AHEAD: Kind.ADJUSTED}


@dataclass(frozen=True, slots=True)
class LineView:
    """One line: what it adds to the deferred revenue, or subtracts; `value` with its sign."""

    line: Line
    value: Money
    sessions: int


@dataclass(frozen=True, slots=True)
class Late:
    """Entries that count on other days than those they were made for, or were made later."""

    entries: int
    value: Money
    sessions: int


@dataclass(frozen=True, slots=True)
class RollForward:
    """The lines of one currency, everywhere or at one location ("" if Square named none).

    `expired`: of the deferred revenue at the end, what is in courses that had expired by then. `made_after`:
    what counts in the period but was entered after it; `from_before`: what happened before it.
    """

    currency: str
    square_location_id: str | None
    place: str
    lines: tuple[LineView, ...]
    expired: LineView
    made_after: Late
    from_before: Late

    def line(self, name: Line) -> LineView:
        return next(each for each in self.lines if each.line is name)


@dataclass(frozen=True, slots=True)
class Liability:
    """The report: one roll-forward for each currency, the clinic's own first, and one for each location in it."""

    period: Period
    totals: tuple[RollForward, ...]
    places: tuple[RollForward, ...]
    closed_through: date | None

    @property
    def is_closed(self) -> bool:
        """Return whether the books are closed through the period."""
        return self.closed_through is not None and self.period.last <= self.closed_through

    def total(self, currency: str) -> RollForward:
        """Return the roll-forward of a currency, all zeros if nothing was ever sold in it."""
        return next((each for each in self.totals if each.currency == currency), _nothing_in(currency))

    def places_in(self, currency: str) -> tuple[RollForward, ...]:
        """Return the roll-forwards of the locations in a currency."""
        return tuple(each for each in self.places if each.currency == currency)


def _nothing_in(currency: str) -> RollForward:
    zero = Money(0, currency)
    never = Late(0, zero, 0)
    lines = tuple(LineView(line, zero, 0) for line in Line)
    return RollForward(currency, None, "", lines, LineView(Line.EXPIRED, zero, 0), never, never)
