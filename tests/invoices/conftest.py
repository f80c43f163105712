"""Draws papers and opens them again: text, pages, structure. A layout warning fails the test that caused it."""

from __future__ import annotations

import io
import logging
import subprocess
from collections.abc import Callable, Iterator

import pikepdf
import pytest

from invoices.papers import Paper
from invoices.press.render import render
from invoices.press.workers import PaperWorkers
from tests.papers import real


class Warnings(logging.Handler):
    """Collects what the renderer complains about."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.fixture
def layout_warnings() -> Iterator[list[str]]:
    handler = Warnings()
    logger = logging.getLogger("weasyprint")
    logger.addHandler(handler)
    yield handler.said
    logger.removeHandler(handler)


@pytest.fixture(scope="session")
def _drawn_before() -> dict[Paper, bytes]:
    return {}


@pytest.fixture
def draw(layout_warnings: list[str], _drawn_before: dict[Paper, bytes]) -> Iterator[Callable[[Paper], bytes]]:
    """Draw a paper; the same paper is drawn once for all tests, and kept only if nothing was complained about."""
    drawn: dict[Paper, bytes] = {}

    def once(paper: Paper) -> bytes:
        if paper not in _drawn_before and paper not in drawn:
            drawn[paper] = render(paper)
        return drawn.get(paper) or _drawn_before[paper]

    yield once
    assert layout_warnings == []
    _drawn_before.update(drawn)


@pytest.fixture
def real_pdf(layout_warnings: list[str]) -> Iterator[Callable[[str], bytes]]:
    """The file of a paper that the use cases made, by its name: drawn once for all tests."""
    yield real.pdf
    assert layout_warnings == []


@pytest.fixture
def real_text(real_pdf: Callable[[str], bytes]) -> Callable[[str], str]:
    """The words of such a paper, with every run of spaces as one."""

    def read(name: str) -> str:
        return words_in(real_pdf(name))

    return read


@pytest.fixture
def text_of(draw: Callable[[Paper], bytes]) -> Callable[[Paper], str]:
    """The words of the drawn paper, with every run of spaces as one."""

    def read(paper: Paper) -> str:
        return words_in(draw(paper))

    return read


@pytest.fixture
def pages_of(draw: Callable[[Paper], bytes]) -> Callable[[Paper], int]:
    def count(paper: Paper) -> int:
        with pikepdf.open(io.BytesIO(draw(paper))) as pdf:
            return len(pdf.pages)

    return count


@pytest.fixture(scope="module")
def workers() -> Iterator[PaperWorkers]:
    with PaperWorkers(timeout_s=60) as shared:
        yield shared


def words_in(pdf: bytes) -> str:
    return " ".join(text_in(pdf).replace("\u200b", "").split())


def text_in(pdf: bytes) -> str:
    done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return done.stdout.decode("utf-8")
