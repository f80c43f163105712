"""Sales by payment link: Square makes the page and its order; the client pays there, now or later."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from invoices.language import Language, language_for
from plugin.core.money import Money
from plugin.courses.agreements.public_signing import draw_ticked_terms
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.outbox import Job
from plugin.courses.base.views import ClinicView
from plugin.courses.base.words import format_money
from plugin.courses.catalog.names import MAIN_NAMES, Names, names_in
from plugin.courses.catalog.packages import listing_in
from plugin.courses.catalog.terms_text import questions
from plugin.courses.clients.clients import read_client
from plugin.courses.documents.paper_emails import NO_MAIL
from plugin.courses.journal.keep import expect_fee
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import checkout_for_change, read_checkout
from plugin.courses.sales.public_orders import public_order_for_change
from plugin.courses.sales.tips import tip_for_change
from plugin.errors import SquareFailed
from plugin.jobs import RunAgain
from plugin.mail import Letter
from plugin.services import Services
from plugin.square.checkout.order import (
    is_sold,
    location_of,
    note_call,
    order_wanted,
    save_order,
    save_waiting,
    with_customer,
)
from plugin.square.client import SquareNotFound
from plugin.square.models import Order
from plugin.square.parsing import Json, record, records, square_id, text
from plugin.square.sales import is_paid
from plugin.store.selling import Checkout, PublicOrder, Tip
from plugin.wording import _

LINK = "link"
# While a person may be looking at the code on the screen; later, an event or a sync reports the payment.
WATCHED_FOR = timedelta(minutes=15)
_AT_FIRST = timedelta(minutes=3)


def create_link(services: Services, row: Checkout) -> Checkout:
    """Create the page and its order."""
    row = with_customer(services, row)
    note_call(services, row, LINK)
    made = make_link(services, f"{row.id}-link", _wanted(row))
    row = save_order(services, row, made.order, square_object_id=made.id)
    return save_waiting(services, row, url=made.url)


@dataclass(frozen=True, slots=True)
class PaymentLink:
    """A page that Square has made, its address, and the order that it pays."""

    id: str
    url: str
    order: Json


def make_link(services: Services, key: str, wanted: Json) -> PaymentLink:
    """Have Square make a payment link; the same key and body again return the same one. Raises SquareFailed."""
    answer = services.square.create_payment_link(key, wanted)
    link = record(answer.get("payment_link"), "payment_link")
    related = record(answer.get("related_resources") or {}, "related_resources")
    orders = records(related.get("orders"), "orders")
    order = orders[0] if orders else services.square.order(square_id(link.get("order_id"), "order id"))
    url = text(link.get("url")) or text(link.get("long_url"))
    return PaymentLink(square_id(link.get("id"), "payment link id"), url, order)


def wait_for_payment(services: Services, row: Checkout) -> str | RunAgain:
    """Check whether the order is paid, for as long as a person may be waiting before a screen."""
    if is_sold(services, row):
        return _("Paid; the sale is booked next.")
    waited = services.clock() - row.created_at
    if waited > WATCHED_FOR:
        return _("The client has the address; waiting for Square’s event.")
    return RunAgain(4 if waited < _AT_FIRST else 15, _("The client has not paid yet."))


def delete_link(services: Services, row: Checkout) -> RunAgain | None:
    """Delete the page; None once it is deleted."""
    if row.square_object_id is not None:
        try:
            services.square.delete_payment_link(row.square_object_id)
        except SquareNotFound:
            return None
    return None


def _wanted(row: Checkout) -> Json:
    wanted: Json = {"order": order_wanted(row)}
    return wanted | ({"pre_populated_data": {"buyer_email": row.mail_to}} if row.mail_to else {})


def make_public_link(services: Services, job: Job) -> str:
    """Have Square make the link, once: a lost answer is asked for again under the same key. Raises SquareFailed."""
    location_id = location_of(services)
    draw_ticked_terms(services.store, services.render, job.subject)

    def prepare(session: Session) -> Json | None:
        row = public_order_for_change(session, job.subject)
        if row.state != "asking":
            return None
        row.square_location_id = row.square_location_id or location_id
        return _order_of_package(services, session, row)

    wanted = services.store.transact(prepare)
    if wanted is None:
        return "It has its link, or has ended."
    made = make_link(services, f"{job.subject}-link", wanted)
    _save(services, job.subject, Order.read(made.order), made.url)
    return "The link is made."


def give_up_public_link(services: Services, job: Job, _sentence: str) -> None:
    """End the order: its page says that it could not be prepared."""

    def end(session: Session) -> None:
        row = public_order_for_change(session, job.subject)
        if row.state == "asking":
            row.state, row.ended_at = "failed", services.clock()

    services.store.transact(end)


def _order_of_package(services: Services, session: Session, row: PublicOrder) -> Json:
    listing = listing_in(session, row.package_id)
    if listing is None or listing.is_deleted:
        raise SquareFailed(_("The package is no longer sold in Square."), permanent=True, code="not_sold")
    wanted: Json = {
        "order": {
            "location_id": row.square_location_id,
            "reference_id": row.id,
            "line_items": [{"catalog_object_id": listing.square_variation_id, "quantity": "1"}],
        },
        "pre_populated_data": {"buyer_email": row.email},
    }
    if services.settings.is_https:
        back = f"{services.settings.public_url.rstrip('/')}/shop/orders/{row.token}"
        wanted["checkout_options"] = {"redirect_url": back}
    return wanted


def _save(services: Services, order_id: str, order: Order, url: str) -> None:
    def save(session: Session) -> None:
        row = public_order_for_change(session, order_id)
        row.square_order_id = order.id
        if order.total is not None and order.total.currency == row.currency and order.total.amount > 0:
            row.amount = order.total.amount
        if row.state == "asking":
            row.state, row.url = "waiting", url

    services.store.transact(save)


_WATCHED_FOR = timedelta(minutes=15)
_AT_FIRST_S, _LATER_S = 10.0, 3600.0
LATEST = timedelta(days=3)


def run_tip(services: Services, job: Job) -> str | RunAgain:
    """Make the link, then look for the payment until it is there or three days have passed; raises SquareFailed."""
    row = _read_tip(services, job.subject)
    if row.ended_at is not None:
        return "It has ended."
    if row.square_order_id is None:
        _make_tip_link(services, row)
        return RunAgain(_AT_FIRST_S, "The client has the link.")
    order = Order.read(services.square.order(row.square_order_id))
    if is_paid(order):
        _end_tip(services, row.id, "paid", order)
        return "The tip is paid."
    waited = services.clock() - row.begun_at
    if waited > LATEST:
        _end_tip(services, row.id, "unpaid")
        return "It was not paid."
    return RunAgain(_AT_FIRST_S if waited < _WATCHED_FOR else _LATER_S, "It is not paid yet.")


def give_up_tip(services: Services, job: Job, _sentence: str) -> None:
    """End a tip that Square does not take."""
    _end_tip(services, job.subject, "unpaid")


def _make_tip_link(services: Services, row: Tip) -> None:
    location_id = row.square_location_id or location_of(services)

    def keep(session: Session) -> None:
        # A call is repeated with the same body: Square refuses a key with another one.
        tip_for_change(session, row.id).square_location_id = location_id

    services.store.transact(keep)
    wanted: Json = {
        "quick_pay": {
            "name": "Tip",
            "price_money": {"amount": row.amount, "currency": row.currency},
            "location_id": location_id,
        }
    }
    made = make_link(services, f"{row.id}-tip", wanted)

    def save(session: Session) -> None:
        current = tip_for_change(session, row.id)
        current.square_order_id, current.url = square_id(made.order.get("id"), "order id"), made.url
        if current.state == "asking":
            current.state = "waiting"

    services.store.transact(save)


def _read_tip(services: Services, tip_id: str) -> Tip:
    def read(session: Session) -> Tip:
        row = tip_for_change(session, tip_id)
        session.expunge(row)
        return row

    return services.store.transact(read)


def _end_tip(services: Services, tip_id: str, state: str, order: Order | None = None) -> None:
    now: datetime = services.clock()

    def end(session: Session) -> None:
        row = tip_for_change(session, tip_id)
        if row.ended_at is None:
            row.state, row.ended_at = state, now
            for tender in order.tenders if order else ():
                if tender.payment_id:
                    expect_fee(session, tender.payment_id, row.square_order_id or "", now)

    services.store.transact(end)


_PACKAGE = Path(__file__).parents[2]
# Beside the package in a checkout, within it where it is installed.
_PLACES = [str(_PACKAGE / "templates"), str(_PACKAGE.parent / "templates")]


def mail_checkout(services: Services, job: Job) -> str:
    """Send the e-mail once; raises MailFailed, ConfigurationError where mail is not set up."""
    checkout = read_checkout(services.store, job.subject)
    if checkout.mailed_at is not None or not checkout.is_open:
        return "No e-mail due."
    language = read_client(services.store, checkout.client_id).language
    with services.store.reading() as session:
        names = names_in(session, language)
    services.mail.send(letter_of(checkout, read_clinic(services.store), language, names))
    _note(services, job.subject, is_sent=True)
    return "E-mail sent."


def give_up_letter(services: Services, job: Job, sentence: str) -> None:
    """Show the desk that the client did not get the e-mail: the address can be given another way."""
    reason = sentence if services.mail.is_ready else NO_MAIL
    notice = _("The e-mail was not sent. {reason} Show the code, or copy the link.", reason=reason)
    _note(services, job.subject, notice=notice)


def letter_of(checkout: CheckoutView, clinic: ClinicView, tag: str, names: Names = MAIN_NAMES) -> Letter:
    """Return the e-mail in the client's language."""
    language, name, n = language_for(tag), names(checkout.package_name), checkout.quantity
    values = {
        "checkout": checkout,
        "name": name,
        "clinic": clinic,
        "_": language.gettext,
        "tag": language.tag,
        "package": language.gettext("{package}, {n} of them", package=name, n=n) if n > 1 else name,
        "amount": _written(clinic, language, checkout.amount),
        "deposit": _written(clinic, language, checkout.deposit) if checkout.deposit else "",
        "colon": language.colon,
        "questions": questions(language, clinic.phone, clinic.email),
        "url": checkout.url or "",
    }
    return Letter(
        to=checkout.mail_to or "",
        subject=f"{clinic.name}: {name}",
        text=_templates().get_template("mail/payment_link.txt").render(values),
        html=_templates().get_template("mail/payment_link.html").render(values),
        reply_to=clinic.email,
        key=f"{checkout.id}-letter",
    )


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(_PLACES)
    return Environment(loader=loader, autoescape=select_autoescape(), undefined=StrictUndefined)


def _written(clinic: ClinicView, language: Language, money: Money) -> str:
    return format_money(money, language.locale.language, clinic.country)


def _note(services: Services, checkout_id: str, *, is_sent: bool = False, notice: str = "") -> None:
    def work(session: Session) -> None:
        row = checkout_for_change(session, checkout_id)
        row.mailed_at = services.clock() if is_sent else row.mailed_at
        row.notice = f"{row.notice} {notice}".strip()[:400]

    services.store.transact(work)
