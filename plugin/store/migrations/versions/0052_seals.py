"""Seals over the ledger, and the hash of each row that only the program changes."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from plugin.core.fingerprint import fingerprint
from plugin.store import triggers
from plugin.store.triggers import dropped

revision = "0052"
down_revision = "0051"

_AT_ONCE = 5000
# What of a sealed row is guarded in this revision: what never changes, and what may be erased.
_GUARDED = {"sealed_row": (("kind", "row_id", "version", "seal", "sha256"), ("salt",))}
# What the hash of a row covers in this revision: a column of later isn't there yet.
_RECORDED = {
    "course": (
        *("id", "client_id", "package_id", "package_version", "terms", "price", "tax", "tax_in_price"),
        *("tax_paid", "currency", "sold_at", "booked_at", "expires_on", "frozen_at", "closed_as"),
        *("closed_at", "closed_by", "due_ended_at", "square_order_id", "square_line_uid", "unit"),
        "square_location_id",
    ),
    "allowance": (
        *("id", "course_id", "position", "treatment_id", "treatment", "kind", "single_price", "price"),
        "usable_from_session",
    ),
    "staff": ("id", "role", "is_active", "password_hash"),
    "api_token": ("id", "role", "token_sha256", "created_at", "expires_at", "revoked_at"),
    "passkey": ("id", "staff_id", "credential_id"),
}
_TYPES: dict[str, Any] = {
    "terms": sa.JSON(),
    "is_active": sa.Boolean(),
    "expires_on": sa.Date(),
    **dict.fromkeys(
        (
            *("sold_at", "booked_at", "frozen_at", "closed_at", "due_ended_at"),
            *("created_at", "expires_at", "revoked_at"),
        ),
        sa.DateTime(timezone=True),
    ),
}


def upgrade() -> None:
    op.create_table(
        "ledger_seal",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ledger_seal")),
    )
    op.create_table(
        "sealed_row",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=16), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["seal"], ["ledger_seal.number"], name=op.f("fk_sealed_row_seal")),
        sa.PrimaryKeyConstraint("kind", "row_id", "version", name=op.f("pk_sealed_row")),
    )
    op.create_index(op.f("ix_sealed_row_seal"), "sealed_row", ["seal"])
    engine = op.get_bind().dialect.name
    for statement in triggers.creation(engine, triggers.SEAL, triggers.SEALED, frozen=_GUARDED):
        op.execute(statement)
    for table in _RECORDED:
        op.add_column(table, sa.Column("record_version", sa.Integer(), server_default="0", nullable=False))
        op.add_column(table, sa.Column("record_sha256", sa.String(length=64), nullable=True))
        _record(table)


def _record(table: str) -> None:
    names = _RECORDED[table]
    rows = sa.table(
        table,
        *(sa.column(name, _TYPES.get(name)) for name in names),
        sa.column("record_version"),
        sa.column("record_sha256"),
    )
    new: dict[str, Any] = {"record_version": 1, "record_sha256": sa.bindparam("hash")}
    setting = rows.update().where(rows.c.id == sa.bindparam("of")).values(**new)
    for some in _portions(rows, names):
        hashes = [{"of": row.id, "hash": fingerprint((table, 1, *row))} for row in some]
        op.get_bind().execute(setting, hashes)


def _portions(rows: Any, names: tuple[str, ...]) -> Iterator[Any]:
    last = ""
    query = sa.select(*(rows.c[name] for name in names)).order_by(rows.c.id).limit(_AT_ONCE)
    while some := op.get_bind().execute(query.where(rows.c.id > last)).all():
        last = some[-1].id
        yield some


def downgrade() -> None:
    for table in _RECORDED:
        op.drop_column(table, "record_sha256")
        op.drop_column(table, "record_version")
    engine = op.get_bind().dialect.name
    for statement in dropped(engine, triggers.creation(engine, triggers.SEAL, triggers.SEALED)):
        op.execute(statement)
    op.drop_table("sealed_row")
    op.drop_table("ledger_seal")
