"""What a piece of work asks of the database: every statement with its values, in order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    """Collect the statements sent to this database within the block; BEGIN, which SQLite is sent too, is none."""
    seen: list[Statement] = []

    def note(_connection: Any, _cursor: Any, sql: str, values: Any, _context: Any, _many: bool) -> None:
        if not sql.startswith("BEGIN"):
            seen.append(Statement(sql, values))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)
