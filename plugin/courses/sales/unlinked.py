"""The attention item about a sale whose line looks like an unlinked package: opened once per line."""

from collections.abc import Collection, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers.wire import from_plain, to_plain
from plugin.core.acts import Act
from plugin.courses.base.attention import open_item, open_items_in, settle_row
from plugin.courses.base.words import clinic_money
from plugin.courses.base.work import Work
from plugin.courses.sales.lookalikes import SoldItem
from plugin.courses.sales.sales import Refund, Sale, SaleLine
from plugin.store.tables import Attention, Package
from plugin.wording import N_, N_n, _

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
