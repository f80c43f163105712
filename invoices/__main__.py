"""`python -m invoices OUT_FOLDER`: write every paper in every language on Letter and on A4, to look at."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from invoices.papers import PageSize
from invoices.press.render import render
from invoices.samples import aftercare, samples
from invoices.samples.languages import sheets_in_every_language

SIZES: tuple[PageSize, ...] = ("letter", "a4")


# The tag of the language stands in each file's name instead.
_LANGUAGES_IN_NAMES = ("-english", "-spanish", "-chinese")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("Say where to put the papers: python -m invoices OUT_FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        for name, paper in {**samples(size), **sheets_in_every_language(aftercare)}.items():
            file = folder / f"{_called(name)}.{paper.language}.{size}.pdf"
            file.write_bytes(render(replace(paper, clinic=replace(paper.clinic, page_size=size))))
            print(file)
    return 0


def _called(name: str) -> str:
    for language in _LANGUAGES_IN_NAMES:
        name = name.replace(language, "")
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
