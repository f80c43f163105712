"""What a course is today, computed once from its entries and read by every screen, paper, message and report.

Pure: the caller loads the facts. Nobody else derives sessions left, usable or locked, a status or a session number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from plugin.core.ledger import START, Head, Kind
from plugin.core.money import Money
from plugin.core.status import Status, course_status
from plugin.core.unlock import needed_for, unlocked


@dataclass(frozen=True, slots=True)
class WaitingGift:
    """A voucher that nobody has redeemed yet: until then the course can't be used."""

    gift_id: str
    code: str
    recipient_name: str
    given_at: datetime


@dataclass(frozen=True, slots=True)
class CourseFacts:
    """What is stored of a course itself; days are the clinic's. `expires_on`: the last day of use."""

    id: str
    price: Money
    has_owner: bool = True
    closed_as: str | None = None
    closed_on: date | None = None
    frozen_on: date | None = None
    expires_on: date | None = None
    waiting_gift: WaitingGift | None = None
    balance_due_on: date | None = None


@dataclass(frozen=True, slots=True)
class AllowanceFacts:
    """What is stored of an allowance; `ahead`: how many sessions may be used before they are paid for."""

    id: str
    treatment: str
    kind: str
    single_price: int
    price: int
    usable_from_session: int | None = None
    ahead: int = 0


class EntryFacts(NamedTuple):
    """What an entry moves, minor units. A tuple, for a list of courses is made of tens of thousands.

    `used_on`: the day of a use, None for any other kind. `is_used_before`: it stands for visits before an import.
    """

    id: str
    allowance_id: str
    seq: int
    kind: str
    sessions_delta: int
    sessions_after: int
    value_delta: int
    value_after: int
    granted_before: int
    granted_after: int
    reverses: str | None = None
    used_on: date | None = None
    is_used_before: bool = False


@dataclass(frozen=True, slots=True)
class AllowanceState:
    """The sessions of one treatment in a course. `used` counts uses that stand; refunded ones are in neither.

    `unlocked`: how many of the granted sessions may be used, because they are paid for, goodwill, or allowed ahead of
    payment; `locked`: how many of those left wait for payment; `usable_now`: how many can be used today.
    `goodwill`: granted beside what was sold, so they need no money. `is_open`: False for touch-ups whose session has
    not come. `price` and `paid` are its part of the course's; `head`: where its chain of entries stands.
    """

    id: str
    treatment: str
    kind: str
    granted: int
    used: int
    left: int
    value_left: Money
    single_price: Money
    usable_from_session: int | None
    is_open: bool
    unlocked: int
    usable_now: int
    locked: int
    goodwill: int
    used_before: int
    paid_for: int
    price: Money
    paid: Money
    head: Head

    @property
    def is_usable(self) -> bool:
        """Say whether a session is left and open, be it paid for or not."""
        return self.left > 0 and self.is_open


