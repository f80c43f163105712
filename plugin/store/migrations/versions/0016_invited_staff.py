"""Staff who are invited, as papers print them; and the device of each sign-in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for name, length in (("printed_name", 160), ("license", 80), ("mail_problem", 400)):
        op.add_column(
            "staff", sa.Column(name, sa.String(length=length), nullable=False, server_default=sa.text("''"))
        )
    op.add_column("staff", sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "sign_in", sa.Column("device", sa.String(length=80), nullable=False, server_default=sa.text("''"))
    )
    op.add_column("sign_in", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    for name in ("last_seen_at", "device"):
        op.drop_column("sign_in", name)
    for name in ("invited_at", "mail_problem", "license", "printed_name"):
        op.drop_column("staff", name)
