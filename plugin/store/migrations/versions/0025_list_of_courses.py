"""The list of all courses: a row for each course, notes of those out of date, and saved views."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from plugin.store import listing

revision = "0025"
down_revision = "0024"

_SORTED = (
    *("client_name", "package_name", "practitioner_name", "status", "sold_at"),
    *("expires_on", "sessions_left", "value", "due", "last_visit_on"),
)
_FOUND = ("last_seen_on", "client_id", "package_id", "practitioner_id")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "listed_course",
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.Column("client_id", sa.String(length=40), nullable=True),
        sa.Column("client_name", sa.String(length=160), nullable=False),
        sa.Column("package_id", sa.String(length=40), nullable=False),
        sa.Column("package_name", sa.String(length=160), nullable=False),
        sa.Column("practitioner_id", sa.String(length=40), nullable=True),
        sa.Column("practitioner_name", sa.String(length=160), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sold_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("sessions_left", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("usable", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("last_visit_on", sa.Date(), nullable=False),
        sa.Column("last_seen_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_listed_course")),
    )
    for column in _SORTED:
        op.create_index(op.f(f"ix_listed_course_{column}_course_id"), "listed_course", [column, "course_id"])
    for column in _FOUND:
        op.create_index(op.f(f"ix_listed_course_{column}"), "listed_course", [column])
    op.create_table(
        "unlisted_course",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("course_id", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unlisted_course")),
    )
    op.create_table(
        "listing_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listed_for", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_state")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("listing", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.JSON(), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=160), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_saved_view_staff_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("listing", "staff_id", "name", name=op.f("uq_saved_view_listing_staff_id_name")),
    )
    op.execute("INSERT INTO listing_state (id) VALUES (1)")
    op.execute("INSERT INTO unlisted_course (course_id) SELECT id FROM course")
    for statement in listing.creation(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    """Undo."""
    for statement in listing.removal(op.get_bind().dialect.name):
        op.execute(statement)
    for table in ("saved_view", "listing_state", "unlisted_course", "listed_course"):
        op.drop_table(table)
