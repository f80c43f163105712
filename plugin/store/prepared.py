"""Statements that run many times a second: turned into the driver's text once, then run without building anything.

Of the processor time of a statement run by `Connection.execute`, more goes into looking up its text, its parameters
and its result than into the database (docs/speed.md).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import BindParameter, Connection, Dialect, Insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.visitors import iterate

Values: TypeAlias = Mapping[str, Any]
_Convert: TypeAlias = Callable[[Any], Any]


class _Parameter(NamedTuple):
    """A parameter of the text: the caller's value of that name, converted for the driver, or one that never changes."""

    name: str
    given_as: str | None
    convert: _Convert | None
    fixed: Any = None


class Prepared:
    """A query, or an INSERT that is given the same columns each time.

    A parameter that is a list is quick for a list of one. Rows are named tuples of the query's columns.
    """

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._lists = frozenset(
            part.key for part in iterate(statement) if isinstance(part, BindParameter) and part.expanding
        )
        self._texts: dict[str, _Text] = {}

    def all(self, connection: Connection, values: Values) -> Sequence[Any]:
        """Return every row."""
        if any(len(values[name]) != 1 for name in self._lists):
            return connection.execute(self._statement, values).all()
        ones = {name: values[name][0] for name in self._lists}
        return self._text(connection.dialect, values).rows(connection, {**values, **ones} if ones else values)

    def first(self, connection: Connection, values: Values) -> Any:
        """Return the first row, None for none."""
        return next(iter(self.all(connection, values)), None)

    def run(self, connection: Connection, *rows: Values) -> int:
        """Write the rows and return how many there were; raises what `Connection.execute` raises."""
        cursor = self._text(connection.dialect, rows[0]).execute(connection, *rows)
        cursor.close()
        return int(cursor.rowcount)

    def _text(self, dialect: Dialect, values: Values) -> _Text:
        text = self._texts.get(dialect.name)
        if text is None:
            text = self._texts[dialect.name] = _Text(self._statement, dialect, values, self._lists)
        return text


class _Text:
    """The statement for one driver, and how its parameters and columns are converted."""

    def __init__(self, statement: Any, dialect: Dialect, values: Values, of_lists: frozenset[str]) -> None:
        is_insert = isinstance(statement, Insert)
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(values) if is_insert else None)
        state = compiled.construct_expanded_state(dict(values))
        self._sql: str = state.statement
        self._is_positional: bool = dialect.positional
        # A list of one becomes one parameter, numbered.
        lists = {f"{name}_1": name for name in of_lists}
        self._parameters = [
            _parameter(name, compiled.binds[lists.get(name, name)], dialect, values)
            for name in (state.positiontup if self._is_positional else state.parameters)
        ]
        self._names = [each.name for each in self._parameters]
        columns: Any = {} if is_insert else statement.selected_columns
        converts = (column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
        self._converts = [(place, convert) for place, convert in enumerate(converts) if convert is not None]
        row: Any = namedtuple("row", map(str, columns.keys()), rename=True)  # type: ignore[misc]  # made as it runs
        self._make_row = row._make

    def execute(self, connection: Connection, *rows: Values) -> Any:
        """Return the driver's cursor, to be closed; raises SQLAlchemy's DBAPIError."""
        given: Any = [self._given(row) for row in rows] if len(rows) > 1 else self._given(rows[0])
        cursor, dialect = connection.connection.cursor(), connection.dialect
        if listeners := connection.dispatch.before_cursor_execute:
            listeners(connection, cursor, self._sql, given, None, len(rows) > 1)
        error_type: Any = dialect.loaded_dbapi.Error
        try:
            (cursor.executemany if len(rows) > 1 else cursor.execute)(self._sql, given)
        except error_type as error:
            raise _wrapped(error, self._sql, dialect) from error
        return cursor

    def _given(self, values: Values) -> Any:
        given = tuple(
            fixed if given_as is None else convert(values[given_as]) if convert else values[given_as]
            for _, given_as, convert, fixed in self._parameters
        )
        return given if self._is_positional else dict(zip(self._names, given, strict=True))

    def rows(self, connection: Connection, values: Values) -> list[Any]:
        cursor = self.execute(connection, values)
        rows = cursor.fetchall()
        cursor.close()
        return [self._make_row(self._converted(row)) for row in rows]

    def _converted(self, row: Sequence[Any]) -> Sequence[Any]:
        if not self._converts:
            return row
        values = list(row)
        for place, convert in self._converts:
            values[place] = convert(values[place])
        return values


def _parameter(name: str, bound: BindParameter[Any], dialect: Dialect, values: Values) -> _Parameter:
    convert = bound.type.dialect_impl(dialect).bind_processor(dialect)
    if bound.key in values:
        return _Parameter(name, bound.key, convert)
    fixed = bound.effective_value
    return _Parameter(name, None, None, convert(fixed) if convert else fixed)


def _wrapped(error: Exception, sql: str, dialect: Dialect) -> BaseException:
    # Without the values: they are about people.
    error_type: Any = dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, error, error_type, hide_parameters=True, dialect=dialect)
