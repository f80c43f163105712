"""A course's papers as bytes: kept ready before they are asked for, and what was handed out remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers import (
    AftercareSheet,
    CourseSummary,
    Paper,
    PaperFailed,
    PaperRefused,
    content_sha256,
    to_json,
)
from invoices.press.edition import edition
from plugin.core.acts import Act
from plugin.courses.papers.content import aftercare_paper, summary_paper
from plugin.errors import CoursekeeperError, PaperNotMade, Refused
from plugin.store import Store
from plugin.store.queues import Handout
from plugin.store.queues import Paper as StoredPaper

Render = Callable[[Paper], bytes]

SUMMARY = "summary"
AFTERCARE = "aftercare"


def paper_bytes(
    store: Store,
    render: Render,
    act: Act,
    course_id: str,
    kind: str,
    *,
    visit_id: str | None = None,
    language: str | None = None,
) -> bytes:
    """Return the PDF to hand out, from the bytes kept ready where they are of this content; note that it was.

    Raises NotFound, Refused for what can't be a paper, PaperNotMade where another try may help.
    """
    paper = _paper(store, course_id, kind, now=act.now, visit_id=visit_id, language=language)
    mark = _mark(paper)
    pdf = _kept(store, course_id, kind, paper.language, mark)
    if pdf is None:
        pdf = _rendered(render, paper)
        _keep(store, course_id, kind, paper.language, mark, pdf, act.now)
    _hand_out(store, act, course_id, kind, paper)
    return pdf


def make_ready(store: Store, render: Render, course_id: str, *, now: datetime) -> int:
    """Make the course's papers before they are asked for; return how many were made."""
    made = 0
    for kind in (SUMMARY, AFTERCARE):
        try:
            paper = _paper(store, course_id, kind, now=now)
        except CoursekeeperError:
            # No owner yet, or no visit yet: there is no such paper to make.
            continue
        mark = _mark(paper)
        if _kept(store, course_id, kind, paper.language, mark) is None:
            _keep(store, course_id, kind, paper.language, mark, _rendered(render, paper), now)
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
) -> CourseSummary | AftercareSheet:
    if kind == SUMMARY:
        return summary_paper(store, course_id, now=now, language=language)
    return aftercare_paper(store, course_id, now=now, visit_id=visit_id, language=language)


def _mark(paper: Paper) -> str:
    """Return what kept bytes must be of: this content, in this edition of the papers."""
    return hashlib.sha256(f"{edition()}:{content_sha256(paper)}".encode()).hexdigest()


def _rendered(render: Render, paper: Paper) -> bytes:
    try:
        return render(paper)
    except PaperRefused as error:
        raise Refused(str(error), code="paper_refused") from None
    except PaperFailed:
        raise PaperNotMade("The paper could not be made just now. Nothing is lost; try again.") from None


def _kept(store: Store, course_id: str, kind: str, language: str, mark: str) -> bytes | None:
    with store.reading() as session:
        row = session.get(StoredPaper, (course_id, kind, language))
        return row.pdf if row is not None and row.mark == mark else None


def _keep(
    store: Store, course_id: str, kind: str, language: str, mark: str, pdf: bytes, now: datetime
) -> None:
    def work(session: Session) -> None:
        row = session.get(StoredPaper, (course_id, kind, language))
        if row is None:
            row = StoredPaper(course_id=course_id, kind=kind, language=language)
            session.add(row)
        row.mark, row.pdf, row.made_at = mark, pdf, now

    store.transact(work)


def _hand_out(store: Store, act: Act, course_id: str, kind: str, paper: Paper) -> None:
    digest = content_sha256(paper)
    handed = select(Handout.id).where(
        Handout.course_id == course_id, Handout.kind == kind, Handout.content_sha256 == digest
    )

    def work(session: Session) -> None:
        if session.scalar(handed) is not None:
            return
        session.add(
            Handout(
                id=store.new_id(),
                course_id=course_id,
                kind=kind,
                language=paper.language,
                content=to_json(paper),
                content_sha256=digest,
                handed_at=act.now,
                by=act.actor.name,
            )
        )

    with store.reading() as session:
        if session.scalar(handed) is not None:
            return
    store.transact(work)
