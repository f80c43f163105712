"""Which letter a course gives reason to write on a day, and to whom one may be written. Pure.

Letters are e-mails that a client did not ask for: at most one a week of all kinds together, and one for each occasion.
Receipts, papers and the e-mail after a visit are no letters.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from plugin.core.status import IN_USE, Status

WEEK = timedelta(days=7)
# An occasion that passed unused, such as before a clinic switched its letter on, is let go after so long.
_FRESH = timedelta(days=30)
_LONG_FRESH = timedelta(days=60)
_EXPIRING = (7, 30, 60)
_DUE_SOON = timedelta(days=3)


class LetterKind(StrEnum):
    """Every kind of letter, the one that matters most first."""

    BALANCE_DUE = "balance_due"
    EXPIRING = "expiring"
    FINISHED = "finished"
    LOW = "low"
    TWO_LEFT = "two_left"
    TOUCH_UP = "touch_up"
    LAPSED = "lapsed"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class LetterRules:
    """What the clinic chose: the hours of its clock at which letters go out, and when a client counts as away."""

    from_hour: int = 9
    until_hour: int = 19
    lapsed_weeks: int = 6
    # Whether the clinic has an address for reviews.
    has_reviews: bool = False

    def is_open(self, at: datetime, zone: ZoneInfo) -> bool:
        """Return whether letters may go out at this time."""
        return self.from_hour <= at.astimezone(zone).hour < self.until_hour

    def next_open(self, at: datetime, zone: ZoneInfo) -> datetime:
        """Return the next time from `at` on when letters may go out."""
        local = at.astimezone(zone)
        if self.is_open(at, zone):
            return at
        day = local.date() + timedelta(days=local.hour >= self.until_hour)
        return datetime(day.year, day.month, day.day, self.from_hour, tzinfo=zone)


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """A course as letters see it. `main_*` counts main sessions, `left` those of all treatments.

    `client_left`: main sessions left in all courses of its client; `booked_on`: their next appointment.
    """

    course_id: str
    client_id: str
    status: str
    main_granted: int
    main_used: int
    main_left: int
    left: int
    has_touch_ups: bool
    is_due: bool
    due_on: date | None
    sold_on: date
    expires_on: date | None
    last_visit_on: date | None
    last_seen_on: date
    due_back_on: date
    client_left: int
    booked_on: date | None

    @property
    def has_sessions(self) -> bool:
        """Return whether main sessions are left to use."""
        return self.status in IN_USE and self.main_left > 0


@dataclass(frozen=True, slots=True)
class Occasion:
    """One reason to write about a course; the same `mark` never comes twice for its course and kind."""

    kind: LetterKind
    mark: str
    facts: LetterFacts

    @property
    def key(self) -> tuple[str, str, str]:
        """Return what is unique about it."""
        return self.facts.course_id, self.kind.value, self.mark


def may_write(last_on: date | None, today: date) -> bool:
    """Return whether a client whose last letter was that day may get another one."""
    return last_on is None or today - last_on >= WEEK


def choose(
    courses: Iterable[LetterFacts],
    today: date,
    rules: LetterRules,
    kinds: Collection[LetterKind],
    done: Collection[tuple[str, str, str]],
) -> Occasion | None:
    """Return the one letter that a client's courses give reason for; `done`: the keys of those written before."""
    known = tuple(courses)
    for kind in LetterKind:
        for facts in known if kind in kinds else ():
            found = occasion(kind, facts, today, rules)
            if found is not None and found.key not in done:
                return found
    return None


def occasion(kind: LetterKind, facts: LetterFacts, today: date, rules: LetterRules) -> Occasion | None:
    """Return the reason to write this letter about a course today, None for no reason."""
    mark = _MARKS[kind](facts, today, rules)
    return Occasion(kind, mark, facts) if mark else None


def _balance_due(facts: LetterFacts, today: date, _rules: LetterRules) -> str:
    if not facts.is_due or facts.due_on is None:
        return ""
    if today <= facts.due_on <= today + _DUE_SOON:
        return f"due:{facts.due_on}"
    return f"overdue:{facts.due_on}" if _is_after(facts.due_on + _DUE_SOON, today, _FRESH) else ""


def _expiring(facts: LetterFacts, today: date, _rules: LetterRules) -> str:
    # Bought this week: the receipt and the terms have just said it.
    if facts.expires_on is None or not facts.has_sessions or today - facts.sold_on < WEEK:
        return ""
    days = (facts.expires_on - today).days
    step = next((each for each in _EXPIRING if 0 <= days <= each), None)
    return f"{step}:{facts.expires_on}" if step else ""


def _finished(facts: LetterFacts, today: date, _rules: LetterRules) -> str:
    is_over = facts.status in (*IN_USE, Status.FINISHED) and facts.main_used > 0
    is_last = is_over and facts.main_left == 0 and facts.client_left == 0 and not facts.is_due
    return "finished" if is_last and _was_here(facts, today, after=timedelta(days=2)) else ""


def _low(facts: LetterFacts, today: date, _rules: LetterRules) -> str:
    return "left:1" if _has_left(facts, 1, today) else ""


def _two_left(facts: LetterFacts, today: date, _rules: LetterRules) -> str:
    return "left:2" if _has_left(facts, 2, today) else ""


def _touch_up(facts: LetterFacts, today: date, _rules: LetterRules) -> str:
    is_open = facts.status in IN_USE and facts.main_left == 0 and facts.has_touch_ups and facts.left > 0
    is_due = is_open and facts.booked_on is None and _is_after(facts.due_back_on, today, _LONG_FRESH)
    return f"since:{facts.last_visit_on}" if is_due and facts.last_visit_on else ""


def _lapsed(facts: LetterFacts, today: date, rules: LetterRules) -> str:
    if not facts.has_sessions or facts.booked_on is not None or facts.due_back_on >= today:
        return ""
    away_from = facts.last_seen_on + timedelta(weeks=rules.lapsed_weeks)
    return f"seen:{facts.last_seen_on}" if _is_after(away_from, today, _LONG_FRESH) else ""


def _review(facts: LetterFacts, today: date, rules: LetterRules) -> str:
    """Ask whoever came in the last days, once in a course and whatever they would say: nobody is chosen by it."""
    seen = facts.last_visit_on
    came = seen is not None and seen < today <= seen + WEEK and facts.main_used > 0
    return "review" if came and rules.has_reviews else ""


def _has_left(facts: LetterFacts, left: int, today: date) -> bool:
    # A course so short that this would be said before it has begun says it by itself.
    is_long = facts.main_granted > left + 1 and facts.main_used > 0
    is_it = facts.has_sessions and facts.main_left == facts.client_left == left
    return is_long and is_it and _was_here(facts, today)


def _was_here(facts: LetterFacts, today: date, after: timedelta = timedelta(0)) -> bool:
    """Return whether the last visit was before today, so that it is told by its own e-mail first, and not long ago."""
    seen = facts.last_visit_on
    return seen is not None and seen + after < today <= seen + _FRESH


def _is_after(begin: date, today: date, fresh: timedelta) -> bool:
    return begin <= today <= begin + fresh


_MARKS: Mapping[LetterKind, Callable[[LetterFacts, date, LetterRules], str]] = {
    LetterKind.BALANCE_DUE: _balance_due,
    LetterKind.EXPIRING: _expiring,
    LetterKind.FINISHED: _finished,
    LetterKind.LOW: _low,
    LetterKind.TWO_LEFT: _two_left,
    LetterKind.TOUCH_UP: _touch_up,
    LetterKind.LAPSED: _lapsed,
    LetterKind.REVIEW: _review,
}
