"""Packages and their Square variations: what was agreed, what Square shows now, and questions on differences.

Changes made in Square are detected and asked about, never silently accepted. Sold courses are not touched.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, func, select
from sqlalchemy.orm import Session, aliased

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.courses.base.attention import open_item, settle_item_in
from plugin.courses.base.views import OnTillView, from_row
from plugin.courses.base.words import format_money
from plugin.courses.base.work import Work
from plugin.errors import Refused
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.store.tables import Attention, Listing, Outbox, Package
from plugin.wording import N_, _

CHANGED_ITEM = "changed_item"
# The item whose variations are the packages published from here.
ITEM_NAME = N_("Prepaid courses")
# Outbox jobs: publish the package in Square's catalog (again); fetch an item known by its id alone.
PUBLISH = "publish"
LOOK_AT_ITEM = "look_at_item"


@dataclass(frozen=True, slots=True)
class SeenItem:
    """A variation as Square's catalog shows it; `price` None if it is entered at each sale.

    `item_name` is "" if only the variation was requested.
    """

    square_variation_id: str
    square_item_id: str | None
    version: int
    name: str
    price: Money | None
    is_deleted: bool = False
    item_name: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """A current variation as it was last seen; `version` None if it was not fetched yet."""

    version: int | None
    square_item_id: str | None
    item_name: str | None

    def is_news(self, seen: SeenItem) -> bool:
        """Return whether Square shows something else than before."""
        return self.version != seen.version or (bool(seen.item_name) and seen.item_name != self.item_name)


def save_seen(work: Work, seen: SeenItem) -> bool:
    """Store what Square shows and ask if it is no longer what was agreed; False if nothing changed."""
    listing = work.session.get(Listing, seen.square_variation_id)
    if listing is None or _is_known(listing, seen):
        return False
    _agree_at_first_sight(work.session, listing, seen)
    moved = listing.square_item_id is not None and seen.square_item_id not in (None, listing.square_item_id)
    _write(listing, work.act, seen)
    if listing.is_current and not _is_followed(work.session, listing):
        _compare(work, listing, has_moved=moved)
    return True


def watched_in(session: Session) -> dict[str, Watched]:
    """Return the current variations as they were last seen."""
    rows = session.scalars(select(Listing).where(Listing.is_current.is_(True)))
    return {
        row.square_variation_id: Watched(
            row.square_version if row.seen_at else None, row.square_item_id, row.seen_item_name
        )
        for row in rows
    }


def publications(store: Store) -> dict[str, str]:
    """Return Square's last answer for each package that is being published again, or could not be."""
    rows = store.rows(_PUBLISHED, {})
    return {package_id: outcome or _("It is being updated in Square.") for package_id, outcome in rows}


_NEWER = aliased(Outbox)
_PUBLISHED = Prepared(
    select(Outbox.subject, Outbox.outcome)
    .where(
        Outbox.kind == PUBLISH,
        Outbox.state.in_(("pending", "failed")),
        ~exists().where(_NEWER.kind == Outbox.kind, _NEWER.subject == Outbox.subject, _NEWER.id > Outbox.id),
    )
    .order_by(Outbox.id)
)


def published_in(session: Session, act: Act, package_id: str) -> None:
    """Complete the package's publish jobs: Square sells it as it is set here."""
    jobs = select(Outbox).where(
        Outbox.kind == PUBLISH, Outbox.subject == package_id, Outbox.state.in_(("pending", "failed"))
    )
    for row in session.scalars(jobs):
        row.state, row.outcome, row.done_at = "done", _("It is in Square as agreed."), act.now


def on_till_of(listing: Listing | Row[Any]) -> OnTillView:
    """Return how Square shows the item."""
    price = None
    if listing.seen_price is not None and listing.seen_currency is not None:
        price = Money(listing.seen_price, listing.seen_currency)
    is_seen = listing.seen_at is not None or listing.square_version is not None
    return from_row(OnTillView, listing, is_seen=is_seen, name=listing.agreed_name, seen_price=price)


def agree_in(session: Session, act: Act, seen: SeenItem) -> None:
    """Record what Square shows as agreed: just published, linked or decided.

    Open questions about it are closed.
    """
    listing = session.get_one(Listing, seen.square_variation_id)
    _write(listing, act, seen)
    listing.agreed_name, listing.agreed_price = seen.name, seen.price.amount if seen.price else None
    listing.agreed_item_name = listing.seen_item_name
    settle_questions_in(session, act, listing.package_id, _("It is as agreed again."))


def take_from_square_in(session: Session, square_variation_id: str) -> Package:
    """Give the package Square's price, and the name too if both had the same; a new version of it."""
    listing = session.get_one(Listing, square_variation_id)
    package = session.get_one(Package, listing.package_id)
    if listing.is_deleted or listing.seen_price is None or listing.seen_currency != package.currency:
        raise Refused(
            _("Square shows no price that this package could take. Publish yours again."), code="no_price"
        )
    if listing.agreed_name == package.name and listing.seen_name:
        package.name = listing.seen_name
    package.price = listing.seen_price
    package.version += 1
    listing.agreed_name, listing.agreed_price = listing.seen_name, listing.seen_price
    listing.agreed_item_name = listing.seen_item_name
    return package


def settle_questions_in(session: Session, act: Act, package_id: str, reason: str) -> None:
    """Close the open questions about the package's items."""
    ids = select(Listing.square_variation_id).where(Listing.package_id == package_id)
    for variation_id in session.scalars(ids).all():
        for dedupe in _open_questions(session, variation_id):
            settle_item_in(session, act, dedupe, reason)


