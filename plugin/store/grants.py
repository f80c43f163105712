"""What the program's own role may do on PostgreSQL, where another role owns the tables: not change what is written."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from plugin.store.triggers import BLANKED_AT_MOST, ERASABLE, KEPT_WHOLE, SEAL, SEALED, SIGNED

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
