"""Make a quote in the consultation: its content frozen, its PDF drawn once; withdraw one; and pay one.

There is one payment link for each quote, on however many phones it is opened.
"""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import language_for
from invoices.papers import CourseQuote, QuotedTreatment, to_json
from invoices.papers import Money as PaperMoney
from plugin.core.acts import COURSEKEEPER, Act, Role, require
from plugin.core.moments import day_at
from plugin.core.text import optional
from plugin.courses.agreements.clauses import refund_example
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.views import PackageView
from plugin.courses.base.words import paper_money
from plugin.courses.base.work import Work, allowed, require_row, transact
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.catalog.packages import NO_PACKAGE, package_in
from plugin.courses.catalog.terms_text import refund_text, terms_sentences
from plugin.courses.changes.gifts import new_code
from plugin.courses.clients.clients import client_in, known_client_in
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.handouts.status import every_text
from plugin.courses.quotes.views import NO_QUOTE, QuoteState, QuoteView, open_quotes_in, pay_address, view_of
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkout_views import view_of as view_of_checkout
from plugin.courses.sales.checkouts import begin_link, cancel_checkout
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.tables import Checkout, Package, Quote, Treatment
from plugin.wording import _

LONGEST_CONCERN = 300
LONGEST_RHYTHM = 200
VALID_FOR = timedelta(days=30)
_LONGEST_VALID = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewQuote:
    """A quote to make. `rhythm`: how often to come, "" for the treatment's own; `valid_until`: None for 30 days."""

    client_id: str
    package_id: str
    concern: str = ""
    rhythm: str = ""
    valid_until: date | None = None


def make_quote(store: Store, render: Render, act: Act, new: NewQuote, *, public_url: str) -> QuoteView:
    """Make a quote at the package's price; an open one of the same package is withdrawn.

    The same act again returns the same quote. Raises InvalidField, NotFound, Refused, or PaperNotMade if a retry may
    help.
    """
    require(act.actor, Role.DESK)
    code = new_code()
    with store.reading() as session:
        paper = _content_in(session, new, code, act.now, public_url)
        version = package_in(session, new.package_id).version
    pdf = drawn(store, render, paper)

    def do(work: Work) -> QuoteView:
        client = known_client_in(work.session, new.client_id)
        # Two desks may quote it at once: the second waits here, and replaces the first one's.
        require_row(work.session, type(client), client.id, "", is_locked=True)
        request = {
            "client_id": new.client_id,
            "package_id": new.package_id,
            "concern": new.concern,
            "rhythm": new.rhythm,
            "valid_until": new.valid_until.isoformat() if new.valid_until else "",
        }
        made = work.once("quote", request, lambda: _write(work, client.id, new, code, paper, version, pdf))
        return view_of(
            work.session, require_row(work.session, Quote, made.answer["quote_id"], NO_QUOTE), work.now
        )

    return transact(store, act, do)


@allowed(Role.DESK)
def withdraw_quote(work: Work, quote_id: str) -> QuoteView:
    """Withdraw a quote: its page says so. Raises NotFound; Refused for one that is paid or being paid."""
    row = require_row(work.session, Quote, quote_id, NO_QUOTE, is_locked=True)
    quote = view_of(work.session, row, work.now)
    if quote.state is QuoteState.PAID:
        raise Refused(_("This quote is paid: it is a sale. To undo that, refund the course."), code="paid")
    _refuse_under_way(quote)
    if row.withdrawn_at is None:
        row.withdrawn_at = work.now
        record_in(
            work, Did.QUOTE_WITHDRAWN, name=quote.client_name, client_id=row.client_id, subject_id=row.id
        )
        work.session.flush()
    return view_of(work.session, row, work.now)


def _refuse_under_way(quote: QuoteView) -> None:
    if quote.checkout_id is not None:
        said = _("The payment link of this quote is open. Cancel that sale first.")
        raise Refused(said, code="under_way")


def _content_in(session: Session, new: NewQuote, code: str, now: datetime, public_url: str) -> CourseQuote:
    clinic, client = clinic_in(session), client_in(session, new.client_id)
    package = package_in(session, new.package_id)
    if not package.is_active:
        raise Refused(_("{package} is no longer sold.", package=package.name), code="not_sold")
    names, language = names_in(session, client.language), language_for(client.language)
    prices = [(names(each.treatment), each.single_price) for each in package.contents]
    today = day_at(now, clinic.zone)
    return CourseQuote(
        clinic=clinic_on_paper(clinic),
        client_name=client.name,
        issued_on=today,
        valid_until=_valid_until(new, today),
        package_name=names(package.name),
        price=paper_money(package.price),
        contents=_contents(package, names),
        concern=optional(new.concern, field="concern", called=_("The concern"), most=LONGEST_CONCERN),
        rhythm=optional(new.rhythm, field="rhythm", called=_("How often"), most=LONGEST_RHYTHM)
        or _own_rhythm(session, package, client.language),
        terms=terms_sentences(package.terms, client.language, has_refund=False),
        refund=refund_text(package.terms, prices, language),
        example=refund_example(package, names),
        pay_url=pay_address(public_url, code),
        language=client.language,
    )


def _valid_until(new: NewQuote, today: date) -> date:
    day = new.valid_until or today + VALID_FOR
    if not today <= day <= today + _LONGEST_VALID:
        said = _("Choose a day from today on, within a year.")
        raise InvalidField(said, field="valid_until")
    return day


def _contents(package: PackageView, names: Names) -> tuple[QuotedTreatment, ...]:
    """Return the contents with the price of one session: its part of the package's, by single prices, rounded."""
    whole = sum(each.sessions * each.single_price.amount for each in package.contents)
    return tuple(
        QuotedTreatment(
            sessions=each.sessions,
            treatment=names(each.treatment),
            session_price=PaperMoney(
                round(Fraction(package.price.amount * each.single_price.amount, whole or 1)),
                package.price.currency,
            ),
            single_price=paper_money(each.single_price),
            usable_from_session=each.usable_from_session,
        )
        for each in package.contents
    )


def _own_rhythm(session: Session, package: PackageView, tag: str) -> str:
    """Return the interval that is suggested for the first main treatment, "" for none."""
    main = next((each.treatment for each in package.contents if each.kind == "main"), None)
    days = session.scalar(select(Treatment.suggested_days).where(Treatment.name == main))
    return every_text(language_for(tag), days) if days else ""


def _write(
    work: Work, client_id: str, new: NewQuote, code: str, paper: CourseQuote, version: int, pdf: bytes
) -> dict[str, str]:
    package = require_row(work.session, Package, new.package_id, NO_PACKAGE)
    if package.version != version:
        said = _("Price or terms of this package have just changed. Look at them again.")
        raise Refused(said, code="changed")
    for each in open_quotes_in(work.session, client_id, new.package_id, work.now):
        _refuse_under_way(each)
        work.session.get_one(Quote, each.id).withdrawn_at = work.now
    row = Quote(
        id=work.new_id(),
        code=code,
        client_id=client_id,
        package_id=package.id,
        package_version=package.version,
        price=package.price,
        currency=package.currency,
        concern=paper.concern,
        valid_until=paper.valid_until,
        content=to_json(paper),
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        made_at=work.now,
        by=work.act.actor.name,
    )
    work.session.add(row)
    record_in(work, Did.QUOTE_MADE, name=paper.client_name, client_id=client_id, subject_id=row.id)
    work.session.flush()
    return {"quote_id": row.id}


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
        said = _("The package is no longer sold as it was quoted. Make a new quote.")
        raise Refused(said, code="changed")
