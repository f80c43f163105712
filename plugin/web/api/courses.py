"""The calls about courses: reading one, using its sessions, and undoing that."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictInt

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.core.text import NOTE_LENGTH
from plugin.courses.base import read
from plugin.courses.visits import use
from plugin.courses.visits.reverse import reverse
from plugin.web.api.answers import Answer, Count, Cursor, Id, Moment, Money, Position, example_id, shown, usd
from plugin.web.api.calls import Key, Reply, Request, call
from plugin.web.api.inputs import Day, GivenId, Input, Reason, Text, words

WhyNot = Literal[
    "unassigned",
    "waits_as_gift",
    "refunded",
    "transferred",
    "expired",
    "frozen",
    "none_left",
    "not_paid_for",
]
UsableNow = Annotated[Count, Field(description="How many can be used today.")]
Locked = Annotated[Count, Field(description="How many of those left wait for payment.")]


class Entry(Answer):
    """One entry of the ledger."""

    id: Id = shown(example_id(4))
    allowance_id: Id = shown(example_id(3))
    seq: Count = shown(3)
    kind: Annotated[Kind, words(Kind)] = shown("used")
    sessions_delta: int = shown(-1)
    sessions_after: Count = shown(11)
    value_delta: Money = shown(usd(-16500))
    value_after: Money = shown(usd(181500))
    happened_at: Moment = shown("2026-11-22T18:00:00Z")
    written_at: Moment = shown("2026-11-22T18:00:00Z")
    by: str = shown("Front desk")
    source: str = shown("api")
    reason: str = shown("")
    reverses: str | None
    session_number: Position | None = shown(
        1, "Which session a use was, main ones counted through the course; else null."
    )


class EntryWritten(Answer):
    """The new entry, and the sessions left of its allowance."""

    entry: Entry
    sessions_left: Count = shown(11)


class EarlierEntry(Answer):
    """An earlier charge of that day."""

    entry_id: Id = shown(example_id(7))
    happened_at: Moment = shown("2026-11-22T17:02:00Z")
    by: str = shown("A. Kim")
    session_number: Position | None = shown(1)


class SessionUsed(EntryWritten):
    """The new entry, and whether it is the second of the day."""

    already_used_today: Annotated[bool, BeforeValidator(bool)] = shown(
        True,
        "Whether this client had been charged for this treatment on the visit’s day before.",
        at="earlier",
    )
    earlier_entries: list[EarlierEntry] = shown(
        description="Those charges, oldest first. If this one was a mistake, undo it.", at="earlier"
    )


class Allowance(Answer):
    """The sessions of one treatment in a course."""

    id: Id = shown(example_id(3))
    treatment: str = shown("Facial acupuncture, 60 min")
    kind: Literal["main", "touch_up", "add_on"]
    granted: Count = shown(12)
    used: Count = shown(1)
    left: Count = shown(11)
    usable_now: UsableNow = shown(11)
    locked: Locked
    usable_from_session: Position | None = shown(None, "The main session that opens it.")
    value_left: Money = shown(usd(181500))


class Visit(Answer):
    """One visit; points and observations are for those who treat, and not in the API."""

    id: Id = shown(example_id(5))
    visited_on: date = shown("2026-11-22")
    client_id: Id = shown(example_id(0), "Who attended.")
    session_number: Position | None = shown(1, at="number")
    practitioner: str = shown("A. Kim")
    focus_areas: list[str] = shown(["Jawline"], "Those tapped from the clinic’s list.", at="areas")
    add_ons: list[str] = shown(["LED light"])
    focus: str = shown("Brow", "What was typed beside the list.")
    note: str = shown("", "A note for the clinic.")
    next_visit_days: Position | None = shown(
        14, "The days to the next visit, in place of the treatment’s.", at="interval_days"
    )


class WaitingGift(Answer):
    """The recipient of a course given as a gift: it can't be used until it is redeemed."""

    recipient_name: str = shown("Bea Wong")


class Course(Answer):
    """A sold package with its allowances and all its entries."""

    id: Id = shown(example_id(2))
    client_id: str | None = shown(example_id(0), "Null until the sale is assigned to a client.")
    package_id: Id = shown(example_id(1))
    package_name: str = shown("Facial acupuncture, course of 12")
    status: Annotated[Status, words(Status)]
    sold_at: Moment = shown("2026-11-20T17:03:11Z")
    expires_on: date | None
    paid: Money = shown(description="Without tax, as the ledger counts it.")
    paid_with_tax: Money = shown(
        description="What the client paid for it, tax included, tips apart.", at="gross_paid"
    )
    value_left: Money = shown(usd(181500))
    square_order_id: str | None = shown("CAISENgvlJ6jLWAzERDzjyHVybY")
    price: Money
    due: Money = shown(usd(0), "What of the price is not paid.")
    due_on: date | None = shown(None, "The day it is due, where one was agreed.")
    granted: Count = shown(12, "Main sessions, as are the next five.")
    used: Count = shown(1)
    left: Count = shown(11)
    usable_now: UsableNow = shown(11)
    locked: Locked = shown()
    next_session: Position | None = shown(2, "The number the next use will have.")
    not_usable_because: WhyNot | None = shown(
        None, "Why no session can be used today; null where one can.", at="why_not"
    )
    on_hold_since: date | None = shown()
    expired_on: date | None = shown()
    waiting_gift: WaitingGift | None = shown(
        None, "For whom it waits as a gift: until it is redeemed it can’t be used."
    )
    allowances: list[Allowance]
    visits: list[Visit] = shown(description="By day, without those that were undone.")
    entries: list[Entry]


class CourseList(Answer):
    """A page of courses."""

    courses: list[Course] = shown(at="rows")
    cursor: Cursor


class Use(
    Input,
    json_schema_extra={
        "examples": [{"sessions": 1}, {"visited_on": "2026-11-20", "note": "Jawline, LED after"}]
    },
):
    """The sessions to use."""

    allowance_id: GivenId | None = None
    """Which sessions to use; by default the main ones, then touch-ups that have opened."""
    sessions: StrictInt | None = Field(1, ge=1, le=use.MOST_AT_ONCE)
    visited_on: Day | None = None
    """The clinic's day of the visit, today by default; never in the future."""
    client_id: GivenId | None = Field(None, description="Who came; by default the course’s own client.")
    note: Text | None = Field(None, max_length=NOTE_LENGTH)


class Undo(Input, json_schema_extra={"examples": [{"reason": "Wrong client"}]}):
    """The reason for the undo."""

    reason: Reason


@call("GET", "/courses/{course_id}", Course)
def read_course(request: Request, course_id: str) -> Reply:
    """Read a course with its allowances and all its entries."""
    return Reply(Course.of(read.read_course(request.store, course_id, today=request.today)))


@call("POST", "/courses/{course_id}/redemptions", SessionUsed, status=201, key=Key.REQUIRED)
def use_session(request: Request, body: Use, course_id: str) -> Reply:
    """Use sessions of a course."""
    services = request.services
    wish = use.UseSession(course_id=course_id, **body.given())
    used = use.use_session(
        services.store,
        request.act,
        wish,
        has_mail=services.mail.is_ready,
        needs_check=services.settings.use_needs_check,
    )
    return Reply(SessionUsed.of(used), used.is_repeat)


@call("POST", "/entries/{entry_id}/reversal", EntryWritten, status=201)
def reverse_entry(request: Request, body: Undo, entry_id: str) -> Reply:
    """Undo a used session; both entries stay in the history."""
    undone = reverse(request.store, request.act, entry_id, body.reason)
    return Reply(EntryWritten.of(undone), undone.is_repeat)
