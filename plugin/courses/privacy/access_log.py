"""The access log: who opened a client's data, when, and by which page or call; and who downloaded files."""

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, bindparam, insert, literal, select

from plugin.core.acts import Act, Actor
from plugin.courses.base.activity import Did, record_activity
from plugin.store import Store
from plugin.store.base import Base
from plugin.store.tables import Client, ClientOpening, Course

# Going back and forth between the pages of one client is one opening.
ONE_OPENING = timedelta(minutes=15)
_MOST_REMEMBERED = 10_000
# The plain table: the ORM does not insert from a select.
_TABLE = Base.metadata.tables[ClientOpening.__tablename__]
_COLUMNS = ("id", "client_id", "staff_id", "by", "source", "what", "at")


class AccessLog:
    """Records openings, at most one in 15 minutes for each person and client of this process. Thread-safe."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str], datetime] = {}
        self._lock = threading.Lock()

    def record(
        self,
        store: Store,
        actor: Actor,
        now: datetime,
        *,
        what: str,
        client_id: str = "",
        course_id: str = "",
    ) -> None:
        """Record that `actor` opened a client, or the client of a course, by the page or call `what`.

        An unknown id records nothing.
        """
        who = (actor.staff_id or actor.name, client_id or course_id)
        if not self._is_new(who, now):
            return
        wanted = Client.id == client_id if client_id else Client.id == _OWNER
        try:
            with store.writing() as session:
                row = select(*_values(store.new_id(), actor, what, now)).where(wanted)
                session.execute(insert(_TABLE).from_select(_COLUMNS, row), {"course": course_id})
        except BaseException:
            with self._lock:
                self._last.pop(who, None)
            raise

    def record_all(
        self, store: Store, actor: Actor, now: datetime, client_ids: Iterable[str], *, what: str
    ) -> None:
        """Record that `actor` opened a page that shows data of several clients, in one statement."""
        who = actor.staff_id or actor.name
        new = [each for each in dict.fromkeys(client_ids) if self._is_new((who, each), now)]
        if not new:
            return
        rows = [
            dict(zip(_COLUMNS, (store.new_id(), each, *_said(actor, what, now)), strict=True)) for each in new
        ]
        try:
            with store.writing() as session:
                session.execute(insert(_TABLE), rows)
        except BaseException:
            with self._lock:
                for each in new:
                    self._last.pop((who, each), None)
            raise

    def _is_new(self, who: tuple[str, str], now: datetime) -> bool:
        with self._lock:
            last = self._last.get(who)
            if last is not None and now - last < ONE_OPENING:
                return False
            if len(self._last) >= _MOST_REMEMBERED:
                self._last.clear()
            self._last[who] = now
            return True


def record_download(store: Store, act: Act, name: str, *, client_id: str | None = None) -> None:
    """Record in the activity log that the actor downloaded a file; one of an unknown client without the client."""
    with store.writing() as session:
        known = client_id if client_id and session.get(Client, client_id) is not None else None
        record_activity(session, store, act, Did.DATA_DOWNLOADED, name=name, client_id=known)


_OWNER = select(Course.client_id).where(Course.id == bindparam("course")).scalar_subquery()


def _values(row_id: str, actor: Actor, what: str, now: datetime) -> list[ColumnElement[Any]]:
    return [literal(row_id), Client.__table__.c.id, *map(literal, _said(actor, what, now))]


def _said(actor: Actor, what: str, now: datetime) -> tuple[Any, ...]:
    return actor.staff_id, actor.name, actor.source.value, what, now
