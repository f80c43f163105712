"""A client's own ratings as people read them: for the client, and for those who treat. The desk sees only whether.

Practitioners list those of their own clients, one row per concern; nothing is averaged.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.core.ratings import before_visits
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.course_extras import IS_VALID
from plugin.courses.base.sheet import Columns, Sheet, sheet_of
from plugin.courses.base.work import reading
from plugin.courses.clients.clients import living_client_in
from plugin.courses.ratings.choices import ChoiceView, choice_in
from plugin.store import Store
from plugin.store.tables import Client, OwnRating, RatedConcern, Visit

# More visits do not fit into a small line.
MOST_PLACES = 24


@dataclass(frozen=True, slots=True)
class Place:
    """The place before a visit; `on` is None before the next visit, `value` None where nothing was rated."""

    on: date | None
    value: int | None


@dataclass(frozen=True, slots=True)
class ConcernView:
    """A concern with its ratings before visits, from the first one on; `today`: what was rated today.

    `visits_before`: how many visits were before its first rating; 0: it is the baseline of the course.
    """

    id: str
    words: str
    is_ended: bool
    places: tuple[Place, ...]
    visits_before: int
    today: int | None = None

    @property
    def rated(self) -> tuple[Place, ...]:
        return tuple(each for each in self.places if each.value is not None)


@dataclass(frozen=True, slots=True)
class OwnRatings:
    """All that a client rated, and what they decided about it."""

    client_id: str
    choice: ChoiceView
    concerns: tuple[ConcernView, ...]

    @property
    def current(self) -> tuple[ConcernView, ...]:
        return tuple(each for each in self.concerns if not each.is_ended)

    @property
    def is_rated_today(self) -> bool:
        """Return whether everything they rate now was rated today."""
        return bool(self.current) and all(each.today is not None for each in self.current)


def ratings_of(store: Store, act: Act, client_id: str) -> OwnRatings:
    """Return a client's ratings, for those who treat; raises NotFound, NotAllowed at the desk."""
    require(act.actor, Role.PRACTITIONER)
    return own_ratings(store, client_id, today=_today(store, act))


@reading
def own_ratings(session: Session, client_id: str, *, today: date) -> OwnRatings:
    """Return a client's ratings for themselves, over all their visits; raises NotFound."""
    client_id = living_client_in(session, client_id).id
    visits = visit_days_in(session, [client_id]).get(client_id, ())
    found = concern_views_in(session, [client_id], {client_id: visits}, today=today)
    return OwnRatings(client_id, choice_in(session, client_id), found.get(client_id, ()))


def has_rated_today(store: Store, act: Act, client_id: str) -> bool:
    """Return whether the client rated today: all that the desk is told."""
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    today = _today(store, act)
    with store.reading() as session:
        theirs = (OwnRating.client_id == client_id, OwnRating.on_day == today)
        return session.scalar(select(OwnRating.id).where(*theirs).limit(1)) is not None


def concern_views_in(
    session: Session,
    client_ids: Collection[str],
    visits: Mapping[str, Sequence[date]],
    *,
    today: date | None = None,
) -> dict[str, tuple[ConcernView, ...]]:
    """Return each client's concerns, laid out before these days of visits, in one statement."""
    rows = session.execute(
        select(RatedConcern, OwnRating.on_day, OwnRating.value)
        .outerjoin(OwnRating, (OwnRating.concern_id == RatedConcern.id) & OwnRating.replaced_at.is_(None))
        .where(RatedConcern.client_id.in_(client_ids))
        .order_by(RatedConcern.id)
    )
    concerns: dict[str, RatedConcern] = {}
    ratings: defaultdict[str, dict[date, int]] = defaultdict(dict)
    for concern, on_day, value in rows:
        concerns[concern.id] = concern
        if on_day is not None:
            ratings[concern.id][on_day] = value
    found: defaultdict[str, list[ConcernView]] = defaultdict(list)
    for each in concerns.values():
        if each.ended_at is None or ratings[each.id]:
            found[each.client_id].append(_view(each, ratings[each.id], visits.get(each.client_id, ()), today))
    return {client_id: tuple(views) for client_id, views in found.items()}


def visit_days_in(session: Session, client_ids: Collection[str]) -> dict[str, tuple[date, ...]]:
    """Return the days on which each client was treated, rising, each once."""
    rows = (
        select(Visit.client_id, Visit.visited_on)
        .where(Visit.client_id.in_(client_ids), IS_VALID)
        .distinct()
        .order_by(Visit.visited_on)
    )
    days: defaultdict[str, list[date]] = defaultdict(list)
    for client_id, day in session.execute(rows):
        days[client_id].append(day)
    return {client_id: tuple(each) for client_id, each in days.items()}


def _view(
    concern: RatedConcern, ratings: Mapping[date, int], visits: Sequence[date], today: date | None
) -> ConcernView:
    places = tuple(_places(visits, before_visits(visits, ratings)))
    first = next((place for place, each in enumerate(places) if each.value is not None), len(places))
    return ConcernView(
        id=concern.id,
        words=concern.words,
        is_ended=concern.ended_at is not None,
        places=places[first:][-MOST_PLACES:],
        visits_before=first,
        today=ratings.get(today) if today else None,
    )


def _places(visits: Sequence[date], values: Sequence[int | None]) -> Iterator[Place]:
    for place, value in enumerate(values):
        yield Place(visits[place] if place < len(visits) else None, value)


def _today(store: Store, act: Act) -> date:
    with store.reading() as session:
        return local_date_in(session, act.now)


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
