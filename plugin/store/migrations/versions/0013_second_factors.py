"""Second factors, passkeys, PINs on shared devices, and rate limits that all processes share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Apply."""
    # Added one by one, not in a batch: other tables refer to it, and SQLite can add a column as it is.
    op.add_column("staff", sa.Column("totp_secret", sa.Text(), nullable=True))
    op.add_column("staff", sa.Column("totp_counter", sa.BigInteger(), nullable=True))
    op.add_column("staff", sa.Column("recovery_codes", sa.JSON(), nullable=True))
    op.add_column("staff", sa.Column("pin_hash", sa.String(length=255), nullable=True))
    _devices()
    with op.batch_alter_table("sign_in") as batch:
        batch.add_column(sa.Column("proved_at", _MOMENT, nullable=True))
        batch.add_column(sa.Column("device_id", sa.String(length=40), nullable=True))
        batch.add_column(sa.Column("active_at", _MOMENT, nullable=True))
        batch.create_foreign_key(
            op.f("fk_sign_in_device_id_shared_device"), "shared_device", ["device_id"], ["id"]
        )
    # Until now every sign-in was made with a password.
    op.execute("UPDATE sign_in SET proved_at = started_at")
    _passkeys()
    _limits()


def _devices() -> None:
    op.create_table(
        "shared_device",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("declared_by", sa.String(length=160), nullable=False),
        sa.Column("declared_at", _MOMENT, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_device")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_shared_device_token_sha256")),
    )
    op.create_table(
        "pin_tries",
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["shared_device.id"], name=op.f("fk_pin_tries_device_id_shared_device")
        ),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_pin_tries_staff_id_staff")),
        sa.PrimaryKeyConstraint("device_id", "staff_id", name=op.f("pk_pin_tries")),
    )


def _passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("staff_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("credential_id", sa.String(length=1400), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("is_synced", sa.Boolean(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("last_used_at", _MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_passkey_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_staff_id"), "passkey", ["staff_id"])


def _limits() -> None:
    op.create_table(
        "limit_hit",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_limit_hit")),
    )
    op.create_index(op.f("ix_limit_hit_expires_at"), "limit_hit", ["expires_at"])
    op.create_index(op.f("ix_limit_hit_key_at"), "limit_hit", ["key", "at"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("limit_hit")
    op.drop_table("passkey")
    with op.batch_alter_table("sign_in") as batch:
        batch.drop_constraint(op.f("fk_sign_in_device_id_shared_device"), type_="foreignkey")
        batch.drop_column("active_at")
        batch.drop_column("device_id")
        batch.drop_column("proved_at")
    op.drop_table("pin_tries")
    op.drop_table("shared_device")
    for column in ("pin_hash", "recovery_codes", "totp_counter", "totp_secret"):
        op.drop_column("staff", column)
