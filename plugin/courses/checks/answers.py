"""A client's answer for a day: none of the points apply, or ask me. Whoever treats asks, and says that they have."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed
from plugin.courses.checks.lists import list_in
from plugin.courses.clients.clients import known_client_in, lock_client_in
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.checks import CheckAnswer
from plugin.wording import _

Answer = Literal["none", "ask"]


@dataclass(frozen=True, slots=True)
class CheckView:
    """What a client answered for a day, from which version of the list; `talked_by`: who has asked them since."""

    client_id: str
    on_day: date
    answer: str
    list_version: int
    answered_at: datetime
    talked_at: datetime | None
    talked_by: str

    @property
    def waits(self) -> bool:
        """Return whether somebody who treats still has to ask them."""
        return self.answer == "ask" and self.talked_at is None


@allowed(Role.DESK, Role.PRACTITIONER)
def answer_check(work: Work, client_id: str, answer: str, list_version: int, *, source: str) -> CheckView:
    """Save what a client answers for today; another answer of the day replaces it, the same again changes nothing.

    `source`: page, screen, handed or api. Raises InvalidField, NotFound, or Refused where the list has changed since.
    """
    if answer not in ("none", "ask"):
        raise InvalidField(_("Choose one of the two answers."), field="answer")
    client = lock_client_in(work.session, client_id)
    now = list_in(work.session)
    if now is None or now.version != list_version:
        raise Refused(_("The list has changed. Read it again."), code="list_changed")
    today = local_date_in(work.session, work.now)
    row = _standing(work.session, client.id, today)
    if row is None or (row.answer, row.list_version) != (answer, list_version):
        row = _replace(work, row, client.id, today, answer, list_version, source)
    return from_row(CheckView, row)


@allowed(Role.PRACTITIONER)
def talk_over(work: Work, client_id: str) -> CheckView:
    """Record that who treats has asked the client, so that nothing waits any more. Idempotent; raises NotFound."""
    client = known_client_in(work.session, client_id)
    row = _standing(work.session, client.id, local_date_in(work.session, work.now))
    if row is None:
        raise NotFound(_("The client has not answered today."))
    if row.talked_at is None:
        row.talked_at, row.talked_by = work.now, work.act.actor.name
    return from_row(CheckView, row)


def check_of(store: Store, act: Act, client_id: str) -> CheckView | None:
    """Return what a client answered for today."""
    require(act.actor, Role.DESK, Role.PRACTITIONER)
    with store.reading() as session:
        today = local_date_in(session, act.now)
        return checks_in(session, [client_id], today).get(client_id)


def checks_in(session: Session, client_ids: Collection[str], day: date) -> dict[str, CheckView]:
    """Return what these clients answered for a day, in one statement."""
    theirs = (
        CheckAnswer.client_id.in_(client_ids),
        CheckAnswer.on_day == day,
        CheckAnswer.replaced_at.is_(None),
    )
    return {
        row.client_id: from_row(CheckView, row) for row in session.scalars(select(CheckAnswer).where(*theirs))
    }


def refuse_unchecked_in(session: Session, client_id: str, day: date) -> None:
    """Raise Refused unless the client has answered for this day, and was asked where they wanted that."""
    if list_in(session) is None:
        return
    check = checks_in(session, [client_id], day).get(client_id)
    if check is None:
        said = _(
            "The client has not answered the check before the treatment. Let them answer, then use the session."
        )
        raise Refused(said, code="check_missing")
    if check.waits:
        said = _(
            "The client answered “ask me”. The practitioner asks them first, and notes that on the client’s page."
        )
        raise Refused(said, code="check_asks")


def _standing(session: Session, client_id: str, day: date) -> CheckAnswer | None:
    its = (
        CheckAnswer.client_id == client_id,
        CheckAnswer.on_day == day,
        CheckAnswer.replaced_at.is_(None),
    )
    return session.scalar(select(CheckAnswer).where(*its))


def _replace(
    work: Work,
    before: CheckAnswer | None,
    client_id: str,
    day: date,
    answer: str,
    list_version: int,
    source: str,
) -> CheckAnswer:
    if before is not None:
        before.replaced_at = work.now
        # The index allows one standing answer per day: the old one is replaced first.
        work.session.flush()
    row = CheckAnswer(
        id=work.new_id(),
        client_id=client_id,
        on_day=day,
        answer=answer,
        list_version=list_version,
        answered_at=work.now,
        source=source,
        talked_by="",
    )
    work.add(row)
    return row
