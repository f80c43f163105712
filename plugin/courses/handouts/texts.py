"""Aftercare texts: the clinic's own by treatment and language, in versions, over the starting ones."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from invoices.aftercare import GENERAL, read_text, starting_markdown
from invoices.language import LANGUAGES, language_for
from invoices.papers import AftercareText, PaperRefused
from plugin.core.acts import Act, Role, require
from plugin.core.moments import day_at
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.words import paper_refusal
from plugin.courses.base.work import Work, allowed, in_transaction, require_row
from plugin.courses.handouts.text_check import checked_markdown
from plugin.courses.visits.notes import LONGEST_INTERVAL
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.tables import Staff, Treatment, TreatmentText
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version. `is_starting`: the clinic returned to the starting text with it."""

    version: int
    is_starting: bool
    is_reviewed: bool
    written_at: datetime
    by: str
    reviewer: str = ""


@dataclass(frozen=True, slots=True)
class StandingText:
    """The state of a treatment's text in one language; without a version it is the starting one."""

    language: str
    newest: Version | None = None

    @property
    def is_starting(self) -> bool:
        """Return whether clients get the text that comes with the program."""
        return self.newest is None or self.newest.is_starting

    @property
    def is_reviewed(self) -> bool:
        """Return whether the clinic's practitioner has approved it."""
        return self.newest is not None and self.newest.is_reviewed


@dataclass(frozen=True, slots=True)
class TreatmentTexts:
    """A treatment, its text in each language, and the suggested days between its visits."""

    treatment_id: str
    treatment: str
    kind: str
    suggested_days: int | None
    texts: tuple[StandingText, ...]


@dataclass(frozen=True, slots=True)
class TextView:
    """A text to edit. `shown` is the version whose words are in `markdown`, 0 for the starting text."""

    treatment_id: str
    treatment: str
    kind: str
    language: str
    markdown: str
    is_reviewed: bool
    shown: int
    versions: tuple[Version, ...]

    @property
    def newest(self) -> int:
        """Return the number of the newest version, 0 if none was saved."""
        return self.versions[0].version if self.versions else 0


def text_for(
    session: Session, treatment_id: str | None, treatment_name: str, kind: str, language: str
) -> AftercareText:
    """Return the text for a client who speaks `language`, after this treatment.

    The clinic's own words in that language come first, then the starting text of the treatment in it, then
    what the clinic wrote in its own language: a paper in two languages is bad, saying too little is worse.
    """
    spoken = _spoken(language)
    slug = starting_slug(treatment_name, kind)
    own = _newest(session, treatment_id, spoken)
    at_home = _spoken(clinic_in(session).language)
    if own is None and slug == GENERAL and at_home != spoken:
        own = _newest(session, treatment_id, at_home)
    try:
        if own is None or not own.markdown:
            return read_text(starting_markdown(slug, spoken))
        text = read_text(own.markdown)
        if not own.is_reviewed:
            return text
        return replace(
            text,
            reviewed=True,
            reviewed_by=own.reviewer or own.by,
            reviewed_on=day_at(own.written_at, clinic_in(session).zone),
            version=own.version,
        )
    except PaperRefused as error:
        raise paper_refusal(error) from None


def count_to_review(store: Store) -> int:
    """Return how many treatments have a text in the clinic's language that nobody has reviewed."""
    with store.reading() as session:
        language = _spoken(clinic_in(session).language)
    unreviewed = (text for each in list_texts(store) for text in each.texts if not text.is_reviewed)
    return sum(text.language == language for text in unreviewed)


