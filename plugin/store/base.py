"""What all tables share: names, times with their zone, and the marks on columns with personal data."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, DateTime, Index, MetaData, String, or_, text
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, declared_attr
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import JSON, TypeDecorator

# Where a class name begins its next word.
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """An aware UTC time. SQLite stores no zone, so it is added when read; a naive time is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; raises ValueError for a time without a zone."""
        if value is None:
            return None
        in_utc = _in_utc(value)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """Return the conversion of a value, in one step, as times are half of what is converted."""
        return _to_text if dialect.name == "sqlite" else _to_utc

    def result_processor(self, dialect: Dialect, _coltype: object) -> Callable[[Any], datetime | None] | None:
        """Return the conversion of what the database holds: SQLite text without a zone."""
        return _from_text if dialect.name == "sqlite" else _to_utc


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a stored time carries its zone")
    return value if value.tzinfo is UTC else value.astimezone(UTC)


def _to_utc(value: datetime | None) -> datetime | None:
    return None if value is None else _in_utc(value)


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else _in_utc(value).isoformat(" ", "microseconds")[:26]


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class Base(DeclarativeBase):
    """The base class of all tables. A table has the name of its class, such as `api_token` for `ApiToken`."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        datetime: UtcTime(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
    }

    @declared_attr.directive
    def __tablename__(cls) -> str:  # noqa: N805 - SQLAlchemy calls it with the class
        return _WORDS.sub("_", cls.__name__).lower()


class UtcText(FunctionElement[str]):
    """A stored time as text in UTC to the microsecond, as SQLite stores it: 2026-03-01 17:30:00.000000."""

    type = String()
    inherit_cache = True


@compiles(UtcText)
def _as_stored(element: UtcText, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


@compiles(UtcText, "postgresql")
def _as_text(element: UtcText, compiler: SQLCompiler, **kw: Any) -> str:
    column = compiler.process(element.clauses, **kw)
    return f"to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"


Id = String(40)
SquareId = String(192)
Amount = BigInteger()
Name = String(160)


def only_where(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Return a partial index of the rows that meet the condition, such as pending ones."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


Mark = dict[str, str]

OWN: Mark = {"personal": "own"}
DELETED: Mark = {"personal": "deleted"}
EMPTIED: Mark = {"personal": "emptied"}
DROPPED: Mark = {"personal": "dropped"}
ERASED_TEXT: Mark = {"personal": "erased"}
NAMED: Mark = {"personal": "named"}
MESSAGE: Mark = {"personal": "message"}
RETAINED: Mark = {"personal": "retained"}


OF_CLIENT: Mark = {"belongs_to": "client_ids"}
OF_COURSE: Mark = {"belongs_to": "course_ids"}
OF_ALLOWANCE: Mark = {"belongs_to": "allowance_ids"}
OF_ORDER: Mark = {"belongs_to": "order_ids"}
OF_REFUND: Mark = {"belongs_to": "refund_ids"}
OF_DOCUMENT: Mark = {"belongs_to": "document_ids"}
OF_CHECKOUT: Mark = {"belongs_to": "checkout_ids"}
OF_PROFILE: Mark = {"belongs_to": "square_ids"}
OF_NOTE: Mark = {"belongs_to": "note_ids"}
OF_JOB: Mark = {"belongs_to": "job_subjects"}


def columns_of(model: type[Base]) -> list[Column[Any]]:
    return list(Base.metadata.tables[model.__tablename__].columns)


def columns_marked(model: type[Base], *marks: Mark) -> list[Column[Any]]:
    wanted = {mark["personal"] for mark in marks}
    return [column for column in columns_of(model) if column.info.get("personal") in wanted]


def rows_of(model: type[Base], subject: object) -> ColumnElement[bool] | None:
    """Return the condition by which rows are a client's; None for a table without such a column."""
    owned = [
        getattr(model, column.key).in_(getattr(subject, column.info["belongs_to"]))
        for column in columns_of(model)
        if "belongs_to" in column.info
    ]
    return or_(*owned) if owned else None
