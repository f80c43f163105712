"""A QR code as one path of dark squares, for the template to draw in ink."""

from __future__ import annotations

from dataclasses import dataclass

import segno


@dataclass(frozen=True)
class QrCode:
    """`side` is how many squares each way; the quiet zone around them is the layout's to keep."""

    side: int
    path: str
    url: str


def qr_code(url: str) -> QrCode:
    """Encode an address so that a code printed with small flaws still scans."""
    rows = [list(row) for row in segno.make(url, error="m", micro=False).matrix_iter(border=0)]
    path = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return QrCode(len(rows), path, url)
