"""How to find the clinic: the address of a map, where to park, which entrance."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0052"

_LENGTHS = {"map_url": 254, "parking": 160, "entrance": 160}


def upgrade() -> None:
    for name, length in _LENGTHS.items():
        op.add_column("clinic", sa.Column(name, sa.String(length), nullable=False, server_default=""))


def downgrade() -> None:
    for name in _LENGTHS:
        op.drop_column("clinic", name)
