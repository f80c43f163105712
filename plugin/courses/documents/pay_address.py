"""Where the balance of a sale is paid: the page that the desk's own checkout has, or that of the invoice in Square."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.store.tables import Checkout, SaleRecord

# The outbox job that looks for the invoice of a sale in Square, by Square order.
FIND_PAY_ADDRESS = "find_pay_address"
_LONGEST = 500


def pay_address_in(session: Session, square_order_id: str) -> str:
    """Return the address of the page, "" where none is known."""
    begun = select(Checkout.url).where(
        Checkout.square_order_id == square_order_id,
        Checkout.url.is_not(None),
        Checkout.state == "waiting",
        Checkout.cancel_asked_at.is_(None),
    )
    url = session.scalar(begun.order_by(Checkout.created_at.desc()).limit(1)) or _found_in(
        session, square_order_id
    )
    return url if url and url.startswith("https://") and len(url) <= _LONGEST else ""


def save_pay_address_in(session: Session, square_order_id: str, url: str) -> None:
    """Store the page of the invoice in Square; "" where it has none. Nothing for a sale that is not recorded."""
    row = session.get(SaleRecord, square_order_id)
    if row is not None and row.content.get("pay_url") != url:
        row.content = {**row.content, "pay_url": url}


def look_for_pay_address(work: Work, square_order_id: str) -> None:
    """Enqueue the search in Square, once for each sale: what is due of it has no page to pay so far."""
    row = work.session.get(SaleRecord, square_order_id)
    if row is not None and "pay_url" not in row.content:
        enqueue(work, FIND_PAY_ADDRESS, square_order_id)


def _found_in(session: Session, square_order_id: str) -> str:
    row = session.get(SaleRecord, square_order_id)
    return str(row.content.get("pay_url", "")) if row is not None else ""
