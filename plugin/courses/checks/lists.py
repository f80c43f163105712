"""The clinic's list of points, in versions: who reviewed which, and what clients read in their language."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import LANGUAGES, language_for
from plugin.core.text import clean, required
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed, reading
from plugin.errors import InvalidField, Refused
from plugin.store.checks import CheckList
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
