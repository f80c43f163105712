"""Tips that clients give on their private page, for the team or for who treated them; never revenue of a course.

Makes no network call: a worker's job has Square make the payment link and looks whether it was paid.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.money import Money, minor_digits
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients.clients import lock_client_in
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.tables import Client, SquareRefund, Staff, Tip
from plugin.wording import N_, _

# The outbox job that has Square make the link of a tip, and looks for its payment.
TIP = "tip"
# In whole units of the currency.
LEAST_TIP, MOST_TIP = 1, 500
MOST_AN_HOUR = 5
_NO_TIP = N_("There is no such tip.")
# What of a tip was refunded in Square.
_REFUNDED = (
    select(func.coalesce(func.sum(SquareRefund.amount), 0))
    .where(SquareRefund.square_order_id == Tip.square_order_id, SquareRefund.status == "COMPLETED")
    .correlate(Tip)
    .scalar_subquery()
)
_IS_KEPT = (Tip.state == "paid", Tip.amount > _REFUNDED)


@dataclass(frozen=True, slots=True)
class TipView:
    """A tip; state asking (Square has no link yet), waiting, paid, or ended without a payment."""

    id: str
    client_id: str
    client_name: str
    practitioner: str
    amount: Money
    state: str
    url: str | None
    begun_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class TipSum:
    """The tips to one practitioner in one month such as 2026-11; "" for those to the team."""

    month: str
    practitioner: str
    tips: int
    amount: Money


@allowed(Role.DESK)
def begin_tip(work: Work, client_id: str, amount: Money, *, practitioner_id: str | None) -> TipView:
    """Begin a tip; raises InvalidField for an amount out of bounds, Refused for too many in an hour.

    The same act again returns the same tip.
    """
    unit = 10 ** minor_digits(amount.currency)
    if not LEAST_TIP * unit <= amount.amount <= MOST_TIP * unit:
        raise InvalidField(
            _("A tip is between {least} and {most}.", least=LEAST_TIP, most=MOST_TIP), field="amount"
        )

    def begin(work: Work, client: Client) -> dict[str, str]:
        since = work.now - timedelta(hours=1)
        lately = select(func.count(Tip.id)).where(Tip.client_id == client.id, Tip.begun_at > since)
        if (work.session.scalar(lately) or 0) >= MOST_AN_HOUR:
            raise Refused(_("These are too many tips within an hour. Try again later."), code="too_many")
        row = Tip(
            id=work.new_id(),
            client_id=client.id,
            practitioner_id=practitioner_id,
            amount=amount.amount,
            currency=amount.currency,
            begun_at=work.now,
        )
        work.add(row)
        enqueue(work, TIP, row.id)
        return {"tip_id": row.id}

    # Two tips at once are counted one after the other.
    client = lock_client_in(work.session, client_id)
    request = {"client_id": client.id, "amount": amount.amount, "practitioner_id": practitioner_id}
    begun = work.once("tip", request, lambda: begin(work, client))
    return _view(work.session.execute(_TIPS.where(Tip.id == begun.answer["tip_id"])).one())


def tip_of(store: Store, tip_id: str, client_id: str) -> TipView | None:
    """Return a tip of this client, None for another's."""
    with store.reading() as session:
        row = session.execute(_TIPS.where(Tip.id == tip_id, Tip.client_id == client_id)).one_or_none()
        return _view(row) if row is not None else None


def list_tips(store: Store) -> tuple[TipView, ...]:
    """Return the fifty newest tips that were paid, less what was refunded; those refunded whole are left out."""
    kept = _TIPS.add_columns((Tip.amount - _REFUNDED).label("left")).where(*_IS_KEPT)
    with store.reading() as session:
        rows = session.execute(kept.order_by(Tip.id.desc()).limit(50))
        return tuple(replace(_view(row), amount=Money(int(row.left), row.Tip.currency)) for row in rows)


def is_tip(store: Store, square_order_id: str) -> bool:
    """Return whether this order is a tip by a link of its own."""
    with store.reading() as session:
        return session.scalar(select(Tip.id).where(Tip.square_order_id == square_order_id)) is not None


def tip_sums(store: Store, now: datetime) -> tuple[TipSum, ...]:
    """Return the paid tips of the last year by month and practitioner, less refunds, the newest month first."""
    rows = (
        select(
            Tip.ended_at,
            (Tip.amount - _REFUNDED).label("left"),
            Tip.currency,
            func.coalesce(Staff.name, "").label("name"),
        )
        .outerjoin(Staff, Staff.id == Tip.practitioner_id)
        .where(*_IS_KEPT, Tip.begun_at > now - timedelta(days=366))
    )
    found: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)
    with store.reading() as session:
        zone = clinic_in(session).zone
        for row in session.execute(rows):
            month = f"{(row.ended_at or now).astimezone(zone):%Y-%m}"
            found[month, row.name, row.currency].append(int(row.left))
    sums = [
        TipSum(month, name, len(amounts), Money(sum(amounts), currency))
        for (month, name, currency), amounts in found.items()
    ]
    by_name = sorted(sums, key=lambda each: each.practitioner)
    return tuple(sorted(by_name, key=lambda each: each.month, reverse=True))


def tip_for_change(session: Session, tip_id: str) -> Tip:
    """Return the row, locked; raises NotFound."""
    return require_row(session, Tip, tip_id, _NO_TIP, is_locked=True)


_TIPS = (
    select(Tip, Client.name.label("client_name"), func.coalesce(Staff.name, "").label("practitioner"))
    .join(Client, Client.id == Tip.client_id)
    .outerjoin(Staff, Staff.id == Tip.practitioner_id)
)


def _view(row: Any) -> TipView:
    tip = row.Tip
    amount = Money(tip.amount, tip.currency)
    return from_row(TipView, tip, client_name=row.client_name, practitioner=row.practitioner, amount=amount)