def list_texts(store: Store) -> tuple[TreatmentTexts, ...]:
    """Return every treatment with the state of its text in each language."""
    newest = select(
        TreatmentText.treatment_id, TreatmentText.language, func.max(TreatmentText.version).label("version")
    ).group_by(TreatmentText.treatment_id, TreatmentText.language)
    latest = newest.subquery()
    with store.reading() as session:
        treatments = session.scalars(select(Treatment).order_by(Treatment.kind, Treatment.name)).all()
        rows = session.scalars(
            select(TreatmentText).join(
                latest,
                (TreatmentText.treatment_id == latest.c.treatment_id)
                & (TreatmentText.language == latest.c.language)
                & (TreatmentText.version == latest.c.version),
            )
        )
        standing = {(row.treatment_id, row.language): _standing(row) for row in rows}
        return tuple(_texts_of(each, standing) for each in treatments)


def read_treatment_text(
    store: Store, treatment_id: str, language: str, version: int | None = None
) -> TextView:
    """Return a text to edit, the newest unless another version is named; raises NotFound."""
    with store.reading() as session:
        treatment = _treatment(session, treatment_id, language)
        rows = session.scalars(_of(treatment_id, language).order_by(TreatmentText.version.desc())).all()
        shown = _chosen(rows, version)
        starting = starting_markdown(starting_slug(treatment.name, treatment.kind), language)
        return TextView(
            treatment_id=treatment.id,
            treatment=treatment.name,
            kind=treatment.kind,
            language=language,
            markdown=(shown.markdown if shown else "") or starting,
            is_reviewed=bool(shown and shown.is_reviewed),
            shown=shown.version if shown else 0,
            versions=tuple(_version(row) for row in rows),
        )


def save_text(
    store: Store,
    act: Act,
    treatment_id: str,
    language: str,
    markdown: str,
    *,
    is_reviewed: bool,
    seen_version: int,
) -> Version:
    """Use this text from now on.

    Raises InvalidField for what can't be a paper, Refused if another user saved a version after
    `seen_version`.
    """
    return _write(
        store, act, treatment_id, language, checked_markdown(markdown, language), is_reviewed, seen_version
    )


def review_text(store: Store, act: Act, treatment_id: str, language: str, *, seen_version: int) -> Version:
    """Save the text that clients get as a version that the actor has reviewed.

    The starting text becomes the clinic's own by it, so that no later starting text is taken for reviewed. Raises
    Refused if another user saved a version after `seen_version`.
    """
    text = read_treatment_text(store, treatment_id, language)
    return _write(
        store,
        act,
        treatment_id,
        language,
        text.markdown,
        is_reviewed=True,
        seen_version=seen_version,
        roles=(Role.PRACTITIONER,),
    )


def start_over(store: Store, act: Act, treatment_id: str, language: str, *, seen_version: int) -> Version:
    """Return to the starting text, as it is in this and later versions of Coursekeeper.

    What was written is still listed.
    """
    return _write(store, act, treatment_id, language, "", is_reviewed=False, seen_version=seen_version)


@allowed()
def suggest_days(work: Work, treatment_id: str, days: int | None) -> None:
    """Set the days between visits of this treatment that papers suggest, None for none. Raises InvalidField."""
    if days is not None and not 1 <= days <= LONGEST_INTERVAL:
        raise InvalidField(
            _("Between visits there are 1 to {longest_interval} days.", longest_interval=LONGEST_INTERVAL),
            field="suggested_days",
        )
    treatment = require_row(work.session, Treatment, treatment_id, _("There is no such treatment."))
    before, after = (
        _("{each} days between visits", each=each) if each else ""
        for each in (treatment.suggested_days, days)
    )
    if before != after:
        record_in(
            work,
            Did.TEXT_CHANGED,
            name=treatment.name,
            subject_id=treatment_id,
            before=before,
            after=after,
        )
    treatment.suggested_days = days


