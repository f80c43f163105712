"""The calls about courses: reading one, its sessions used and undone, its plan, its changes, and selling it again."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, StrictInt

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.core.text import NOTE_LENGTH
from plugin.courses.base import read
from plugin.courses.catalog.packages import MOST_SESSIONS
from plugin.courses.changes import expiry, transfer
from plugin.courses.sales.buy_again import buy_again
from plugin.courses.visits import use, visit_plan
from plugin.courses.visits.reverse import reverse
from plugin.web.access import DESK
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.api.calls import THE_OWNER, Key, Reply, Request, call
from plugin.web.api.inputs import (
    Answer,
    Count,
    Cursor,
    Day,
    GivenId,
    GivenMoment,
    Id,
    Input,
    Moment,
    Money,
    Position,
    Reason,
    Text,
    example_id,
    shown,
    usd,
    words,
)

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


_EXAMPLE_VISIT = "2026-12-01T18:30:00Z"


class PlanDate(Answer):
    """A date of the plan. `problem`: why Square did not book or move it."""

    at: Moment = shown(_EXAMPLE_VISIT)
    state: Literal["not_booked", "waiting", "booked", "failed"] = shown(
        "booked", "Its appointment in Square Appointments, where the clinic has plans booked there."
    )
    problem: str = shown("")


class Plan(Answer):
    """The visits to come of a course. `proposal` is saved nowhere until it is sent back."""

    booked: list[Moment] = shown([_EXAMPLE_VISIT], "Appointments of the client in Square.")
    planned: list[Moment] = shown([_EXAMPLE_VISIT], "Dates of the plan that are not booked.")
    dates: list[PlanDate] = shown(
        [{"at": _EXAMPLE_VISIT, "state": "booked", "problem": ""}],
        "All dates of the plan, with their appointment.",
    )
    proposal: list[Moment] = shown(
        [_EXAMPLE_VISIT], "Dates for the sessions left that are not booked, by rhythm and opening hours."
    )
    closed_days: list[date] = shown(["2026-12-25"], "Days of `dates` on which the clinic is closed.")
    expired_days: list[date] = shown(["2027-11-30"], "Days of `dates` after the expiration of the course.")
    is_usable: bool = shown(
        example=True, description="Whether the course can be used now; nothing else is planned."
    )
    is_off: bool = shown(
        example=False, description="A visit was missed, moved, added or booked since: plan again."
    )


class NewPlan(Input, json_schema_extra={"examples": [{"visits": [_EXAMPLE_VISIT]}]}):
    """The dates of the plan, in place of all that are to come; an empty list removes it."""

    visits: list[GivenMoment] = Field(
        min_length=0, max_length=visit_plan.MOST_PLANNED, description="Each with its time zone."
    )


@call("GET", "/courses/{course_id}/plan", Plan)
def read_course_plan(request: Request, course_id: str) -> Reply:
    """Read the booked and planned visits of a course, and a proposal for the rest."""
    return Reply(_plan(request, course_id))


@call("POST", "/courses/{course_id}/plan", Plan)
def plan_course(request: Request, body: NewPlan, course_id: str) -> Reply:
    """Plan the visits of a course. They are booked in Square where the clinic switched that on."""
    books = request.services.settings.book_appointments
    changed = visit_plan.save_plan(request.store, request.act, course_id, body.visits, books=books)
    return Reply(_plan(request, course_id), changed.is_repeat)


def _plan(request: Request, course_id: str) -> dict[str, Any]:
    plan: visit_plan.VisitPlan = visit_plan.read_plan(request.store, course_id, now=request.act.now)
    unfit = visit_plan.unfit_days(request.store, plan, [each.at for each in plan.dates])
    return Plan.of(
        {
            "booked": [each.at for each in plan.booked],
            "planned": plan.planned,
            "dates": [
                {"at": each.at, "state": each.state or "not_booked", "problem": each.problem}
                for each in plan.dates
            ],
            "proposal": visit_plan.propose_plan(request.store, plan, plan.rhythm),
            "closed_days": unfit.closed,
            "expired_days": unfit.expired,
            "is_usable": plan.is_usable,
            "is_off": plan.is_off,
        }
    )


class CourseReceived(Answer):
    """The receiver's new course."""

    course: Course


class Extension(
    Input, json_schema_extra={"examples": [{"expires_on": "2027-06-30", "reason": "Was ill in spring"}]}
):
    """The new last day."""

    expires_on: Day = Field(description="The last day of use, at the clinic.")
    reason: Reason = Field(description="Kept in the course’s history.")
    shorten: StrictBool | None = Field(None, description="Says that an earlier day than agreed is meant.")


class TransferPart(Input):
    """A number of sessions of an allowance."""

    allowance_id: GivenId = Field(examples=[example_id(3)])
    sessions: StrictInt = Field(ge=1, le=MOST_SESSIONS)


class Transfer(
    Input,
    json_schema_extra={
        "examples": [
            {"client_id": example_id(0), "reason": "Moved away, her sister takes it"},
            {"client_id": example_id(0), "sessions": 3, "reason": "A present"},
        ]
    },
):
    """The receiver and the sessions to transfer."""

    client_id: GivenId = Field(description="Who gets the sessions.")
    sessions: StrictInt | None = Field(None, ge=1, le=MOST_SESSIONS)
    """Of the main treatment; without it and `allowances`, all that is left of everything."""
    allowances: list[TransferPart] | None = Field(None, min_length=1, max_length=12)
    """How many of which, in place of `sessions`."""
    reason: Reason = Field(description="Kept in the course’s history.")


@call("POST", "/courses/{course_id}/extension", Course, roles=THE_OWNER)
def extend_course(request: Request, body: Extension, course_id: str) -> Reply:
    """Move the last day of a course."""
    wish = expiry.Extension(body.expires_on, body.reason, is_shortening=body.shorten or False)
    changed = expiry.extend_course(request.store, request.act, course_id, wish)
    return Reply(Course.of(changed.course), changed.is_repeat)


@call("POST", "/courses/{course_id}/transfer", CourseReceived, status=201, roles=THE_OWNER)
def transfer_course(request: Request, body: Transfer, course_id: str) -> Reply:
    """Transfer the sessions left, with their value, to another client."""
    parts = {part.allowance_id: part.sessions for part in body.allowances or ()}
    wish = transfer.Transfer(body.client_id, body.reason, sessions=body.sessions, parts=parts)
    changed = transfer.transfer_course(request.store, request.act, course_id, wish)
    return Reply(CourseReceived.of(changed), changed.is_repeat)


class LinkedSale(Answer):
    """A sale that waits for its payment at Square, or has ended."""

    id: Id = shown(example_id(1))
    client_id: Id = shown(example_id(2))
    package_id: Id = shown(example_id(3))
    state: Literal["asking", "waiting", "paid", "canceled", "timed_out", "failed"] = shown(
        "waiting", "`asking`: Square has not made the link yet; ask again in a moment."
    )
    amount: Money = shown(description="What is due, tax included, once Square has computed it.")
    url: str | None = shown("https://square.link/u/abc", "Where it is paid; null until Square has made it.")


@call("POST", "/courses/{course_id}/again", LinkedSale, roles=DESK, refusals=(404, 409, 422))
def sell_course_again(request: Request, *, course_id: str) -> Reply:
    """Begin the sale of the same package at today's price, or return the one begun from this course."""
    needs = agreements_are_required()
    begun = buy_again(request.store, request.act, course_id, needs_agreement=needs)
    return Reply(LinkedSale.of(begun))
