"""Draws papers once for a whole run and reads them: text, pages, structure."""

import io
import subprocess
from collections.abc import Callable, Iterator

import pikepdf
import pytest

from invoices.papers import Paper
from invoices.press.workers import PaperWorkers
from tests.once import folder_of_run
from tests.papers import real


@pytest.fixture(scope="session", autouse=True)
def _papers_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the processes of a run share the papers they make and draw."""
    real.SHARED.folder = folder_of_run(tmp_path_factory) / "papers"
    real.SHARED.folder.mkdir(exist_ok=True)
    yield
    real.SHARED.folder = None


@pytest.fixture
def draw() -> Callable[[Paper], bytes]:
    """Draw a paper; the same paper is drawn once for all tests, and a layout warning fails the test."""
    return real.drawn


@pytest.fixture
def real_pdf() -> Callable[[str], bytes]:
    """The file of a paper that the use cases made, by its name: drawn once for all tests."""
    return real.pdf


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
