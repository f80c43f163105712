"""Statements that run many times a second: turned into the driver's text once, then run without building anything.

Of the processor time of a statement run by `Connection.execute`, more goes into looking up its text, its parameters
and its result than into the database (docs/speed.md).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import repeat
from operator import itemgetter
from typing import Any, NoReturn, TypeAlias

from sqlalchemy import BindParameter, Connection, Dialect, Insert, Update, insert
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from plugin.store.base import Base

Values: TypeAlias = Mapping[str, Any]
_Convert: TypeAlias = Callable[[Any], Any]


class Prepared:
    """A query, an INSERT or UPDATE that is given the same columns each time, or a text.

    An INSERT fills in the columns' defaults, which are constants. A row of other columns than the first one's raises
    ValueError: a column that the text does not have would be left out of what is written.

    A parameter that is a list has a text for each power of two: its last value is repeated up to that number. Rows
    are named tuples of the query's columns.
    """

    def __init__(self, statement: Any) -> None:
        # A constant belongs to the text: SQLite plans a statement again each time it is run if a parameter is compared
        # with the column of a partial index.
        self._statement = replacement_traverse(statement, {}, _constant)
        self._lists = frozenset(
            part.key
            for part in iterate(self._statement)
            if isinstance(part, BindParameter) and part.expanding and part.required
        )
        self._texts: dict[Any, _Text] = {}

    def all(self, connection: Connection, values: Values) -> Sequence[Any]:
        ready = self._ready(connection.dialect, values)
        if ready is None:
            return connection.execute(self._statement, values).all()
        text, given = ready
        return text.fetched(connection, text.execute(connection, given))

    def first(self, connection: Connection, values: Values) -> Any:
        """Return the first row, None for none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def send(self, connection: Connection, *rows: Values) -> None:
        """Write the rows within a `pipeline`, which has the answer."""
        self._text(connection.dialect, rows[0]).execute(connection, *rows)

    def run(self, connection: Connection, *rows: Values) -> int:
        """Write the rows and return how many there were; raises what `Connection.execute` raises."""
        cursor = self._text(connection.dialect, rows[0]).execute(connection, *rows)
        # A closed cursor of PostgreSQL has forgotten it.
        count = int(cursor.rowcount)
        cursor.close()
        return count

    def _ready(self, dialect: Dialect, values: Values) -> tuple[_Text, Values] | None:
        """Return the text for these values, and what it is given; None for a list that is empty or very long."""
        given = values
        for name in self._lists:
            length = len(values[name])
            if not 0 < length <= _LONGEST:
                return None
            if length > 1:
                given = {**given, name: _filled(values[name])}
        return self._text(dialect, given), given

    def _text(self, dialect: Dialect, values: Values) -> _Text:
        which = (
            (dialect.name, *map(len, map(values.__getitem__, self._lists))) if self._lists else dialect.name
        )
        text = self._texts.get(which)
        if text is None:
            text = self._texts[which] = _Text(self._statement, dialect, values, self._lists)
        return text


# A longer list is rare, and its text long.
_LONGEST = 1024


def prepared_insert(row: type[Base]) -> Prepared:
    """Return the INSERT of rows of this table, given by column; without the unit of work of the ORM."""
    return Prepared(insert(Base.metadata.tables[row.__tablename__]))


def _filled(values: Sequence[Any]) -> Sequence[Any]:
    """Return the values, the last one repeated up to the next power of two."""
    missing = (1 << (len(values) - 1).bit_length()) - len(values)
    return [*values, *repeat(values[-1], missing)]


@contextmanager
def pipeline(connection: Connection) -> Iterator[None]:
    """Send PostgreSQL the statements of the block without waiting for their answers; raises the first failure."""
    driver: Any = connection.connection.driver_connection
    try:
        with driver.pipeline():
            yield
    except connection.dialect.loaded_dbapi.Error as error:
        _raise_as_sqlalchemy(connection, error)


def all_together(connection: Connection, values: Values, *queries: Prepared) -> list[Sequence[Any]]:
    """Return the rows of each of these queries of the same values; PostgreSQL is asked for all of them at once."""
    if connection.dialect.name == "sqlite":
        return [each.all(connection, values) for each in queries]
    ready = [each._ready(connection.dialect, values) for each in queries]
    if None in ready:
        return [each.all(connection, values) for each in queries]
    with pipeline(connection):
        sent = [(text, text.execute(connection, given)) for text, given in filter(None, ready)]
    return [text.fetched(connection, cursor) for text, cursor in sent]


