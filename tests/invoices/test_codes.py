"""The codes on papers scan: each is read off a picture of its page and has the right content."""

import subprocess
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from invoices.papers import CourseSummary, GiftVoucher
from tests.papers.real import paper, pdf

# As a phone's camera sees a paper at arm's length.
DOTS_PER_INCH = 120
CODED = tuple(
    f"{kind}{language}" for kind in ("summary", "voucher") for language in ("", "-spanish", "-chinese")
)


def promised(name: str) -> str | None:
    shown = paper(name)
    if isinstance(shown, GiftVoucher):
        return shown.code
    return shown.balance_url if isinstance(shown, CourseSummary) else None


def codes_on(name: str, folder: Path) -> list[str]:
    command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-gray", "-", str(folder / "page")]
    subprocess.run(command, input=pdf(name), check=True)
    read: list[str] = []
    for file in sorted(folder.iterdir()):
        with Image.open(file) as picture:
            read += [each.text for each in zxingcpp.read_barcodes(picture)]
    return read


@pytest.mark.parametrize("name", CODED)
def test_e1_the_code_on_a_paper_scans(name: str, tmp_path: Path) -> None:
    wanted = promised(name)
    assert wanted
    assert codes_on(name, tmp_path) == [wanted]
