"""Version numbers of what open pages show, so that a page learns by one query whether anything changed.

Triggers count, so that no writer can omit it: several processes, the ORM and raw SQL are all covered.
A subject is a course, a client, a batch or a file; `DESK` counts every change at the desk, `EVERYONE` those
that any client's page may show. The numbers only rise.
"""

from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Mapped, mapped_column

from plugin.store.base import Amount, Base, Id

DESK, EVERYONE, CONNECTION = "desk", "everyone", "connection"
# On PostgreSQL writers would block each other at the two shared rows, so each connection uses one slot.
_SLOTS = 32


class Version(Base):
    """How often a subject changed, in slots: their sum is its version."""

    subject: Mapped[str] = mapped_column(Id, primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Amount)
    # PostgreSQL: the last transaction that counted. Each counts once, because a row updated ten thousand
    # times in one transaction would be slow to find.
    counted_by: Mapped[int] = mapped_column(Amount, default=0, server_default="0")


_DESK, _EVERYONE, _CONNECTION = (f"SELECT '{subject}'" for subject in (DESK, EVERYONE, CONNECTION))
_ITS_COURSE, _ITS_CLIENT = "SELECT {row}.course_id", "SELECT {row}.client_id"
_COURSE_OF_ALLOWANCE = "SELECT course_id FROM allowance WHERE id = {row}.allowance_id"
_COURSES_OF_ORDER = "SELECT id FROM course WHERE square_order_id = {row}.square_order_id"
_ITSELF = "SELECT {row}.id"

# Each watched table with the queries for the subjects that a row of it changes.
WATCHED: dict[str, tuple[str, ...]] = {
    "clinic": (_DESK, _EVERYONE, _CONNECTION),
    "staff": (_DESK, _EVERYONE),
    "treatment": (_DESK, _EVERYONE),
    "package": (_DESK, _EVERYONE),
    "attention": (_DESK, _EVERYONE),
    "booking": (_DESK,),
    # A name also appears on the pages of others: who shares a course, who gave it. A new one is on none yet.
    "client": (_DESK, _ITSELF, f"{_EVERYONE} WHERE '{{row}}' = 'OLD'"),
    "square_customer": (_DESK, _ITS_CLIENT),
    "course": (
        *(_DESK, _ITSELF, _ITS_CLIENT),
        "SELECT course_id FROM course_origin WHERE origin_id = {row}.id",
    ),
    "allowance": (_DESK, _ITS_COURSE),
    "allowed_ahead": (_DESK, _COURSE_OF_ALLOWANCE),
    "entry": (_DESK, _COURSE_OF_ALLOWANCE),
    "visit": (_DESK, _ITS_COURSE),
    "visit_note": (
        *(_DESK, _ITS_CLIENT),
        "SELECT course_id FROM visit WHERE id = {row}.visit_id",
    ),
    "visit_option": (_DESK, _EVERYONE),
    "rated_concern": (_DESK, _ITS_CLIENT),
    "own_rating": (_DESK, _ITS_CLIENT),
    "check_answer": (_DESK, _ITS_CLIENT),
    "rating_choice": (_DESK, _ITS_CLIENT),
    "planned_visit": (_DESK, _ITS_COURSE),
    "history": (_DESK, _ITS_COURSE),
    "course_share": (_DESK, _ITS_COURSE, _ITS_CLIENT),
    "course_origin": (_DESK, _ITS_COURSE),
    "gift": (_DESK, _ITS_COURSE),
    "checkout": (_DESK, _ITS_CLIENT, _COURSES_OF_ORDER),
    "desk_refund": (_DESK, _ITS_COURSE),
    "dispute": (_DESK, _COURSES_OF_ORDER),
    "sale_record": (_DESK, _COURSES_OF_ORDER),
    "document": (_DESK, _ITS_CLIENT),
    "document_course": (_DESK, _ITS_COURSE),
    "document_file": (_DESK, "SELECT client_id FROM document WHERE id = {row}.document_id"),
    "visit_letter": (_DESK, _ITS_CLIENT),
    "outbox": (
        "SELECT {row}.subject WHERE {row}.kind = 'customer'",
        "SELECT course_id FROM desk_refund WHERE {row}.kind = 'refund' AND id = {row}.subject",
        "SELECT client_id FROM document WHERE {row}.kind = 'document' AND id = {row}.subject",
    ),
    "connection": (_CONNECTION,),
    "sweep": (_CONNECTION,),
    "paper_batch": (_ITSELF,),
    "import_batch": (_ITSELF,),
}
# Only some of these rows are shown, and none is deleted while it is.
_ONLY = {"outbox": "NEW.kind IN ('customer', 'refund', 'document')"}
# What the migration from version 0.1.0 begins to watch.
SINCE_0_1_0 = (
    *("visit_note", "visit_option", "rated_concern", "own_rating"),
    *("rating_choice", "check_answer", "planned_visit"),
)
_EVENTS = ("INSERT", "UPDATE", "DELETE")


def creation(engine: str, tables: Iterable[str] = WATCHED) -> Iterator[str]:
    """Yield the statements that create the triggers of these tables; `engine` is "sqlite" or "postgresql"."""
    for table in tables:
        yield from _pg(table) if engine == "postgresql" else _sqlite(table)


def _events(table: str) -> tuple[str, ...]:
    return _EVENTS[:2] if table in _ONLY else _EVENTS


def _subjects(table: str, row: str) -> str:
    return " UNION ".join(each.format(row=row) for each in WATCHED[table])


def _sqlite(table: str) -> Iterator[str]:
    when = f" WHEN {_ONLY[table]}" if table in _ONLY else ""
    for event in _events(table):
        rows = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}[event]
        subjects = " UNION ".join(_subjects(table, row) for row in rows)
        yield (
            f"CREATE TRIGGER {table}_counts_{event.lower()} AFTER {event} ON {table}{when} BEGIN"  # noqa: S608 - our own names
            f" INSERT INTO version (subject, slot, number) SELECT subject, 0, 1 FROM"
            f" (SELECT NULL AS subject UNION {subjects}) WHERE subject IS NOT NULL"
            " ON CONFLICT (subject, slot) DO UPDATE SET number = number + 1; END"
        )


def _pg(table: str) -> Iterator[str]:
    yield f"""
CREATE FUNCTION count_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'DELETE' THEN
    {_pg_count(_subjects(table, "NEW"))}
  END IF;
  IF TG_OP <> 'INSERT' THEN
    {_pg_count(_subjects(table, "OLD"))}
  END IF;
  RETURN NULL;
END $$
"""
    when = f" WHEN ({_ONLY[table]})" if table in _ONLY else ""
    yield (
        f"CREATE TRIGGER {table}_counts AFTER {' OR '.join(_events(table))} ON {table}"
        f" FOR EACH ROW{when} EXECUTE FUNCTION count_{table}()"
    )


def _pg_count(subjects: str) -> str:
    shared = f"'{DESK}', '{EVERYONE}', '{CONNECTION}'"
    return (
        "INSERT INTO version (subject, slot, number, counted_by)"  # noqa: S608 - our own names
        f" SELECT subject, CASE WHEN subject IN ({shared}) THEN pg_backend_pid() % {_SLOTS} ELSE 0 END,"
        f" 1, txid_current() FROM ({subjects}) AS changed (subject) WHERE subject IS NOT NULL"
        # In one order, so that two writers never deadlock.
        " ORDER BY subject"
        " ON CONFLICT (subject, slot) DO UPDATE SET number = version.number + 1, counted_by = excluded.counted_by"
        " WHERE version.counted_by <> excluded.counted_by;"
    )