def _raise_as_sqlalchemy(
    connection: Connection, error: BaseException, sql: str | None = None, cursor: Any = None
) -> NoReturn:
    # So that a lost connection leaves the pool, and the listeners of `handle_error` see a standby. Neither is within
    # reach of a public name. Without the values, which are about people.
    connection._handle_dbapi_exception(error, sql, None, cursor, None)


class _Text:
    """The statement for one driver, and how its parameters and columns are converted."""

    def __init__(self, statement: Any, dialect: Dialect, values: Values, lists: frozenset[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=_columns_set(statement, values))
        state = compiled.construct_expanded_state(dict(values))
        self._sql: str = state.statement
        self._columns = values.keys() if isinstance(statement, Insert) else None
        # A list becomes parameters, numbered.
        self._lists = {name: [f"{name}_{place + 1}" for place in range(len(values[name]))] for name in lists}
        source = {each: name for name, numbered in self._lists.items() for each in numbered}
        bound = {name: compiled.binds[source.get(name, name)].type for name in state.parameters}
        types = {name: type_.dialect_impl(dialect) for name, type_ in bound.items()}
        self._in = _conversions((name, each.bind_processor(dialect)) for name, each in types.items())
        # The dialect adds some of its own, such as the OFFSET of a LIMIT.
        own = bound.keys() - values.keys() - source.keys()
        self._own = {name: state.parameters[name] for name in own}
        # What a table's columns are without a value.
        self._own |= {column.key: column.default.arg for column in compiled.insert_prefetch}
        self._in_order = _in_order(state.positiontup) if dialect.positional else None
        columns = getattr(statement, "exported_columns", {})
        impls = (column.type.dialect_impl(dialect) for column in columns)
        self._out = _conversions(enumerate(each.result_processor(dialect, None) for each in impls))
        row: Any = namedtuple("row", map(str, columns.keys()), rename=True)  # type: ignore[misc]  # made as it runs
        self._make_row: Any = partial(tuple.__new__, row)
        self._error_type: Any = dialect.loaded_dbapi.Error

    def execute(self, connection: Connection, *rows: Values) -> Any:
        """Return the driver's cursor, to be closed; raises SQLAlchemy's DBAPIError."""
        is_many = len(rows) > 1
        given = [self._given(row) for row in rows] if is_many else self._given(rows[0])
        driver: Any = connection.connection.dbapi_connection
        cursor = driver.cursor()
        if listeners := connection.engine.dispatch.before_cursor_execute:
            listeners(connection, cursor, self._sql, given, None, is_many)
        try:
            (cursor.executemany if is_many else cursor.execute)(self._sql, given)
        except self._error_type as error:
            _raise_as_sqlalchemy(connection, error, self._sql, cursor)
        return cursor

    def fetched(self, connection: Connection, cursor: Any) -> list[Any]:
        """Return every row of a query that was executed."""
        try:
            # SQLite finds all but the first row only here.
            rows = cursor.fetchall()
        except self._error_type as error:
            _raise_as_sqlalchemy(connection, error, self._sql, cursor)
        cursor.close()
        if self._out and rows:
            rows = [*map(list, rows)]
            for place, convert in self._out:
                for row in rows:
                    if row[place] is not None:
                        row[place] = convert(row[place])
        return [*map(self._make_row, rows)]

    def _given(self, values: Values) -> Any:
        if self._columns is not None and values.keys() != self._columns:
            raise ValueError(f"prepared for {sorted(self._columns)}, given {sorted(values)}")
        given = {**self._own, **values}
        for name, numbered in self._lists.items():
            given.update(zip(numbered, given.pop(name), strict=True))
        for name, convert in self._in:
            given[name] = convert(given[name])
        return given if self._in_order is None else self._in_order(given)


def _columns_set(statement: Any, values: Values) -> list[str] | None:
    """Return which values a write sets; those of an UPDATE's condition have names of their own."""
    if isinstance(statement, Update):
        return [name for name in values if name in statement.table.c]
    return list(values) if isinstance(statement, Insert) else None


def _constant(element: Any, **_: Any) -> Any:
    is_constant = isinstance(element, BindParameter) and not element.required
    return element.render_literal_execute() if is_constant else None


def _conversions(each: Iterable[tuple[Any, _Convert | None]]) -> list[tuple[Any, _Convert]]:
    return [(place, convert) for place, convert in each if convert is not None]


def _in_order(names: Sequence[str]) -> Callable[[Values], Any]:
    """Return what puts the values of a dictionary into this order."""
    if len(names) == 1:
        return lambda values: (values[names[0]],)
    return itemgetter(*names) if names else lambda _values: ()
