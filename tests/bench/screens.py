"""How long screens take to show and to answer a tap, in Chromium at a quarter of this CPU, nothing cached."""

from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Locator, Page, sync_playwright

from tests.bench.figures import Aim, Figure
from tests.browser.clinic import open_clinic
from tests.browser.screens import OWNER, signed_in
from tests.chromium import launch

SLOWER = 4
# Aims, in milliseconds: largest contentful paint, and interaction to next paint.
LCP_MS, INP_MS = 700, 100
PAGES = (
    "/",
    "/clients",
    "/attention",
    "/sell",
    "/courses",
    "/overview",
    "/reports/liability",
    "/packages",
    "/square",
)

_WATCH = """() => {
  window.measured = { lcp: 0, inp: 0 };
  new PerformanceObserver((list) => { for (const each of list.getEntries()) measured.lcp = each.startTime; })
    .observe({ type: "largest-contentful-paint", buffered: true });
  new PerformanceObserver((list) => {
    const taps = list.getEntries().filter((each) => each.interactionId);
    measured.inp = Math.max(measured.inp, ...taps.map((each) => each.duration));
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
}"""


def type_in_search(page: Page, desk: str) -> None:
    page.goto(desk)
    page.evaluate(_WATCH)
    page.locator("#q").press_sequentially("grace", delay=80)


def open_a_menu(page: Page, desk: str) -> None:
    page.goto(f"{desk}/overview")
    page.evaluate(_WATCH)
    page.get_by_role("navigation").get_by_text("Reports", exact=True).first.click()


def use_and_undo(page: Page, desk: str) -> None:
    page.goto(f"{desk}/clients?q=Grace")
    page.locator("main .row").first.click()
    page.wait_for_url("**/clients/*")
    page.evaluate(_WATCH)
    _tap(page, page.locator("[data-shortcut=u]"))
    _tap(page, page.locator("#notices").get_by_role("button", name="Undo"))


def _tap(page: Page, button: Locator) -> None:
    """Tap where a button is. Before its own click Playwright asks what is there, as a listener of the page's."""
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


ACTS: tuple[Callable[[Page, str], None], ...] = (type_in_search, open_a_menu, use_and_undo)


def measure(folder: Path, rounds: int) -> Iterator[Figure]:
    """Yield each first visit and each act."""
    with open_clinic(folder) as clinic, sync_playwright() as playwright:
        browser = launch(playwright)
        with signed_in(browser, clinic, OWNER) as page:
            chromium = page.context.new_cdp_session(page)
            chromium.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
            chromium.send("Network.setCacheDisabled", {"cacheDisabled": True})
            for address in PAGES:
                paints = [_paint(page, clinic.desk + address) for _ in range(rounds)]
                yield Figure(f"{address} shown", "ms", paints, aim=Aim(LCP_MS, is_at_most=True, of="value"))
            for act in ACTS:
                answers = [_answer(page, clinic.desk, act) for _ in range(rounds)]
                name = act.__name__.replace("_", " ")
                yield Figure(name, "ms", answers, aim=Aim(INP_MS, is_at_most=True, of="value"))
        browser.close()


def _paint(page: Page, address: str) -> float:
    page.goto(address)
    page.evaluate(_WATCH)
    page.wait_for_timeout(500)
    lcp: float = page.evaluate("measured.lcp")
    return lcp


def _answer(page: Page, desk: str, act: Callable[[Page, str], None]) -> float:
    act(page, desk)
    page.wait_for_timeout(500)
    inp: float = page.evaluate("measured.inp")
    return inp
