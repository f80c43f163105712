"""The paper cache: papers rendered before they are requested, and a record of what was handed out."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices import papers
from invoices.aftercare import guide_text
from invoices.papers import Guide, ShopPoster
from invoices.press.glyphs import missing
from invoices.press.version import papers_version
from plugin.core.acts import COURSEKEEPER, Act
from plugin.core.moments import day_at
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.words import paper_refusal
from plugin.courses.base.work import Work, in_session, transact
from plugin.courses.clients.private_page import known_address_in, page_address
from plugin.courses.handouts.content import aftercare_paper, clinic_on_paper, summary_paper
from plugin.courses.handouts.logos import assets_for
from plugin.courses.handouts.welcome import planner_paper, welcome_paper
from plugin.errors import CoursekeeperError, NotFound, PaperNotMade
from plugin.store import Store
from plugin.store.queues import Paper as StoredPaper
from plugin.store.tables import Client, Course, Handout
from plugin.wording import _

Render = Callable[[papers.Paper, Mapping[str, bytes]], bytes]

OfCourse = papers.CourseSummary | papers.AftercareSheet | papers.WelcomeSheet | papers.VisitPlanner
SUMMARY = "summary"
AFTERCARE = "aftercare"
WELCOME = "welcome"
PLANNER = "planner"
NEXT_VISIT = "next_visit"
HELP_CARD = "help_card"
_OF_VISIT = (AFTERCARE, HELP_CARD)


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A paper being handed out, and to whom."""

    pdf: bytes
    client_name: str


def hand_out(
    store: Store,
    render: Render,
    act: Act,
    course_id: str,
    kind: str,
    *,
    visit_id: str | None = None,
    language: str | None = None,
    large_print: bool | None = None,
    public_url: str = "",
) -> HandedOut:
    """Return a paper, cached if the content is unchanged; record that it was handed out.

    `large_print`: as the client prefers where it is None. `public_url`: the base address of clients' private
    pages; without it the summary has no code for it.
    Raises NotFound, Refused for what can't be a paper, PaperNotMade if a retry may help.
    """
    page = _page(store, act, public_url, course_id) if kind not in _OF_VISIT else None
    paper = _paper(store, course_id, kind, now=act.now, visit_id=visit_id, language=language, page=page)
    paper = _in_type(store, course_id, paper, large_print)
    mark = _mark(paper)
    pdf = _kept(store, course_id, kind, paper.language, mark)
    if pdf is None:
        pdf = drawn(store, render, paper)
        _keep(store, course_id, kind, paper.language, mark, pdf, act.now)
    _hand_out(store, act, course_id, kind, paper)
    return HandedOut(pdf, paper.client_name)


def fill_cache(store: Store, render: Render, course_id: str, *, now: datetime, public_url: str = "") -> int:
    """Render the course's papers before they are requested; return how many were made."""
    made = 0
    for kind in (SUMMARY, AFTERCARE):
        try:
            page = _page(store, Act(COURSEKEEPER, now, "ready"), public_url, course_id)
            paper = _in_type(store, course_id, _paper(store, course_id, kind, now=now, page=page))
        except CoursekeeperError:
            # No owner yet, or no visit yet: there is no such paper to make.
            continue
        mark = _mark(paper)
        if _kept(store, course_id, kind, paper.language, mark) is None:
            _keep(store, course_id, kind, paper.language, mark, drawn(store, render, paper), now)
            made += 1
    return made


def _paper(
    store: Store,
    course_id: str,
    kind: str,
    *,
    now: datetime,
    visit_id: str | None = None,
    language: str | None = None,
    page: str | None = None,
) -> OfCourse:
    if kind in (PLANNER, NEXT_VISIT):
        form: papers.PlannerForm = "card" if kind == NEXT_VISIT else "sheet"
        return planner_paper(store, course_id, now=now, language=language, balance_url=page, form=form)
    if kind == WELCOME:
        return welcome_paper(store, course_id, now=now, language=language, balance_url=page)
    if kind == SUMMARY:
        return summary_paper(store, course_id, now=now, language=language, balance_url=page)
    sheet: papers.SheetForm = "card" if kind == HELP_CARD else "sheet"
    return aftercare_paper(store, course_id, now=now, visit_id=visit_id, language=language, form=sheet)


