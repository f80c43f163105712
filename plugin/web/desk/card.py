"""A course as people see it: its punch card, marks that tell courses of a package apart, and its history by day."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from typing import Literal

from plugin.core.course import AllowanceState
from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.courses.base.views import ClinicView, CourseView, EntryView, HappeningView, VisitView
from plugin.web.format import local_day

# More circles than this are less readable than the figure next to them.
MOST_PLACES = 60

State = Literal["used", "left", "locked", "unpaid", "held", "gone"]


@dataclass(frozen=True, slots=True)
class Place:
    """One session: its number, its state, and the day it was used.

    `locked` waits for payment; `unpaid` is locked too, but no payment is expected.
    """

    number: int
    state: State
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """The touch-ups and add-ons of a course, drawn as diamonds."""

    allowance: AllowanceState
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A course with the places of its main sessions and its extras, and what one tap would use."""

    course: CourseView
    places: tuple[Place, ...]
    extras: tuple[Extra, ...]
    next: AllowanceState | None
    others: tuple[AllowanceState, ...]


def card_of(course: CourseView) -> Card:
    """Lay out the card of a course."""
    main = course.counted
    extras = [each for each in course.allowances if each not in main]
    usable = [each for each in (*main, *extras) if each.usable_now]
    return Card(
        course=course,
        places=_places(course, main, course.days_used()),
        extras=tuple(Extra(each, _places(course, [each], course.days_used(each))) for each in extras),
        next=usable[0] if usable else None,
        others=tuple(usable[1:]),
    )


def _places(course: CourseView, of: Sequence[AllowanceState], days: Mapping[int, date]) -> tuple[Place, ...]:
    granted, used, left = (sum(getattr(each, name) for each in of) for name in ("granted", "used", "left"))
    if granted > MOST_PLACES:
        return ()
    gone = granted - used - left
    states = [*_times("used", used), *_waiting(course, of), *_times("gone", gone)]
    return tuple(Place(number, state, days.get(number)) for number, state in enumerate(states, start=1))


def _waiting(course: CourseView, of: Sequence[AllowanceState]) -> list[State]:
    left, locked = sum(each.left for each in of), sum(each.locked for each in of)
    if not course.is_live and course.client_id is not None:
        return _times("held", left)
    return [*_times("left", left - locked), *_times("unpaid" if course.due_ended_on else "locked", locked)]


def _times(state: State, many: int) -> list[State]:
    return [state] * many


@dataclass(frozen=True, slots=True)
class SoldMark:
    """The day of sale; of several sales that day, which of them."""

    day: date
    number: int | None


def told_apart(courses: Sequence[CourseView], clinic: ClinicView) -> dict[str, SoldMark]:
    """Return the mark of each course whose package name also appears on another course."""
    sold = [(each.package_name, local_day(each.sold_at, clinic)) for each in courses]
    of_name, of_day, seen = Counter(name for name, _ in sold), Counter(sold), Counter[tuple[str, date]]()
    marks: dict[str, SoldMark] = {}
    for course, (name, day) in zip(courses, sold, strict=True):
        seen[name, day] += 1
        if of_name[name] > 1:
            marks[course.id] = SoldMark(day, seen[name, day] if of_day[name, day] > 1 else None)
    return marks