@dataclass(frozen=True)
class CourseState:
    """A course as it stands on `today`. `granted`, `used`, `left`, `usable_now`, `locked` are of main sessions.

    A course without main sessions counts all of its sessions as such.
    """

    facts: CourseFacts
    today: date
    allowances: tuple[AllowanceState, ...]
    entries: tuple[EntryFacts, ...]
    paid: Money
    status: Status

    @property
    def counted(self) -> tuple[AllowanceState, ...]:
        """Return the allowances whose sessions are the course's own: the main ones, else all."""
        return tuple(each for each in self.allowances if each.kind == "main") or self.allowances

    @property
    def granted(self) -> int:
        """Return the sessions ever granted."""
        return sum(each.granted for each in self.counted)

    @property
    def used(self) -> int:
        """Return the sessions used."""
        return sum(each.used for each in self.counted)

    @property
    def used_before(self) -> int:
        """Return how many of those used were used before an import."""
        return sum(each.used_before for each in self.counted)

    @property
    def left(self) -> int:
        """Return the sessions not used, whether or not they can be used today."""
        return sum(each.left for each in self.counted)

    @property
    def usable_now(self) -> int:
        """Return how many sessions can be used today."""
        return sum(each.usable_now for each in self.counted)

    @property
    def locked(self) -> int:
        """Return how many of the sessions left wait for payment."""
        return sum(each.locked for each in self.counted)

    @property
    def touch_ups(self) -> tuple[AllowanceState, ...]:
        """Return the allowances of touch-ups."""
        return tuple(each for each in self.allowances if each.kind == "touch_up")

    @property
    def value_left(self) -> Money:
        """Return what the sessions left are worth in the ledger."""
        currency = self.facts.price.currency
        return Money(sum(each.value_left.amount for each in self.allowances), currency)

    @property
    def due(self) -> Money:
        """Return what of the price is not paid; nothing once the course is closed."""
        is_asked = self.facts.closed_as is None and not self.is_void
        open_amount = self.facts.price.amount - self.paid.amount if is_asked else 0
        return Money(max(0, open_amount), self.facts.price.currency)

    @property
    def due_on(self) -> date | None:
        """Return the day by which `due` is to be paid, None where none was agreed or nothing is due."""
        return self.facts.balance_due_on if self.due.amount else None

    @property
    def is_overdue(self) -> bool:
        """Say whether that day has passed."""
        return self.due_on is not None and self.due_on < self.today

    @property
    def waiting_gift(self) -> WaitingGift | None:
        """Return the voucher the course waits for."""
        return self.facts.waiting_gift

    @property
    def on_hold_since(self) -> date | None:
        """Return the day the course was frozen; None where it is not, or nothing is left to hold."""
        return self.facts.frozen_on if self.status is Status.FROZEN else None

    @property
    def expires_on(self) -> date | None:
        """Return the last day of use."""
        return self.facts.expires_on

    @property
    def expired_on(self) -> date | None:
        """Return the last day of use of a course that has expired with sessions left."""
        return self.facts.expires_on if self.status is Status.EXPIRED else None

    @property
    def is_void(self) -> bool:
        """Say whether its import was undone: then nothing was ever sold."""
        return self.facts.closed_as is None and not any(each.granted for each in self.allowances)

    @property
    def is_untouched(self) -> bool:
        """Say whether no use of it stands and it was not closed: only so may it be moved as a whole."""
        return self.facts.closed_as is None and not any(each.used for each in self.allowances)

    @property
    def is_live(self) -> bool:
        """Say whether sessions are left that nothing but payment keeps from being used today."""
        return self.why_closed() is None and self.status is not Status.FINISHED

    @property
    def is_usable(self) -> bool:
        """Say whether any session, touch-ups included, can be used today."""
        return any(each.usable_now for each in self.allowances)

    @property
    def why_not(self) -> str | None:
        """Return the code of what keeps every session from being used today, None where one can be used."""
        if self.is_usable:
            return None
        if self.status is Status.FINISHED:
            return "none_left"
        return self.why_closed() or "not_paid_for"

    def why_closed(self, on: date | None = None) -> str | None:
        """Return the code of what closes the whole course to a visit of that day, today's if None."""
        return _why_closed(self.facts, self.status, on or self.today)

    @property
    def next_session(self) -> int | None:
        """Return the number that the next use of a main session will have, None where none is left."""
        return self.used + 1 if self.left else None

    @property
    def next_touch_up(self) -> AllowanceState | None:
        """Return the touch-ups to use next: those that are open first. Its `is_open` says whether they are ready."""
        waiting = [each for each in self.touch_ups if each.left]
        return next((each for each in waiting if each.is_open), waiting[0] if waiting else None)

    def allowance(self, allowance_id: str) -> AllowanceState:
        """Return one allowance; raises KeyError."""
        found = {each.id: each for each in self.allowances}
        return found[allowance_id]

    def missing_for(self, allowance: AllowanceState, sessions: int) -> Money:
        """Return what must be paid before so many more sessions of the allowance are; zero or less: nothing."""
        needed = needed_for(
            sessions=allowance.used + sessions - allowance.goodwill,
            granted=allowance.granted - allowance.goodwill,
            price=self.facts.price.amount,
        )
        return Money(needed - self.paid.amount, self.facts.price.currency)

    def number_of(self, entry_id: str) -> int | None:
        """Return which session a use was: the last one of it where it used several. None for what is no use.

        Main sessions are counted together through the course, others within their allowance, by the day of the
        visit. A use that was undone has the number it would have among those that stand.
        """
        return self._numbers.get(entry_id)

    def main_number_of(self, entry_id: str) -> int | None:
        """Return the same number for a use of a main session alone, for what counts through the course."""
        return self._numbers.get(entry_id) if entry_id in self._main_entries else None

    @cached_property
    def _main_entries(self) -> frozenset[str]:
        counted = {each.id for each in self.counted}
        return frozenset(each.id for each in self.entries if each.allowance_id in counted)

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        counted = {each.id for each in self.counted}
        undone = {each.reverses for each in self.entries if each.reverses}
        uses = [each for each in self.entries if each.kind == Kind.USED]
        uses.sort(key=lambda each: (each.used_on or date.min, each.id))
        numbers: dict[str, int] = {}
        so_far: dict[str, int] = defaultdict(int)
        for each in uses:
            among = "" if each.allowance_id in counted else each.allowance_id
            numbers[each.id] = so_far[among] - each.sessions_delta
            if each.id not in undone:
                so_far[among] = numbers[each.id]
        return numbers


