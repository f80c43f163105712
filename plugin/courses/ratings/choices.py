"""A client's own ratings: saved, a second answer of a day replacing the first, which is kept; and what they decide.

What they rate, whether at all, on papers or not; and deletion.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Role
from plugin.core.ratings import HIGHEST, LOWEST, MOST_CONCERNS
from plugin.core.text import folded, optional
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import lock_client_in, with_merged
from plugin.errors import InvalidField, Refused
from plugin.store.tables import Course, OwnRating, Paper, RatedConcern, RatingChoice
from plugin.wording import _

CONCERN_LENGTH = 60
SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """Whether the client declined to rate, and whether their summary shows the line."""

    is_declined: bool = False
    is_on_papers: bool = True


def choice_in(session: Session, client_id: str) -> ChoiceView:
    """Return what a client has decided; a refusal under the name of a merged client holds too."""
    theirs = select(RatingChoice).where(RatingChoice.client_id.in_(with_merged(client_id)))
    rows = session.scalars(theirs).all()
    return ChoiceView(
        is_declined=any(row.is_declined for row in rows),
        is_on_papers=all(row.is_on_papers for row in rows),
    )


@allowed(Role.DESK, Role.PRACTITIONER)
def choose_concerns(work: Work, client_id: str, words: Iterable[str]) -> tuple[str, ...]:
    """Set what a client rates, one to three concerns; return their words. One left out ends and keeps its ratings.

    Raises InvalidField for none, for too many, or for one that is too long; NotFound.
    """
    said = _checked(words)
    client = lock_client_in(work.session, client_id)
    set_concerns_in(work, client.id, said)
    _decide_in(work, client.id, is_declined=False)
    return said


def set_concerns_in(work: Work, client_id: str, words: Sequence[str]) -> None:
    """Let a client rate exactly these concerns, within the caller's transaction, which has locked the client."""
    current = {folded(row.words): row for row in concerns_in(work.session, client_id)}
    wanted = {folded(each): each for each in words}
    for key, row in current.items():
        if key not in wanted:
            row.ended_at = work.now
    for key, each in wanted.items():
        if key not in current:
            work.session.add(_again_or_new(work, client_id, each))
    work.session.flush()


def concerns_in(session: Session, client_id: str) -> list[RatedConcern]:
    """Return what the client rates now, in the order they chose it."""
    theirs = (RatedConcern.client_id == client_id, RatedConcern.ended_at.is_(None))
    return list(session.scalars(select(RatedConcern).where(*theirs).order_by(RatedConcern.id)))


@allowed(Role.DESK, Role.PRACTITIONER)
def decide(
    work: Work,
    client_id: str,
    *,
    is_declined: bool | None = None,
    is_on_papers: bool | None = None,
) -> None:
    """Store whether a client declines to rate, or keeps the line off their papers. Idempotent; raises NotFound."""
    client = lock_client_in(work.session, client_id)
    _decide_in(work, client.id, is_declined=is_declined, is_on_papers=is_on_papers)
    drop_papers_in(work.session, client.id)


@allowed(Role.DESK, Role.PRACTITIONER)
def delete_ratings(work: Work, client_id: str) -> bool:
    """Delete all ratings and concerns of a client for good; return whether there were any. Raises NotFound."""
    client = lock_client_in(work.session, client_id)
    theirs = RatedConcern.client_id == client.id
    if work.session.scalar(select(RatedConcern.id).where(theirs).limit(1)) is None:
        return False
    work.session.execute(delete(OwnRating).where(OwnRating.client_id == client.id))
    work.session.execute(delete(RatedConcern).where(theirs))
    drop_papers_in(work.session, client.id)
    record_in(work, Did.RATINGS_DELETED, name=client.name, client_id=client.id)
    return True


def drop_papers_in(session: Session, client_id: str) -> None:
    """Delete the summaries kept ready for a client's courses; the next print makes them again."""
    theirs = select(Course.id).where(Course.client_id == client_id)
    session.execute(delete(Paper).where(Paper.course_id.in_(theirs), Paper.kind == SUMMARY))


