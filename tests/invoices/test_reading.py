"""A second reader: what a screen reader says of a paper is what the paper says, in its order."""

from collections.abc import Callable
from io import BytesIO

import pikepdf
import pytest

from invoices.papers import PageSize
from tests.invoices.second_reader import read, said
from tests.papers.real import NAMES, paper, pdf

Draw = Callable[[str], bytes]
# PDFium reverses the words of a line with right-to-left letters.
RIGHT_TO_LEFT = {"summary-scripts"}
ON_A4 = (
    "summary",
    "summary-60-visits",
    "aftercare-facial-spanish",
    "invoice-chinese",
    "credit-note",
    "statement",
    "voucher",
    "month",
    "guide-desk",
)


def _compare(name: str, size: PageSize) -> None:
    content, file = paper(name, size), pdf(name, size)
    # The head of a table is repeated on each page of it.
    is_long = _pages(file) > 1
    spoken = read(file, without={"/THead"} if is_long else ())
    written = said(content, without={"thead"} if is_long else (), is_long=is_long)
    if name in RIGHT_TO_LEFT:
        assert sorted(spoken) == sorted(written)
    else:
        assert spoken == written


@pytest.mark.parametrize("name", NAMES)
def test_a_screen_reader_reads_what_the_paper_says_in_its_order(name: str) -> None:
    _compare(name, "letter")


@pytest.mark.parametrize("name", ON_A4)
def test_the_other_size_reads_the_same(name: str) -> None:
    _compare(name, "a4")


def test_words_in_another_order_are_noticed(real_pdf: Draw) -> None:
    """What is proved above can fail."""
    with pikepdf.open(BytesIO(real_pdf("summary"))) as opened:
        document = opened.Root.StructTreeRoot.K[0]
        document.K = pikepdf.Array(reversed(list(document.K)))
        out = BytesIO()
        opened.save(out)
    assert read(out.getvalue()) != said(paper("summary"))
    assert sorted(read(out.getvalue())) == sorted(said(paper("summary")))


def _pages(file: bytes) -> int:
    with pikepdf.open(BytesIO(file)) as opened:
        return len(opened.pages)
