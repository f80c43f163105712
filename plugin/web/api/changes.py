"""The calls that change a sold course: moving its last day, and transferring what is left of it."""

from __future__ import annotations

from plugin.core.text import REASON_LENGTH
from plugin.courses.catalog.packages import MOST_SESSIONS
from plugin.courses.changes.expiry import Extension, extend_course
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.web.api import shapes
from plugin.web.api.calls import THE_OWNER, Answer, Asked, Call, Key
from plugin.web.api.fields import Reader, boolean, day, identifier, many, record, text, whole

_REASON = text(least=1, most=REASON_LENGTH, description="Kept in the course's history.")
_EXTENSION = record(
    {
        "expires_on": day(description="The last day of use, at the clinic."),
        "reason": _REASON,
        "shorten": boolean(description="Says that an earlier day than agreed is meant."),
    },
    required=("expires_on", "reason"),
    examples=[{"expires_on": "2027-06-30", "reason": "Was ill in spring"}],
)
_SESSIONS = whole(least=1, most=MOST_SESSIONS)
_PART: Reader = record(
    {"allowance_id": identifier(), "sessions": _SESSIONS}, required=("allowance_id", "sessions")
)
_TRANSFER = record(
    {
        "client_id": identifier(description="Who gets the sessions."),
        "sessions": whole(
            least=1,
            most=MOST_SESSIONS,
            description="Of the main treatment; without it and `allowances`, all that is left of everything.",
        ),
        "allowances": many(_PART, least=1, most=12, description="How many of which, in place of `sessions`."),
        "reason": _REASON,
    },
    required=("client_id", "reason"),
    examples=[
        {"client_id": "019abf2e8c00a1b2c3d4e5f60718293a", "reason": "Moved away, her sister takes it"},
        {"client_id": "019abf2e8c00a1b2c3d4e5f60718293a", "sessions": 3, "reason": "A present"},
    ],
)


def _extend(asked: Asked) -> Answer:
    body = asked.body
    wish = Extension(body["expires_on"], body["reason"], is_shortening=body.get("shorten", False))
    changed = extend_course(asked.services.store, asked.act, asked.ids["course_id"], wish)
    return Answer(shapes.course(changed.course), is_repeat=changed.is_repeat)


def _transfer(asked: Asked) -> Answer:
    body = asked.body
    parts = {part["allowance_id"]: part["sessions"] for part in body.get("allowances", ())}
    wish = Transfer(body["client_id"], body["reason"], sessions=body.get("sessions"), parts=parts)
    changed = transfer_course(asked.services.store, asked.act, asked.ids["course_id"], wish)
    return Answer({"course": shapes.course(changed.course)}, is_repeat=changed.is_repeat)


CALLS = (
    Call(
        name="extend_course",
        method="POST",
        path="/courses/{course_id}/extension",
        summary="Move the last day of a course",
        view=_extend,
        answer="Course",
        roles=THE_OWNER,
        key=Key.ACCEPTED,
        body=_EXTENSION,
    ),
    Call(
        name="transfer_course",
        method="POST",
        path="/courses/{course_id}/transfer",
        summary="Transfer what is left of a course, with its value, to another client",
        view=_transfer,
        answer="CourseReceived",
        status=201,
        roles=THE_OWNER,
        key=Key.ACCEPTED,
        body=_TRANSFER,
    ),
)
