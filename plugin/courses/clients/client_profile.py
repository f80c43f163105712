"""A client's profile in Square's directory: pending changes, and its status for the client's page."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select
from sqlalchemy.orm import Session

from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work
from plugin.store import Store
from plugin.store.people import SquareCustomer
from plugin.store.queues import Outbox

# The client's profile in Square's directory: created, or updated with what staff have typed.
CUSTOMER = "customer"

Standing = Literal["linked", "waits", "failed", "deleted", "absent"]


@dataclass(frozen=True, slots=True)
class ProfileStatus:
    """The status of a client in Square's directory.

    `says` is Square's last answer if a change is pending or failed.
    """

    standing: Standing
    says: str = ""


def enqueue_customer(work: Work, client_id: str, *fields: str) -> None:
    """Enqueue the client's creation in Square's directory, or an update of `fields` (name, phone, email)."""
    waiting = work.session.scalar(
        _jobs_of(client_id).where(Outbox.state == "pending", Outbox.attempts == 0).with_for_update()
    )
    if waiting is not None:
        both = {*waiting.payload.get("fields", ()), *fields}
        waiting.payload = {"fields": sorted(both)}
        return
    enqueue(work, CUSTOMER, client_id, payload={"fields": sorted(fields)})


def fields_on_their_way_in(session: Session, client_id: str) -> set[str]:
    """Return which of the client's fields were typed here and not sent yet: Square's values are older."""
    rows = session.scalars(_jobs_of(client_id).order_by(Outbox.id)).all()
    # What Square refused counts as typed here until a newer change is sent.
    kept = [row for row in rows if row.state == "pending" or (row is rows[-1] and row.state == "failed")]
    return {name for row in kept for name in row.payload.get("fields", ())}


def profile_status(store: Store, client_id: str) -> ProfileStatus:
    """Return the client's status in Square's directory."""
    with store.reading() as session:
        state, outcome, links, deleted = session.execute(
            select(
                _last_job(client_id, Outbox.state),
                _last_job(client_id, Outbox.outcome),
                _links(client_id),
                _links(client_id, SquareCustomer.is_deleted.is_(True)),
            )
        ).one()
    if state == "pending":
        return ProfileStatus("waits", outcome)
    if state == "failed":
        return ProfileStatus("failed", outcome)
    if not links:
        return ProfileStatus("absent")
    return ProfileStatus("deleted" if links == deleted else "linked")


def _last_job(client_id: str, column: Any) -> ScalarSelect[Any]:
    newest = select(column).where(Outbox.kind == CUSTOMER, Outbox.subject == client_id)
    return newest.order_by(Outbox.id.desc()).limit(1).scalar_subquery()


def _links(client_id: str, *conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    current = (SquareCustomer.client_id == client_id, SquareCustomer.is_current.is_(True))
    return select(func.count()).select_from(SquareCustomer).where(*current, *conditions).scalar_subquery()


def _jobs_of(client_id: str) -> Select[Outbox]:
    return select(Outbox).where(Outbox.kind == CUSTOMER, Outbox.subject == client_id)
