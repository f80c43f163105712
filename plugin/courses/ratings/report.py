"""The ratings of a practitioner's own clients, one row per concern; nothing is averaged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.courses.base.attendance import IS_VALID
from plugin.courses.base.sheet import Columns, Sheet, sheet_of
from plugin.courses.ratings.views import ConcernView, Place, concern_views_in, visit_days_in
from plugin.store import Store
from plugin.store.ledger import Visit
from plugin.store.people import Client
from plugin.store.ratings import OwnRating, RatedConcern

MOST_CLIENTS = 500


@dataclass(frozen=True, slots=True)
class RatedRow:
    """One concern of a client, with its ratings before visits."""

    client_id: str
    client_name: str
    concern: ConcernView


def rated_clients(store: Store, act: Act) -> tuple[RatedRow, ...]:
    """Return the rated concerns of the clients whom this person has treated; of all clients for the owner.

    By name, at most `MOST_CLIENTS` clients. Raises NotAllowed at the desk.
    """
    require(act.actor, Role.PRACTITIONER)
    with store.reading() as session:
        clients: dict[str, str] = dict(session.execute(_clients(act).limit(MOST_CLIENTS)).all())
        return tuple(_rows(session, clients))


def _clients(act: Act) -> Select[str, str]:
    # By what they rate: a client has a few concerns, and a rating of each before every visit.
    rated = select(RatedConcern.client_id).where(
        exists().where(OwnRating.client_id == RatedConcern.client_id)
    )
    # No column: SQLite would read all clients, which are one value of its index, for the few who rated.
    is_their_own = func.coalesce(Client.merged_into, "") == ""
    query = select(Client.id, Client.name).where(Client.id.in_(rated), is_their_own)
    if act.actor.role is not Role.OWNER:
        treated = select(Visit.client_id).where(Visit.practitioner_id == act.actor.staff_id, IS_VALID)
        query = query.where(Client.id.in_(treated))
    return query.order_by(Client.name, Client.id)


def _rows(session: Session, clients: dict[str, str]) -> Iterator[RatedRow]:
    found = concern_views_in(session, list(clients), visit_days_in(session, list(clients)))
    for client_id, name in clients.items():
        for concern in found.get(client_id, ()):
            if concern.rated:
                yield RatedRow(client_id, name, concern)


def ratings_sheet(rows: Iterable[RatedRow]) -> Sheet:
    """Return them as a table, one row per place before a visit; a gap has no rating."""
    columns: Columns[tuple[RatedRow, Place]] = {
        "Client": lambda each: each[0].client_name,
        "Concern": lambda each: each[0].concern.words,
        "Before the visit of": lambda each: each[1].on,
        "Rating": lambda each: each[1].value,
    }
    return sheet_of("Own ratings", columns, [(row, place) for row in rows for place in row.concern.places])
