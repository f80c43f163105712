"""`python -m tests.papers OUT_FOLDER`: write every paper on Letter and on A4, to look at."""

import sys
from pathlib import Path

from tests.papers.real import NAMES, SIZES, paper, pdf

# The tag of the language stands in each file's name instead.
_LANGUAGES_IN_NAMES = ("-spanish", "-chinese")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("Say where to put the papers: python -m tests.papers OUT_FOLDER", file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        for name in NAMES:
            file = folder / f"{_called(name)}.{paper(name).language}.{size}.pdf"
            file.write_bytes(pdf(name, size))
            print(file)
    return 0


def _called(name: str) -> str:
    for language in _LANGUAGES_IN_NAMES:
        name = name.removesuffix(language)
    return name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
