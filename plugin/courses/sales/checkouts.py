"""Checkouts: sales begun at the desk and paid at Square; `book` opens the course once they are paid. Their e-mail.

Makes no network call: worker jobs call Square, and the page shows the progress.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Select, bindparam, select, true, update
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, allowed, require_row
from plugin.courses.clients.clients import known_client_in
from plugin.courses.clients.contacts import typed_email
from plugin.courses.sales.agreed import link_agreement
from plugin.courses.sales.assign import assign, settle_unassigned_in
from plugin.courses.sales.checkout_views import CheckoutView, TerminalView, sold_at_till_in, view_of
from plugin.courses.sales.new_checkout import NewCheckout, new_checkout
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Checkout, Client, Course, Outbox, Package, Terminal
from plugin.wording import N_, _

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
