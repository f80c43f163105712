"""The calls that change a sold course: its last day, its remaining sessions, and selling it again."""

from typing import Literal

from pydantic import Field, StrictBool, StrictInt

from plugin.courses.catalog.packages import MOST_SESSIONS
from plugin.courses.changes import expiry, transfer
from plugin.courses.sales.buy_again import buy_again
from plugin.web.access import DESK
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.api.answers import Answer, Id, Money, example_id, shown
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.courses import Course
from plugin.web.api.inputs import Day, GivenId, Input, Reason


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
