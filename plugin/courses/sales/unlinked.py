"""Sales whose line looks like an unlinked package: how one is recognized, and the attention item, once per line."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers.wire import from_plain, to_plain
from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.core.text import is_same_name, resembles, says_something
from plugin.courses.base.attention import open_item, open_items_in, settle_row
from plugin.courses.base.words import clinic_money
from plugin.courses.base.work import Work
from plugin.courses.catalog.links import ITEM_NAME
from plugin.courses.sales.sales import Refund, Sale, SaleLine
from plugin.store.offers import IgnoredItem, Listing, Package, Treatment
from plugin.store.tables import Attention
from plugin.wording import N_, N_n, _


@dataclass(frozen=True, slots=True)
class SoldItem:
    """An order line linked to no package; `square_variation_id` is None for a custom amount in Square POS.

    `price` is the price of one unit.
    """

    uid: str
    square_variation_id: str | None
    item_name: str
    variation_name: str
    price: Money | None

    @property
    def full_name(self) -> str:
        """Return the item's name with its variation's, if that is descriptive."""
        return full_name(self.item_name, self.variation_name)


@dataclass(frozen=True, slots=True)
class Offer:
    """A package with its current and former names and prices, here and in Square."""

    package_id: str
    name: str
    currency: str
    names: tuple[str, ...]
    item_names: tuple[str, ...]
    prices: frozenset[int]

    def is_called(self, sold: SoldItem) -> bool:
        """Return whether the line has one of its names, as a whole or as the variation's own."""
        own = (sold.full_name, *([sold.variation_name] if says_something(sold.variation_name) else []))
        return any(is_same_name(one, name) for one in own for name in (self.name, *self.names))

    def is_as_dear(self, sold: SoldItem) -> bool:
        """Return whether the line costs at least half as much: a single visit of the same name does not."""
        return sold.price is None or sold.price.amount * 2 >= min(self.prices)

    def costs(self, sold: SoldItem) -> bool:
        """Return whether the line has one of its prices."""
        price = sold.price
        return price is not None and price.currency == self.currency and 0 < price.amount in self.prices


@dataclass(frozen=True, slots=True)
class Offers:
    """All packages that are or were for sale, and the items decided to be none."""

    offers: tuple[Offer, ...] = ()
    treatments: tuple[str, ...] = ()
    ignored: frozenset[str] = frozenset()

    def package_like(self, sold: SoldItem) -> str | None:
        """Return the package that the line seems to sell, None for an ordinary line."""
        if sold.square_variation_id in self.ignored:
            return None
        for looks in (self._by_name, self._by_item, self._by_price):
            found = [offer for offer in self.offers if looks(offer, sold)]
            if found:
                return min(found, key=lambda offer: (not offer.costs(sold), offer.package_id)).package_id
        return None

    def _by_name(self, offer: Offer, sold: SoldItem) -> bool:
        if offer.is_called(sold):
            # A treatment may have the same name as its package.
            is_treatment = any(is_same_name(sold.full_name, name) for name in self.treatments)
            return not is_treatment or offer.is_as_dear(sold)
        return is_same_name(sold.item_name, offer.name) and offer.is_as_dear(sold)

    def _by_item(self, offer: Offer, sold: SoldItem) -> bool:
        """Return whether the line is an unlinked variation of the item that sells the package."""
        if sold.square_variation_id is None:
            return False
        # Only packages are sold under the item that Coursekeeper created.
        if is_same_name(sold.item_name, ITEM_NAME):
            return True
        is_its_item = any(is_same_name(sold.item_name, name) for name in offer.item_names)
        return is_its_item and offer.is_as_dear(sold)

    def _by_price(self, offer: Offer, sold: SoldItem) -> bool:
        if not offer.costs(sold):
            return False
        if not says_something(sold.full_name):
            return True
        return any(resembles(sold.full_name, name) for name in (offer.name, *offer.names))


def full_name(item_name: str, variation_name: str) -> str:
    """Return both names joined; a variation name that is not descriptive is left out."""
    return ", ".join(name for name in (item_name, variation_name) if says_something(name))


def offers_in(session: Session) -> Offers:
    """Return what is and was for sale, as seen by this session."""
    listings = list(session.scalars(select(Listing).order_by(Listing.listed_at)))
    offers = (
        _offer(package, [one for one in listings if one.package_id == package.id])
        for package in session.scalars(select(Package).order_by(Package.id))
        if package.is_active or any(one.package_id == package.id for one in listings)
    )
    return Offers(
        tuple(offers),
        tuple(session.scalars(select(Treatment.name))),
        frozenset(session.scalars(select(IgnoredItem.square_variation_id))),
    )


