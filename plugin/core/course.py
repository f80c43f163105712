"""The state of a course today, computed once and read by every screen, paper, message and report.

Pure: the caller loads the facts. Only here are sessions left, usable or locked, statuses and numbers derived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple

from plugin.core.money import Charge, Money
from plugin.core.status import Status, course_status


def unlocked(*, granted: int, price: int, paid: int) -> int:
    """Return how many of the granted sessions the money received has paid for."""
    return granted if paid >= price else granted * paid // price


def needed_for(*, sessions: int, granted: int, price: int) -> int:
    """Return the least money, minor units, that unlocks so many of the granted sessions."""
    return -(-sessions * price // granted)


@dataclass(frozen=True, slots=True)
class WaitingGift:
    """A voucher that has not been redeemed: until then the course can't be used."""

    gift_id: str
    code: str
    recipient_name: str
    given_at: datetime


# Tuples where a report over all courses creates tens of thousands: a frozen dataclass costs five times more.
class CourseFacts(NamedTuple):
    """The stored facts of a course itself; money in minor units, `expires_on` the last day of use.

    `price` is net, as in the ledger. `tax`: what the client was charged on top, of which listed prices
    contain `tax_in_price`; None where no tax was recorded. `tax_paid`: how much of it has been paid.
    `due_ended_on`: the day since which nothing more is due though its canceled invoice was not all paid.
    """

    id: str
    price: int
    currency: str
    has_owner: bool = True
    closed_as: str | None = None
    frozen_on: date | None = None
    expires_on: date | None = None
    waiting_gift: WaitingGift | None = None
    balance_due_on: date | None = None
    tax: int | None = 0
    tax_in_price: int | None = 0
    tax_paid: int | None = 0
    due_ended_on: date | None = None


class Totals(NamedTuple):
    """The sums of the entries of one allowance, without those undone; money in minor units.

    `adjusted`: by how much adjustments changed the sessions granted. `used_before`: sessions before an
    import.
    """

    granted: int = 0
    left: int = 0
    value_left: int = 0
    used: int = 0
    used_before: int = 0
    paid: int = 0
    adjusted: int = 0

    def after_use(self, sessions: int, value: int) -> Totals:
        """Return the totals after so many more sessions were used, which earned `value` (minor units)."""
        return self._replace(
            left=self.left - sessions, value_left=self.value_left - value, used=self.used + sessions
        )


class AllowanceFacts(NamedTuple):
    """The stored facts of an allowance; `ahead`: how many sessions may be used before they are paid for."""

    id: str
    treatment: str
    kind: str
    single_price: int
    price: int
    usable_from_session: int | None = None
    ahead: int = 0
    totals: Totals = Totals()
    treatment_id: str = ""


class Use(NamedTuple):
    """An entry that used sessions; `is_used_before`: it represents the visits before an import."""

    entry_id: str
    allowance_id: str
    sessions: int
    used_on: date
    is_undone: bool = False
    is_used_before: bool = False


