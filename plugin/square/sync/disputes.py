"""Sync of disputes. Square lists them by no date, so every sync reads all of them."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.base.course_extras import question_mark
from plugin.services import Services
from plugin.square.events.disputes import dispute_id
from plugin.square.inbox import SWEPT_DISPUTE, receive_synthetic
from plugin.square.parsing import Json, text
from plugin.square.sync.pages import SyncPage
from plugin.store import Store
from plugin.store.tables import Attention, Course, Dispute


def sync_disputes(services: Services, _since: datetime) -> Iterator[SyncPage]:
    """Sync all disputes: new are those in another state, and those whose sale was booked after them."""
    for page in services.square.disputes():
        known = _known(services.store, page)
        found = [
            {"kind": "dispute", "id": id_, "what": f"A dispute, {text(one.get('state'))}"}
            for one in page
            if (id_ := dispute_id(one))
            and known.get(id_) != text(one.get("state"))
            and _receive(services, id_, one)
        ]
        yield SyncPage(len(page), found)


def _known(store: Store, page: Sequence[Json]) -> dict[str, str]:
    """Return the state in which each of these disputes is known; "" where its attention item is not open yet."""
    rows = select(Dispute).where(Dispute.square_dispute_id.in_([dispute_id(one) for one in page]))
    with store.reading() as session:
        return {
            row.square_dispute_id: "" if _is_unasked(session, row) else row.state
            for row in session.scalars(rows)
        }


def _is_unasked(session: Session, row: Dispute) -> bool:
    if row.square_order_id is None or row.state in ("WON", "INQUIRY_CLOSED"):
        return False
    mark = question_mark(row.square_dispute_id)
    if session.scalar(select(Attention.id).where(Attention.dedupe == mark)) is not None:
        return False
    open_course = select(Course.id).where(
        Course.square_order_id == row.square_order_id, Course.closed_as.is_(None)
    )
    return session.scalar(open_course.limit(1)) is not None


def _receive(services: Services, id_: str, dispute: Json) -> bool:
    # With the hour: a dispute may be new again though Square changed nothing, as its sale was booked since.
    state = f"{text(dispute.get('state'))[:40]}:{services.clock():%Y%m%d%H}"
    return receive_synthetic(services, SWEPT_DISPUTE, id_, state)
