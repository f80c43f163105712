"""The arithmetic of one allowance's chain of entries. The database enforces the same rules independently."""

from dataclasses import dataclass, field
from enum import StrEnum

from plugin.core.money import session_value
from plugin.errors import LedgerBroken, NoneLeft
from plugin.wording import _


class Kind(StrEnum):
    """What an entry records."""

    SOLD = "sold"
    PAID = "paid"
    USED = "used"
    REVERSED = "reversed"
    ADJUSTED = "adjusted"
    TRANSFERRED_OUT = "transferred_out"
    TRANSFERRED_IN = "transferred_in"
    REFUNDED = "refunded"
    EXPIRED = "expired"
    WRITTEN_OFF = "written_off"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: sessions left, their deferred revenue (minor units), sessions ever granted."""

    seq: int = 0
    sessions: int = 0
    value: int = 0
    granted: int = 0
    # Of the last entry; known once it is written. Two heads with the same numbers are the same.
    sha256: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Change:
    """The effect of the next entry on the head."""

    kind: Kind
    sessions: int = 0
    value: int = 0
    granted: int = 0


START = Head()


def advance(head: Head, change: Change) -> Head:
    """Return the head after `change`; raises NoneLeft below zero, LedgerBroken for the impossible."""
    after = Head(
        seq=head.seq + 1,
        sessions=head.sessions + change.sessions,
        value=head.value + change.value,
        granted=head.granted + change.granted,
    )
    if after.sessions < 0:
        raise NoneLeft(_none_left(head.sessions, -change.sessions))
    if after.sessions > after.granted or after.value < 0:
        raise LedgerBroken(
            _(
                "A {kind} entry would leave {sessions} of {granted} sessions.",
                kind=change.kind,
                sessions=after.sessions,
                granted=after.granted,
            )
        )
    return after


def _none_left(left: int, asked: int) -> str:
    if left == 0:
        return _("No session is left. Sell a new course, or choose another one.")
    return _("Only {left} left, {asked} asked for. Use fewer sessions.", left=left, asked=asked)


def sold(sessions: int) -> Change:
    """Grant the sessions of a sale; their value is added by the payment."""
    return Change(Kind.SOLD, sessions=sessions, granted=sessions)


def paid(value: int) -> Change:
    """Add money paid for the allowance (minor units)."""
    return Change(Kind.PAID, value=value)


def used(head: Head, sessions: int, *, unpaid: int = 0) -> Change:
    """Use sessions: each moves its part of the value to earned revenue (docs/rules.md, rule 8)."""
    if sessions > head.sessions:
        raise NoneLeft(_none_left(head.sessions, sessions))
    value, left = head.value, head.sessions
    for _other in range(sessions):
        value -= session_value(value_left=value, unpaid=unpaid, sessions_left=left)
        left -= 1
    return Change(Kind.USED, sessions=-sessions, value=value - head.value)


def reversal(change: Change) -> Change:
    """Undo an entry to the cent, whatever was written after it."""
    return Change(Kind.REVERSED, sessions=-change.sessions, value=-change.value, granted=-change.granted)


def refunded(head: Head, sessions: int | None = None) -> Change:
    """Remove sessions (all that are left by default) with their part of the value."""
    taken = head.sessions if sessions is None else sessions
    return Change(Kind.REFUNDED, sessions=-taken, value=-part_value(head, taken))


def gone(kind: Kind, head: Head) -> Change:
    """Remove all that is left, with all of its value."""
    return Change(kind, sessions=-head.sessions, value=-head.value)


def part_value(head: Head, sessions: int) -> int:
    """Return the value of so many of the sessions left; the last ones take the remainder.

    Raises NoneLeft where fewer are left.
    """
    if sessions > head.sessions:
        raise NoneLeft(_none_left(head.sessions, sessions))
    return head.value if sessions == head.sessions else head.value * sessions // head.sessions


def transferred_out(head: Head, sessions: int) -> Change:
    """Move sessions to another course with their part of the value; what was granted here stays granted."""
    return Change(Kind.TRANSFERRED_OUT, sessions=-sessions, value=-part_value(head, sessions))


def transferred_in(out: Change, *, returning: int = 0) -> Change:
    """Receive exactly what another chain gave; `returning` of it had been granted here before."""
    sessions = -out.sessions
    return Change(
        Kind.TRANSFERRED_IN, sessions=sessions, value=-out.value, granted=max(0, sessions - returning)
    )


def adjusted(head: Head, sessions: int, *, value: int) -> Change:
    """Add sessions, granted beyond those sold, or remove some with `value` (negative).

    Sessions removed without value were never sold, so they are also subtracted from those granted.
    """
    if -sessions > head.sessions:
        raise NoneLeft(_none_left(head.sessions, -sessions))
    is_correction = sessions > 0 or value == 0
    return Change(Kind.ADJUSTED, sessions=sessions, value=value, granted=sessions if is_correction else 0)
