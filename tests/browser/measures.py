"""What is measured of a page that is shown: its layout, what axe-core finds, what a first visit transfers."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser.screens import (
    NARROWEST,
    PHONE,
    TABLET,
    WIDTHS,
    kinds_of_menus,
    open_everything,
    open_menu,
    shape,
)

_LAYOUT = (Path(__file__).parent / "layout.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Beyond the tags: serious enough to be looked for though axe calls it experimental, or leaves it out.
ALSO = {"label-content-name-mismatch": {"enabled": True}, "target-size": {"enabled": True}}
# The page and all that it loads itself, compressed as it was sent.
_WEIGHT = """() => {
  const later = ["fetch", "xmlhttprequest", "iframe"];
  const files = performance.getEntriesByType("resource").filter((each) => !later.includes(each.initiatorType));
  const own = files.filter((each) => !each.name.includes("/papers/"));
  const all = [performance.getEntriesByType("navigation")[0], ...own];
  return {
    kb: all.reduce((sum, each) => sum + each.encodedBodySize, 0) / 1000,
    foreign: files.map((each) => each.name).filter((name) => !name.startsWith(location.origin)),
  };
}"""

# What kinds of elements the page has: the tag, the classes and the attributes, without their values.
_KIND = "`${each.tagName}.${each.getAttribute('class')} ${each.getAttributeNames()}`"
_KINDS_OF_ELEMENTS = f"""() =>
  [...new Set([...document.querySelectorAll("body *")].map((each) => {_KIND}))]"""
# All elements in their order, each by the place of its parent and its kind: what decides about colors.
_COLORED = f"""() => {{
  window.elementsInOrder = [...document.querySelectorAll("body *")];
  const places = new Map(window.elementsInOrder.map((each, place) => [each, place]));
  return window.elementsInOrder.map((each) => [places.get(each.parentElement) ?? -1,
    {_KIND} + each.getAttribute("type") + each.getAttribute("aria-selected")]);
}}"""
_MARK = "(places) => { for (const place of places) window.elementsInOrder[place].dataset.isNew = ''; }"
# Contrast takes most of axe's time, and is that of an element's kind and of the kinds it stands in.
_CONTRAST_OF_MARKED = {"rules": [{"id": "color-contrast", "selector": "[data-is-new]"}]}
# The first may be hidden, or have a style of its own.
_OF_ONE_PATH = 2
# A field that has one more attribute is no other kind of form. What was not judged counts again on the next page.
_FEW = 4


@dataclass
class Judged:
    """The kinds of elements that were seen on each shape of page, by whoever it was shown to.

    Where `is_sparing`, a page is judged that has more than a few kinds which were judged on no page of any shape.
    """

    is_sparing: bool = False
    kinds: dict[str, set[str]] = field(default_factory=dict)
    # On all shapes, of the pages that were judged.
    judged: set[str] = field(default_factory=set)
    # The paths of kinds, from the body down, on all shapes: of a longer path the number of its beginning, and the kind.
    paths: dict[tuple[int, str], int] = field(default_factory=dict)

    def is_due(self, page: Page) -> bool:
        """Return whether the page is to be judged."""
        if self.is_sparing:
            return len(_kinds_on(page) - self.judged) > _FEW
        return bool(_kinds_on(page) - self.kinds.get(shape(page.url), set()))

    def take_note(self, page: Page, *, is_judged: bool) -> None:
        """Remember the kinds of elements on the page."""
        kinds = _kinds_on(page)
        self.kinds.setdefault(shape(page.url), set()).update(kinds)
        if is_judged:
            self.judged |= kinds

    def mark_new(self, page: Page) -> None:
        """Mark for its contrast what stands where no element of its kind stood so far, and take note of it."""
        known, numbers = len(self.paths), list[int]()
        for parent, kind in page.evaluate(_COLORED):
            path = (numbers[parent] if parent >= 0 else -1, kind)
            numbers.append(self.paths.setdefault(path, len(self.paths)))
        left = Counter({number: _OF_ONE_PATH for number in numbers if number >= known})
        marked = []
        for place, number in enumerate(numbers):
            if left[number]:
                left[number] -= 1
                marked.append(place)
        page.evaluate(_MARK, marked)


@dataclass
class Findings:
    """What is wrong with the screens that were measured, by how it was looked for."""

    layout: list[str] = field(default_factory=list)
    axe: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    kb: dict[str, float] = field(default_factory=dict)
    judged: Judged = field(default_factory=Judged)

    def add(
        self, page: Page, screen: str, *, widths: tuple[int, ...] = WIDTHS, with_header: bool = False
    ) -> None:
        """Measure the page that is shown, at rest and with its menus and forms open.

        axe and larger letters look at what no page before has shown: they take the most time.
        """
        weight = page.evaluate(_WEIGHT)
        self.kb[screen] = weight["kb"]
        self.foreign += [f"{screen}: {each}" for each in weight["foreign"]]
        for width in widths:
            _set_width(page, width)
            targets = width in (NARROWEST, PHONE, TABLET)
            self.layout += layout_findings(page, f"{screen} {width}", targets=targets)
            open_everything(page)
            self.layout += layout_findings(page, f"{screen} {width}, all open", overlaps=False)
            open_menu(page, None)
        is_due = self.judged.is_due(page)
        self.judged.take_note(page, is_judged=is_due)
        if not is_due:
            return
        self.judged.mark_new(page)
        self.axe += [f"{screen} {each}" for each in axe_findings(page, with_header=with_header)]
        enlarge(page, 200)
        for width in (PHONE, 768, TABLET) if widths == WIDTHS else (PHONE,):
            _set_width(page, width)
            self.layout += layout_findings(page, f"{screen} {width}, letters twice as large")
        enlarge(page, 100)


def _kinds_on(page: Page) -> set[str]:
    return set(page.evaluate(_KINDS_OF_ELEMENTS))


def axe_findings(page: Page, *, with_header: bool = False) -> Iterator[str]:
    """Yield what axe finds with all open on a phone, and in each menu that floats on an iPad."""
    _set_width(page, PHONE)
    open_everything(page)
    yield from (f"{PHONE}, all open: {each}" for each in violations(page))
    _set_width(page, TABLET)
    for kind in kinds_of_menus(page, with_header=with_header):
        # A menu covers what it floats over, and that can't be tapped until it is closed: the menu itself is judged.
        if open_menu(page, kind):
            yield from (
                f"{TABLET}, {kind} open: {each}" for each in violations(page, "details[open] > .floating")
            )
    open_menu(page, None)


def violations(page: Page, part: str = "") -> list[str]:
    """Return what axe finds on the page, or in the part of it with this selector."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        if page.locator("[data-is-new]").count():
            page.evaluate("(rules) => axe.configure(rules)", _CONTRAST_OF_MARKED)
    options = {"runOnly": {"type": "tag", "values": RULES}, "rules": ALSO, "resultTypes": ["violations"]}
    found = page.evaluate("([part, options]) => axe.run(part || document, options)", [part, options])
    return [f"{each['id']}: {node['html'][:120]}" for each in found["violations"] for node in each["nodes"]]


def enlarge(page: Page, percent: int) -> None:
    """Make letters this large, as a person sets it on the device, and nothing else."""
    page.evaluate("(percent) => { document.documentElement.style.fontSize = `${percent}%`; }", percent)


def _set_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844 if width < 600 else 768})


def layout_findings(page: Page, where: str, *, targets: bool = False, overlaps: bool = True) -> list[str]:
    said = page.evaluate(_LAYOUT, {"targets": targets, "overlaps": overlaps})
    return [f"{where}: {each}" for each in said]
