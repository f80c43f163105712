"""Events for other programs: their kinds and documents, and the programs that receive them."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.core.moments import rfc3339
from plugin.core.text import required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, reading, require_row, transact
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.listing import ListedCourse
from plugin.store.queues import EventDelivery, EventReceiver, OutgoingEvent
from plugin.store.tables import Allowance, Client, Course, Entry
from plugin.wording import N_, _

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


Seal = Callable[[str], str]
MOST_RECEIVERS = 10
LONGEST_URL = 2000
# How long events are signed with the replaced key as well.
OLD_KEY_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NewReceiver:
    name: str
    url: str
    kinds: Sequence[str]
    has_names: bool = False
    may_be_private: bool = False


def receivers_in(session: Session) -> Sequence[EventReceiver]:
    """Return the receivers that were not ended, the oldest first."""
    living = select(EventReceiver).where(EventReceiver.ended_at.is_(None))
    return session.scalars(living.order_by(EventReceiver.id)).all()


list_receivers = reading(receivers_in)


def add_receiver(
    store: Store, act: Act, new: NewReceiver, seal: Seal, *, allows_http: bool
) -> tuple[str, str]:
    """Add a receiver; return its id and its key, this once.

    Raises InvalidField, or Refused for a repeat of the same request: the key can't be shown again.
    """
    require(act.actor)
    name = required(new.name, field="name", called=_("The name"), most=80)
    url = checked_url(new.url, allows_http=allows_http)
    kinds = checked_kinds(new.kinds)
    secret = new_secret()

    def create(work: Work) -> dict[str, str]:
        if len(receivers_in(work.session)) >= MOST_RECEIVERS:
            raise Refused(_("There are {n} receivers already.", n=MOST_RECEIVERS), code="too_many")
        row = EventReceiver(
            id=work.new_id(),
            name=name,
            url=url,
            kinds=kinds,
            has_names=new.has_names,
            may_be_private=new.may_be_private,
            secret_sealed=seal(secret),
            created_at=work.now,
            by=work.act.actor.name,
        )
        work.session.add(row)
        record_in(work, Did.RECEIVER_ADDED, name=name, subject_id=row.id, after=", ".join(kinds))
        return {"receiver_id": row.id}

    def do(work: Work) -> str:
        answered = work.once("add_receiver", {"name": name, "url": url}, lambda: create(work))
        if answered.is_repeat:
            raise Refused(_("It was added already. Make a new key to see one."), code="key_shown")
        return str(answered.answer["receiver_id"])

    return transact(store, act, do), secret


@allowed()
def rotate_key(work: Work, receiver_id: str, seal: Seal) -> str:
    """Give a receiver a new key and return it, this once; the old one signs as well for a day."""
    secret = new_secret()
    row = receiver_for_change(work.session, receiver_id)
    row.old_secret_sealed, row.old_until = row.secret_sealed, work.now + OLD_KEY_FOR
    row.secret_sealed = seal(secret)
    record_in(work, Did.RECEIVER_KEY, name=row.name, subject_id=row.id)
    return secret


@allowed()
def end_receiver(work: Work, receiver_id: str) -> str:
    """End a receiver: nothing more is sent to it, nor what waits. Return its name."""
    row = receiver_for_change(work.session, receiver_id)
    row.ended_at = work.now
    # What still waited would wait for ever, and be looked at in each round.
    waits = (EventDelivery.receiver_id == row.id, EventDelivery.state == "pending")
    work.session.execute(delete(EventDelivery).where(*waits))
    record_in(work, Did.RECEIVER_ENDED, name=row.name, subject_id=row.id)
    return row.name


def receiver_for_change(session: Session, receiver_id: str) -> EventReceiver:
    """Return the locked row of a receiver that was not ended; raises NotFound or Refused."""
    row = require_row(session, EventReceiver, receiver_id, _("There is no such receiver."), is_locked=True)
    if row.ended_at is not None:
        raise Refused(_("This address no longer receives events."), code="ended")
    return row


def checked_url(typed: str, *, allows_http: bool) -> str:
    """Return an address that may be called; raises InvalidField. What it resolves to is checked at each call."""
    url = typed.strip()
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or not url.isascii() or not url.isprintable() or len(url) > LONGEST_URL or " " in url:
        raise InvalidField(_("Write the whole address, such as https://example.org/hook."), field="url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise InvalidField(_("The address holds a name, a password or a # part; leave it out."), field="url")
    if parts.scheme != "https" and not (allows_http and parts.scheme == "http"):
        raise InvalidField(_("The address begins with https://."), field="url")
    return url


def checked_kinds(kinds: Iterable[str]) -> list[str]:
    """Return the chosen kinds in their order; raises InvalidField for none or an unknown one."""
    chosen = set(kinds)
    if not chosen or chosen - {kind.value for kind in CHOICES}:
        raise InvalidField(_("Choose at least one event of the list."), field="kinds")
    return [kind.value for kind in CHOICES if kind.value in chosen]


def wants(row: EventReceiver, kind: str) -> bool:
    return kind == EventKind.TEST or kind in row.kinds
