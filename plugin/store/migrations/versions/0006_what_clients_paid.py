"""What clients paid, tax included: beside the net price of a course its tax; of a refund its tip and its course."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Written out, for SQLite adds a column with its check, but no check to a table that stands.
_ADDED = (
    "course ADD COLUMN tax BIGINT",
    "course ADD COLUMN tax_in_price BIGINT",
    "course ADD COLUMN tax_paid BIGINT CONSTRAINT ck_course_tax CHECK ("
    "tax >= 0 and tax_in_price between 0 and tax and tax_paid between 0 and tax"
    " and (tax is null) = (tax_in_price is null) and (tax is null) = (tax_paid is null))",
    "square_refund ADD COLUMN course_id VARCHAR(40)",
    "square_refund ADD COLUMN tip BIGINT DEFAULT 0 NOT NULL",
    "square_refund ADD COLUMN for_course BIGINT DEFAULT 0 NOT NULL CONSTRAINT ck_square_refund_parts"
    " CHECK (tip >= 0 and for_course >= 0 and tip + for_course <= amount)",
)

_course = sa.table(
    "course",
    *map(sa.column, ("id", "price", "tax", "tax_in_price", "tax_paid", "unit", "square_line_uid")),
    sa.column("square_order_id"),
)
_record = sa.table("sale_record", sa.column("square_order_id"), sa.column("content", sa.JSON()))
_refund = sa.table(
    "square_refund",
    *map(sa.column, ("square_refund_id", "square_order_id", "amount", "course_id", "for_course")),
)
_question = sa.table(
    "attention",
    *map(sa.column, ("kind", "square_refund_id", "resolved_at")),
    sa.column("resolution", sa.JSON()),
)
_allowance = sa.table("allowance", sa.column("id"), sa.column("course_id"))
_entry = sa.table(
    "entry", *map(sa.column, ("allowance_id", "kind", "value_delta", "idempotency_key", "sessions_delta"))
)
_checkout = sa.table("checkout", sa.column("square_order_id"), sa.column("came"))


def upgrade() -> None:
    """Apply."""

    for each in _ADDED:
        op.execute(f"ALTER TABLE {each}")
    op.add_column("course", sa.Column("due_ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_square_refund_course_id"), "square_refund", ["course_id"])
    connection = op.get_bind()
    _fill_taxes(connection)
    _fill_refunds(connection)
    op.execute(
        "UPDATE course SET due_ended_at = (SELECT max(checkout.ended_at) FROM checkout"
        " WHERE checkout.square_order_id = course.square_order_id AND checkout.way = 'invoice'"
        " AND checkout.state = 'canceled' AND checkout.came > 0)"
    )


def downgrade() -> None:
    """Take it back."""

    op.drop_index(op.f("ix_square_refund_course_id"), "square_refund")
    # A column whose check speaks of others goes before them.
    for column in ("for_course", "tip", "course_id"):
        op.execute(f"ALTER TABLE square_refund DROP COLUMN {column}")
    for column in ("due_ended_at", "tax_paid", "tax_in_price", "tax"):
        op.execute(f"ALTER TABLE course DROP COLUMN {column}")


def _fill_taxes(connection: sa.Connection) -> None:
    """Take the tax of each course from the record of its sale; what no record tells stays unknown."""
    paid = dict(
        connection.execute(
            sa.select(_allowance.c.course_id, sa.func.sum(_entry.c.value_delta))
            .join(_entry, _entry.c.allowance_id == _allowance.c.id)
            .where(_entry.c.kind == "paid")
            .group_by(_allowance.c.course_id)
        ).all()
    )
    came = dict(
        connection.execute(
            sa.select(_checkout.c.square_order_id, sa.func.max(_checkout.c.came)).group_by(
                _checkout.c.square_order_id
            )
        ).all()
    )
    courses = _by_line(connection)
    for order_id, content in connection.execute(sa.select(_record)).all():
        sale = content["sale"]
        included = {tax["uid"] for tax in sale["taxes"] if tax["is_included"]}
        for line in sale["lines"]:
            rows = courses.get((order_id, line["uid"]), ())
            if not rows or sum(row.price for row in rows) != line["total"] - line["tax"]:
                continue
            in_price = sum(each["amount"] for each in line["taxes"] if each["uid"] in included)
            taxes = _equally(line["tax"], len(rows))
            parts = _equally(min(in_price, line["tax"]), len(rows))
            for row, tax, part in zip(rows, taxes, parts, strict=True):
                values = {"tax": tax, "tax_in_price": min(part, tax)}
                values["tax_paid"] = _paid(
                    row.price, tax, paid.get(row.id, 0), came.get(order_id), sale["total"]
                )
                connection.execute(sa.update(_course).where(_course.c.id == row.id).values(values))


def _by_line(connection: sa.Connection) -> dict[tuple[str, str], list[Any]]:
    rows = sa.select(_course.c.id, _course.c.price, _course.c.square_order_id, _course.c.square_line_uid)
    found: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in connection.execute(
        rows.where(_course.c.square_order_id.is_not(None)).order_by(_course.c.unit)
    ):
        found[row.square_order_id, row.square_line_uid].append(row)
    return dict(found)


def _equally(total: int, parts: int) -> Sequence[int]:
    return [total // parts + (place < total % parts) for place in range(parts)]


def _paid(price: int, tax: int, paid: int, came: int | None, total: int) -> int:
    """Return the tax that came with what is paid so far: exactly where the sum paid for the whole sale is known."""
    if paid >= price:
        return tax
    if came and total and price * came // total == paid:
        return min(tax, (price + tax) * came // total - paid)
    return tax * paid // price


def _fill_refunds(connection: sa.Connection) -> None:
    """Count the refunds that a person has decided on against the courses they were counted against then."""
    told = {
        row.square_refund_id: row.resolution or {}
        for row in connection.execute(
            sa.select(_question.c.square_refund_id, _question.c.resolution).where(
                _question.c.kind == "unclear_refund", _question.c.resolved_at.is_not(None)
            )
        )
    }
    courses = defaultdict(list)
    for course_id, order_id in connection.execute(sa.select(_course.c.id, _course.c.square_order_id)):
        courses[order_id].append(course_id)
    rows = sa.select(_refund.c.square_refund_id, _refund.c.square_order_id, _refund.c.amount)
    for refund_id, order_id, amount in connection.execute(
        rows.where(_refund.c.square_order_id.is_not(None))
    ).all():
        for course_id in courses[order_id]:
            key = f"refund:{refund_id}:{course_id}"
            if connection.scalar(sa.select(_entry.c.kind).where(_entry.c.idempotency_key == key)) is None:
                continue
            counted = told.get(refund_id, {}).get("amount", amount)
            values = {"course_id": course_id, "for_course": min(counted, amount)}
            connection.execute(
                sa.update(_refund).where(_refund.c.square_refund_id == refund_id).values(values)
            )
