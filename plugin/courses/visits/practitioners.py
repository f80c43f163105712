"""Who treats: the staff a visit can be recorded under, and which of them an appointment in Square is with."""

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.text import is_same_name
from plugin.store.people import Staff

_TREATS = (Role.PRACTITIONER.value, Role.OWNER.value)


def practitioners_in(session: Session) -> Sequence[Row[str, str]]:
    """Return the id and name of each active person who treats."""
    treats = select(Staff.id, Staff.name).where(Staff.is_active.is_(True), Staff.role.in_(_TREATS))
    return session.execute(treats).all()


def practitioner_named(known: Sequence[Row[str, str]], name: str) -> str | None:
    """Return the practitioner of Square's name for them, None unless exactly one matches."""
    same = [staff_id for staff_id, called in known if is_same_name(called, name)]
    return same[0] if len(same) == 1 else None