@in_transaction
def _write(
    work: Work,
    treatment_id: str,
    language: str,
    markdown: str,
    is_reviewed: bool,
    seen_version: int,
    roles: tuple[Role, ...] = (),
) -> Version:
    require(work.act.actor, *roles)
    request = {"of": [treatment_id, language], "says": markdown, "reviewed": is_reviewed}

    def write() -> int:
        newest = _newest(work.session, treatment_id, language)
        if seen_version != (newest.version if newest else 0):
            raise _overtaken(newest)
        row = TreatmentText(
            id=work.new_id(),
            treatment_id=treatment_id,
            language=language,
            version=seen_version + 1,
            markdown=markdown,
            is_reviewed=is_reviewed,
            reviewer=_reviewer(work) if is_reviewed else "",
            written_at=work.now,
            by=work.act.actor.name,
        )
        work.session.add(row)
        record_in(
            work,
            Did.TEXT_CHANGED,
            name=f"{work.session.get_one(Treatment, treatment_id).name}, {language}",
            subject_id=treatment_id,
            before=newest.markdown if newest else "",
            after=markdown or _("Starting text"),
        )
        return row.version

    _treatment(work.session, treatment_id, language)
    # Two concurrent saves collide at the version's number; the second finds the first's and is refused.
    saved = work.once("save_text", request, lambda: {"version": write()})
    return _version(work.session.scalars(_of(treatment_id, language, saved.answer["version"])).one())


def _reviewer(work: Work) -> str:
    """Return the actor as papers print a practitioner, with the license."""
    actor = work.act.actor
    staff = work.session.get(Staff, actor.staff_id) if actor.staff_id else None
    if staff is None:
        return actor.name
    return ", ".join(filter(None, (staff.printed_name or staff.name, staff.license)))


def _texts_of(treatment: Treatment, standing: dict[tuple[str, str], StandingText]) -> TreatmentTexts:
    return TreatmentTexts(
        treatment_id=treatment.id,
        treatment=treatment.name,
        kind=treatment.kind,
        suggested_days=treatment.suggested_days,
        texts=tuple(standing.get((treatment.id, language), StandingText(language)) for language in LANGUAGES),
    )


def _chosen(rows: Sequence[TreatmentText], version: int | None) -> TreatmentText | None:
    if version is None:
        return rows[0] if rows else None
    chosen = next((row for row in rows if row.version == version), None)
    if chosen is None:
        raise NotFound(_("There is no such version of this text."))
    return chosen


def _of(treatment_id: str, language: str, version: int | None = None) -> Select[TreatmentText]:
    rows = select(TreatmentText).where(
        TreatmentText.treatment_id == treatment_id, TreatmentText.language == language
    )
    return rows if version is None else rows.where(TreatmentText.version == version)


def _newest(session: Session, treatment_id: str | None, language: str) -> TreatmentText | None:
    if treatment_id is None:
        return None
    newest_first = _of(treatment_id, language).order_by(TreatmentText.version.desc())
    return session.scalars(newest_first.limit(1)).first()


def _treatment(session: Session, treatment_id: str, language: str) -> Treatment:
    treatment = session.get(Treatment, treatment_id)
    if treatment is None or language not in LANGUAGES:
        raise NotFound(_("There is no such text."))
    return treatment


def _standing(row: TreatmentText) -> StandingText:
    return StandingText(row.language, _version(row))


def _version(row: TreatmentText) -> Version:
    return Version(row.version, not row.markdown, row.is_reviewed, row.written_at, row.by, row.reviewer)


def _overtaken(newest: TreatmentText | None) -> Refused:
    by = newest.by if newest else _("Somebody")
    return Refused(
        _(
            "{by} has saved another version meanwhile, so yours is not saved yet. It is still here: "
            "compare it with theirs in the list of versions, then save it or leave the page.",
            by=by,
        ),
        code="changed",
    )


def _spoken(language: str) -> str:
    return language_for(language).locale.language


def starting_slug(treatment_name: str, kind: str) -> str:
    """Return the starting text that fits the treatment, by its kind and the words of its name."""
    name = treatment_name.casefold()
    if kind == "touch_up":
        return "touch-up"
    if "led" in name.split():
        return "led-light-dome"
    return "facial-acupuncture" if "acupuncture" in name else GENERAL
