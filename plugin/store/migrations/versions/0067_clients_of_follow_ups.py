"""A row for each client who may be worth a call, by which follow-ups are ranked and counted."""

import sqlalchemy as sa
from alembic import op

from plugin.store.migrations.frozen import Tables

revision = "0067"
down_revision = "0066"

_COLUMNS = ("is_open", "done_on", "client_id", "ends_on", "sessions_left", "seen_on", "due_back_on", "is_due")
_NARROWER = {
    "ix_listed_course_status": (
        ["status", "course_id"],
        ["client_id", "client_name", "main_left", "expires_on", "last_seen_on", "due_back_on"],
    ),
    "ix_listed_course_visited": (
        ["last_visit_on", "course_id"],
        ["client_id", "client_name", "status", "main_left", "last_seen_on"],
    ),
}
_IN_USE = "status IN ('open', 'part_paid') AND main_left > 0"
_DONE = "status IN ('open', 'part_paid', 'finished') AND main_left = 0"
_ROWS = f"""
INSERT INTO listed_client (client_id, is_open, done_on, ends_on, sessions_left, seen_on, due_back_on, is_due)
SELECT listed.client_id,
    max(CASE WHEN {_IN_USE} OR due > 0 THEN 1 ELSE 0 END) = 1,
    max(CASE WHEN {_DONE} THEN last_visit_on ELSE '0001-01-01' END),
    min(CASE WHEN {_IN_USE} THEN expires_on ELSE '9999-12-31' END),
    sum(CASE WHEN {_IN_USE} THEN main_left ELSE 0 END),
    max(CASE WHEN {_IN_USE} OR {_DONE} OR due > 0 THEN last_seen_on ELSE '0001-01-01' END),
    max(CASE WHEN {_IN_USE} THEN due_back_on ELSE '0001-01-01' END),
    max(CASE WHEN due > 0 THEN 1 ELSE 0 END) = 1
FROM listed_course AS listed JOIN client ON client.id = listed.client_id
WHERE client.erased_at IS NULL
GROUP BY listed.client_id
HAVING max(CASE WHEN {_IN_USE} OR due > 0 THEN 1 ELSE 0 END) = 1
    OR max(CASE WHEN {_DONE} THEN last_visit_on ELSE '0001-01-01' END) > '0001-01-01'
"""  # noqa: S608 - constants


def upgrade() -> None:
    """Apply."""
    tables = Tables()
    tables.add(
        "listed_client",
        sa.Column("client_id", sa.String(40), primary_key=True),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("sessions_left", sa.Integer(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("due_back_on", sa.Date(), nullable=False),
        sa.Column("is_due", sa.Boolean(), nullable=False),
        sa.Index("ix_listed_client_open", *_COLUMNS),
    )
    tables.create_all(op.get_bind(), checkfirst=False)
    op.execute(_ROWS)
    for name, (key, _more) in _NARROWER.items():
        op.create_index(op.f(f"ix_listed_course_{'_'.join(key)}"), "listed_course", key)
        op.drop_index(name, "listed_course")


def downgrade() -> None:
    """Undo."""
    for name, (key, more) in _NARROWER.items():
        op.create_index(name, "listed_course", [*key, *more])
        op.drop_index(op.f(f"ix_listed_course_{'_'.join(key)}"), "listed_course")
    op.drop_table("listed_client")
