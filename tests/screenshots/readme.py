"""Pictures of the demo and of a paper, for the README."""

import subprocess
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.clinic import Clinic, DeskWindow
from tests.chromium import WINDOW
from tests.papers.real import pdf

SCHEMES: tuple[Any, ...] = ("light", "dark")
CLIENT = "Maribel Okonkwo-Reyes"
PAPER = "summary"
PAPER_WIDTH = 760


def take_for_readme(browser: Browser, clinic: Clinic, folder: Path) -> None:
    """Take the pictures of the README into the folder."""
    for scheme in SCHEMES:
        _take_desk(browser, clinic, folder, scheme)
    _draw_paper(folder / PAPER)


def _take_desk(browser: Browser, clinic: Clinic, folder: Path, scheme: Any) -> None:
    context = browser.new_context(**{**WINDOW, "color_scheme": scheme})
    page = context.new_page()
    desk = DeskWindow(page, clinic)
    desk.open_client(CLIENT)
    _save(page, folder / f"client-{scheme}.png")
    context.close()


def _save(page: Page, file: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file, animations="disabled")
    print(file)


def _draw_paper(file: Path) -> None:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as drawn:
        drawn.write(pdf(PAPER, "letter"))
        drawn.flush()
        picture = ["pdftoppm", "-png", "-singlefile", "-scale-to-x", str(PAPER_WIDTH), "-scale-to-y", "-1"]
        subprocess.run([*picture, drawn.name, str(file)], check=True)
    print(file.with_suffix(".png"))
