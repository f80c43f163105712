"""The statements of a trigger that does something for each row, and those that drop any, in the SQL of both engines."""

from collections.abc import Iterable, Iterator


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


def dropped(engine: str, creation: Iterable[str]) -> Iterator[str]:
    """Yield the statements that drop the triggers and functions which these create, the last one first."""
    for statement in reversed(list(creation)):
        _create, kind, name = statement.split("(", 1)[0].split()[:3]
        if kind == "FUNCTION":
            yield f"DROP FUNCTION {name}()"
        elif engine == "sqlite":
            yield f"DROP TRIGGER {name}"
        else:
            yield f"DROP TRIGGER {name} ON {statement.split(' ON ')[1].split()[0]}"
