"""`python -m invoices OUT_FOLDER`: write every sample paper on Letter and on A4, to look at."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from invoices.papers import PageSize
from invoices.press.render import render
from invoices.samples import aftercare, samples
from invoices.samples_languages import sheets_in_every_language

SIZES: tuple[PageSize, ...] = ("letter", "a4")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("Say where to put the papers: python -m invoices OUT_FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        for name, paper in {**samples(size), **sheets_in_every_language(aftercare)}.items():
            file = folder / f"{name}-{size}.pdf"
            file.write_bytes(render(replace(paper, clinic=replace(paper.clinic, page_size=size))))
            print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
