"""Plays the first acts of a test again as the statements they were, without the ORM that made them.

Nearly every test of the ledger begins alike: a clinic, a package, a course sold. The first test of a worker that
does so runs the use cases, and the statements are kept; for the others that would be a third of their time.
Two databases of one test never begin with the same ids: statements are kept for each database.
On SQLite alone: PostgreSQL's sequences go on counting from one test to the next.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, event

from plugin.courses.audit import Finding, audit
from plugin.store import Store

T = TypeVar("T")
_Said = tuple[str, Any, bool]


@dataclass
class _Opening:
    """What a database holds, as the acts that led there from an empty one; no more once anything else is committed."""

    acts: tuple[str, ...] = ()
    commits: int = 0
    expected: int = 0
    files: tuple[tuple[int, int], ...] = ()


_openings: WeakKeyDictionary[Store, _Opening] = WeakKeyDictionary()
# By the database, then by the acts.
_kept: dict[tuple[str, ...], tuple[list[_Said], Any]] = {}
_audited: dict[tuple[str, ...], tuple[Finding, ...]] = {}


def begins_empty(store: Store) -> None:
    """Take note that the database of this store is as the migrations left it."""
    if store not in _openings:
        event.listen(store.engine, "commit", lambda _: _count(store))
    _openings[store] = _Opening(files=_files(store))


def once(store: Store, act: object, do: Callable[[], T]) -> T:
    """Return what `do` returns; where the same acts led here before, its statements are played instead of it.

    `act` names it with all it depends on, the time included; what it returns is never changed by anyone.
    """
    opening = _openings.get(store)
    if opening is None or not store.is_sqlite or opening.commits != opening.expected:
        return do()
    opening.acts, opening.expected = (*opening.acts, repr(act)), -1
    acts = (str(store.url), *opening.acts)
    if acts in _kept:
        statements, answer = _kept[acts]
        _play(store, statements)
    else:
        with _listening(store) as statements:
            answer = do()
        _kept[acts] = statements, answer
    opening.expected, opening.files = opening.commits, _files(store)
    returned: T = answer
    return returned


def audited(store: Store) -> tuple[Finding, ...]:
    """Return what the audit finds; a ledger that the same acts alone led to is looked at once.

    Another store, process or connection of the driver may have written without a commit of this store's engine.
    """
    opening = _openings.get(store)
    if opening is None or not store.is_sqlite or opening.commits != opening.expected:
        return audit(store)
    if opening.files != _files(store):
        return audit(store)
    if opening.acts not in _audited:
        _audited[opening.acts] = audit(store)
    return _audited[opening.acts]


def _files(store: Store) -> tuple[tuple[int, int], ...]:
    """Return the size and time of SQLite's files, which each transaction that writes changes."""
    if not store.is_sqlite:
        return ()
    database = store.url.database or ""
    found = [path.stat() for path in map(Path, (database, f"{database}-wal")) if path.exists()]
    return tuple((each.st_size, each.st_mtime_ns) for each in found)


def _count(store: Store) -> None:
    _openings[store].commits += 1


def _play(store: Store, statements: list[_Said]) -> None:
    with store.writing() as session:
        cursor = session.connection().connection.cursor()
        for statement, parameters, is_many in statements:
            (cursor.executemany if is_many else cursor.execute)(statement, parameters)
        cursor.close()


@contextmanager
def _listening(store: Store) -> Iterator[list[_Said]]:
    heard: list[_Said] = []

    def hear(
        _connection: Connection, _cursor: Any, said: str, parameters: Any, _context: Any, is_many: bool
    ) -> None:
        if said.lstrip()[:6].upper() in {"INSERT", "UPDATE", "DELETE"}:
            heard.append((said, parameters, is_many))

    event.listen(store.engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(store.engine, "before_cursor_execute", hear)
