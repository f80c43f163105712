"""The triggers that keep `ClientDigits`, and what fills it."""

from collections.abc import Iterator

from plugin.store.statements import created

FEWEST, MOST = 3, 8
# Constants of ours, and names of columns; no person's values.
_TEN = "(" + " UNION ALL ".join(f"SELECT {n} AS n" for n in range(10)) + ")"
_LAST = f"length({{row}}.search_text) - {FEWEST}"
# A search text has fewer than a thousand characters; each join leaves out what is behind its end.
_PLACES = (
    "(SELECT h.n * 100 + t.n * 10 + o.n + 1 AS place, {row}.id AS id, {row}.search_text AS text"  # noqa: S608 # nosec B608
    f" FROM {{rows}}{_TEN} AS h CROSS JOIN {_TEN} AS t CROSS JOIN {_TEN} AS o"
    f" WHERE h.n * 100 <= {_LAST} AND h.n * 100 + t.n * 10 <= {_LAST}"
    f" AND h.n * 100 + t.n * 10 + o.n <= {_LAST}) AS places"
)
_DIGITS = "[0-9]" * FEWEST
_SELECT = {
    # What is read as a number ends where the digits do; the 1 keeps leading zeros.
    "sqlite": f"SELECT id, substr(CAST('1' || substr(text, place, {MOST}) AS INTEGER), 2) FROM {_PLACES}"  # noqa: S608 # nosec B608
    f" WHERE substr(text, place, {FEWEST}) GLOB '{_DIGITS}'",
    "postgresql": f"SELECT id, substring(substr(text, place, {MOST}) FROM '^[0-9]+') FROM {_PLACES}"  # noqa: S608 # nosec B608
    f" WHERE substr(text, place, {FEWEST}) ~ '^{_DIGITS}'",
}
_DELETE = "DELETE FROM client_digits WHERE client_id = OLD.id;"
_TRIGGERS = (
    ("client_digits_insert", "INSERT", "", "{insert}"),
    (
        *("client_digits_update", "UPDATE OF search_text", "WHEN (OLD.search_text <> NEW.search_text)"),
        f"{_DELETE} {{insert}}",
    ),
    # An import that is undone.
    ("client_digits_delete", "DELETE", "", _DELETE),
)


def filling(engine: str, *, row: str = "client", rows: str = "client CROSS JOIN ") -> str:
    """Return the statement that writes the digits of all clients, or of the one `row` of a trigger."""
    select = _SELECT[engine].format(row=row, rows=rows)
    return f"INSERT INTO client_digits (client_id, digits) {select} ON CONFLICT DO NOTHING"  # nosec B608


def wrong(engine: str) -> str:
    """Return the query for the ids of clients whose digits are not those of their text."""
    wanted = _SELECT[engine].format(row="client", rows="client CROSS JOIN ")
    kept = "SELECT client_id, digits FROM client_digits"
    missing = f"SELECT id FROM ({wanted} EXCEPT {kept}) AS missing"  # noqa: S608 # nosec B608
    return f"{missing} UNION SELECT client_id FROM ({kept} EXCEPT {wanted}) AS others ORDER BY 1"  # noqa: S608 # nosec B608


def creation(engine: str) -> Iterator[str]:
    """Yield the statements that create the triggers; `engine` is "sqlite" or "postgresql"."""
    insert = f"{filling(engine, row='NEW', rows='')};"
    for name, event, when, do in _TRIGGERS:
        yield from created(engine, name, event, "client", do.format(insert=insert), when=when)
