"""Square's totals and the ledger's, each computed from its own side alone: they must be equal to the cent.

The ledger's are summed in SQL on purpose, not read from the reports: an error in their code must not hide itself.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select

from plugin.core.ledger import Kind
from plugin.courses.base.chain import heads_of
from plugin.courses.catalog.packages import known_variations_in
from plugin.services import Services
from plugin.square.locations import watched_locations
from plugin.square.parsing import Json
from plugin.store import Store
from plugin.store.ledger import Allowance, Course, Entry
from plugin.store.queues import SquareRefund

_GONE = ("FAILED", "REJECTED")


@dataclass(slots=True)
class Totals:
    """Packages sold, what was paid for them and what was refunded, by currency, minor units."""

    units: int = 0
    came: Counter[str] = field(default_factory=Counter)
    went_back: Counter[str] = field(default_factory=Counter)


def square_totals(services: Services, since: datetime) -> Totals:
    """Add up what Square shows of our packages: lines less their tax, the part of them that is paid, refunds."""
    totals = Totals()
    with services.store.reading() as session:
        variations = frozenset(known_variations_in(session))
    ours = set[str]()
    orders = list(_orders(services, since))
    for order in orders:
        lines = [one for one in order.get("line_items") or [] if one.get("catalog_object_id") in variations]
        if not lines or not _has_money(order):
            continue
        ours.add(order["id"])
        totals.units += sum(int(line["quantity"]) for line in lines)
        for line in lines:
            totals.came[line["total_money"]["currency"]] += _came_for(order, line)
    for refund in _refunds(services, since):
        source = _sold_by(services, orders, refund)
        if source in ours and refund["status"] not in _GONE:
            totals.went_back[refund["amount_money"]["currency"]] += refund["amount_money"]["amount"]
    return totals


def ledger_totals(store: Store) -> Totals:
    """Add up the ledger: courses, `paid` entries, and the refunds that Square has reported."""
    totals = Totals()
    with store.reading() as session:
        totals.units = session.scalar(select(func.count()).select_from(Course)) or 0
        rows = session.execute(
            select(Course.currency, func.sum(Entry.value_delta))
            .join(Allowance, Allowance.id == Entry.allowance_id)
            .join(Course, Course.id == Allowance.course_id)
            .where(Entry.kind == Kind.PAID.value)
            .group_by(Course.currency)
        )
        for currency, value in rows:
            totals.came[currency] += int(value)
        refunds = select(SquareRefund.currency, func.sum(SquareRefund.amount)).where(
            SquareRefund.status.not_in(_GONE), SquareRefund.square_refund_id.not_like("return:%")
        )
        for currency, value in session.execute(refunds.group_by(SquareRefund.currency)):
            totals.went_back[currency] += int(value)
    return totals


def roll_forward(store: Store) -> tuple[dict[str, int], int]:
    """Return the sum of all values by kind of entry, and the deferred value: the first adds up to the second."""
    with store.reading() as session:
        rows = session.execute(select(Entry.kind, func.sum(Entry.value_delta)).group_by(Entry.kind))
        by_kind = {kind: int(value) for kind, value in rows}
        heads = heads_of(session, session.scalars(select(Allowance.id)).all())
        return by_kind, sum(head.value for head in heads.values())


def _orders(services: Services, since: datetime) -> Iterator[Json]:
    for page in services.square.orders_updated(watched_locations(services), since):
        yield from page


def _refunds(services: Services, since: datetime) -> Iterator[Json]:
    for page in services.square.refunds_updated(since):
        yield from page


def _has_money(order: Json) -> bool:
    return order["state"] == "COMPLETED" or bool(order["state"] == "OPEN" and order.get("tenders"))


def _came_for(order: Json, line: Json) -> int:
    """Return what was paid for a line less its tax; of a part-paid order, the line's share of the payments."""
    whole: int = line["total_money"]["amount"] - line.get("total_tax_money", {}).get("amount", 0)
    if order["state"] == "COMPLETED":
        return whole
    came = sum(tender["amount_money"]["amount"] for tender in order["tenders"])
    return int(came * whole // order["total_money"]["amount"])


def _sold_by(services: Services, orders: list[Json], refund: Json) -> str | None:
    """Return the sale that a refund belongs to, by its return order."""
    returning = next((one for one in orders if one["id"] == refund.get("order_id")), None)
    for back in (returning or {}).get("returns") or []:
        if back.get("source_order_id"):
            return str(back["source_order_id"])
    payment = services.square.payment(refund["payment_id"])
    return payment.get("order_id")
