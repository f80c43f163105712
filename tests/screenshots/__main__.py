"""`python -m tests.screenshots FOLDER`: pictures of every screen, and `index.html` to look at them."""

import argparse
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from plugin.staff_languages import STAFF_LANGUAGES
from tests.browser.clinic import open_clinic
from tests.browser.screens import WIDTHS
from tests.chromium import launch
from tests.screenshots.every import take_all
from tests.screenshots.readme import take_for_readme


def main(arguments: list[str]) -> int:
    asked = _parsed(arguments)
    asked.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as data,
        open_clinic(Path(data)) as clinic,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        if asked.readme:
            take_for_readme(browser, clinic, asked.folder)
        else:
            taken = take_all(
                browser,
                clinic,
                asked.folder,
                widths=asked.widths,
                schemes=asked.schemes,
                language=asked.language,
            )
            print(f"{len(taken)} pictures; open {asked.folder / 'index.html'}")
        browser.close()
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--readme", action="store_true", help="only the pictures of the README")
    parser.add_argument("--widths", type=_widths, default=list(WIDTHS), help="320,390,1024")
    parser.add_argument("--schemes", type=_schemes, default=["light", "dark"], help="light,dark")
    parser.add_argument("--language", choices=STAFF_LANGUAGES, default="en", help="of the staff")
    return parser.parse_args(arguments)


def _widths(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _schemes(text: str) -> list[str]:
    return text.split(",")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