def _is_followed(session: Session, listing: Listing) -> bool:
    """Let an item linked later sell the package in place of a deleted one; False if there is none."""
    later = (
        select(Listing)
        .where(
            Listing.package_id == listing.package_id,
            Listing.listed_at > listing.listed_at,
            Listing.is_deleted.is_(False),
        )
        .order_by(Listing.listed_at.desc())
        .limit(1)
    )
    follows = session.scalar(later) if listing.is_deleted else None
    if follows is None:
        return False
    listing.is_current, follows.is_current = False, True
    return True


def _is_known(listing: Listing, seen: SeenItem) -> bool:
    # For the variation, an answer may be older than what was seen; an item's new name is a change all the
    # same.
    is_same_item = seen.item_name in ("", listing.seen_item_name)
    return listing.seen_at is not None and (listing.square_version or 0) >= seen.version and is_same_item


def _agree_at_first_sight(session: Session, listing: Listing, seen: SeenItem) -> None:
    listing.agreed_item_name = listing.agreed_item_name or seen.item_name or None
    if listing.agreed_price is not None or listing.seen_at is not None:
        return
    if listing.square_version is None:
        # An item the clinic sold already, known by its id alone: it is accepted as it is.
        listing.agreed_name, listing.agreed_price = seen.name, seen.price.amount if seen.price else None
        return
    package = session.get_one(Package, listing.package_id)
    listing.agreed_name, listing.agreed_price = package.name, package.price


def _write(listing: Listing, act: Act, seen: SeenItem) -> None:
    listing.square_version, listing.seen_at, listing.is_deleted = seen.version, act.now, seen.is_deleted
    listing.square_item_id = seen.square_item_id or listing.square_item_id
    if seen.is_deleted:
        return
    listing.seen_name = seen.name
    listing.seen_item_name = seen.item_name or listing.seen_item_name
    listing.seen_price = seen.price.amount if seen.price else None
    listing.seen_currency = seen.price.currency if seen.price else None


def _compare(work: Work, listing: Listing, *, has_moved: bool) -> None:
    package = work.session.get_one(Package, listing.package_id)
    ours = list(_differences(listing, package))
    said = [*ours, *_of_the_item(work.session, listing, package, has_moved)]
    summary = " ".join(said)
    mark = hashlib.sha256(summary.encode()).hexdigest()[:12]
    dedupe = f"{CHANGED_ITEM}:{listing.square_variation_id}:{mark}"
    for asked in _open_questions(work.session, listing.square_variation_id):
        if asked != dedupe or not said:
            settle_item_in(work.session, work.act, asked, _("It was changed in Square again."))
    if said and package.is_active:
        can_take = not listing.is_deleted and listing.seen_price is not None
        open_item(
            work,
            kind=CHANGED_ITEM,
            dedupe=dedupe,
            summary=summary,
            details={
                "package_id": package.id,
                "square_variation_id": listing.square_variation_id,
                "decisions": _decisions(can_take) if ours else ["dismiss"],
                "proposal": _("Courses already sold keep what they were sold with."),
            },
        )


def _decisions(can_take: bool) -> list[str]:
    return ["publish_again", *(["take_price"] if can_take else []), "dismiss"]


def _differences(listing: Listing, package: Package) -> Sequence[str]:
    name = f"“{package.name}”"
    if listing.is_deleted:
        return [_("{name} was deleted in Square; the register can no longer sell it.", name=name)]
    said = []
    if listing.seen_price != listing.agreed_price or listing.seen_currency not in (None, package.currency):
        before = _price(listing.agreed_price, package.currency)
        now = _price(listing.seen_price, listing.seen_currency)
        said.append(
            _(
                "The price of {name} was changed in Square: {before} before, {now} now.",
                name=name,
                before=before,
                now=now,
            )
        )
    if listing.seen_name != listing.agreed_name:
        said.append(
            _(
                "{name} is called “{seen_name}” in Square now, “{agreed_name}” before.",
                name=name,
                seen_name=listing.seen_name,
                agreed_name=listing.agreed_name,
            )
        )
    return said


def _of_the_item(session: Session, listing: Listing, package: Package, has_moved: bool) -> Iterator[str]:
    """Yield what changed around the variation: only the seller can undo that, and need not."""
    name = f"“{package.name}”"
    if listing.is_deleted:
        return
    if has_moved:
        yield _("{name} is part of another item in Square now.", name=name)
    elif listing.seen_item_name != listing.agreed_item_name and _speaks_for_item(session, listing):
        yield (
            _(
                "The item of {name} is called “{seen_item_name}” in Square now, “{agreed_item_name}” before.",
                name=name,
                seen_item_name=listing.seen_item_name,
                agreed_item_name=listing.agreed_item_name,
            )
        )


def _speaks_for_item(session: Session, listing: Listing) -> bool:
    """Return whether this variation represents its item, so that questions about the item are asked once."""
    first = select(func.min(Listing.square_variation_id)).where(
        Listing.square_item_id == listing.square_item_id,
        Listing.is_current.is_(True),
        Listing.is_deleted.is_(False),
    )
    return session.scalar(first) == listing.square_variation_id


def _price(amount: int | None, currency: str | None) -> str:
    return (
        "asked for at each sale"
        if amount is None or currency is None
        else format_money(Money(amount, currency))
    )


def _open_questions(session: Session, square_variation_id: str) -> Sequence[str]:
    return session.scalars(
        select(Attention.dedupe).where(
            Attention.kind == CHANGED_ITEM,
            Attention.resolved_at.is_(None),
            Attention.dedupe.startswith(f"{CHANGED_ITEM}:{square_variation_id}:", autoescape=True),
        )
    ).all()
