"""Until when a client may change their mind about a course: by its signed agreement, else by the clinic's setting."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.change_of_mind import NONE, ChangeOfMind, Channel, profiles
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.opening_hours import closed_days_in
from plugin.courses.base.views import CourseView
from plugin.store.agreements import Agreement, AgreementSale
from plugin.store.selling import Checkout, PublicOrder

# Paid without the client being at the clinic, as far as is known.
_AT_A_DISTANCE = ("link", "invoice")


@dataclass(frozen=True, slots=True)
class MindWindow:
    """A period to change one's mind that is running, and its last day."""

    profile: ChangeOfMind
    until: date


def mind_window_in(session: Session, course: CourseView, key: str, *, today: date) -> MindWindow | None:
    """Return the period if it is running today; `key`: the profile of the clinic's setting.

    What was agreed counts; a sale without an agreement has the clinic's period, and the way it was paid decides
    whether it was made at a distance.
    """
    if course.square_order_id is None:
        return None
    agreed = session.execute(
        select(Checkout.way, Agreement.change_of_mind, Agreement.channel)
        .outerjoin(AgreementSale, AgreementSale.checkout_id == Checkout.id)
        .outerjoin(Agreement, Agreement.id == AgreementSale.agreement_id)
        .where(Checkout.square_order_id == course.square_order_id)
        .limit(1)
    ).first()
    way, chosen, channel = agreed or _ticked(session, course.square_order_id) or ("till", None, None)
    profile = profiles().get(chosen or key or NONE)
    is_distant = channel == "distance" if channel else way in _AT_A_DISTANCE
    made: Channel = "distance" if is_distant else "clinic"
    if profile is None or not profile.applies(made):
        return None
    sold_on = local_date(clinic_in(session), course.sold_at)
    until = profile.last_day(sold_on, closed_days_in(session))
    return MindWindow(profile, until) if today <= until else None


def _ticked(session: Session, square_order_id: str) -> tuple[str, str | None, str] | None:
    """Return what was agreed to on the public page, whose sales are made at a distance; None for another sale."""
    order = select(PublicOrder.terms_mind).where(PublicOrder.square_order_id == square_order_id).limit(1)
    found = session.execute(order).first()
    return ("link", found.terms_mind, "distance") if found is not None else None
