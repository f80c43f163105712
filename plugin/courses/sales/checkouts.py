"""Checkouts: sales begun at the desk and paid at Square; `book` opens the course once they are paid. Their e-mail.

Makes no network call: worker jobs call Square, and the page shows the progress.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, select, true, update
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role
from plugin.core.money import Money
from plugin.core.text import required
from plugin.courses.base.chain import course_for_change
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.catalog.packages import NO_PACKAGE, listing_in
from plugin.courses.clients.clients import known_client_in
from plugin.courses.clients.contacts import typed_email
from plugin.courses.exchange.credit import Credit, credit_in
from plugin.courses.sales.agreed import link_agreement
from plugin.courses.sales.assign import assign, settle_unassigned_in
from plugin.courses.sales.checkout_views import CheckoutView, TerminalView, sold_at_till_in, view_of
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Checkout, Client, Course, Outbox, Package, Terminal
from plugin.wording import N_, _

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


# The outbox job that advances a checkout by one step.
CHECKOUT = "checkout"
_NO_SALE = N_("There is no such sale.")


@allowed(Role.DESK)
def start_checkout(work: Work, new: NewCheckout, *, needs_agreement: bool = False) -> CheckoutView:
    """Begin a checkout; raises InvalidField or Refused. The same act again returns the same checkout.

    `needs_agreement`: only with the client's signed agreement for the package.
    """
    begun = work.once(
        "checkout",
        asdict(new),
        lambda: {"checkout_id": begin_checkout(work, new, needs_agreement=needs_agreement).id},
    )
    return view_of(work.session, work.session.get_one(Checkout, begun.answer["checkout_id"]))


def begin_checkout(work: Work, new: NewCheckout, *, needs_agreement: bool) -> Checkout:
    """Write the checkout, its agreement, and the job that asks Square; raises InvalidField or Refused."""
    row = new_checkout(work, new)
    work.add(row)
    link_agreement(work, row, is_required=needs_agreement)
    enqueue(work, CHECKOUT, row.id)
    return row


def read_checkout(store: Store, checkout_id: str) -> CheckoutView:
    """Return the checkout; raises NotFound."""
    with store.reading() as session:
        return view_of(session, require_row(session, Checkout, checkout_id, _NO_SALE))


def list_checkouts(store: Store, *, limit: int = 50, open_only: bool = False) -> tuple[CheckoutView, ...]:
    """Return the checkouts begun at the desk, newest first."""
    if open_only and not store.rows(_ANY_OPEN, {}):
        return ()
    is_shown = Checkout.ended_at.is_(None) if open_only else true()
    return _list(store, select(Checkout).where(is_shown).limit(limit))


def waiting_of_client(store: Store, client_id: str) -> tuple[CheckoutView, ...]:
    """Return the client's checkouts in progress, newest first."""
    if not store.rows(_OPEN_OF_CLIENT, {"client_id": client_id}):
        return ()
    return _list(store, select(Checkout).where(Checkout.client_id == client_id, Checkout.ended_at.is_(None)))


# Most of the time there is none, and every page of the desk asks.
_ANY_OPEN = Prepared(select(Checkout.id).where(Checkout.ended_at.is_(None)).limit(1))
_OPEN_OF_CLIENT = Prepared(
    select(Checkout.id)
    .where(Checkout.client_id == bindparam("client_id"), Checkout.ended_at.is_(None))
    .limit(1)
)


def _list(store: Store, which: Select[Checkout]) -> tuple[CheckoutView, ...]:
    newest_first = which.order_by(Checkout.created_at.desc(), Checkout.id.desc())
    with store.reading() as session:
        return _views_in(session, newest_first)


def list_terminals(store: Store) -> tuple[TerminalView, ...]:
    """Return the Square Terminals available to checkouts, by name."""
    rows = select(Terminal).where(Terminal.is_active.is_(True)).order_by(Terminal.name)
    with store.reading() as session:
        return tuple(
            TerminalView(row.square_device_id, row.name, row.status) for row in session.scalars(rows)
        )


@allowed(Role.DESK)
def cancel_checkout(work: Work, checkout_id: str) -> CheckoutView:
    """Request cancellation; Square may report that the client has just paid. Raises Refused if paid."""
    row = checkout_for_change(work.session, checkout_id)
    if row.state == "paid":
        raise Refused(_("This sale is paid. To undo it, refund the course."), code="paid")
    if row.ended_at is None and row.cancel_asked_at is None:
        row.cancel_asked_at, row.problem = work.now, ""
        if _is_only_ours(row):
            row.state, row.ended_at = "canceled", work.now
        else:
            hasten(work, row.id)
    return view_of(work.session, row)


