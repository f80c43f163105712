"""Triggers that refuse UPDATE and DELETE of write-once rows, in the SQL of both engines.

One change is allowed, for a person's right to erasure: free text becomes the mark `ERASED`, and nothing
else of the row changes with it. A row can be blanked, never rewritten.
"""

from collections.abc import Iterator, Sequence

ERASED = "(erased)"

# Each table's columns that never change, and those that may become the mark.
_KEPT = {
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
_OF_HASH = ("reason_salt", "reason_sha256", "sha256")
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


def guard_names(engine: str) -> frozenset[str]:
    """Return the names of all triggers that refuse a change."""
    deeds = ("update", "delete") if engine == "sqlite" else ("change", "truncate")
    whole = {f"{table}_refuses_{deed}" for table in (*APPEND_ONLY, SEAL, SEALED, SIGNED) for deed in deeds}
    activity = {f"{ACTIVITY}_refuses_{deed}" for deed in activity_deeds(engine)}
    return frozenset({*whole, *activity, f"{SHOWN}_refuses_update"})


def guarded_columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table that the triggers guard."""
    return (*_KEPT[table], *ERASABLE[table])


def creation(engine: str) -> Iterator[str]:
    """Yield the statements that guard rows which may be blanked; `engine` is "sqlite" or "postgresql"."""
    if engine == "postgresql":
        yield _PG_FUNCTION
    for table in BLANKED_AT_MOST:
        yield from _guards(engine, table, has_hash=False)


def creation_for_entries(engine: str, *, has_hash: bool = True) -> Iterator[str]:
    """Yield the statements that guard entries; without their hash before they had one."""
    yield from _guards(engine, "entry", has_hash=has_hash)


def removal_for_entries(engine: str) -> Iterator[str]:
    """Yield the statements that drop the triggers of `creation_for_entries`."""
    yield from _dropped(engine, "entry")


def _guards(engine: str, table: str, *, has_hash: bool) -> Iterator[str]:
    # A database of before knows no columns of the hash.
    new = () if has_hash else _OF_HASH
    kept, erasable = ([each for each in columns[table] if each not in new] for columns in (_KEPT, ERASABLE))
    return _pg(table, erasable) if engine == "postgresql" else _sqlite(table, kept, erasable)


def creation_for_seals(engine: str) -> Iterator[str]:
    """Yield the statements that guard seals and what they are over."""
    yield from (_pg_whole(SEAL) if engine == "postgresql" else _sqlite_whole(SEAL))
    yield from _guards(engine, SEALED, has_hash=True)


def removal_for_seals(engine: str) -> Iterator[str]:
    """Yield the statements that drop the triggers of `creation_for_seals`."""
    for table in (SEAL, SEALED):
        yield from _dropped(engine, table)


def removal(engine: str) -> Iterator[str]:
    """Yield the statements that drop the triggers of `creation`."""
    for table in BLANKED_AT_MOST:
        yield from _dropped(engine, table)
    if engine == "postgresql":
        yield "DROP FUNCTION refuse_change()"


def creation_of_whole(engine: str) -> Iterator[str]:
    """Yield the statements that guard rows which are stored whole."""
    if engine == "postgresql":
        yield _PG_REFUSAL
    for table in KEPT_WHOLE:
        yield from (_pg_whole(table) if engine == "postgresql" else _sqlite_whole(table))


def removal_of_whole(engine: str) -> Iterator[str]:
    """Yield the statements that drop the triggers of `creation_of_whole`."""
    for table in KEPT_WHOLE:
        yield from _dropped(engine, table)
    if engine == "postgresql":
        yield "DROP FUNCTION refuse_any_change()"


def creation_of_agreements(engine: str) -> Iterator[str]:
    """Yield the statements that guard agreements and their signatures."""
    yield from (_pg_whole(SIGNED) if engine == "postgresql" else _sqlite_whole(SIGNED))
    says = f"BEGIN SELECT RAISE(ABORT, 'a written line of {SHOWN} is never changed or deleted'); END"
    refusal = says if engine == "sqlite" else "FOR EACH ROW EXECUTE FUNCTION refuse_any_change()"
    yield f"CREATE TRIGGER {SHOWN}_refuses_update BEFORE UPDATE ON {SHOWN} {refusal}"


def removal_of_agreements(engine: str) -> Iterator[str]:
    """Yield the statements that drop the triggers of `creation_of_agreements`."""
    yield from _dropped(engine, SIGNED)
    on = "" if engine == "sqlite" else f" ON {SHOWN}"
    yield f"DROP TRIGGER {SHOWN}_refuses_update{on}"


def creation_of_activity(engine: str) -> Iterator[str]:
    """Yield the statements that guard the activity log."""
    says = f"'a written line of {ACTIVITY} is never changed or deleted'"
    if engine == "sqlite":
        yield (
            f"CREATE TRIGGER {ACTIVITY}_refuses_update BEFORE UPDATE ON {ACTIVITY}"
            f" WHEN NOT ({_is_erasure(_KEPT[ACTIVITY], ERASABLE[ACTIVITY])}) BEGIN SELECT RAISE(ABORT, {says}); END"
        )
        newest = f"(SELECT julianday(max(at)) FROM {ACTIVITY})"  # noqa: S608 - a constant
        yield (
            f"CREATE TRIGGER {ACTIVITY}_refuses_delete BEFORE DELETE ON {ACTIVITY}"
            f" WHEN julianday(OLD.at) > {newest} - {ACTIVITY_KEPT_DAYS} BEGIN SELECT RAISE(ABORT, {says}); END"
        )
        return
    yield _PG_OLD_ACTIVITY
    erasable = ", ".join(f"'{column}'" for column in ERASABLE[ACTIVITY])
    yield (
        f"CREATE TRIGGER {ACTIVITY}_refuses_change BEFORE UPDATE ON {ACTIVITY}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change({erasable})"
    )
    yield (
        f"CREATE TRIGGER {ACTIVITY}_refuses_delete BEFORE DELETE ON {ACTIVITY}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_young_activity()"
    )
    yield (
        f"CREATE TRIGGER {ACTIVITY}_refuses_truncate BEFORE TRUNCATE ON {ACTIVITY}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def removal_of_activity(engine: str) -> Iterator[str]:
    """Yield the statements that drop the triggers of `creation_of_activity`."""
    on = "" if engine == "sqlite" else f" ON {ACTIVITY}"
    for deed in activity_deeds(engine):
        yield f"DROP TRIGGER {ACTIVITY}_refuses_{deed}{on}"
    if engine == "postgresql":
        yield "DROP FUNCTION refuse_young_activity()"


def activity_deeds(engine: str) -> tuple[str, ...]:
    """Return what the triggers of the activity log refuse, as their names end."""
    return ("update", "delete") if engine == "sqlite" else ("change", "delete", "truncate")


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


def _dropped(engine: str, table: str) -> Iterator[str]:
    for deed in ("update", "delete") if engine == "sqlite" else ("change", "truncate"):
        on = f" ON {table}" if engine == "postgresql" else ""
        yield f"DROP TRIGGER {table}_refuses_{deed}{on}"


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


def _pg(table: str, columns: Sequence[str]) -> Iterator[str]:
    erasable = ", ".join(f"'{column}'" for column in columns)
    yield (
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION refuse_change({erasable})"
    )
    yield (
        f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


_PG_REFUSAL = """
CREATE FUNCTION refuse_any_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'a written line of % is never changed or deleted', TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$
"""


def _pg_whole(table: str) -> Iterator[str]:
    for deed, when in (("change", "UPDATE OR DELETE"), ("truncate", "TRUNCATE")):
        each = "STATEMENT" if deed == "truncate" else "ROW"
        yield (
            f"CREATE TRIGGER {table}_refuses_{deed} BEFORE {when} ON {table}"
            f" FOR EACH {each} EXECUTE FUNCTION refuse_any_change()"
        )


def _sqlite_whole(table: str) -> Iterator[str]:
    says = f"BEGIN SELECT RAISE(ABORT, 'a written line of {table} is never changed or deleted'); END"
    for deed in ("update", "delete"):
        yield f"CREATE TRIGGER {table}_refuses_{deed} BEFORE {deed.upper()} ON {table} {says}"


def _sqlite(table: str, kept: Sequence[str], erasable: Sequence[str]) -> Iterator[str]:
    says = f"BEGIN SELECT RAISE(ABORT, 'a written line of {table} is never changed or deleted'); END"
    yield (
        f"CREATE TRIGGER {table}_refuses_update BEFORE UPDATE ON {table}"
        f" WHEN NOT ({_is_erasure(kept, erasable)}) {says}"
    )
    yield f"CREATE TRIGGER {table}_refuses_delete BEFORE DELETE ON {table} {says}"


def _is_erasure(columns: Sequence[str], erasable: Sequence[str]) -> str:
    kept = [f'NEW."{column}" IS OLD."{column}"' for column in ("rowid", *columns)]
    blanked = [f"NEW.{column} = '{ERASED}' AND OLD.{column} <> '{ERASED}'" for column in erasable]
    same = [f"NEW.{column} IS OLD.{column}" for column in erasable]
    each = [f"({one} OR ({two}))" for one, two in zip(same, blanked, strict=True)]
    return " AND ".join([*kept, *each, "(" + " OR ".join(f"({one})" for one in blanked) + ")"])
