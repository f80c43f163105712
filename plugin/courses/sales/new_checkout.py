"""Validate a checkout that the desk wants to begin; every error states what to do."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.money import Money
from plugin.core.text import required
from plugin.courses.base.chain import course_for_change
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.work import Work, require_row
from plugin.courses.catalog.packages import NO_PACKAGE, listing_in
from plugin.courses.clients.clients import known_client_in
from plugin.courses.clients.contacts import typed_email
from plugin.courses.exchange.credit import Credit, credit_in
from plugin.errors import InvalidField, Refused
from plugin.store.tables import Checkout, Package, Terminal
from plugin.wording import _

WAYS = ("till", "terminal", "link", "cash", "other", "invoice")
MOST_AT_ONCE = 20
MOST_TENDER = 80
BALANCE_DUE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class NewCheckout:
    """A checkout to begin. `supplied`: cash tendered, None if exact; `tender`: the kind of another one."""

    client_id: str
    package_id: str
    way: str
    quantity: int = 1
    supplied: Money | None = None
    tender: str = ""
    device_id: str | None = None
    deposit: Money | None = None
    deposit_due_on: date | None = None
    balance_due_on: date | None = None
    mail_to: str | None = None
    # The course given in exchange, and the credit shown for it, minor units.
    exchanges: str | None = None
    seen_credit: int | None = None


def new_checkout(work: Work, new: NewCheckout) -> Checkout:
    """Return a valid new checkout, not yet in the session; raises InvalidField, Refused or NotFound."""
    session = work.session
    if new.way not in WAYS:
        raise InvalidField(_("A sale is paid by one of: {names}.", names=", ".join(WAYS)), field="way")
    if not 1 <= new.quantity <= MOST_AT_ONCE:
        raise InvalidField(
            _("Sell 1 to {most_at_once} at once.", most_at_once=MOST_AT_ONCE), field="quantity"
        )
    client = known_client_in(session, new.client_id)
    package, square_variation_id = _sold_at_square(session, new.package_id)
    price = Money(package.price * new.quantity, package.currency)
    _same_currency(new, price)
    today = local_date_in(session, work.now)
    credit = _credit(work, new, client.id, price, today) if new.exchanges else None
    amount = credit.to_pay(price) if credit else price
    deposit_due_on, balance_due_on = _due_dates(new, amount, today)
    return Checkout(
        id=work.new_id(),
        client_id=client.id,
        package_id=new.package_id,
        quantity=new.quantity,
        way=new.way,
        state="waiting" if new.way == "till" else "asking",
        amount=amount.amount,
        currency=amount.currency,
        supplied=new.supplied.amount if new.supplied and new.way == "cash" else None,
        deposit=new.deposit.amount if new.deposit and new.way == "invoice" else None,
        deposit_due_on=deposit_due_on,
        balance_due_on=balance_due_on,
        tender=_tender(new),
        square_device_id=_device(session, new, is_free=amount.amount == 0) if new.way == "terminal" else None,
        square_variation_id=square_variation_id,
        mail_to=_mail_to(new),
        exchanges_course_id=new.exchanges if credit else None,
        credit=credit.amount.amount if credit else None,
        credit_for=credit.kept_for(price) if credit else None,
        created_at=work.now,
        by=work.act.actor.name,
        staff_id=work.act.actor.staff_id,
    )


def _credit(work: Work, new: NewCheckout, client_id: str, price: Money, today: date) -> Credit:
    if new.way == "till":
        raise InvalidField(
            _("An exchange is not charged at Square POS: its credit is deducted here."), field="way"
        )
    if new.quantity != 1 or new.deposit is not None:
        raise InvalidField(_("A course is exchanged for one, paid at once."), field="quantity")
    course = course_for_change(work.session, new.exchanges or "")
    credit = credit_in(work.session, course.id, today=today)
    if credit.course.client_id != client_id:
        raise Refused(_("That course belongs to another client."), code="not_theirs")
    if credit.amount.currency != price.currency:
        raise Refused(
            _("That course was paid in {currency}.", currency=credit.amount.currency), code="foreign_currency"
        )
    if new.seen_credit not in (None, credit.amount.amount):
        raise Refused(_("The course has changed since. Look at the credit again."), code="changed")
    if credit.goes_back(price).amount:
        _may_go_back(work.act, credit)
    return credit


def _may_go_back(act: Act, credit: Credit) -> None:
    if act.actor.role is not Role.OWNER:
        raise Refused(
            _("Money would go back to the client. The owner can do this exchange."), code="goes_back"
        )
    paid = credit.course.gross_paid.amount
    if credit.course.square_order_id is None or paid < credit.charge.gross_of_listed(credit.amount.amount):
        said = _(
            "Square can’t give the difference back, for it did not take that money. Choose a larger package."
        )
        raise Refused(said, code="not_sold_on_square")


def _sold_at_square(session: Session, package_id: str) -> tuple[Package, str]:
    package = require_row(session, Package, package_id, NO_PACKAGE)
    if not package.is_active:
        raise Refused(_("{package} is no longer sold.", package=package.name), code="not_sold")
    listing = listing_in(session, package_id)
    if listing is None:
        said = _(
            "{package} is not in Square yet. Publish it under Packages, then sell it.", package=package.name
        )
        raise Refused(said, code="not_on_till")
    if listing.is_deleted:
        said = _(
            "{package} was deleted in Square. Publish it again under Packages, then sell it.",
            package=package.name,
        )
        raise Refused(said, code="not_on_till")
    return package, listing.square_variation_id


def _same_currency(new: NewCheckout, amount: Money) -> None:
    for field, money in (("supplied", new.supplied), ("deposit", new.deposit)):
        if money is not None and money.currency != amount.currency:
            raise InvalidField(_("The package is sold in {currency}.", currency=amount.currency), field=field)
        if money is not None and money.amount < 0:
            raise InvalidField(_("The amount is zero or more."), field=field)


def _due_dates(new: NewCheckout, amount: Money, today: date) -> tuple[date | None, date | None]:
    if new.way != "invoice":
        return None, None
    if new.deposit is None:
        balance_due_on = new.balance_due_on or today
        return None, _not_past(balance_due_on, today, field="balance_due_on")
    if not 0 < new.deposit.amount < amount.amount:
        raise InvalidField(_("A deposit is more than nothing and less than the price."), field="deposit")
    deposit_due_on = _not_past(new.deposit_due_on or today, today, field="deposit_due_on")
    balance_due_on = _not_past(
        new.balance_due_on or deposit_due_on + BALANCE_DUE, today, field="balance_due_on"
    )
    if balance_due_on < deposit_due_on:
        raise InvalidField(_("The rest is due after the deposit."), field="balance_due_on")
    return deposit_due_on, balance_due_on


def _not_past(day: date, today: date, *, field: str) -> date:
    if day < today:
        raise InvalidField(_("That day is past."), field=field)
    return day


def _tender(new: NewCheckout) -> str:
    if new.way != "other":
        return ""
    return required(new.tender, field="tender", called=_("How it was paid"), most=MOST_TENDER)


def _device(session: Session, new: NewCheckout, *, is_free: bool) -> str | None:
    active = list(session.scalars(select(Terminal).where(Terminal.is_active.is_(True))))
    if not active and is_free:
        return None
    if not active:
        said = _("No Square Terminal is known yet. Sign one in with a device code, or sell another way.")
        raise InvalidField(said, field="device_id")
    if new.device_id is None and len(active) == 1:
        return active[0].square_device_id
    chosen = next((one for one in active if one.square_device_id == new.device_id), None)
    if chosen is None:
        raise InvalidField(_("Choose one of the clinic’s Terminals."), field="device_id")
    return chosen.square_device_id


def _mail_to(new: NewCheckout) -> str | None:
    if new.way not in ("link", "invoice") or not (new.mail_to or "").strip():
        return None
    return typed_email(new.mail_to or "", field="mail_to")