@allowed(Role.DESK)
def claim_sale(work: Work, checkout_id: str, course_ids: Sequence[str]) -> CheckoutView:
    """Claim a sale rung up without a client as this one; raises Refused for a course of another client."""
    row = checkout_for_change(work.session, checkout_id)
    if row.way != "till":
        raise Refused(_("Only a sale that is charged at Square POS can be claimed."), code="not_at_till")
    orders = _orders_of(work.session, row, course_ids)
    assign(work, course_ids, row.client_id, reason=_("Claimed at the desk"))
    for square_order_id in orders:
        answer = {"client_id": row.client_id, "reason": _("Claimed at the desk")}
        settle_unassigned_in(work.session, work.act, square_order_id, answer)
    if row.ended_at is None:
        sold_at_till_in(work.session, work.act, row, orders[0])
    return view_of(work.session, row)


def checkout_for_change(session: Session, checkout_id: str) -> Checkout:
    """Return the row, locked for this transaction; raises NotFound."""
    return require_row(session, Checkout, checkout_id, _NO_SALE, is_locked=True)


def hasten(work: Work, checkout_id: str) -> None:
    """Run the job of this checkout now: make the pending one due, or enqueue one."""
    waiting = (
        update(Outbox)
        .where(Outbox.kind == CHECKOUT, Outbox.subject == checkout_id, Outbox.state == "pending")
        .values(due_at=work.now)
    )
    if not work.session.execute(waiting).rowcount:  # type: ignore[attr-defined]  # an UPDATE's result has it
        enqueue(work, CHECKOUT, checkout_id)


def _is_only_ours(row: Checkout) -> bool:
    """Return whether nothing was requested from Square yet, so that nothing is to be canceled there."""
    return row.way == "till" or (row.square_order_id is None and not row.asked_for)


def _views_in(session: Session, which: Select[Checkout]) -> tuple[CheckoutView, ...]:
    """Return the views of the rows; related rows are read in bulk, not one by one."""
    named = (
        which.add_columns(Client, Package, Terminal)
        .join(Client, Client.id == Checkout.client_id)
        .join(Package, Package.id == Checkout.package_id)
        .outerjoin(Terminal, Terminal.square_device_id == Checkout.square_device_id)
    )
    return tuple(view_of(session, row) for row, *_other in session.execute(named).all())


def _orders_of(session: Session, row: Checkout, course_ids: Sequence[str]) -> list[str]:
    rows = select(Course.square_order_id).where(
        Course.id.in_(course_ids), Course.package_id == row.package_id, Course.square_order_id.is_not(None)
    )
    found = list(session.scalars(rows))
    if not found or len(found) != len(set(course_ids)):
        raise Refused(_("That sale is not one of this package."), code="another_package")
    return list(dict.fromkeys(one for one in found if one is not None))


def begin_link(
    work: Work, client_id: str, package_id: str, *, needs_agreement: bool, is_mailed: bool = False
) -> Checkout:
    """Begin the sale; raises NotFound or Refused.

    `is_mailed`: the link goes to the client's address. Call it with the row locked that holds the sale, so that it
    begins once.
    """
    client = known_client_in(work.session, client_id)
    new = NewCheckout(client.id, package_id, "link")
    if is_mailed and client.email and not client.mail_problem:
        new = replace(new, mail_to=client.email)
    return begin_checkout(work, new, needs_agreement=needs_agreement)


# The outbox job that e-mails the payment link to the client.
CHECKOUT_EMAIL = "mail_checkout"


@allowed(Role.DESK)
def send_letter(work: Work, checkout_id: str, mail_to: str) -> CheckoutView:
    """Enqueue the payment link's e-mail; raises InvalidField for no address, Refused where none is due."""
    if not mail_to.strip():
        raise InvalidField(_("The e-mail address is missing."), field="mail_to")
    address = typed_email(mail_to, field="mail_to")
    row = checkout_for_change(work.session, checkout_id)
    request = {"checkout_id": checkout_id, "mail_to": address}
    work.once("letter", request, lambda: _enqueue_letter(work, row, address))
    return view_of(work.session, row)


def _enqueue_letter(work: Work, row: Checkout, address: str) -> dict[str, Any]:
    if row.url is None or row.ended_at is not None or row.cancel_asked_at is not None:
        raise Refused(_("There is no address to send: nothing is to be paid there."), code="nothing_to_send")
    row.mail_to, row.mailed_at, row.notice = address, None, ""
    enqueue(work, CHECKOUT_EMAIL, row.id)
    return {"checkout_id": row.id}
