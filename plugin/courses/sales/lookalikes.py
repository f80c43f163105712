"""Recognize sales that look like an unlinked package: an item recreated under the same name, a custom amount.

Never booked automatically. A person links the item, or decides that it is no package.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.money import Money
from plugin.core.text import is_same_name, resembles, says_something
from plugin.courses.catalog.links import ITEM_NAME
from plugin.store.offers import IgnoredItem, Listing, Package, Treatment


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
