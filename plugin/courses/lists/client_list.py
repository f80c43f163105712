"""All clients: filtered by their courses, in order, a page at a time, with the count of the filtered set."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import local_date_in, read_clinic
from plugin.courses.base.keyset import Order
from plugin.courses.base.sheet import Columns, Sheet, major, sheet_of
from plugin.courses.base.views import FoundClient, Page
from plugin.courses.clients.clients import IS_SOMEBODY, with_balances_in
from plugin.courses.lists.course_list import expires_within, not_seen_for
from plugin.store import Store
from plugin.store.listing import NOT_YET, ListedCourse
from plugin.store.people import IS_LIVING_PROFILE, Client, SquareCustomer
from plugin.wording import _

LETTERS = (*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "#")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class ClientFilter:
    """Which clients: all that meet every condition given. `letter`: of the name, "#" for any other sign."""

    is_usable: bool = False
    expires_within: int | None = None
    has_due: bool = False
    not_seen_for: int | None = None
    language: str = ""
    practitioner_id: str = ""
    is_not_in_square: bool = False
    letter: str = ""


class ClientRow(NamedTuple):
    """One row: the client with the balance, the last visit to a course of theirs, and what is due, by currency."""

    found: FoundClient
    last_visit_on: date | None
    due: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class ClientList:
    """A page of the list, and how many clients it has in all."""

    page: Page[ClientRow]
    count: int


ORDERS = {
    each.key: each
    for each in (
        Order("name", Client.name_folded, Client.id),
        Order("since", Client.created_at, Client.id, is_descending=True),
    )
}


def list_clients(
    store: Store, wanted: ClientFilter, order: Order, *, now: datetime, limit: int, cursor: str | None = None
) -> ClientList:
    """Return a page of the clients that meet the filter; raises InvalidField for an unreadable cursor."""
    with store.reading() as session:
        today = local_date_in(session, now)
        conditions = _conditions(wanted, today)
        paged = [*conditions, order.after(cursor)] if cursor else conditions
        clients = list(session.scalars(select(Client).where(*paged).order_by(*order.by).limit(limit + 1)))
        last = clients[limit - 1] if len(clients) > limit else None
        following = order.cursor_of(last) if last else None
        count = session.scalar(select(func.count()).select_from(Client).where(*conditions)) or 0
        return ClientList(Page(_rows(session, clients[:limit], today), following), count)


def client_list_sheet(store: Store, wanted: ClientFilter, order: Order, *, now: datetime) -> Sheet:
    """Return all clients that meet the filter as a table, in the same order as on the page."""
    zone = read_clinic(store).zone
    columns = {**_SHEET, "Client since": lambda row: day_at(row.found.client.created_at, zone)}
    return sheet_of(_("Clients"), columns, _all_rows(store, wanted, order, now))


def languages_of_clients(store: Store) -> list[str]:
    with store.reading() as session:
        return [each for each in session.scalars(_LANGUAGES) if each is not None]


def _languages() -> Select[str]:
    """Return the query that goes from one language to the next in their index: a DISTINCT would read all clients."""
    known = select(func.min(Client.language).label("language")).cte("known", recursive=True)
    following = select(func.min(Client.language)).where(Client.language > known.c.language).scalar_subquery()
    known = known.union_all(select(following).where(known.c.language.is_not(None)))
    return select(known.c.language)


_LANGUAGES = _languages()


def _all_rows(store: Store, wanted: ClientFilter, order: Order, now: datetime) -> Iterator[ClientRow]:
    with store.reading() as session:
        today = local_date_in(session, now)
        rows = session.scalars(select(Client).where(*_conditions(wanted, today)).order_by(*order.by))
        for some in rows.yield_per(_AT_ONCE).partitions():
            yield from _rows(session, list(some), today)


def _conditions(wanted: ClientFilter, today: date) -> list[ColumnElement[bool]]:
    of = ListedCourse
    found = [*IS_SOMEBODY, *_letter(wanted.letter)]
    if wanted.is_usable:
        found.append(_has_course(of.usable > 0))
    if wanted.expires_within is not None:
        found.append(_has_course(*expires_within(today, wanted.expires_within)))
    if wanted.has_due:
        found.append(_has_course(of.due > 0))
    if wanted.not_seen_for is not None:
        since = today - timedelta(wanted.not_seen_for)
        is_long_ago = _has_course(*not_seen_for(today, wanted.not_seen_for))
        found += [is_long_ago, ~_has_course(of.last_seen_on > since)]
    if wanted.language:
        found.append(Client.language == wanted.language)
    if wanted.practitioner_id:
        found.append(_has_course(of.practitioner_id == wanted.practitioner_id))
    if wanted.is_not_in_square:
        found.append(~exists().where(SquareCustomer.client_id == Client.id, *IS_LIVING_PROFILE))
    return found


def _has_course(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    whose: Select[Any] = select(ListedCourse.client_id).where(
        ListedCourse.client_id.is_not(None), *conditions
    )
    return Client.id.in_(whose)


def _letter(letter: str) -> list[ColumnElement[bool]]:
    if not letter:
        return []
    name = Client.name_folded
    if letter == "#":
        return [or_(name < "a", name >= "{")]
    first = letter.lower()
    return [name >= first, name < chr(ord(first) + 1)]


def _rows(session: Session, clients: list[Client], today: date) -> tuple[ClientRow, ...]:
    of, ids = ListedCourse, [client.id for client in clients]
    columns = (of.client_id, of.currency, func.max(of.last_visit_on), func.sum(of.due))
    sums = select(*columns).where(of.client_id.in_(ids)).group_by(of.client_id, of.currency)
    visits: dict[str, date] = {}
    dues: dict[str, list[Money]] = {}
    rows: Any = session.execute(sums.order_by(of.client_id, of.currency))
    for client_id, currency, last, due in rows:
        visits[client_id] = max(visits.get(client_id, NOT_YET), last)
        if due:
            dues.setdefault(client_id, []).append(Money(int(due), currency))
    return tuple(
        ClientRow(
            found,
            visit if (visit := visits.get(found.client.id, NOT_YET)) != NOT_YET else None,
            tuple(dues.get(found.client.id, ())),
        )
        for found in with_balances_in(session, clients, today)
    )


_SHEET: Columns[ClientRow] = {
    "Client": lambda row: row.found.client.name,
    "Phone": lambda row: row.found.client.phone or "",
    "E-mail": lambda row: row.found.client.email or "",
    "Language": lambda row: row.found.client.language,
    "Left": lambda row: row.found.balance.left,
    "Of": lambda row: row.found.balance.granted,
    "Usable now": lambda row: row.found.balance.usable_now,
    "Touch-ups left": lambda row: row.found.balance.touch_ups_left,
    "Expires": lambda row: row.found.balance.expires_on,
    "Last visit": lambda row: row.last_visit_on,
    "Balance due": lambda row: major(row.due[0]) if row.due else None,
    "Currency": lambda row: row.due[0].currency if row.due else "",
    "E-mails": lambda row: "yes" if row.found.client.wants_mail else "no",
    "In Square": lambda row: "yes" if row.found.client.square_customer_id else "no",
}
