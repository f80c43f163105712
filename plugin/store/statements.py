"""The statements of a trigger that does something for each row, in the SQL of both engines."""

from collections.abc import Iterator


def created(engine: str, name: str, event: str, table: str, do: str, *, when: str = "") -> Iterator[str]:
    """Yield the statements that create a trigger after an event, such as INSERT; `engine` is "sqlite" or "postgresql".

    `do`: statements, each with its semicolon.
    """
    after = f"AFTER {event} ON {table}"
    if engine == "sqlite":
        yield f"CREATE TRIGGER {name} {after} {when} BEGIN {do} END"
        return
    yield f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {do} RETURN NULL; END $$"
    yield f"CREATE TRIGGER {name} {after} FOR EACH ROW {when} EXECUTE FUNCTION {name}()"


def dropped(engine: str, name: str, table: str) -> Iterator[str]:
    """Yield the statements that drop a trigger of `created`."""
    if engine == "sqlite":
        yield f"DROP TRIGGER {name}"
        return
    yield f"DROP TRIGGER {name} ON {table}"
    yield f"DROP FUNCTION {name}()"
