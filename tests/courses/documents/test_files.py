"""The file of a document: drawn once from what was frozen, by the first caller, and the same for ever."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import select

from invoices.papers import Paper, PaperFailed
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.base.outbox import claim_job
from plugin.courses.clients.clients import change_client
from plugin.courses.documents.files import DOCUMENT, DOCUMENT_JOBS, document_bytes
from plugin.courses.documents.issuing import run_document_job
from plugin.errors import NotFound, PaperNotMade, Refused
from plugin.store import Store
from plugin.store.documents import DocumentFile
from tests.clock import HandMovedClock
from tests.courses.desk import ANA, OLGA, Desk
from tests.courses.documents.sales import PDF, Papers


def _issued(papers: Papers, name: str = "Ana Souza") -> str:
    """Issue an invoice, and die before its file is drawn."""
    papers.sell("O", buyer=replace(ANA, name=name))
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


RARE = "Ana \U00030000 Souza"


def _waiting(papers: Papers) -> tuple[str, str]:
    """Sell to someone whose name no font has; return the client and what the worker is told."""
    course_id = papers.sell("O", buyer=replace(ANA, name=RARE))
    with pytest.raises(Refused) as refused:
        papers.work()
    client_id = papers.desk.course(course_id).client_id
    assert client_id is not None
    return client_id, str(refused.value)


def _mend(papers: Papers, client_id: str) -> None:
    change_client(papers.store, papers.desk.act(), client_id, name="Ana Souza")


def test_it_takes_no_number_while_no_font_has_its_letters_and_a_person_is_asked(papers: Papers) -> None:
    """Row 12 of the papers' findings: an issued paper is never drawn with a missing letter."""
    _, said = _waiting(papers)
    assert said.startswith(
        f"A paper for {RARE} waits: no font here has \U00030000 (Chinese). Correct the name"
    )
    assert papers.rows() == []
    (item,) = papers.desk.questions()
    assert (item.kind, item.summary) == ("missing_letters", said)
    papers.desk.clock.advance(hours=1)
    with pytest.raises(Refused):
        papers.work()
    assert len(papers.desk.questions()) == 1


def test_it_is_issued_once_the_name_is_mended_and_the_item_is_settled(papers: Papers) -> None:
    client_id, _ = _waiting(papers)
    _mend(papers, client_id)
    papers.desk.clock.advance(hours=1)
    assert papers.work()[:2] == ["INV-0001 was issued.", "Drawn."]
    assert papers.invoices()[0].billed_to.name == "Ana Souza"
    assert papers.desk.questions() == ()
    (settled,) = papers.desk.questions(resolved=True)
    assert settled.answer == "Its letters can be printed now."


def test_a_person_may_have_it_tried_again_at_once(papers: Papers) -> None:
    client_id, _ = _waiting(papers)
    _mend(papers, client_id)
    papers.desk.answer(papers.desk.questions()[0].id, "try_again")
    assert "INV-0001 was issued." in papers.work()


def test_a_copy_of_the_books_without_the_font_waits_with_the_file_of_what_was_issued(papers: Papers) -> None:
    document_id = _issued(papers, "Иван Петров")
    now = papers.desk.clock()
    with pytest.raises(Refused, match="A paper for Иван Петров waits"):
        document_bytes(papers.store, papers.render, document_id, now=now, has=str.isascii)
    assert papers.drawn == 0
    assert document_bytes(papers.store, papers.render, document_id, now=now, has=lambda _: True) == PDF


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
