"""Pay a quote: one payment link for each quote, on however many phones it is opened."""

from contextlib import suppress
from datetime import datetime

from sqlalchemy import select

from plugin.core.acts import COURSEKEEPER, Act, Role
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.quotes.views import NO_QUOTE, QuoteState, QuoteView, view_of
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkout_views import view_of as view_of_checkout
from plugin.courses.sales.checkouts import begin_link, cancel_checkout
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.quotes import Quote
from plugin.store.selling import Checkout
from plugin.wording import _

MOST_AT_ONCE = 50


@allowed(Role.DESK)
def pay_quote(work: Work, quote_id: str, *, needs_agreement: bool = False) -> CheckoutView:
    """Begin the sale by payment link, or return the one that was begun; raises NotFound, Refused.

    Refused with the code "paid", "expired", "withdrawn", "changed" (the package is not sold as it was offered any
    more) or "not_agreed". `needs_agreement`: only with the
    client's signed agreement for the package.
    """
    # Of two phones, the second finds what the first one began.
    row = require_row(work.session, Quote, quote_id, NO_QUOTE, is_locked=True)
    begun = work.session.get(Checkout, row.checkout_id) if row.checkout_id else None
    if begun is not None and (begun.ended_at is None or begun.state == "paid"):
        return view_of_checkout(work.session, begun)
    _refuse(view_of(work.session, row, work.now))
    checkout = begin_link(work, row.client_id, row.package_id, needs_agreement=needs_agreement)
    row.checkout_id = checkout.id
    work.session.flush()
    return view_of_checkout(work.session, checkout)


def cancel_links_of_ended_quotes(store: Store, now: datetime) -> int:
    """Cancel the payment links of quotes whose last day is over: nobody pays their price any more. Returns how many.

    What the client is paying at that moment is booked: Square says which of both was first.
    """
    with store.reading() as session:
        today = local_date_in(session, now)
        ended = select(Checkout.id).join(Quote, Quote.checkout_id == Checkout.id)
        waiting = Checkout.ended_at.is_(None), Checkout.cancel_asked_at.is_(None)
        ids = list(session.scalars(ended.where(Quote.valid_until < today, *waiting).limit(MOST_AT_ONCE)))
    for checkout_id in ids:
        # Paid since it was looked up: then there is nothing to cancel.
        with suppress(Refused):
            cancel_checkout(store, Act(COURSEKEEPER, now, f"quote-ended:{checkout_id}"), checkout_id)
    return len(ids)


def _refuse(quote: QuoteView) -> None:
    if quote.state is QuoteState.PAID:
        raise Refused(_("This quote is paid already."), code="paid")
    if quote.state is QuoteState.EXPIRED:
        raise Refused(_("This quote has expired. Make a new one."), code="expired")
    if quote.state is QuoteState.WITHDRAWN:
        raise Refused(_("This quote is withdrawn. Make a new one."), code="withdrawn")
    if quote.change:
        said = _("The package is not sold as it was quoted any more. Make a new quote.")
        raise Refused(said, code="changed")
