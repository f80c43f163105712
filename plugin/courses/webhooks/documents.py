"""Events for other programs: their kinds, and their documents, made once from rows that never change (docs/events.md).

A document holds ids and figures alone; keys sign it as https://www.standardwebhooks.com says.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.moments import rfc3339
from plugin.store.listing import ListedCourse
from plugin.store.tables import Allowance, Client, Course, Entry
from plugin.store.webhooks import OutgoingEvent
from plugin.wording import N_

Json = dict[str, Any]


def public_id(event_id: int) -> str:
    """Return the id by which a receiver recognizes an event that it gets twice."""
    return f"evt_{event_id}"


def document_of(session: Session, event: OutgoingEvent) -> Json:
    return {
        "id": public_id(event.id),
        "type": event.kind,
        "version": VERSION,
        "timestamp": rfc3339(event.noted_at),
        "data": _data(session, event),
    }


def test_document(event_id: int, now: datetime) -> Json:
    """Return the document of a test, which is about no course."""
    return {
        "id": public_id(event_id),
        "type": EventKind.TEST.value,
        "version": VERSION,
        "timestamp": rfc3339(now),
        "data": {},
    }


def with_names(session: Session, document: Json) -> Json:
    """Return the document with the client's name as it is now, "" where there is none any more."""
    data = document["data"]
    client = session.get(Client, data["client_id"]) if data.get("client_id") else None
    return {**document, "data": {**data, "client_name": client.name if client else ""}}


def _data(session: Session, event: OutgoingEvent) -> Json:
    course = session.get(Course, event.course_id)
    if course is None:
        return {}
    data: Json = {
        "course_id": course.id,
        "client_id": course.client_id,
        "package_id": course.package_id,
        "package_name": course.package_name,
        "square_order_id": course.square_order_id,
        "expires_on": course.expires_on.isoformat() if course.expires_on else None,
    }
    if event.kind == EventKind.EXPIRING:
        listed = session.get(ListedCourse, course.id)
        return {**data, "sessions_left": listed.sessions_left if listed else 0}
    entry = session.get(Entry, event.entry_id) if event.entry_id else None
    if event.kind == EventKind.OPENED:
        return {**data, "sold_at": rfc3339(course.sold_at), "allowances": _allowances(session, course.id)}
    return {**data, **_entry(session, event.kind, entry)} if entry is not None else data


def _allowances(session: Session, course_id: str) -> list[Json]:
    """Return the treatments of a course with the sessions that the sale granted."""
    rows = session.execute(
        select(Allowance, Entry.granted_after)
        .join(Entry, (Entry.allowance_id == Allowance.id) & (Entry.seq == 1))
        .where(Allowance.course_id == course_id)
        .order_by(Allowance.position)
    )
    return [{"allowance_id": row.id, "treatment": row.treatment, "sessions": many} for row, many in rows]


def _entry(session: Session, kind: str, entry: Entry) -> Json:
    allowance = session.get_one(Allowance, entry.allowance_id)
    data: Json = {
        "entry_id": entry.id,
        "allowance_id": allowance.id,
        "treatment": allowance.treatment,
        "happened_at": rfc3339(entry.happened_at),
    }
    if kind == EventKind.REFUNDED:
        return data
    return {
        **data,
        "sessions": abs(entry.sessions_delta),
        "sessions_left": entry.sessions_after,
        "sessions_granted": entry.granted_after,
        **({"undoes": entry.reverses} if entry.reverses else {}),
    }


# The version of the documents. A field may be added without a new one; none is removed or renamed.
VERSION = 1
SECRET_PREFIX = "whsec_"  # noqa: S105 - a mark by which a leaked key is recognized, no secret
_KEY_BYTES = 32


class EventKind(StrEnum):
    """What happened."""

    OPENED = "course.opened"
    USED = "session.used"
    UNDONE = "session.undone"
    REFUNDED = "course.refunded"
    EXPIRING = "course.expiring"
    FINISHED = "course.finished"
    TEST = "test"


# What a receiver chooses from; every receiver gets tests.
CHOICES: Mapping[EventKind, str] = {
    EventKind.OPENED: N_("Course opened"),
    EventKind.USED: N_("Session used"),
    EventKind.UNDONE: N_("Use undone"),
    EventKind.REFUNDED: N_("Course refunded"),
    EventKind.EXPIRING: N_("Course expires soon"),
    EventKind.FINISHED: N_("Course finished"),
}


def new_secret() -> str:
    """Return a signing key, as receivers enter it."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def signature(keys: Sequence[str], message_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`: one signature for each key, separated by spaces."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signed(key, signed)}" for key in keys)


def _signed(key: str, message: bytes) -> str:
    raw = base64.b64decode(key.removeprefix(SECRET_PREFIX))
    return base64.b64encode(hmac.new(raw, message, hashlib.sha256).digest()).decode()
