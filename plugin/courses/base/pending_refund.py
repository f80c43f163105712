"""Whether a refund of a course is pending: nothing else may move its sessions or its money until then."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.store.selling import DeskRefund


def is_refunding_in(session: Session, course_id: str) -> bool:
    """Return whether a refund of the course begun at the desk is in progress."""
    return session.scalar(select(DeskRefund.id).where(DeskRefund.under_way == course_id)) is not None
