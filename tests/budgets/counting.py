"""What a piece of work asks of the database: every statement with its values, in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from tempfile import TemporaryFile
from typing import Any

from sqlalchemy import Engine, event


@dataclass(frozen=True)
class Statement:
    """One statement as the driver got it."""

    sql: str
    values: Any

    @property
    def is_query(self) -> bool:
        return self.sql.lstrip().upper().startswith(("SELECT", "WITH"))


@contextmanager
def counted(engine: Engine) -> Iterator[list[Statement]]:
    """Collect the statements sent to this database within the block; BEGIN and COMMIT are none."""
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        if not sql.startswith(("BEGIN", "COMMIT")):
            seen.append(Statement(sql, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def round_trips(driver: Any) -> Iterator[list[int]]:
    """Give, at its end, how often PostgreSQL was asked and answered by psycopg's connection within the block."""
    found: list[int] = []
    with TemporaryFile("w+") as spoken:
        driver.pgconn.trace(spoken.fileno())
        try:
            yield found
        finally:
            driver.pgconn.untrace()
        spoken.seek(0)
        # A statement of several lines goes on without them.
        speakers = [line.split("\t")[1] for line in spoken if "\t" in line]
    found.append(sum(pair == ("F", "B") for pair in pairwise(speakers)))
