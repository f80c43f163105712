"""The activity log as the owner reads it: entries, history of courses, openings of clients, and all other acts.

Four tables are read in the order of time and merged, so nothing is recorded twice. Newest or oldest first, by keyset.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Select, false, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.acts import Source
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.views import Page, from_row
from plugin.courses.clients.clients import with_merged
from plugin.courses.reports.period import Period
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.base import UtcTime
from plugin.store.tables import (
    Activity,
    Allowance,
    ApiToken,
    Client,
    ClientOpening,
    Course,
    Entry,
    History,
    Staff,
)
from plugin.wording import _

OPENED, COURSE = "opened", "course"
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class ActivityFilter:
    """What to show; empty: everything but openings of clients' data.

    `who`: the id of a person, or a name as the log has it. `kind`: such as `staff`, or `staff.invited`. `about`:
    the id of what was changed.
    """

    who: str = ""
    source: Source | None = None
    kind: str = ""
    client_id: str = ""
    about: str = ""
    period: Period | None = None

    @property
    def group(self) -> str:
        """Return the part of the kind before the dot."""
        return self.kind.partition(".")[0]


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What an entry changed: sessions and value of its allowance, before and after."""

    sessions: tuple[int, int]
    value: tuple[Money, Money]
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class ActivityView:
    """One act. `name`: of what was changed; `change`: of an entry of the ledger."""

    id: str
    kind: str
    at: datetime
    by: str
    source: str
    client_id: str | None
    client_name: str
    name: str
    course_id: str | None = None
    subject_id: str = ""
    before: str = ""
    after: str = ""
    reason: str = ""
    change: EntryChange | None = None

    @property
    def cursor(self) -> str:
        """Return where the list goes on after this."""
        return f"{self.at.isoformat()}~{self.id}"


@dataclass(frozen=True, slots=True)
class WantedActivity:
    """A filter with the names and ids it stands for, and where the page begins."""

    by: ActivityFilter
    names: tuple[str, ...]
    staff_id: str | None
    client_ids: tuple[str, ...]
    course_ids: tuple[str, ...]
    after: tuple[datetime, str] | None
    moments: tuple[datetime, datetime] | None
    is_oldest_first: bool = False

    def narrowed(
        self,
        query: Select[*tuple[Any, ...]],
        at: InstrumentedAttribute[datetime],
        row_id: InstrumentedAttribute[str],
        who: tuple[InstrumentedAttribute[str], InstrumentedAttribute[Any] | None],
        source: InstrumentedAttribute[str],
    ) -> Select[*tuple[Any, ...]]:
        """Return the query with what all tables have in common, in the order of time."""
        by, staff = who
        conditions: list[ColumnElement[bool]] = []
        if self.names:
            named = by.in_(self.names)
            # Who was renamed since is still found by the id.
            is_theirs = staff == self.staff_id if staff is not None and self.staff_id else false()
            conditions.append(or_(named, is_theirs))
        if self.by.source is not None:
            conditions.append(source == self.by.source.value)
        if self.moments is not None:
            conditions += [at >= self.moments[0], at < self.moments[1]]
        if self.after is not None:
            last_at, last_id = self.after
            place, last = tuple_(at, row_id), tuple_(literal(last_at, UtcTime()), literal(last_id))
            conditions.append(place > last if self.is_oldest_first else place < last)
        order = (at, row_id) if self.is_oldest_first else (at.desc(), row_id.desc())
        return query.where(*conditions).order_by(*order)


def _rows(session: Session, query: Select[*tuple[Any, ...]], limit: int | None) -> Iterator[Any]:
    if limit is None:
        return iter(session.execute(query.execution_options(yield_per=_AT_ONCE)))
    return iter(session.execute(query.limit(limit)))


def acts(session: Session, wanted: WantedActivity, limit: int | None) -> Iterator[ActivityView]:
    """Yield acts that no other table records, in the order of time; at most `limit`."""
    query = select(Activity, Client.name.label("client_name")).outerjoin(
        Client, Client.id == Activity.client_id
    )
    if wanted.client_ids:
        query = query.where(Activity.client_id.in_(wanted.client_ids))
    if wanted.by.about:
        query = query.where(Activity.subject_id == wanted.by.about)
    if "." in wanted.by.kind:
        query = query.where(Activity.kind == wanted.by.kind)
    elif wanted.by.kind:
        query = query.where(Activity.kind.startswith(f"{wanted.by.kind}.", autoescape=True))
    who = (Activity.by, Activity.staff_id)
    query = wanted.narrowed(query, Activity.at, Activity.id, who, Activity.source)
    for row, client_name in _rows(session, query, limit):
        yield from_row(ActivityView, row, client_name=client_name or "", course_id=None, change=None)


