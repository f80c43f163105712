"""Rows that only the program changes, and that say so: each carries a hash of what it holds.

Whoever writes such a row without the program leaves a hash that is not the row's. ORM rows get theirs when they are
flushed; what is inserted without the ORM passes `recorded`.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import String, event, inspect
from sqlalchemy.orm import Mapped, mapped_column

from plugin.core.fingerprint import fingerprint

# What the hash covers, after the table's name and the version. Names and addresses are no part of it.
RECORDED: dict[str, tuple[str, ...]] = {
    "course": (
        *(
            "id",
            "client_id",
            "package_id",
            "package_version",
            "terms",
            "price",
            "tax",
            "tax_in_price",
            "tax_paid",
        ),
        *(
            "currency",
            "sold_at",
            "booked_at",
            "expires_on",
            "frozen_at",
            "closed_as",
            "closed_at",
            "closed_by",
        ),
        *("due_ended_at", "square_order_id", "square_line_uid", "unit", "square_location_id"),
    ),
    "allowance": (
        *("id", "course_id", "position", "treatment_id", "treatment", "kind", "single_price", "price"),
        "usable_from_session",
    ),
    "staff": ("id", "role", "is_active", "password_hash"),
    "api_token": ("id", "role", "token_sha256", "created_at", "expires_at", "revoked_at"),
    "passkey": ("id", "staff_id", "credential_id"),
}


class Recorded:
    """Counts the changes of what the hash covers, and keeps the hash of the last one."""

    __tablename__: str
    record_version: Mapped[int] = mapped_column(default=0, server_default="0")
    record_sha256: Mapped[str | None] = mapped_column(String(64))


def record_fingerprint(table: str, version: int, values: Mapping[str, Any]) -> str:
    """Return the hash of a row as it is in this version."""
    return fingerprint((table, version, *(values.get(name) for name in RECORDED[table])))


def recorded(table: str, values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a new row with its version and hash, for an insert without the ORM."""
    return values | {"record_version": 1, "record_sha256": record_fingerprint(table, 1, values)}


@event.listens_for(Recorded, "before_insert", propagate=True)
def _begin(_mapper: Any, _connection: Any, row: Recorded) -> None:
    _record(row, 1)


@event.listens_for(Recorded, "before_update", propagate=True)
def _go_on(_mapper: Any, _connection: Any, row: Recorded) -> None:
    attributes = inspect(row).attrs
    if any(attributes[name].history.has_changes() for name in RECORDED[row.__tablename__]):
        _record(row, row.record_version + 1)


def _record(row: Recorded, version: int) -> None:
    columns = inspect(type(row)).columns
    values = {}
    for name in RECORDED[row.__tablename__]:
        value, default = getattr(row, name), columns[name].default
        # Defaults are filled in after this.
        values[name] = default.arg if value is None and default is not None else value
    row.record_version, row.record_sha256 = version, record_fingerprint(row.__tablename__, version, values)