def _in_type(store: Store, course_id: str, paper: OfCourse, large_print: bool | None = None) -> OfCourse:
    """Return the paper in large print, as asked or as the client of the course prefers."""
    with store.reading() as session:
        prefers = select(Client.large_print).join(Course, Course.client_id == Client.id)
        asked = session.scalar(prefers.where(Course.id == course_id)) if large_print is None else large_print
    return replace(paper, clinic=replace(paper.clinic, large_print=True)) if asked else paper


def _page(store: Store, act: Act, public_url: str, course_id: str) -> str | None:
    """Return the address of the private page of the course's client, created when first printed."""
    with store.reading() as session:
        client_id = session.scalar(select(Course.client_id).where(Course.id == course_id))
        known = known_address_in(session, public_url, client_id) if client_id else None
    if client_id is None or known is not None:
        return known
    return transact(store, act, lambda work: page_address(work.session, work.act, public_url, client_id))


def _mark(paper: papers.Paper) -> str:
    """Return the cache key: this content, in this version of the papers."""
    # Once a font with the missing letters is installed, papers with empty boxes are rendered again.
    boxes = ",".join(each.script for each in missing(paper))
    return hashlib.sha256(f"{papers_version()}:{papers.content_sha256(paper)}:{boxes}".encode()).hexdigest()


def drawn(store: Store, render: Render, paper: papers.Paper) -> bytes:
    """Return the paper as PDF, with the clinic's logo. Raises Refused, or PaperNotMade if a retry may help."""
    try:
        return render(paper, assets_for(store, paper))
    except papers.PaperRefused as error:
        raise paper_refusal(error) from None
    except papers.PaperFailed:
        raise PaperNotMade(_("The paper could not be made just now. Nothing is lost; try again.")) from None


def _kept(store: Store, course_id: str, kind: str, language: str, mark: str) -> bytes | None:
    with store.reading() as session:
        row = session.get(StoredPaper, (course_id, kind, language))
        return row.pdf if row is not None and row.mark == mark else None


@in_session
def _keep(
    session: Session, course_id: str, kind: str, language: str, mark: str, pdf: bytes, now: datetime
) -> None:
    row = session.get(StoredPaper, (course_id, kind, language))
    if row is None:
        row = StoredPaper(course_id=course_id, kind=kind, language=language)
        session.add(row)
    row.mark, row.pdf, row.made_at = mark, pdf, now


def _hand_out(store: Store, act: Act, course_id: str, kind: str, paper: papers.Paper) -> None:
    if isinstance(paper, papers.CourseSummary):
        # They may delete their ratings at any time: no record of a paper keeps them.
        paper = replace(paper, ratings=())
    digest = papers.content_sha256(paper)
    handed = select(Handout.id).where(
        Handout.course_id == course_id, Handout.kind == kind, Handout.content_sha256 == digest
    )

    def do(work: Work) -> None:
        if work.session.scalar(handed) is not None:
            return
        work.session.add(
            Handout(
                id=work.new_id(),
                course_id=course_id,
                kind=kind,
                language=paper.language,
                content=papers.to_json(paper),
                content_sha256=digest,
                handed_at=work.now,
                by=work.act.actor.name,
            )
        )

    with store.reading() as session:
        if session.scalar(handed) is not None:
            return
    transact(store, act, do)


def poster_pdf(store: Store, render: Render, address: str, *, now: datetime, language: str) -> bytes:
    """Draw the poster of the page at this address. Raises Refused, or PaperNotMade if a retry may help."""
    clinic = read_clinic(store)
    paper = ShopPoster(
        clinic=clinic_on_paper(clinic), url=address, issued_on=day_at(now, clinic.zone), language=language
    )
    return drawn(store, render, paper)


GuideName = Literal["desk", "owner"]
GUIDES: tuple[GuideName, ...] = get_args(GuideName)


def guide_pdf(store: Store, render: Render, name: str, *, now: datetime, language: str = "en") -> bytes:
    """Render the guide for the `desk` or the `owner`. Raises NotFound, or PaperNotMade if a retry may help."""
    return drawn(store, render, guide_paper(store, name, now=now, language=language))


def guide_paper(store: Store, name: str, *, now: datetime, language: str = "en") -> Guide:
    """Return a guide in the clinic's letterhead, dated today, in `en` or `es`; raises NotFound."""
    if name not in GUIDES:
        raise NotFound(_("There is no such guide."))
    clinic = read_clinic(store)
    title, sections = guide_text(name, language)
    return Guide(
        clinic=clinic_on_paper(clinic),
        title=title,
        issued_on=day_at(now, clinic.zone),
        sections=sections,
        language=language,
    )
