"""Decisions about a sale of an unlinked item: link it and open its courses, or ignore it permanently."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers.wire import from_plain
from plugin.core.acts import Act
from plugin.courses.base.attention import settle_row
from plugin.courses.base.chain import add_history
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.courses.catalog.links import LOOK_AT_ITEM, settle_questions_in
from plugin.courses.catalog.packages import listed_in
from plugin.courses.sales.book import book_sale
from plugin.courses.sales.sales import Booking, Sale
from plugin.courses.sales.unlinked import answer_unlinked_in, open_questions_of
from plugin.errors import InvalidField
from plugin.store.tables import Attention, IgnoredItem, Listing, Package
from plugin.wording import _

# Outbox job by Square order: read the sale again, with its refunds from before it was booked.
LOOK_AT_SALE = "look_at_sale"


def link_and_open(work: Work, item: Attention, package_id: str | None, *, reason: str) -> None:
    """Link the sold item to this package, and book its pending sales; raises InvalidField, Refused."""
    package = _package(work.session, package_id or item.details["proposed_package_id"])
    variation_id: str | None = item.details["square_variation_id"]
    _open(work, item, package, reason)
    if variation_id is None:
        return
    _link(work, package, variation_id)
    for other in open_questions_of(work.session, variation_id):
        if other.id != item.id:
            _open(work, other, package, reason)


def ignore_item_in(session: Session, act: Act, item: Attention) -> None:
    """Never ask about this item again; resolve its open attention items too."""
    variation_id = item.details["square_variation_id"]
    if session.get(IgnoredItem, variation_id) is None:
        name = item.details["item_name"]
        session.add(
            IgnoredItem(square_variation_id=variation_id, name=name, ignored_at=act.now, by=act.actor.name)
        )
    for other in open_questions_of(session, variation_id):
        if other.id != item.id:
            settle_row(other, act, _("The item is no package."))


def _package(session: Session, package_id: str) -> Package:
    package = session.get(Package, package_id)
    if package is None:
        raise InvalidField(_("Choose the package that was sold."), field="package_id")
    return package


def _open(work: Work, item: Attention, package: Package, reason: str) -> Booking:
    sale = from_plain(Sale, item.details["sale"])
    line_uid = sale.lines[0].uid
    booking = book_sale(work, sale, linked={line_uid: package.id})
    for course_id in booking.opened:
        text = _(
            "Opened from the sale of “{details}”, linked to “{package}” afterwards",
            details=item.details["item_name"],
            package=package.name,
        )
        add_history(work, course_id, "linked", text, reason=reason)
    answer_unlinked_in(work.session, work.act, sale.square_order_id, [line_uid], _("The course is open."))
    refunds = {"refund_ids": item.details.get("refund_ids", [])}
    enqueue(work, LOOK_AT_SALE, sale.square_order_id, payload=refunds)
    return booking


def _link(work: Work, package: Package, square_variation_id: str) -> None:
    """Link the item; it becomes the published one where the package has none that Square still sells."""
    row = listed_in(work.session, work.act, package.id, square_variation_id)
    living = select(Listing.square_variation_id).where(
        Listing.package_id == package.id, Listing.is_current.is_(True), Listing.is_deleted.is_(False)
    )
    if work.session.scalar(living.limit(1)) is None:
        for other in work.session.scalars(select(Listing).where(Listing.package_id == package.id)):
            other.is_current = other is row
        settle_questions_in(work.session, work.act, package.id, _("Another item sells it now."))
    work.session.flush()
    enqueue(work, LOOK_AT_ITEM, square_variation_id)
