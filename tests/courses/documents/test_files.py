"""The file of a document: drawn once from what was frozen, by the first caller, and the same for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from invoices.papers import Paper, PaperFailed
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.base.outbox import claim_job, retry_job_later
from plugin.courses.documents.enqueue import DOCUMENT, DOCUMENT_JOBS
from plugin.courses.documents.files import document_bytes
from plugin.courses.documents.jobs import run_document_job
from plugin.courses.documents.read import read_document
from plugin.errors import NotFound, PaperNotMade, Refused
from plugin.store import Store
from plugin.store.documents import DocumentFile
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.courses.documents.sales import PDF, Papers, sold_line, sold_sale


def _issued(papers: Papers) -> str:
    """Issue an invoice, and die before its file is drawn."""
    papers.sell("O")
    owed = claim_job(papers.store, papers.desk.clock(), of=DOCUMENT_JOBS)
    assert owed is not None
    run_document_job(papers.store, papers.render, owed, now=papers.desk.clock())
    assert papers.drawn == 0
    return papers.rows()[0].id


def test_a_crash_between_number_and_file_loses_neither(papers: Papers) -> None:
    document_id = _issued(papers)
    owed = claim_job(papers.store, papers.desk.clock(), of=(DOCUMENT,))
    assert owed is not None
    assert owed.subject == document_id
    assert run_document_job(papers.store, papers.render, owed, now=papers.desk.clock()) == "Drawn."
    assert (papers.drawn, len(papers.rows())) == (1, 1)


def test_it_is_drawn_from_the_frozen_content_whatever_has_changed_since(papers: Papers) -> None:
    document_id = _issued(papers)
    changed = replace(read_clinic(papers.store), name="Another name")
    save_clinic(papers.store, papers.desk.act(OLGA), changed)
    seen: list[Paper] = []

    def render(paper: Paper, *_: object) -> bytes:
        seen.append(paper)
        return PDF

    document_bytes(papers.store, render, document_id, now=papers.desk.clock())
    assert seen[0].clinic.name == "Jade Room"


def test_it_waits_for_letters_that_no_font_has_and_says_so_at_the_desk(papers: Papers) -> None:
    """Row 12 of the papers' findings: an issued paper is never drawn with a missing letter."""
    rare = sold_line(name="Oil \U00030000")
    papers.sell("O", sale=sold_sale("O", sold_line(), replace(rare, uid="L2")))
    with pytest.raises(Refused, match="This paper waits for a missing font"):
        papers.work()
    document = papers.rows()[0]
    owed = claim_job(papers.store, papers.desk.clock() + timedelta(minutes=2), of=(DOCUMENT,))
    assert owed is not None
    retry_job_later(
        papers.store, owed.id, due_at=papers.desk.clock(), outcome="This paper waits for a missing font."
    )
    assert read_document(papers.store, document.id).waits_for == "This paper waits for a missing font."
    assert papers.drawn == 0
    # The font is installed.
    now = papers.desk.clock()
    assert document_bytes(papers.store, papers.render, document.id, now=now, has=lambda _: True) == PDF


@pytest.fixture
def both(store: Store, clock: HandMovedClock) -> Papers:
    return Papers(Desk(store, clock))


def test_two_workers_at_once_keep_one_file(both: Papers) -> None:
    document_id = _issued(both)
    start = Barrier(2)

    def draw(number: int) -> bytes:
        def render(*_: object) -> bytes:
            start.wait(timeout=30)
            return PDF + str(number).encode()

        return document_bytes(both.store, render, document_id, now=both.desk.clock())

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(draw, range(2))
    with both.store.reading() as session:
        kept = session.scalars(select(DocumentFile.pdf)).one()
    assert first == second == kept


def test_a_paper_that_fails_is_drawn_another_time(papers: Papers) -> None:
    document_id = _issued(papers)

    def jammed(*_: object) -> bytes:
        raise PaperFailed("The printer's worker stopped.")

    with pytest.raises(PaperNotMade, match="try again"):
        document_bytes(papers.store, jammed, document_id, now=papers.desk.clock())
    assert document_bytes(papers.store, papers.render, document_id, now=papers.desk.clock()) == PDF


def test_what_was_never_issued_is_not_found(papers: Papers) -> None:
    with pytest.raises(NotFound):
        document_bytes(papers.store, papers.render, "nothing", now=papers.desk.clock())