_CLOSED = (Status.REFUNDED, Status.TRANSFERRED, Status.EXPIRED, Status.FROZEN)


class _Sums(NamedTuple):
    """What the entries of one allowance add up to; minor units."""

    head: Head
    used: int
    paid: int
    goodwill: int
    used_before: int


def course_state(
    facts: CourseFacts, allowances: Sequence[AllowanceFacts], entries: Iterable[EntryFacts], today: date
) -> CourseState:
    """Compute the course from its entries, which come in the order of each allowance's chain."""
    kept = tuple(entries)
    chains: dict[str, list[EntryFacts]] = {each.id: [] for each in allowances}
    for entry in kept:
        chains[entry.allowance_id].append(entry)
    sums = {allowance_id: _sums(chain) for allowance_id, chain in chains.items()}
    paid = sum(each.paid for each in sums.values())
    status = course_status(
        closed_as=facts.closed_as,
        is_frozen=facts.frozen_on is not None,
        expires_on=facts.expires_on,
        today=today,
        sessions_left=sum(each.head.sessions for each in sums.values()),
        price=facts.price.amount,
        paid=paid,
    )
    is_usable = _why_closed(facts, status, today) is None
    main = [sums[each.id] for each in allowances if each.kind == "main"]
    states = tuple(
        _allowance(facts, each, sums[each.id], main, paid, is_usable=is_usable) for each in allowances
    )
    return CourseState(facts, today, states, kept, Money(paid, facts.price.currency), status)


def _why_closed(facts: CourseFacts, status: Status, day: date) -> str | None:
    if not facts.has_owner:
        return "unassigned"
    if facts.waiting_gift is not None:
        return "waits_as_gift"
    if status is Status.EXPIRED and facts.expires_on is not None and day <= facts.expires_on:
        # A visit that took place in time is entered late, not used late.
        return None
    return status.value if status in _CLOSED else None


def _sums(chain: Sequence[EntryFacts]) -> _Sums:
    undone = {each.reverses for each in chain if each.reverses}
    used = used_before = paid = adjusted = 0
    for each in chain:
        if each.id in undone:
            continue
        if each.kind == Kind.USED:
            used -= each.sessions_delta
            used_before -= each.sessions_delta if each.is_used_before else 0
        elif each.kind == Kind.PAID:
            paid += each.value_delta
        elif each.kind == Kind.ADJUSTED:
            adjusted += each.granted_after - each.granted_before
    # Sessions taken away for good were never granted: what is paid then stands for the rest.
    return _Sums(_head(chain), used, paid, max(0, adjusted), used_before)


def _head(chain: Sequence[EntryFacts]) -> Head:
    if not chain:
        return START
    last = chain[-1]
    return Head(last.seq, last.sessions_after, last.value_after, last.granted_after)


def _allowance(
    course: CourseFacts,
    facts: AllowanceFacts,
    sums: _Sums,
    main: Sequence[_Sums],
    paid: int,
    *,
    is_usable: bool,
) -> AllowanceState:
    head, currency = sums.head, course.price.currency
    is_open = _is_open(facts, main)
    paid_for = unlocked(granted=head.granted - sums.goodwill, price=course.price.amount, paid=paid)
    open_to = min(head.granted, max(paid_for, facts.ahead) + sums.goodwill)
    payable = min(head.sessions, max(0, open_to - sums.used))
    return AllowanceState(
        id=facts.id,
        treatment=facts.treatment,
        kind=facts.kind,
        granted=head.granted,
        used=sums.used,
        left=head.sessions,
        value_left=Money(head.value, currency),
        single_price=Money(facts.single_price, currency),
        usable_from_session=facts.usable_from_session,
        is_open=is_open,
        unlocked=open_to,
        usable_now=payable if is_usable and is_open else 0,
        locked=head.sessions - payable,
        goodwill=sums.goodwill,
        used_before=sums.used_before,
        paid_for=paid_for,
        price=Money(facts.price, currency),
        paid=Money(sums.paid, currency),
        head=head,
    )


def _is_open(facts: AllowanceFacts, main: Sequence[_Sums]) -> bool:
    opens_at = facts.usable_from_session
    # Sessions that left with a refund must not keep the touch-ups closed for ever.
    is_used_up = all(each.head.sessions == 0 for each in main)
    return opens_at is None or sum(each.used for each in main) >= opens_at or is_used_up