_TOLD_BESIDE = ("transferred_out", "transferred_in", "written_off", "expired")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: time, event, details, sessions left, and whether it can be or was undone.

    `what` is a phrase name of the template; `sessions` lists (number, treatment). `moves` lists how many sessions
    each allowance, by id, gained or lost; `left` is what that of `left_of` has after this line and those before it.
    """

    at: datetime
    written_at: datetime
    what: str
    by: str
    sessions: tuple[tuple[int, str], ...] = ()
    number: int | None = None
    money: Money | None = None
    moves: tuple[tuple[str, int], ...] = ()
    left_of: str | None = None
    left: int | None = None
    text: str = ""
    reason: str = ""
    visit: VisitView | None = None
    entry_id: str | None = None
    is_undone: bool = False
    can_undo: bool = False


def lines_of(course: CourseView, clinic: ClinicView) -> tuple[Line, ...]:
    """Return the lines, the latest day first: a visit stands on its day, also where it was entered later."""
    moved = [_worded(course, line) for line in _entry_lines(course)]
    told_already = {line.written_at for line in moved if line.what in ("refunded", "taken_back", "told")}
    told = [_told(each) for each in course.happenings if each.at not in told_already]
    # Within a day in the order of entry: a visit at noon may be of a package sold in the afternoon.
    lines = sorted([*moved, *told], key=lambda line: (local_day(line.at, clinic), line.written_at))
    return tuple(_with_left(lines))[::-1]


def _with_left(lines: Iterable[Line]) -> Iterator[Line]:
    left = Counter[str]()
    for line in lines:
        for allowance_id, sessions in line.moves:
            left[allowance_id] += sessions
        yield replace(line, left=left[line.left_of]) if line.left_of else line


def _worded(course: CourseView, line: Line) -> Line:
    """Use the text recorded in the same act, such as who received the sessions."""
    if line.what not in _TOLD_BESIDE:
        return line
    said = next((each.text for each in course.happenings if each.at == line.written_at), "")
    return replace(line, what="told", text=said) if said else line


def _entry_lines(course: CourseView) -> Iterator[Line]:
    """Join the entries of one act: a sale of a package with touch-ups is one line, not four."""
    for _, group in groupby(course.entries, key=lambda entry: (entry.written_at, _deed(entry))):
        entries = list(group)
        yield from _lines(course, entries)


def _deed(entry: EntryView) -> str:
    if entry.kind in (Kind.SOLD, Kind.PAID):
        return "sale"
    return entry.kind.value if entry.kind not in (Kind.USED, Kind.REVERSED, Kind.ADJUSTED) else entry.id


def _lines(course: CourseView, entries: Sequence[EntryView]) -> Iterator[Line]:
    first = entries[0]
    if first.kind is Kind.USED:
        yield _use(course, first)
    elif first.kind is Kind.REVERSED:
        yield _undo(course, first)
    else:
        yield _joined(course, entries)


def _use(course: CourseView, entry: EntryView) -> Line:
    visit = next((each for each in course.visits if each.id == entry.visit_id), None)
    is_undone = entry.reversed_by is not None
    return Line(
        at=entry.happened_at,
        written_at=entry.written_at,
        what=_kind_of_use(entry),
        by=entry.by,
        sessions=((-entry.sessions_delta, entry.treatment),),
        number=entry.session_number,
        moves=_moves([entry]),
        left_of=entry.allowance_id,
        visit=visit,
        entry_id=entry.id,
        is_undone=is_undone,
        can_undo=not is_undone and course.closed_at is None and not entry.is_used_before,
    )


def _kind_of_use(entry: EntryView) -> str:
    if entry.is_used_before:
        return "used_before"
    return "no_show" if entry.is_no_show else "used"


def _undo(course: CourseView, entry: EntryView) -> Line:
    undone = next((each for each in course.entries if each.id == entry.reverses), entry)
    what = "undone" if undone.kind is Kind.USED else "taken_back"
    return Line(
        at=entry.happened_at,
        written_at=entry.written_at,
        what=what,
        by=entry.by,
        sessions=((entry.sessions_delta, entry.treatment),),
        number=undone.session_number,
        moves=_moves([entry]),
        left_of=entry.allowance_id,
        reason=entry.reason,
    )


def _moves(entries: Iterable[EntryView]) -> tuple[tuple[str, int], ...]:
    return tuple((entry.allowance_id, entry.sessions_delta) for entry in entries)


def _joined(course: CourseView, entries: Sequence[EntryView]) -> Line:
    first = entries[0]
    moved = tuple((entry.sessions_delta, entry.treatment) for entry in entries if entry.sessions_delta)
    value = sum(entry.value_delta.amount for entry in entries)
    return Line(
        at=first.happened_at,
        written_at=first.written_at,
        what="sold" if first.kind in (Kind.SOLD, Kind.PAID) else first.kind.value,
        by=first.by,
        sessions=moved if first.kind is Kind.ADJUSTED else tuple((abs(count), name) for count, name in moved),
        money=Money(value, first.value_delta.currency),
        moves=_moves(entries),
        left_of=first.allowance_id if len(course.allowances) == 1 else None,
        reason=first.reason,
    )


def _told(happening: HappeningView) -> Line:
    return Line(
        at=happening.at,
        written_at=happening.at,
        what="told",
        by=happening.by,
        text=happening.text,
        reason=happening.reason,
    )
