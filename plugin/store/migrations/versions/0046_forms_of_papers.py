"""How gift vouchers are printed, and whether letters go into window envelopes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"

_COLUMNS = (("voucher_form", "fold"), ("address_place", "plain"))


def upgrade() -> None:
    """Apply."""
    for name, usual in _COLUMNS:
        op.add_column("clinic", sa.Column(name, sa.String(length=10), server_default=usual, nullable=False))


def downgrade() -> None:
    """Undo."""
    for name, _usual in reversed(_COLUMNS):
        op.drop_column("clinic", name)
