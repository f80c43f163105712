"""Receipts and statements of prepaid balance among the documents."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"

_NAME = "ck_document_kind"
_BEFORE = "kind in ('invoice', 'credit_note', 'gift_voucher')"
_AFTER = "kind in ('invoice', 'credit_note', 'gift_voucher', 'receipt', 'prepaid_balance')"


def upgrade() -> None:
    """Apply."""
    _allow(_BEFORE, _AFTER)


def downgrade() -> None:
    """Undo; raises RuntimeError once one was issued, because an issued document is never deleted."""
    issued = f"SELECT count(*) FROM document WHERE NOT ({_BEFORE})"  # noqa: S608 - a constant
    if op.get_bind().exec_driver_sql(issued).scalar():
        raise RuntimeError("Receipts were issued; the version before can't keep them.")
    _allow(_AFTER, _BEFORE)


def _allow(before: str, after: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild(before, after)
        return
    op.drop_constraint(op.f(_NAME), "document", type_="check")
    op.create_check_constraint(op.f(_NAME), "document", after)


def _rebuild(before: str, after: str) -> None:
    """Make the table again with another check: SQLite can't change one, and Alembic's copy would lose them all.

    Indexes and triggers are made again as they were; those of other tables that name this one stay as they are,
    because the old way of renaming leaves them alone.
    """
    connection = op.get_bind()
    parts = connection.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'document' AND sql IS NOT NULL"
    ).all()
    (table,) = (sql for kind, sql in parts if kind == "table")
    if before not in table:
        raise RuntimeError("The table of documents is not as the version before left it.")
    rows = connection.exec_driver_sql("SELECT name FROM pragma_table_xinfo('document') WHERE hidden = 0")
    columns = ", ".join(f'"{name}"' for name in rows.scalars())
    connection.exec_driver_sql("PRAGMA legacy_alter_table = ON")
    connection.exec_driver_sql("ALTER TABLE document RENAME TO document_before")
    connection.exec_driver_sql(table.replace(before, after))
    connection.exec_driver_sql(f"INSERT INTO document ({columns}) SELECT {columns} FROM document_before")  # noqa: S608 - constants
    connection.exec_driver_sql("DROP TABLE document_before")
    for kind, sql in parts:
        if kind != "table":
            connection.exec_driver_sql(sql)
    connection.exec_driver_sql("PRAGMA legacy_alter_table = OFF")
