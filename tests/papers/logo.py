"""The logo of a clinic as its owner would send it: a leaf and letters in color, checked and stored as any."""

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from PIL import Image, ImageDraw

from invoices.papers import Logo, Paper
from plugin.courses.handouts.logos import Picture, read_picture
from tests.papers.clinic import PaperClinic

ACCENT = "#7A3E65"


@cache
def picture(*, is_square: bool = False) -> Picture:
    """Draw the file, and read it as the program does."""
    width, height = (400, 400) if is_square else (900, 240)
    image = Image.new("RGBA", (width, height), (255, 255, 255, 0))
    pen = ImageDraw.Draw(image)
    middle = height // 2
    pen.ellipse((20, 20, height - 20, height - 20), outline=ACCENT, width=12)
    pen.pieslice((60, 60, height - 60, height - 60), 200, 20, fill=ACCENT)
    for place in range(0 if is_square else 8):
        left = height + 40 + 75 * place
        pen.rounded_rectangle((left, middle - 40, left + 50, middle + 40), 20, fill="#1D2526")
    out = io.BytesIO()
    image.save(out, "PNG")
    return read_picture(out.getvalue())


def with_logo(maker: Callable[[PaperClinic], Paper], *, is_square: bool = False) -> Callable[..., Paper]:
    """Return a maker of the same paper with the logo, in a color that goes with it."""

    def make(clinic: PaperClinic) -> Paper:
        made, drawn = maker(clinic), picture(is_square=is_square)
        logo = Logo(drawn.sha256, drawn.width, drawn.height)
        return replace(made, clinic=replace(made.clinic, logo=logo, accent=ACCENT))

    return make


def assets() -> dict[str, bytes]:
    """Return both files by their SHA-256."""
    return {each.sha256: each.png for each in (picture(), picture(is_square=True))}
