"""A QR code as one path of lines one square thick, for the template to draw in ink."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import segno

# Any of the eight masks scans; weighing all of them against each other took a twentieth of a summary's time.
MASK = 3


@dataclass(frozen=True)
class QrCode:
    """`side` is how many squares each way; the layout adds the quiet zone around them."""

    side: int
    path: str
    url: str


def qr_code(url: str) -> QrCode:
    """Encode an address so that a code printed with small flaws still scans."""
    code = segno.make(url, error="m", micro=False, mask=MASK)
    rows = [list(row) for row in code.matrix_iter(border=0)]
    path = "".join(_bars(row, y) for y, row in enumerate(rows))
    return QrCode(len(rows), path, url)


def _bars(row: Sequence[int], y: int) -> str:
    """Yield lines along the row's middle, one for all dark squares that touch: no seams, a fifth of the work."""
    bars, x = [], 0
    for is_dark, squares in groupby(row):
        length = len(list(squares))
        if is_dark:
            bars.append(f"M{x} {y}.5h{length}")
        x += length
    return "".join(bars)
