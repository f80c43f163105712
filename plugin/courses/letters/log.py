"""The letters that were written: to one client, to all, and what followed them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from plugin.core.letters import LetterKind
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import Page, from_row
from plugin.courses.clients.clients import living_client_in
from plugin.store import Store
from plugin.store.ledger import Course, Visit
from plugin.store.letters import ClientLetter
from plugin.store.people import Client

# What happens within so many days after a letter is counted as following it.
FOLLOWS_WITHIN = timedelta(days=30)
REPORT_DAYS = 90


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter; state planned, sending, sent, left (no longer due) or refused (by the mail server).

    `said`: why it was not sent, or what is uncertain. `at`: when it came to its state, or was planned.
    """

    id: str
    kind: LetterKind
    client_id: str
    client_name: str
    course_id: str
    package_name: str
    state: str
    said: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Followed:
    """What followed the letters of one kind: visits and purchases of their clients within 30 days."""

    kind: LetterKind
    sent: int
    came: int
    bought: int


def letters_of_client(store: Store, client_id: str) -> tuple[LetterView, ...]:
    """Return the last fifty letters to a client, newest first; raises NotFound."""
    with store.reading() as session:
        client = living_client_in(session, client_id)
        return tuple(_views(session, _LETTERS.where(ClientLetter.client_id == client.id).limit(50)))


def list_letters(store: Store, *, limit: int = 50, cursor: str | None = None) -> Page[LetterView]:
    """Return the letters to all clients, newest first."""
    query = _LETTERS.where(ClientLetter.id < cursor) if cursor else _LETTERS
    with store.reading() as session:
        rows = tuple(_views(session, query.limit(limit + 1)))
    return Page.of(rows, limit, lambda letter: letter.id)


def what_followed(store: Store, now: datetime) -> tuple[Followed, ...]:
    """Return what followed the letters of the last days, by kind; none for a kind that was not sent."""
    since = now - timedelta(days=REPORT_DAYS)
    of = ClientLetter
    letters = select(of.kind, of.client_id, of.done_at).where(of.state == "sent", of.planned_at >= since)
    clients = select(of.client_id).where(of.state == "sent", of.planned_at >= since)
    came = select(Visit.client_id, Visit.visited_on).where(
        Visit.client_id.in_(clients), Visit.visited_on >= since.date()
    )
    bought = select(Course.client_id, Course.booked_at).where(
        Course.client_id.in_(clients), Course.booked_at >= since
    )
    with store.reading() as session:
        zone = clinic_in(session).zone
        came_on, bought_on = _days(session.execute(came), zone), _days(session.execute(bought), zone)
        sent: defaultdict[str, list[tuple[bool, bool]]] = defaultdict(list)
        for kind, client_id, done_at in session.execute(letters):
            on = _day(done_at or now, zone)
            sent[kind].append((_follows(on, came_on[client_id]), _follows(on, bought_on[client_id])))
    return tuple(
        Followed(kind, len(each), sum(came for came, _ in each), sum(bought for _, bought in each))
        for kind in LetterKind
        if (each := sent.get(kind.value))
    )


def _days(rows: Iterable[Any], zone: ZoneInfo) -> defaultdict[str, list[date]]:
    found: defaultdict[str, list[date]] = defaultdict(list)
    for client_id, at in rows:
        found[client_id].append(_day(at, zone))
    return found


def _follows(on: date, days: Iterable[date]) -> bool:
    return any(on < day <= on + FOLLOWS_WITHIN for day in days)


def _day(at: date | datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date() if isinstance(at, datetime) else at


def _views(session: Session, query: Any) -> Iterator[LetterView]:
    for row in session.execute(query):
        yield _view(row)


def _view(row: Row[Any]) -> LetterView:
    letter: ClientLetter = row.ClientLetter
    return from_row(
        LetterView,
        letter,
        kind=LetterKind(letter.kind),
        client_name=row.client_name,
        package_name=row.package_name,
        at=letter.done_at or letter.planned_at,
    )


_LETTERS = (
    select(ClientLetter, Client.name.label("client_name"), Course.package_name)
    .join(Client, Client.id == ClientLetter.client_id)
    .join(Course, Course.id == ClientLetter.course_id)
    .order_by(ClientLetter.id.desc())
)
