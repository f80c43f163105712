"""Papers look as they did: every kind in every language, compared with stored pictures of its pages.

After an intended change, `make golden` takes the pictures again; check them before committing.
"""

import io
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import cast

import pikepdf
import pytest
from PIL import Image, ImageChops, ImageFilter
from weasyprint import HTML

from invoices.papers import CourseSummary, VisitPlanner
from invoices.press.render import VARIANT
from tests.bench.papers import page_with_styles
from tests.papers.real import KINDS, drawn, paper, pdf

KEPT = Path(__file__).parent / "golden"
# Small files, and letters are gray bars: their position counts.
DOTS_PER_INCH = 40
GREYS = 16
# Another poppler smooths letters otherwise, which blurring takes away; a line that moved by 2 mm stays.
BLUR = 2
MOST_DIFFERENCE = 40
CALENDAR = "https://desk.juniperstreet.example/p/0123456789012345678901234567890123456789/visits.ics"
# The paper in which a moved block and a lost font are to be noticed.
PLANTED_IN = "summary"
# Every kind in every language, and what is laid out otherwise than those.
CHOSEN = (
    *(f"{name}{language}" for language in ("", "-spanish", "-chinese") for name in KINDS),
    "summary-0-of-12",
    "summary-60-visits",
    "summary-part-paid",
    "summary-on-hold",
    "summary-expired",
    "summary-refunded",
    "summary-gift",
    "summary-long-names",
    "summary-scripts",
    "aftercare-touch-up",
    "aftercare-own",
    "summary-logo",
    "aftercare-logo",
    "voucher-logo",
    "voucher-window",
    "next-visit",
    "help-card",
    "voucher-letter",
    "poster",
    "invoice-electronic",
    *(f"year-end{language}" for language in ("", "-spanish", "-chinese")),
)


def pictures_of(pdfs: list[bytes], folder: Path) -> list[list[Image.Image]]:
    """Take a picture of each page of each PDF, in one process for all."""
    whole, counts = pikepdf.new(), []
    for file in pdfs:
        with pikepdf.open(io.BytesIO(file)) as opened:
            counts.append(len(opened.pages))
            whole.pages.extend(opened.pages)
    out = io.BytesIO()
    whole.save(out)
    command = ["pdftoppm", "-r", str(DOTS_PER_INCH), "-gray", "-", str(folder / "page")]
    subprocess.run(command, input=out.getvalue(), check=True)
    pages = (Image.open(io.BytesIO(file.read_bytes())) for file in sorted(folder.iterdir()))
    return [[next(pages) for _ in range(count)] for count in counts]


def difference(one: Image.Image, other: Image.Image) -> int:
    """Return the difference of the grays where they differ most."""
    if one.size != other.size:
        return 255
    blur = ImageFilter.GaussianBlur(BLUR)
    apart = ImageChops.difference(one.convert("L").filter(blur), other.convert("L").filter(blur))
    return int(apart.getextrema()[1])  # type: ignore[arg-type]  # grey has one band


def file_of(name: str) -> bytes:
    """Return the file of a paper; a large code is of an address that is the same each time, not of a random one."""
    content = paper(name)
    return drawn(replace(content, calendar_url=CALENDAR)) if isinstance(content, VisitPlanner) else pdf(name)


def renew(pictures: dict[str, list[Image.Image]]) -> None:
    for file in KEPT.glob("*.png"):
        file.unlink()
    for name, pages in pictures.items():
        for number, page in enumerate(pages, start=1):
            page.quantize(GREYS).save(KEPT / f"{name}-{number}.png", optimize=True)


@pytest.fixture(scope="module")
def pictures(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Image.Image]]:
    """Pictures of the papers that this run compares; of all, where they are kept anew."""
    is_new = bool(os.environ.get("RENEW_GOLDEN"))
    compared = {item.name for item in request.session.items if item.path == request.path}
    compared.add(f"test_it_looks_as_it_did[{PLANTED_IN}]")
    names = [name for name in CHOSEN if is_new or f"test_it_looks_as_it_did[{name}]" in compared]
    pages = pictures_of([file_of(name) for name in names], tmp_path_factory.mktemp("pages"))
    taken = dict(zip(names, pages, strict=True))
    if is_new:
        renew(taken)
    return taken


@pytest.mark.parametrize("name", CHOSEN)
def test_it_looks_as_it_did(pictures: dict[str, list[Image.Image]], name: str) -> None:
    kept = sorted(KEPT.glob(f"{name}-[0-9].png"))
    assert len(pictures[name]) == len(kept), "another number of pages than in the kept pictures: make golden"
    for file, page in zip(kept, pictures[name], strict=True):
        with Image.open(file) as picture:
            assert difference(picture, page) <= MOST_DIFFERENCE, f"unlike {file.name}; if meant: make golden"


def test_no_picture_is_kept_of_what_is_no_longer_drawn() -> None:
    assert {file.stem.rpartition("-")[0] for file in KEPT.glob("*.png")} == set(CHOSEN)


def test_a_moved_block_and_a_lost_font_are_noticed(
    pictures: dict[str, list[Image.Image]], tmp_path: Path
) -> None:
    html = page_with_styles(cast(CourseSummary, paper(PLANTED_IN)))
    moved = html.replace('class="visits"', 'class="visits" style="padding-top: 8px"')
    without_font = html.replace('"Inter", ', '"Nobody", ')
    files = [HTML(string=page).write_pdf(pdf_variant=VARIANT) for page in (html, moved, without_font)]
    same, lower, other_letters = (pages[0] for pages in pictures_of(files, tmp_path))
    kept = pictures[PLANTED_IN][0]
    assert difference(kept, same) == 0
    assert difference(kept, lower) > MOST_DIFFERENCE
    assert difference(kept, other_letters) > MOST_DIFFERENCE