def _offer(package: Package, listings: list[Listing]) -> Offer:
    def told(read: Callable[[Listing], Iterable[str | None]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for one in listings for name in read(one) if name))

    items = told(lambda one: (one.agreed_item_name, one.seen_item_name))
    variations = told(lambda one: (one.agreed_name, one.seen_name))
    whole = [full_name(item, variation) for item in items for variation in variations]
    prices = {package.price, *(one.agreed_price for one in listings), *(one.seen_price for one in listings)}
    return Offer(
        package_id=package.id,
        name=package.name,
        currency=package.currency,
        names=(*whole, *(name for name in variations if says_something(name))),
        item_names=items,
        prices=frozenset(price for price in prices if price is not None),
    )


UNLINKED_SALE = "unlinked_sale"
LINK, IGNORE, DISMISS = "link_and_open", "ignore_item", "dismiss"


def unlinked_mark(square_order_id: str, line_uid: str) -> str:
    """Return the `dedupe` of the item about a line."""
    return f"{UNLINKED_SALE}:{square_order_id}:{line_uid}"[:255]


def ask_about_unlinked(work: Work, sale: Sale, sold: SoldItem, package_id: str) -> str:
    """Ask whether this line sells `package_id`, its likely package; `sale` has only this line."""
    package = work.session.get_one(Package, package_id)
    name = sold.full_name or _("An amount without a name")
    is_item = sold.square_variation_id is not None
    return open_item(
        work,
        kind=UNLINKED_SALE,
        dedupe=unlinked_mark(sale.square_order_id, sold.uid),
        summary=_summary(work.session, sale, name[:120], is_item=is_item),
        details={
            "sale": to_plain(sale),
            "square_variation_id": sold.square_variation_id,
            "item_name": name[:160],
            "proposal": _proposal(sale, package, is_item=is_item),
            "proposed_decision": LINK,
            "proposed_package_id": package.id,
            "decisions": [LINK, IGNORE, DISMISS] if is_item else [LINK, DISMISS],
        },
        square_order_id=sale.square_order_id,
    )


def answer_unlinked_in(
    session: Session, act: Act, square_order_id: str, line_uids: Collection[str], answer: str
) -> None:
    """Resolve the items about lines that were settled another way; the same lines do not open them again."""
    for item in open_items_in(session, [unlinked_mark(square_order_id, uid) for uid in line_uids]):
        settle_row(item, act, answer)


def open_questions_of(session: Session, square_variation_id: str) -> Iterator[Attention]:
    """Yield the open items about sales of this variation, oldest first, locked for this transaction."""
    waiting = (
        select(Attention)
        .where(Attention.kind == UNLINKED_SALE, Attention.resolved_at.is_(None))
        .order_by(Attention.id)
        .with_for_update()
    )
    for item in session.scalars(waiting).all():
        if item.details.get("square_variation_id") == square_variation_id:
            yield item


def note_refund_in(session: Session, act: Act, refund: Refund) -> str:
    """Store a refund with the items about its sale; one whose line was refunded whole needs no decision."""
    waiting = select(Attention).where(
        Attention.kind == UNLINKED_SALE,
        Attention.square_order_id == refund.square_order_id,
        Attention.resolved_at.is_(None),
    )
    for item in session.scalars(waiting).all():
        known = item.details.get("refund_ids", [])
        item.details = {
            **item.details,
            "refund_ids": list(dict.fromkeys([*known, refund.square_refund_id])),
        }
        if refund.status == "COMPLETED" and _is_given_back(
            refund, from_plain(Sale, item.details["sale"]).lines[0]
        ):
            settle_row(item, act, _("The sale was refunded in Square."))
    return _("The sale it belongs to may be a package that is not linked.")


def _is_given_back(refund: Refund, line: SaleLine) -> bool:
    back = sum(one.quantity for one in refund.lines if one.source_line_uid == line.uid)
    return refund.amount.amount >= refund.order_total.amount or back >= (line.quantity or 1)


def _summary(session: Session, sale: Sale, name: str, *, is_item: bool) -> str:
    paid = clinic_money(session, sale.lines[0].total)
    if is_item:
        return _(
            "“{name}” was sold for {paid}, but this Square item is not linked to a package. No course was opened.",
            name=name,
            paid=paid,
        )
    return _(
        "“{name}” was sold for {paid}, but it was entered as an amount. No course was opened.",
        name=name,
        paid=paid,
    )


def _proposal(sale: Sale, package: Package, *, is_item: bool) -> str:
    quantity = sale.lines[0].quantity or 1
    values = {
        "package": package.name,
        "courses": N_("the course") if quantity == 1 else N_n("{n} course", "{n} courses", quantity),
        "buyer": sale.buyer.name if sale.buyer is not None else "",
    }
    if is_item and values["buyer"]:
        return _("Link it to “{package}” and open {courses} for {buyer}.", **values)
    if is_item:
        return _("Link it to “{package}” and open {courses}.", **values)
    if values["buyer"]:
        return _("Open {courses} as “{package}” for {buyer}.", **values)
    return _("Open {courses} as “{package}”.", **values)
