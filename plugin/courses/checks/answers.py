"""The clinic's list of points, in versions, and a client's answer for a day: none of the points apply, or ask me.

Whoever treats asks, and says that they have.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import LANGUAGES, language_for
from plugin.core.acts import Act, Role, require
from plugin.core.text import clean, required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.views import from_row
from plugin.courses.base.work import Work, allowed, reading
from plugin.courses.clients.clients import known_client_in, lock_client_in
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.clinical import CheckAnswer, CheckList
from plugin.wording import _

MOST_POINTS = 20
POINT_LENGTH = 160
LIST_CHANGED = "seen"


@dataclass(frozen=True, slots=True)
class CheckListView:
    """The list in force. `points`: by language, in their order."""

    version: int
    points: Mapping[str, tuple[str, ...]]
    reviewed_by: str
    written_at: datetime
    by: str

    def in_language(self, tag: str) -> tuple[str, ...]:
        """Return the points in a client's language, else in English, else in any that has them."""
        spoken = language_for(tag).locale.language
        return self.points.get(spoken) or self.points.get("en") or next(iter(self.points.values()))


def list_in(session: Session) -> CheckListView | None:
    """Return the list in force, None before the first one is saved."""
    row = session.scalar(select(CheckList).order_by(CheckList.version.desc()).limit(1))
    if row is None:
        return None
    points = {language: tuple(texts) for language, texts in row.points.items() if texts}
    return CheckListView(row.version, points, row.reviewed_by, row.written_at, row.by)


read_list = reading(list_in)


@allowed()
def save_list(work: Work, texts: Mapping[str, str], *, reviewed_by: str, seen_version: int) -> CheckListView:
    """Save a new version of the list, one point a line in each language; the same list again is no new one.

    Raises InvalidField, or Refused where another person saved meanwhile.
    """
    name = required(reviewed_by, field="reviewed_by", called=_("Who reviewed it"))
    points = {language: _points(language, texts.get(language, "")) for language in LANGUAGES}
    points = {language: lines for language, lines in points.items() if lines}
    if not points:
        raise InvalidField(_("The list has no point yet."), field="en")
    now = list_in(work.session)
    known = {language: list(lines) for language, lines in now.points.items()} if now else {}
    if now is not None and (known, now.reviewed_by) == (points, name):
        return now
    if seen_version != (now.version if now else 0):
        said = _(
            "Another person saved the list meanwhile. Yours is still here: save again to replace theirs."
        )
        raise Refused(said, code="changed", field=LIST_CHANGED)
    row = CheckList(
        version=seen_version + 1,
        points=points,
        reviewed_by=name,
        written_at=work.now,
        by=work.act.actor.name,
    )
    work.add(row)
    record_in(work, Did.CHECK_LIST_CHANGED, name=str(row.version), after=name)
    return CheckListView(
        row.version, {each: tuple(lines) for each, lines in points.items()}, name, row.written_at, row.by
    )


def _points(language: str, text: str) -> list[str]:
    lines = [line for line in map(clean, text.splitlines()) if line]
    if len(lines) > MOST_POINTS:
        raise InvalidField(_("The list has at most {most} points.", most=MOST_POINTS), field=language)
    if any(len(line) > POINT_LENGTH for line in lines):
        raise InvalidField(_("A point has at most {most} characters.", most=POINT_LENGTH), field=language)
    return list(dict.fromkeys(lines))


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
