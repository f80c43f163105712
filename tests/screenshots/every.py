"""Pictures of every screen in every width and scheme, menus and forms open, and one page to look at them all."""

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.clinic import Clinic
from tests.browser.screens import OWNER, STAFF, kinds_of_menus, open_menu, signed_in, speak, walk
from tests.screenshots.states import states

_SHEET = """<!doctype html><meta charset="utf-8"><title>Every screen</title>
<style>
body { margin: 24px; font: 14px system-ui; background: #888; }
h2 { margin: 32px 0 8px; }
.row { display: flex; flex-wrap: wrap; gap: 12px; align-items: start; }
figure { margin: 0; } figcaption { font-size: 12px; }
img { display: block; max-width: 320px; max-height: 640px; object-fit: cover; object-position: top; background: #fff; }
</style>
"""


def take_all(
    browser: Browser, clinic: Clinic, folder: Path, *, widths: list[int], schemes: list[str], language: str
) -> list[Path]:
    """Take every picture into the folder, with `index.html` as their contact sheet; return the pictures."""
    taken: list[Path] = []
    for email in STAFF:
        for scheme in schemes:
            with signed_in(browser, clinic, email, color_scheme=scheme) as page:
                speak(page, clinic.desk, language)
                for screen in walk(page, clinic.desk):
                    stem = f"{email.split('@')[0]}-{_slug(screen)}"
                    menus = kinds_of_menus(page, with_header=email == OWNER and screen == "/")
                    taken += _of_screen(page, folder / stem, scheme, widths, menus)
    # What leads to them is named in English.
    for scheme in schemes if language == "en" else ():
        for name, page in states(browser, clinic, scheme):
            taken += _of_screen(page, folder / f"state-{_slug(name)}", scheme, widths)
    (folder / "index.html").write_text(_SHEET + _figures(taken), encoding="utf-8")
    return taken


def _of_screen(
    page: Page, stem: Path, scheme: Any, widths: list[int], menus: Sequence[str] = ()
) -> list[Path]:
    taken = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 844 if width < 600 else 768})
        for opened in [None, *menus]:
            if menus:
                open_menu(page, opened)
            # One without a class has a picture of its own, too.
            what = "" if opened is None else f"--{_slug(opened or 'details')}"
            file = stem.with_name(f"{stem.name}{what}-{width}-{scheme}.png")
            page.screenshot(path=file, animations="disabled", full_page=True)
            taken.append(file)
        if menus:
            open_menu(page, None)
    return taken


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.replace("*", "one").lower()).strip("-") or "today"


def _figures(files: list[Path]) -> str:
    def heading(file: Path) -> str:
        return file.stem.rsplit("-", 2)[0].split("--")[0]

    groups = groupby(sorted(files), key=heading)
    return "".join(
        f"<h2>{escape(name)}</h2><div class=row>"
        + "".join(
            f'<figure><a href="{each.name}"><img loading="lazy" src="{each.name}" alt=""></a>'
            f"<figcaption>{escape(each.stem.removeprefix(name).strip('-'))}</figcaption></figure>"
            for each in group
        )
        + "</div>\n"
        for name, group in groups
    )
