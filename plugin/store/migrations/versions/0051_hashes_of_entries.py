"""Each entry carries the hash of the one before it and of itself. Those written before get theirs here."""

import secrets
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from plugin.core.fingerprint import entry_fingerprint, reason_fingerprint
from plugin.store import triggers
from plugin.store.triggers import ERASED, dropped

revision = "0051"
down_revision = "0050"

_AT_ONCE = 5000
_TIMES = ("happened_at", "written_at")
# What the hash covers in this revision, but for the reason's: a column of later isn't there yet.
_STORED = (
    *("id", "allowance_id", "seq", "kind", "sessions_before", "sessions_delta", "sessions_after"),
    *("value_before", "value_delta", "value_after", "granted_before", "granted_after"),
    *("happened_at", "written_at", "by", "staff_id", "source", "reverses", "visit_id", "idempotency_key"),
)
_NEW = ("reason_salt", "reason_sha256", "sha256")
# What is guarded in this revision: what never changes, and what may be erased.
_GUARDED = {"entry": ((*_STORED, "reason_sha256", "sha256"), ("reason", "reason_salt"))}
_ENTRY = sa.table(
    "entry",
    *(
        sa.column(name, sa.DateTime(timezone=True) if name in _TIMES else None)
        for name in (*_STORED, "reason", *_NEW)
    ),
)


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    for statement in dropped(engine, triggers.creation(engine, "entry")):
        op.execute(statement)
    op.add_column("entry", sa.Column("reason_salt", sa.String(16), server_default="", nullable=False))
    op.add_column("entry", sa.Column("reason_sha256", sa.String(64), server_default="", nullable=False))
    op.add_column("entry", sa.Column("sha256", sa.String(64), nullable=True))
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in _NEW}
    setting = _ENTRY.update().where(_ENTRY.c.id == sa.bindparam("of")).values(**values)
    for some in _hashes():
        op.get_bind().execute(setting, some)
    for statement in triggers.creation(engine, "entry", frozen=_GUARDED):
        op.execute(statement)


def _hashes() -> Iterator[list[dict[str, Any]]]:
    """Yield the hashes in portions: millions of entries do not fit into memory at once."""
    chain, seq, last = "", 0, ""
    place = sa.tuple_(_ENTRY.c.allowance_id, _ENTRY.c.seq)
    rows = sa.select(*(_ENTRY.c[name] for name in _STORED), _ENTRY.c.reason)
    rows = rows.order_by(*place.clauses).limit(_AT_ONCE)
    while some := op.get_bind().execute(rows.where(place > sa.tuple_(chain, seq))).all():
        hashes = []
        for row in some:
            salt = secrets.token_hex(8) if row.reason else ""
            reason = reason_fingerprint(salt, row.reason)
            last = entry_fingerprint(last if row.allowance_id == chain else "", (*row[:-1], reason))
            chain, seq = row.allowance_id, row.seq
            # The salt of what was erased is gone as well.
            salt = ERASED if row.reason == ERASED else salt
            new = {"new_reason_salt": salt, "new_reason_sha256": reason, "new_sha256": last}
            hashes.append({"of": row.id, **new})
        yield hashes


def downgrade() -> None:
    engine = op.get_bind().dialect.name
    for statement in dropped(engine, triggers.creation(engine, "entry")):
        op.execute(statement)
    for name in _NEW:
        op.drop_column("entry", name)
    for statement in triggers.creation(engine, "entry", frozen={"entry": (_STORED, ("reason",))}):
        op.execute(statement)
