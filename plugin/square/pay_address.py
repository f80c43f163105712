"""The page where an invoice that was made in Square is paid: from its events, else looked for among the invoices."""

from itertools import islice

from sqlalchemy import select

from plugin.courses.base.outbox import Job
from plugin.courses.base.work import Work
from plugin.courses.documents.statement import save_pay_address_in
from plugin.services import Services
from plugin.square.events.effects import Effect
from plugin.square.parsing import Json, text
from plugin.store.ledger import Course

# Newest first: an invoice on which something is due is rarely older than the last two thousand.
_MOST_PAGES = 10


def pay_address_effect(invoice: Json) -> Effect:
    """Return the storing of an invoice's page with its sale."""
    order_id, url = text(invoice.get("order_id")), text(invoice.get("public_url"))

    def save(work: Work) -> str:
        if order_id and url:
            save_pay_address_in(work.session, order_id, url)
        return ""

    return save


def find_pay_address(services: Services, job: Job) -> str:
    """Look for the invoice of a sale in Square and store where it is paid; raises SquareFailed."""
    of_order = select(Course.square_location_id).where(Course.square_order_id == job.subject)
    with services.store.reading() as session:
        location_id = session.scalar(of_order.where(Course.square_location_id.is_not(None)).limit(1))
    url = _address(services, location_id, job.subject) if location_id else ""
    services.store.transact(lambda session: save_pay_address_in(session, job.subject, url))
    return "Found." if url else "It has no invoice in Square."


def _address(services: Services, location_id: str, order_id: str) -> str:
    for page in islice(services.square.invoices(location_id), _MOST_PAGES):
        for invoice in page:
            if invoice.get("order_id") == order_id:
                return text(invoice.get("public_url"))
    return ""
