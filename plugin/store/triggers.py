"""Triggers that refuse UPDATE and DELETE of write-once rows, in the SQL of both engines.

One change is allowed, for a person's right to erasure: free text becomes the mark `ERASED`, and nothing
else of the row changes with it. A row can be blanked, never rewritten. On PostgreSQL, where another role owns the
tables, the grants of the program's own role refuse the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.orm import Session


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


ERASED = "(erased)"

# Each table's columns that never change, and those that may become the mark.
KEPT = {
    "entry": (
        *("id", "allowance_id", "seq", "kind", "sessions_before", "sessions_delta", "sessions_after"),
        *("value_before", "value_delta", "value_after", "granted_before", "granted_after", "happened_at"),
        *("written_at", "by", "staff_id", "source", "reverses", "visit_id", "idempotency_key"),
        *("reason_sha256", "sha256"),
    ),
    "history": ("id", "course_id", "kind", "at", "by", "source"),
    "handout": ("id", "course_id", "kind", "language", "content_sha256", "handed_at", "by"),
    "activity": ("id", "kind", "at", "by", "staff_id", "source", "client_id", "subject_id"),
    "sealed_row": ("kind", "row_id", "version", "seal", "sha256"),
}
ERASABLE = {
    "entry": ("reason", "reason_salt"),
    "history": ("text", "reason"),
    "handout": ("content",),
    "activity": ("name", "before", "after", "reason"),
    "sealed_row": ("salt",),
}
# Can be blanked, never rewritten; and what is stored whole forever, as the law requires of documents.
BLANKED_AT_MOST = ("entry", "history", "handout")
# The log's rows can be blanked as well, and deleted once they are a year older than its newest row.
ACTIVITY, ACTIVITY_KEPT_DAYS = "activity", 365
KEPT_WHOLE = ("document", "document_file", "document_course", "treatment_text", "logo")
APPEND_ONLY = (*BLANKED_AT_MOST, *KEPT_WHOLE)
# What the worker sealed: the salt of a text that is erased goes with it.
SEAL, SEALED = "ledger_seal", "sealed_row"
# What is signed is stored whole too; what was only shown can be deleted, never changed.
SIGNED, SHOWN = "agreement_signature", "agreement"
GUARDED = (*APPEND_ONLY, ACTIVITY, SEAL, SEALED, SIGNED, SHOWN)


def guard_names(engine: str) -> frozenset[str]:
    """Return the names of all triggers that refuse a change."""
    return frozenset(f"{table}_refuses_{deed}" for table in GUARDED for deed in _deeds(engine, table))


# Of a table: the columns that never change, and those that may become the mark.
Guarded = tuple[Sequence[str], Sequence[str]]


def creation(engine: str, *tables: str, frozen: Mapping[str, Guarded] | None = None) -> Iterator[str]:
    """Yield the statements that guard these tables; `engine` is "sqlite" or "postgresql".

    `frozen`: what a migration guards in its own revision, instead of the columns of today.
    """
    for table in tables:
        kept, erasable = (frozen or {}).get(table) or (KEPT.get(table, ()), ERASABLE.get(table, ()))
        for deed in _deeds(engine, table):
            guard = _sqlite(table, deed, kept, erasable) if engine == "sqlite" else _pg(table, deed, erasable)
            yield f"CREATE TRIGGER {table}_refuses_{deed} BEFORE {guard}"


def functions(engine: str, *names: str) -> Iterator[str]:
    """Yield the statements that create the functions which PostgreSQL's triggers call."""
    yield from (_PG_FUNCTIONS[name] for name in names if engine == "postgresql")


def _deeds(engine: str, table: str) -> tuple[str, ...]:
    if table == SHOWN:
        return ("update",)
    if engine == "sqlite":
        return ("update", "delete")
    return ("change", "delete", "truncate") if table == ACTIVITY else ("change", "truncate")


def _sqlite(table: str, deed: str, kept: Sequence[str], erasable: Sequence[str]) -> str:
    when = ""
    if kept and deed == "update":
        when = f" WHEN NOT ({_is_erasure(kept, erasable)})"
    elif table == ACTIVITY:
        newest = f"(SELECT julianday(max(at)) FROM {ACTIVITY})"  # noqa: S608 - a constant
        when = f" WHEN julianday(OLD.at) > {newest} - {ACTIVITY_KEPT_DAYS}"
    says = f"BEGIN SELECT RAISE(ABORT, 'a written line of {table} is never changed or deleted'); END"
    return f"{deed.upper()} ON {table}{when} {says}"