class AllowanceState(NamedTuple):
    """The sessions of one treatment in a course.

    `is_open`: False for touch-ups whose session has not been reached. `unlocked`: how many of the granted
    sessions may be used, because they are paid for, goodwill, or allowed ahead of payment; `locked`: how many
    of those left await payment; `usable_now`: how many can be used today. `goodwill`: granted beyond those
    sold, so free of charge.
    """

    facts: AllowanceFacts
    currency: str
    is_open: bool
    goodwill: int
    paid_for: int
    unlocked: int
    locked: int
    usable_now: int

    @property
    def id(self) -> str:
        return self.facts.id

    @property
    def treatment(self) -> str:
        return self.facts.treatment

    @property
    def kind(self) -> str:
        """Return main, touch_up or add_on."""
        return self.facts.kind

    @property
    def granted(self) -> int:
        """Return the sessions ever granted."""
        return self.facts.totals.granted

    @property
    def used(self) -> int:
        """Return the sessions used; refunded ones are neither used nor left."""
        return self.facts.totals.used

    @property
    def used_before(self) -> int:
        """Return how many of them were used before an import, on unknown days."""
        return self.facts.totals.used_before

    @property
    def left(self) -> int:
        """Return the sessions not used, whether or not they can be used today."""
        return self.facts.totals.left

    @property
    def usable_from_session(self) -> int | None:
        """Return the number of the main session that opens them."""
        return self.facts.usable_from_session

    @property
    def is_usable(self) -> bool:
        """Return whether a session is left and open, paid for or not."""
        return self.left > 0 and self.is_open

    @property
    def single_price(self) -> Money:
        return Money(self.facts.single_price, self.currency)

    @property
    def value_left(self) -> Money:
        """Return the deferred value of the sessions left."""
        return Money(self.facts.totals.value_left, self.currency)

    @property
    def unpaid(self) -> Money:
        """Return the unpaid portion of its part of the price."""
        return Money(max(0, self.facts.price - self.facts.totals.paid), self.currency)


