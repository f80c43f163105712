"""Packages chosen on the public page: what is shown, the order that begins, and whose it is once it is paid.

Makes no network call. Nothing is looked up before the payment, so that the page tells nobody who is a client.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.core.text import NAME_LENGTH, required
from plugin.courses.base.activity import REMOVED, SET, Did, record_in
from plugin.courses.base.events import SaleBooked
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.views import PackageView, from_row
from plugin.courses.base.work import Work, allowed, require_row, transact
from plugin.courses.catalog.packages import NO_PACKAGE, list_packages, packages_in
from plugin.courses.clients.buyers import client_who_ordered
from plugin.courses.clients.contacts import Buyer, Contact, typed_email
from plugin.courses.sales.checkout_views import PageOrder
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.tables import Package, PublicOrder
from plugin.wording import N_, _

# The outbox job that has Square make the payment link.
PUBLIC_ORDER = "public_order"
MOST_PACKAGES = 60
_BYTES = 32
_TOKEN_LENGTH = 43
_NO_ORDER = N_("There is no such order.")


@dataclass(frozen=True, slots=True)
class NewPublicOrder:
    """What a visitor chose and typed. `seen_version`: of the package they saw; `agreed`: the terms as shown.

    `terms_content` and what follows it: the same as a course agreement (`agreements.public_signing`).
    """

    package_id: str
    seen_version: int
    name: str
    email: str
    phone: str
    language: str
    agreed: tuple[str, ...]
    terms_content: str | None = None
    terms_sha256: str | None = None
    terms_mind: str | None = None


@dataclass(frozen=True, slots=True)
class PublicOrderView:
    """An order of the public page; `amount` with tax once Square has computed it."""

    id: str
    token: str | None
    package: PackageView
    name: str
    language: str
    state: str
    amount: Money
    url: str | None
    begun_at: datetime
    agreed_at: datetime
    client_id: str | None


def public_packages(store: Store) -> tuple[PackageView, ...]:
    """Return the packages that anybody may buy: those on sale in Square, at a price, and not hidden."""
    return tuple(each for each in packages_to_offer(store) if each.is_public)


def packages_to_offer(store: Store) -> tuple[PackageView, ...]:
    """Return the packages that the page could offer, those hidden from it too."""
    rows = list_packages(store, limit=MOST_PACKAGES).rows
    return tuple(each for each in rows if each.square_variation_id and each.price.amount > 0)


@allowed()
def offer_package(work: Work, package_id: str, *, is_public: bool) -> None:
    """Offer a package on the public page, or hide it there; raises NotFound. Quotes and links go on."""
    row = require_row(work.session, Package, package_id, NO_PACKAGE, is_locked=True)
    if row.is_public != is_public:
        row.is_public = is_public
        state = SET if is_public else REMOVED
        record_in(work, Did.PACKAGE_PUBLIC, name=row.name, subject_id=row.id, after=state)


def public_package(store: Store, package_id: str) -> PackageView:
    """Return one of them; raises NotFound."""
    found = next((each for each in public_packages(store) if each.id == package_id), None)
    if found is None:
        raise NotFound(_("This package is not sold."))
    return found


def begin_public_order(store: Store, act: Act, new: NewPublicOrder) -> PublicOrderView:
    """Begin an order; raises NotFound, InvalidField, or Refused where price or terms have changed since.

    The same act again returns the same order.
    """
    package = public_package(store, new.package_id)
    name = required(new.name, field="name", called=_("The name"), most=NAME_LENGTH)
    email = typed_email(new.email, field="email")
    if package.version != new.seen_version:
        raise Refused(
            _("Price or terms of this package have just changed. Look at them again."), code="changed"
        )

    def begin(work: Work) -> dict[str, str]:
        row = PublicOrder(
            id=work.new_id(),
            token=secrets.token_urlsafe(_BYTES),
            package_id=package.id,
            package_version=package.version,
            name=name,
            email=email,
            phone=new.phone,
            language=new.language,
            agreed=list(new.agreed),
            agreed_at=work.now,
            terms_content=new.terms_content,
            terms_sha256=new.terms_sha256,
            terms_mind=new.terms_mind,
            amount=package.price.amount,
            currency=package.price.currency,
            begun_at=work.now,
        )
        work.add(row)
        enqueue(work, PUBLIC_ORDER, row.id)
        return {"order_id": row.id}

    def do(work: Work) -> PublicOrderView:
        request = {"package_id": package.id, "name": name, "email": email}
        begun = work.once("public_order", request, lambda: begin(work))
        return _views(work.session, [work.session.get_one(PublicOrder, begun.answer["order_id"])])[0]

    return transact(store, act, do)


def public_order_of_token(store: Store, token: str) -> PublicOrderView | None:
    """Return the order whose page this token opens, None for an unknown one."""
    if len(token) != _TOKEN_LENGTH:
        return None
    with store.reading() as session:
        row = session.scalar(select(PublicOrder).where(PublicOrder.token == token))
        return _views(session, [row])[0] if row is not None else None


def recent_public_orders(store: Store) -> tuple[PublicOrderView, ...]:
    """Return the last twenty orders, newest first."""
    rows = select(PublicOrder).order_by(PublicOrder.id.desc()).limit(20)
    with store.reading() as session:
        return _views(session, session.scalars(rows).all())


def public_order_for_change(session: Session, order_id: str) -> PublicOrder:
    """Return the row, locked; raises NotFound."""
    return require_row(session, PublicOrder, order_id, _NO_ORDER, is_locked=True)


def client_of_public_order(work: Work, row: PageOrder | None, buyer: Buyer | None) -> str | None:
    """Return the client of a paid order of the public page, created if there is none; None for no such order."""
    if row is None or not row.name:
        return None
    contact = Contact(row.name, row.phone or None, row.email, row.language)
    return client_who_ordered(work, contact, buyer)


def settle_public_order(work: Work, sale: SaleBooked) -> None:
    """Mark the order of the public page that this sale pays."""
    row = work.session.get(PublicOrder, sale.public_order_id) if sale.public_order_id else None
    if row is not None and sale.paid_so_far is None and row.state != "paid":
        row.state, row.ended_at = "paid", work.now
        row.client_id = sale.client_id
        work.session.flush()


def _views(session: Session, rows: Sequence[PublicOrder]) -> tuple[PublicOrderView, ...]:
    packages = packages_in(session, {row.package_id for row in rows})
    return tuple(
        from_row(
            PublicOrderView, row, package=packages[row.package_id], amount=Money(row.amount, row.currency)
        )
        for row in rows
    )