def _pg(table: str, deed: str, erasable: Sequence[str]) -> str:
    change = "UPDATE" if table == ACTIVITY else "UPDATE OR DELETE"
    event = change if deed == "change" else deed.upper()
    call = "refuse_change()" if erasable else "refuse_any_change()"
    if deed == "change" and erasable:
        columns = ", ".join(f"'{column}'" for column in erasable)
        call = f"refuse_change({columns})"
    elif deed == "delete":
        call = "refuse_young_activity()"
    each = "STATEMENT" if deed == "truncate" else "ROW"
    return f"{event} ON {table} FOR EACH {each} EXECUTE FUNCTION {call}"


def _is_erasure(columns: Sequence[str], erasable: Sequence[str]) -> str:
    kept = [f'NEW."{column}" IS OLD."{column}"' for column in ("rowid", *columns)]
    blanked = [f"NEW.{column} = '{ERASED}' AND OLD.{column} <> '{ERASED}'" for column in erasable]
    same = [f"NEW.{column} IS OLD.{column}" for column in erasable]
    each = [f"({one} OR ({two}))" for one, two in zip(same, blanked, strict=True)]
    return " AND ".join([*kept, *each, "(" + " OR ".join(f"({one})" for one in blanked) + ")"])


# The value of a generated column is not known yet when this trigger fires; it follows from `seq`.
_PG_FUNCTION = f"""
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was jsonb;
  is_now jsonb;
  erasable text;
  is_erasure boolean := false;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    was := to_jsonb(OLD) - 'prev_seq';
    is_now := to_jsonb(NEW) - 'prev_seq';
    FOREACH erasable IN ARRAY TG_ARGV LOOP
      IF is_now ->> erasable = '{ERASED}' AND was ->> erasable <> '{ERASED}' THEN
        is_erasure := true;
        was := was - erasable;
        is_now := is_now - erasable;
      END IF;
    END LOOP;
    IF is_erasure AND was = is_now THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION 'a written line of % is never changed or deleted', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

_PG_REFUSAL = """
CREATE FUNCTION refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a written line of % is never changed or deleted', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

_PG_OLD_ACTIVITY = f"""
CREATE FUNCTION refuse_young_activity() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.at > (SELECT max(at) FROM {ACTIVITY}) - interval '{ACTIVITY_KEPT_DAYS} days' THEN
    RAISE EXCEPTION 'a written line of {ACTIVITY} is never changed or deleted'
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END $$
"""  # noqa: S608 - constants

_PG_FUNCTIONS = {
    "refuse_change": _PG_FUNCTION,
    "refuse_any_change": _PG_REFUSAL,
    "refuse_young_activity": _PG_OLD_ACTIVITY,
}
FUNCTIONS = tuple(_PG_FUNCTIONS)


_WRITTEN_ONCE = (*BLANKED_AT_MOST, *KEPT_WHOLE, SEAL, SEALED, SIGNED)


def grants(role: str, owner: str) -> Iterator[str]:
    """Yield the statements for the owner of the tables to run once, and after each upgrade.

    Erasure of a person needs the columns with text; the triggers, which only the owner can drop, let it do no more.
    """
    to = _quoted(role)
    yield f"GRANT USAGE ON SCHEMA public TO {to}"
    yield f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {to}"
    yield f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {to}"
    yield (
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {_quoted(owner)} IN SCHEMA public"
        f" GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {to}"
    )
    for table in _WRITTEN_ONCE:
        yield f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {to}"
        if columns := ERASABLE.get(table):
            yield f"GRANT UPDATE ({', '.join(columns)}) ON {table} TO {to}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def can_rewrite(session: Session) -> tuple[str, ...]:
    """Return the tables that are written once, and that the program's role could change, or could drop triggers of."""
    asked = text(
        "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename = ANY(:tables)"
        " AND (pg_has_role(tableowner, 'MEMBER') OR has_table_privilege(tablename, 'UPDATE, DELETE, TRUNCATE'))"
        " ORDER BY tablename"
    )
    return tuple(session.scalars(asked, {"tables": list(_WRITTEN_ONCE)}))
