"""Where people are signed in: listed, and ended from elsewhere, by themselves and by the owner."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from plugin.core.acts import Actor, require
from plugin.courses.accounts.sign_ins import LASTS
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, in_transaction
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.people import SignIn, Staff
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class SignInView:
    """A browser in which a person is signed in. `last_seen_at` to 5 minutes."""

    id: str
    device: str
    started_at: datetime
    last_seen_at: datetime | None


def list_sign_ins(store: Store, staff_id: str, now: datetime) -> tuple[SignInView, ...]:
    """Return where a person is signed in, the latest first."""
    wanted = select(SignIn).where(SignIn.staff_id == staff_id, *_is_open(now))
    with store.reading() as session:
        rows = session.scalars(wanted.order_by(SignIn.started_at.desc(), SignIn.id))
        return tuple(from_row(SignInView, row) for row in rows)


@in_transaction
def end_one(work: Work, staff_id: str, sign_in_id: str) -> None:
    """Sign a person out in one browser, oneself or as owner anybody. Idempotent; raises NotFound, NotAllowed."""
    _require_own(work.act.actor, staff_id)
    row = work.session.get(SignIn, sign_in_id)
    if row is None or row.staff_id != staff_id:
        raise NotFound(_("There is no such session."))
    if row.ended_at is None:
        _record_end(work, row)
    row.ended_at = row.ended_at or work.now


@in_transaction
def end_others(work: Work, staff_id: str, *, but: str = "") -> int:
    """Sign a person out in every browser but one, oneself or as owner anybody; return in how many.

    Raises NotAllowed.
    """
    _require_own(work.act.actor, staff_id)
    rows = work.session.scalars(
        select(SignIn).where(SignIn.staff_id == staff_id, SignIn.id != but, *_is_open(work.now))
    ).all()
    for row in rows:
        row.ended_at = work.now
        _record_end(work, row)
    return len(rows)


def _record_end(work: Work, row: SignIn) -> None:
    name = work.session.scalar(select(Staff.name).where(Staff.id == row.staff_id)) or ""
    record_in(
        work,
        Did.SIGNED_OUT,
        name=name,
        subject_id=row.staff_id,
        after=row.device,
        reason=_("Ended from elsewhere"),
    )


def _is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return SignIn.ended_at.is_(None), SignIn.started_at > now - LASTS


def _require_own(actor: Actor, staff_id: str) -> None:
    if actor.staff_id != staff_id:
        require(actor)