def _checked(words: Iterable[str]) -> tuple[str, ...]:
    clean = [optional(each, field="words", called=_("A concern"), most=CONCERN_LENGTH) for each in words]
    said = tuple({folded(each): each for each in clean if each}.values())
    if not said:
        raise InvalidField(_("Choose at least one concern."), field="words", code="no_concern")
    if len(said) > MOST_CONCERNS:
        raise InvalidField(
            _("Choose at most {most} concerns.", most=MOST_CONCERNS), field="words", code="too_many_concerns"
        )
    return said


def _again_or_new(work: Work, client_id: str, words: str) -> RatedConcern:
    """Return a concern that was ended, rated again in the words it had, or a new one."""
    ended = select(RatedConcern).where(
        RatedConcern.client_id == client_id, RatedConcern.ended_at.is_not(None), RatedConcern.words == words
    )
    row = work.session.scalar(ended.order_by(RatedConcern.id.desc()).limit(1))
    if row is None:
        return RatedConcern(id=work.new_id(), client_id=client_id, words=words, chosen_at=work.now)
    row.ended_at = None
    return row


def _decide_in(
    work: Work, client_id: str, *, is_declined: bool | None = None, is_on_papers: bool | None = None
) -> None:
    # What was decided under the name of a merged client is decided again with it.
    theirs = RatingChoice.client_id.in_(with_merged(client_id))
    rows = list(work.session.scalars(select(RatingChoice).where(theirs)))
    if all(row.client_id != client_id for row in rows):
        rows.append(RatingChoice(client_id=client_id, is_declined=False, is_on_papers=True))
        work.session.add(rows[-1])
    for row in rows:
        if is_declined is not None:
            row.is_declined = is_declined
        if is_on_papers is not None:
            row.is_on_papers = is_on_papers
        row.changed_at = work.now
    work.session.flush()


def refuse_declined_in(session: Session, client_id: str) -> None:
    """Raise Refused if the client declined to rate."""
    if choice_in(session, client_id).is_declined:
        raise Refused(_("This client chose not to rate."), code="declined")


@allowed(Role.DESK, Role.PRACTITIONER)
def rate(work: Work, client_id: str, values: Mapping[str, int], *, source: str) -> int:
    """Save ratings of today by concern; return how many are new or changed. Again is the same.

    `source`: page, handed or api. Raises InvalidField for a value that is not 0 to 10 or a concern that is not
    theirs, Refused for a client who declined, NotFound.
    """
    _check_values(values)
    client = lock_client_in(work.session, client_id)
    refuse_declined_in(work.session, client.id)
    known = {each.id for each in concerns_in(work.session, client.id)}
    if not set(values) <= known:
        raise InvalidField(
            _("One of these concerns is no longer rated. Look at the page again."), field="values"
        )
    # Without a stored request: it repeats by itself, and what was answered leaves no digest behind.
    return _save(work, client.id, values, source)


def _check_values(values: Mapping[str, int]) -> None:
    if not values:
        raise InvalidField(_("Tap a number first."), field="values")
    if any(not LOWEST <= value <= HIGHEST for value in values.values()):
        raise InvalidField(_("A rating is a number from 0 to 10."), field="values")


def _save(work: Work, client_id: str, values: Mapping[str, int], source: str) -> int:
    today = local_date_in(work.session, work.now)
    standing = select(OwnRating).where(
        OwnRating.concern_id.in_(values), OwnRating.on_day == today, OwnRating.replaced_at.is_(None)
    )
    before = {row.concern_id: row for row in work.session.scalars(standing)}
    changed = {
        concern_id: value
        for concern_id, value in values.items()
        if concern_id not in before or before[concern_id].value != value
    }
    for concern_id in changed:
        if concern_id in before:
            before[concern_id].replaced_at = work.now
    # The index allows one standing rating per day: the old one is replaced first.
    work.session.flush()
    for concern_id, value in changed.items():
        work.session.add(
            OwnRating(
                id=work.new_id(),
                concern_id=concern_id,
                client_id=client_id,
                on_day=today,
                value=value,
                rated_at=work.now,
                source=source,
            )
        )
    work.session.flush()
    return len(changed)
