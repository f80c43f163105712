"""The codes on papers scan: each is read off a picture of its page and says what it stands for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import zxingcpp
from invoices.samples import samples
from PIL import Image

from invoices.papers import CourseSummary, GiftVoucher, Paper
from invoices.press.render import render

# As a phone's camera sees a paper at arm's length.
DOTS_PER_INCH = 120


def promised(paper: Paper) -> str | None:
    if isinstance(paper, GiftVoucher):
        return paper.code
    return paper.balance_url if isinstance(paper, CourseSummary) else None


def chosen() -> dict[str, Paper]:
    """Return one sample of each kind and language that carries a code."""
    first: dict[tuple[type, str], str] = {}
    for name, paper in samples().items():
        if promised(paper):
            first.setdefault((type(paper), paper.language), name)
    return {name: samples()[name] for name in first.values()}


def codes_on(paper: Paper, folder: Path) -> list[str]:
    command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-gray", "-", str(folder / "page")]
    subprocess.run(command, input=render(paper), check=True)
    read: list[str] = []
    for file in sorted(folder.iterdir()):
        with Image.open(file) as picture:
            read += [each.text for each in zxingcpp.read_barcodes(picture)]
    return read


@pytest.mark.parametrize("name", chosen())
def test_e1_the_code_on_a_paper_scans(name: str, tmp_path: Path) -> None:
    paper = chosen()[name]
    assert codes_on(paper, tmp_path) == [promised(paper)]


def test_there_are_papers_with_codes() -> None:
    assert len(chosen()) >= 4
