"""The triggers that refuse UPDATE and DELETE of what is written once, in both engines' words."""

from __future__ import annotations

from collections.abc import Iterator

APPEND_ONLY = ("entry", "history", "handout")


def creation(engine: str) -> Iterator[str]:
    """Yield the statements that put the triggers up; `engine` is "sqlite" or "postgresql"."""
    if engine == "postgresql":
        yield _PG_FUNCTION
    for table in APPEND_ONLY:
        yield from (_pg(table) if engine == "postgresql" else _sqlite(table))


def removal(engine: str) -> Iterator[str]:
    """Yield the statements that take them down."""
    for table in APPEND_ONLY:
        for deed in ("update", "delete") if engine == "sqlite" else ("change", "truncate"):
            on = f" ON {table}" if engine == "postgresql" else ""
            yield f"DROP TRIGGER {table}_refuses_{deed}{on}"
    if engine == "postgresql":
        yield "DROP FUNCTION refuse_change()"


_PG_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a written line of % is never changed or deleted', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _pg(table: str) -> Iterator[str]:
    yield (
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    yield (
        f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def _sqlite(table: str) -> Iterator[str]:
    for deed in ("update", "delete"):
        yield (
            f"CREATE TRIGGER {table}_refuses_{deed} BEFORE {deed.upper()} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, 'a written line of {table} is never changed or deleted'); END"
        )