def entries(session: Session, wanted: WantedActivity, limit: int | None) -> Iterator[ActivityView]:
    """Yield entries of the ledger, in the order of time; at most `limit`."""
    query = (
        select(
            Entry,
            Allowance.treatment,
            Allowance.course_id,
            Course.package_name,
            Course.currency,
            Course.client_id,
            Client.name.label("client_name"),
        )
        .join(Allowance, Allowance.id == Entry.allowance_id)
        .join(Course, Course.id == Allowance.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
    )
    if wanted.client_ids:
        query = query.where(Allowance.course_id.in_(wanted.course_ids))
    who = (Entry.by, Entry.staff_id)
    query = wanted.narrowed(query, Entry.written_at, Entry.id, who, Entry.source)
    for row in _rows(session, query, limit):
        entry = row.Entry
        yield ActivityView(
            id=entry.id,
            kind=f"{COURSE}.{entry.kind}",
            at=entry.written_at,
            by=entry.by,
            source=entry.source,
            client_id=row.client_id,
            client_name=row.client_name or "",
            course_id=row.course_id,
            name=f"{row.package_name}: {row.treatment}",
            reason=entry.reason,
            change=EntryChange(
                (entry.sessions_before, entry.sessions_after),
                (Money(entry.value_before, row.currency), Money(entry.value_after, row.currency)),
                entry.happened_at,
            ),
        )


def course_history(session: Session, wanted: WantedActivity, limit: int | None) -> Iterator[ActivityView]:
    """Yield the other events of courses, in the order of time; at most `limit`."""
    query = (
        select(History, Course.package_name, Course.client_id, Client.name.label("client_name"))
        .join(Course, Course.id == History.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
    )
    if wanted.client_ids:
        query = query.where(History.course_id.in_(wanted.course_ids))
    query = wanted.narrowed(query, History.at, History.id, (History.by, None), History.source)
    for row in _rows(session, query, limit):
        yield from_row(
            ActivityView,
            row.History,
            kind=f"{COURSE}.history",
            client_id=row.client_id,
            client_name=row.client_name or "",
            name=row.package_name,
            subject_id="",
            before="",
            after=row.History.text,
            change=None,
        )


def openings(session: Session, wanted: WantedActivity, limit: int | None) -> Iterator[ActivityView]:
    """Yield openings of clients' data, in the order of time; at most `limit`."""
    query = select(ClientOpening, Client.name.label("client_name")).join(
        Client, Client.id == ClientOpening.client_id
    )
    if wanted.client_ids:
        query = query.where(ClientOpening.client_id.in_(wanted.client_ids))
    who = (ClientOpening.by, ClientOpening.staff_id)
    query = wanted.narrowed(query, ClientOpening.at, ClientOpening.id, who, ClientOpening.source)
    for row, client_name in _rows(session, query, limit):
        yield ActivityView(
            id=row.id,
            kind=f"{OPENED}.client",
            at=row.at,
            by=row.by,
            source=row.source,
            client_id=row.client_id,
            client_name=client_name,
            name=row.what,
        )


PAGE = 50
_LONGEST_CURSOR = 90


def activity(
    store: Store,
    wanted: ActivityFilter,
    *,
    limit: int = PAGE,
    cursor: str | None = None,
    is_oldest_first: bool = False,
) -> Page[ActivityView]:
    """Return the newest acts, or the oldest ones; raises NotFound for an invalid cursor."""
    with store.reading() as session:
        asked = _wanted(session, wanted, _after(cursor), is_oldest_first=is_oldest_first)
        rows = list(islice(_merged(session, asked, limit + 1), limit + 1))
    return Page.of(rows, limit, lambda act: act.cursor)


def all_activity(
    store: Store, wanted: ActivityFilter, *, is_oldest_first: bool = False
) -> Iterator[ActivityView]:
    """Yield all acts, newest first unless said, without holding them in memory."""
    with store.reading() as session:
        yield from _merged(session, _wanted(session, wanted, None, is_oldest_first=is_oldest_first), None)


def actor_choices(store: Store) -> tuple[tuple[str, str], ...]:
    """Return whom the log can be filtered by: people by id, programs by name."""
    with store.reading() as session:
        people = session.execute(select(Staff.id, Staff.name).order_by(Staff.name, Staff.id)).all()
        programs = session.scalars(select(ApiToken.name).order_by(ApiToken.name).distinct()).all()
    return (*((each.id, each.name) for each in people), *((name, name) for name in programs))


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, _other, row_id = cursor[:_LONGEST_CURSOR].partition("~")
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not row_id:
        raise NotFound(_("This page of the log does not exist. Start from the newest."))
    return moment, row_id


def _wanted(
    session: Session, by: ActivityFilter, after: tuple[datetime, str] | None, *, is_oldest_first: bool
) -> WantedActivity:
    person = session.get(Staff, by.who) if by.who else None
    clients: tuple[str, ...] = ()
    if by.client_id:
        clients = tuple(session.scalars(with_merged(by.client_id)))
    courses = (
        tuple(session.scalars(select(Course.id).where(Course.client_id.in_(clients)))) if clients else ()
    )
    return WantedActivity(
        by=by,
        names=(person.name if person else by.who,) if by.who else (),
        staff_id=person.id if person else None,
        client_ids=clients,
        course_ids=courses,
        after=after,
        moments=by.period.moments(clinic_in(session).zone) if by.period else None,
        is_oldest_first=is_oldest_first,
    )


def _merged(session: Session, wanted: WantedActivity, limit: int | None) -> Iterator[ActivityView]:
    readers = [reader(session, wanted, limit) for reader in _readers(wanted.by)]
    return heapq.merge(*readers, key=lambda each: (each.at, each.id), reverse=not wanted.is_oldest_first)


def _readers(by: ActivityFilter) -> list[Any]:
    if by.about:
        return [acts]
    if not by.group:
        return [acts, entries, course_history]
    return {COURSE: [entries, course_history], OPENED: [openings]}.get(by.group, [acts])
