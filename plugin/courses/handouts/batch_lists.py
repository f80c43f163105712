"""The lists that people are chosen from for many papers at once: everybody, who came today, who is booked today."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import select

from plugin.courses.base.views import FoundClient
from plugin.courses.clients.clients import IS_SOMEBODY, LONGEST_SEARCH, with_balances_in, words_in
from plugin.courses.visits.arrivals import arrivals_on
from plugin.courses.visits.visits import visits_on
from plugin.store import Store
from plugin.store.people import Client


class Listing(StrEnum):
    """Which list."""

    ALL = "all"
    CAME = "came"
    BOOKED = "booked"


def people_on(
    store: Store, listing: Listing, q: str, *, today: date, now: datetime, limit: int
) -> tuple[FoundClient, ...]:
    """Return the people on a list whose name, e-mail or phone holds every word of `q`, by name."""
    rows = select(Client).where(*IS_SOMEBODY, *words_in(Client.search_text, q[:LONGEST_SEARCH]))
    if listing is not Listing.ALL:
        rows = rows.where(Client.id.in_((_came if listing is Listing.CAME else _booked)(store, today, now)))
    with store.reading() as session:
        found = session.scalars(rows.order_by(Client.name_folded, Client.id).limit(limit))
        return with_balances_in(session, list(found), today)


def people_chosen(store: Store, client_ids: Collection[str], *, today: date) -> tuple[FoundClient, ...]:
    """Return these clients, by name."""
    rows = select(Client).where(*IS_SOMEBODY, Client.id.in_(client_ids))
    with store.reading() as session:
        found = session.scalars(rows.order_by(Client.name_folded, Client.id))
        return with_balances_in(session, list(found), today)


def _came(store: Store, today: date, _now: datetime) -> list[str]:
    return [each.course.client_id for each in visits_on(store, today, today=today) if each.course.client_id]


def _booked(store: Store, today: date, now: datetime) -> list[str]:
    booked = arrivals_on(store, today, now=now) or ()
    return [each.client_id for each in booked if each.client_id]