@dataclass(frozen=True)
class CourseState:
    """The state of a course on `today`, the clinic's day, derived from what is stored of it.

    `granted`, `used`, `left`, `usable_now` and `locked` count main sessions; a course without any counts all
    of its sessions as main ones. Without `uses` no session has a number: lists need none.
    """

    facts: CourseFacts
    parts: tuple[AllowanceFacts, ...]
    today: date
    uses: tuple[Use, ...] = ()

    @cached_property
    def status(self) -> Status:
        """Return the status that the desk, the API and the papers show."""
        return course_status(
            closed_as=self.facts.closed_as,
            is_frozen=self.facts.frozen_on is not None,
            expires_on=self.facts.expires_on,
            today=self.today,
            sessions_left=self.all_left,
            price=self.facts.price,
            paid=self._paid,
        )

    @cached_property
    def allowances(self) -> tuple[AllowanceState, ...]:
        """Return the sessions of each treatment."""
        main = [each.totals for each in self.parts if each.kind == "main"]
        # Sessions removed by a refund must not keep the touch-ups closed forever.
        opens = None if all(each.left == 0 for each in main) else sum(each.used for each in main)
        return tuple(self._allowance(each, opens) for each in self.parts)

    @property
    def counted(self) -> tuple[AllowanceState, ...]:
        """Return the allowances that the course is counted by: the main ones, else all."""
        return tuple(each for each in self.allowances if self.is_main(each.id))

    @property
    def touch_ups(self) -> tuple[AllowanceState, ...]:
        return tuple(each for each in self.allowances if each.kind == "touch_up")

    @property
    def touch_ups_left(self) -> int:
        return sum(each.totals.left for each in self.parts if each.kind == "touch_up")

    @property
    def has_touch_ups_alone(self) -> bool:
        """Return whether it has only touch-ups, as where only those were transferred."""
        return all(each.kind == "touch_up" for each in self.parts)

    @property
    def not_used(self) -> int:
        """Return the sessions not used; of a course with only touch-ups left, the touch-ups."""
        return self.left or self.touch_ups_left

    @property
    def granted(self) -> int:
        """Return the sessions ever granted."""
        return sum(each.totals.granted for each in self._main)

    @property
    def used(self) -> int:
        return sum(each.totals.used for each in self._main)

    @property
    def used_before(self) -> int:
        """Return how many of those used were used before an import."""
        return sum(each.totals.used_before for each in self._main)

    @property
    def left(self) -> int:
        """Return the sessions not used, whether or not they can be used today."""
        return sum(each.totals.left for each in self._main)

    @property
    def all_granted(self) -> int:
        """Return the sessions ever granted, of all treatments."""
        return sum(each.totals.granted for each in self.parts)

    @property
    def all_left(self) -> int:
        """Return the sessions not used, of all treatments."""
        return sum(each.totals.left for each in self.parts)

    @property
    def all_usable_now(self) -> int:
        """Return how many sessions of all treatments can be used today."""
        return sum(each.usable_now for each in self.allowances)

    @property
    def usable_now(self) -> int:
        """Return how many sessions can be used today."""
        return sum(each.usable_now for each in self.counted)

    @property
    def locked(self) -> int:
        """Return how many of the sessions left await payment."""
        return sum(each.locked for each in self.counted) if self.is_part_paid else 0

    @property
    def price(self) -> Money:
        """Return its price, net."""
        return self._money(self.facts.price)

    @property
    def paid(self) -> Money:
        """Return what has been paid, net."""
        return self._money(self._paid)

    @property
    def charge(self) -> Charge:
        """Return what the client was charged: the price plus its tax."""
        tax, in_price = self.facts.tax or 0, self.facts.tax_in_price or 0
        return Charge(self.facts.price, tax, in_price, is_tax_known=self.facts.tax is not None)

    @property
    def gross_price(self) -> Money:
        """Return what the client was charged, including tax, excluding tips."""
        return self._money(self.charge.gross)

    @property
    def gross_paid(self) -> Money:
        """Return what the client has paid, including tax, excluding tips."""
        return self._money(self._paid + (self.facts.tax_paid or 0))

    @property
    def is_part_paid(self) -> bool:
        """Return whether part of the price is not paid, due or not."""
        return self._paid < self.facts.price

    @property
    def due(self) -> Money:
        """Return the balance due, including tax; zero once the course is closed or no longer collected."""
        is_asked = self.is_part_paid and self.facts.closed_as is None and not self.is_void
        is_due = is_asked and self.facts.due_ended_on is None
        return self.gross_price - self.gross_paid if is_due else self._money(0)

    @property
    def due_on(self) -> date | None:
        """Return the day by which `due` is payable, None where none was agreed or nothing is due."""
        return self.facts.balance_due_on if self.due.amount else None

    @property
    def is_overdue(self) -> bool:
        """Return whether the due date has passed."""
        return self.due_on is not None and self.due_on < self.today

    @property
    def value_left(self) -> Money:
        """Return the deferred value of the sessions left."""
        return self._money(sum(each.totals.value_left for each in self.parts))

    @property
    def waiting_gift(self) -> WaitingGift | None:
        """Return the unredeemed voucher of the course, if any."""
        return self.facts.waiting_gift

    @property
    def on_hold_since(self) -> date | None:
        """Return the day the course was put on hold; None where it is not on hold, or no session is left."""
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
        """Return whether its import was undone: then nothing was ever sold."""
        return self.facts.closed_as is None and not any(each.totals.granted for each in self.parts)

    @property
    def is_unused(self) -> bool:
        """Return whether it has no valid use."""
        return not any(each.totals.used for each in self.parts)

    @property
    def is_untouched(self) -> bool:
        """Return whether it has no valid use and is not closed: only then may it be moved as a whole."""
        return self.facts.closed_as is None and self.is_unused

    @property
    def is_live(self) -> bool:
        """Return whether sessions are left and nothing but payment prevents their use today."""
        return self.why_closed() is None and self.status is not Status.FINISHED

    @property
    def is_usable(self) -> bool:
        """Return whether any session, touch-ups included, can be used today."""
        return any(each.usable_now for each in self.allowances)

    @property
    def why_not(self) -> str | None:
        """Return the code of the reason why no session can be used today, None where one can."""
        if self.is_usable:
            return None
        if self.status is Status.FINISHED:
            return "none_left"
        return self.why_closed() or "not_paid_for"

    def why_closed(self, on: date | None = None) -> str | None:
        """Return the code of what closes the whole course to a visit on that day (today if None)."""
        if not self.facts.has_owner:
            return "unassigned"
        if self.facts.waiting_gift is not None:
            return "waits_as_gift"
        if self.expired_on is not None and (on or self.today) <= self.expired_on:
            # A visit that took place in time is recorded late, not used late.
            return None
        return self.status.value if self.status in _CLOSED else None

    @property
    def next_session(self) -> int | None:
        """Return the number that the next use of a main session will have, None where none is left."""
        return self.used + 1 if self.left else None

    @property
    def first_used_on(self) -> date | None:
        """Return the day of the earliest valid use, None for none."""
        return min((each.used_on for each in self.uses if not each.is_undone), default=None)

    def after_use(self, allowance_id: str, sessions: int, value: int) -> CourseState:
        """Return the course after so many more sessions were used, which earned `value` (net minor units)."""
        parts = tuple(
            each._replace(totals=each.totals.after_use(sessions, value)) if each.id == allowance_id else each
            for each in self.parts
        )
        return CourseState(self.facts, parts, self.today)

    def used_with(self, allowance_id: str) -> int:
        """Return how many sessions were used that are counted together with those of this allowance."""
        among = self._groups[allowance_id]
        return sum(each.totals.used for each in self.parts if self._groups[each.id] == among)

    def without_use(self, entry_id: str) -> CourseState:
        """Return the course with one of its uses removed from the numbering; its totals are unchanged."""
        uses = (each._replace(is_undone=each.is_undone or each.entry_id == entry_id) for each in self.uses)
        return CourseState(self.facts, self.parts, self.today, tuple(uses))

    def allowance(self, allowance_id: str) -> AllowanceState:
        """Return one allowance; raises StopIteration for an allowance of another course."""
        return next(each for each in self.allowances if each.id == allowance_id)

    def missing_for(self, allowance: AllowanceState, sessions: int) -> Money:
        """Return how much must be paid to unlock so many more sessions; zero or less: nothing.

        Tax included, and rounded up: a cent less would not unlock them.
        """
        needed = needed_for(
            sessions=allowance.used + sessions - allowance.goodwill,
            granted=allowance.granted - allowance.goodwill,
            price=self.facts.price,
        )
        with_tax = -(-needed * self.charge.gross // self.facts.price) if needed else 0
        return self._money(with_tax) - self.gross_paid

    def number_of(self, entry_id: str) -> int | None:
        """Return the session number of a use (the last one where it used several), None for no use.

        Main sessions are counted together across the course, others within their allowance, by the day of the
        visit. A use that was undone gets the number it would have among the valid ones.
        """
        return self._numbers.get(entry_id)

    def main_number_of(self, entry_id: str) -> int | None:
        """Return the same number for a use of a main session only."""
        return self._numbers.get(entry_id) if entry_id in self._main_uses else None

    def days_used(self, allowance: AllowanceState | None = None) -> dict[int, date]:
        """Return the day of each session used, by its number: of the main ones, or of one allowance."""
        among = "" if allowance is None else self._groups[allowance.id]
        return {
            number: use.used_on
            for use in self.uses
            if self._groups[use.allowance_id] == among and not (use.is_undone or use.is_used_before)
            for number in range(
                self._numbers[use.entry_id] - use.sessions + 1, self._numbers[use.entry_id] + 1
            )
        }

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        numbers: dict[str, int] = {}
        so_far: dict[str, int] = defaultdict(int)
        for use in sorted(self.uses, key=attrgetter("used_on", "entry_id")):
            among = self._groups[use.allowance_id]
            numbers[use.entry_id] = so_far[among] + use.sessions
            if not use.is_undone:
                so_far[among] = numbers[use.entry_id]
        return numbers

    @cached_property
    def _main_uses(self) -> frozenset[str]:
        return frozenset(each.entry_id for each in self.uses if not self._groups[each.allowance_id])

    @cached_property
    def _main(self) -> tuple[AllowanceFacts, ...]:
        return tuple(each for each in self.parts if each.kind == "main") or self.parts

    def is_main(self, allowance_id: str) -> bool:
        return self._groups.get(allowance_id) == ""

    @cached_property
    def _groups(self) -> Mapping[str, str]:
        # What the sessions of an allowance are counted in: "" for the main ones, else the allowance itself.
        main = frozenset(each.id for each in self._main)
        return {each.id: "" if each.id in main else each.id for each in self.parts}

    @cached_property
    def _paid(self) -> int:
        return sum(each.totals.paid for each in self.parts)

    def _money(self, amount: int) -> Money:
        return Money(amount, self.facts.currency)

    def _allowance(self, facts: AllowanceFacts, opens: int | None) -> AllowanceState:
        """Return an allowance where `opens` main sessions are used, None for all that will ever be."""
        totals = facts.totals
        # Sessions removed permanently count as never granted: what is paid then covers the rest.
        goodwill = max(0, totals.adjusted)
        paid_for = unlocked(granted=totals.granted - goodwill, price=self.facts.price, paid=self._paid)
        may_use = min(totals.granted, max(paid_for, facts.ahead) + goodwill)
        payable = min(totals.left, max(0, may_use - totals.used))
        is_open = opens is None or opens >= (facts.usable_from_session or 0)
        return AllowanceState(
            facts=facts,
            currency=self.facts.currency,
            is_open=is_open,
            goodwill=goodwill,
            paid_for=paid_for,
            unlocked=may_use,
            locked=totals.left - payable,
            usable_now=payable if is_open and self.why_closed() is None else 0,
        )


_CLOSED = (Status.REFUNDED, Status.TRANSFERRED, Status.EXPIRED, Status.FROZEN)


@dataclass(frozen=True, slots=True)
class Balance:
    """A client's totals over all of their courses, as lists show them.

    `left` of `granted` are main sessions of courses in hand, those on hold included (`on_hold`); touch-ups
    are counted separately, and `expires_on` is the earliest expiry among them. A gift not redeemed
    (`waits_for`) is not in hand, nor is a course that has expired: `not_used` on `expired_on`.
    """

    left: int = 0
    granted: int = 0
    usable_now: int = 0
    locked: int = 0
    on_hold: int = 0
    on_hold_since: date | None = None
    touch_ups_left: int = 0
    courses: int = 0
    expires_on: date | None = None
    not_used: int = 0
    expired_on: date | None = None
    waits_for: str = ""


def balance_of(states: Iterable[CourseState]) -> Balance:
    """Add up the courses of one client."""
    known = list(states)
    in_hand = [each for each in known if each.not_used and (each.is_live or each.on_hold_since)]
    live = [each for each in in_hand if each.is_live]
    on_hold = [each for each in in_hand if not each.is_live]
    expired = [each for each in known if each.expired_on and each.not_used and each.why_closed() == "expired"]
    mains = [each for state in in_hand for each in _mains(state)]
    gifts = [each.waiting_gift.recipient_name for each in known if each.waiting_gift is not None]
    return Balance(
        left=sum(each.left for each in mains),
        granted=sum(each.granted for each in mains),
        usable_now=sum(each.usable_now for each in mains),
        locked=sum(each.locked for each in live),
        on_hold=sum(each.left for state in on_hold for each in _mains(state)),
        on_hold_since=min((each.on_hold_since for each in on_hold if each.on_hold_since), default=None),
        touch_ups_left=sum(each.touch_ups_left for each in in_hand),
        courses=len(in_hand),
        expires_on=min((each.expires_on for each in in_hand if each.expires_on), default=None),
        not_used=sum(each.not_used for each in expired),
        expired_on=max((each.expired_on for each in expired if each.expired_on), default=None),
        waits_for=gifts[0] if gifts else "",
    )


def _mains(state: CourseState) -> list[AllowanceState]:
    return [each for each in state.counted if each.left and each.kind != "touch_up"]
