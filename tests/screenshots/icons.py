"""Draw the icons of the home screen from templates/static/icon.svg: `python -m tests.screenshots.icons`."""

from pathlib import Path

from playwright.sync_api import sync_playwright

from plugin.web.pages import TEMPLATES
from tests.chromium import launch

STATIC = TEMPLATES / "static"
# Devices cut the corners of these to a shape of their own, so they have no round ones.
_ROUND = ' rx="8"'
# What a mask may cut away around it.
_SAFE = '<g transform="translate(16 16) scale(0.8) translate(-16 -16)">'


def main() -> None:
    """Write every icon."""
    svg = (STATIC / "icon.svg").read_text(encoding="utf-8")
    square = svg.replace(_ROUND, "")
    ground, rest = square.split("/>", 1)
    maskable = f"{ground}/>{_SAFE}{rest.replace('</svg>', '</g></svg>')}"
    drawn = {
        "icon-192": (svg, 192),
        "icon-512": (svg, 512),
        "maskable-512": (maskable, 512),
        "touch": (square, 180),
    }
    for name, (picture, size) in drawn.items():
        _draw(picture, size, STATIC / "icons" / f"{name}.png")


def _draw(svg: str, size: int, path: Path) -> None:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": size, "height": size})
        page.set_content(f"<style>body{{margin:0}} svg{{display:block;width:{size}px}}</style>{svg}")
        page.screenshot(path=path, omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
