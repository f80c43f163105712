"""Every screen of every role, found by following links: it fits each width, axe finds nothing, and it is light.

A screen is loaded once and measured in all ways; what is found is kept for the tests. Each of the owner's has the
narrowest width and, where it shows more than a few kinds of elements that no screen before had, that of a tablet,
axe and larger letters; her busiest have every width. With EVERY_WIDTH set (`make test-screens`, `make test-all`) all
screens of all roles have, and axe looks at each shape of page.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.clinic import Clinic
from tests.browser.measures import Findings, Judged, layout_findings
from tests.browser.screens import (
    EVERY_WIDTH,
    MEASURED,
    NARROWEST,
    OWNER,
    PHONE,
    STAFF,
    TABLET,
    WIDTHS,
    signed_in,
    speak,
    walk,
)
from tests.chromium import WINDOW

BUSIEST = {
    "/",
    "/clients/*",
    "/sell",
    "/overview",
    "/packages/*",
    "/clinic/papers",
    "/clinic/settings/clinic",
}
MOST_KB_STAFF = 80
MOST_KB_CLIENT = 40


@pytest.fixture(scope="module")
def judged() -> Judged:
    return Judged(is_sparing=not EVERY_WIDTH)


@pytest.fixture(scope="module", params=STAFF)
def findings(request: pytest.FixtureRequest, browser: Browser, clinic: Clinic, judged: Judged) -> Findings:
    found = Findings(judged=judged)
    with signed_in(browser, clinic, request.param) as page:
        for screen in walk(page, clinic.desk):
            widths = _widths(page, screen, judged)
            found.add(page, screen, widths=widths, with_header=screen == "/")
    assert request.param != OWNER or found.kb.keys() >= BUSIEST
    return found


def _widths(page: Page, screen: str, judged: Judged) -> tuple[int, ...]:
    if EVERY_WIDTH or screen in BUSIEST:
        return WIDTHS
    return MEASURED if judged.is_due(page) else (NARROWEST,)


def test_nothing_sticks_out_overlaps_or_is_cut(findings: Findings) -> None:
    assert findings.layout == []


def test_axe_finds_nothing_at_rest_and_with_menus_and_forms_open(findings: Findings) -> None:
    assert findings.axe == []


def test_a_first_visit_is_light_and_asks_nobody_else(findings: Findings) -> None:
    assert findings.foreign == []
    assert {screen: kb for screen, kb in findings.kb.items() if kb > MOST_KB_STAFF} == {}


def test_pages_of_clients_fit_and_are_lighter_still(browser: Browser, clinic: Clinic) -> None:
    found = Findings()
    with signed_in(browser, clinic, OWNER) as page:
        page.goto(f"{clinic.desk}/clients?q=Maribel")
        page.locator("main .row").first.click()
        private = page.get_by_role("link", name="Client page").get_attribute("href") or ""
        page.goto(clinic.desk + private)
        private = page.url
    context = browser.new_context(**WINDOW)
    page = context.new_page()
    for address in (private, f"{clinic.desk}/my/nobody", f"{clinic.desk}/sign-in", f"{clinic.desk}/reset"):
        page.goto(address)
        found.add(page, address.removeprefix(clinic.desk), widths=WIDTHS if address == private else MEASURED)
    context.close()
    assert (found.layout, found.axe, found.foreign) == ([], [], [])
    assert found.kb[private.removeprefix(clinic.desk)] <= MOST_KB_CLIENT


def test_a_page_with_more_than_a_few_new_kinds_of_elements_is_judged(page: Page) -> None:
    judged = Judged(is_sparing=True)
    page.set_content("<main><p>One</p><p class=muted>Two</p><a href=/>Three</a><ul><li>Four</ul></main>")
    assert judged.is_due(page)
    judged.take_note(page, is_judged=True)
    assert not judged.is_due(page)
    for tag, is_due in (("b", False), ("i", False), ("u", False), ("s", False), ("q", True)):
        page.evaluate("(tag) => document.body.append(document.createElement(tag))", tag)
        assert judged.is_due(page) == is_due
        # What was only seen is judged with what comes.
        judged.take_note(page, is_judged=False)


@pytest.fixture
def owner_in_spanish(browser: Browser, clinic: Clinic) -> Iterator[Page]:
    """The owner's window while her language is Spanish: words are longer by a third."""
    with signed_in(browser, clinic, OWNER) as page:
        speak(page, clinic.desk, "es")
        try:
            yield page
        finally:
            speak(page, clinic.desk, "en")


def test_every_screen_of_the_owner_fits_in_spanish(owner_in_spanish: Page, clinic: Clinic) -> None:
    found: list[str] = []
    for screen in walk(owner_in_spanish, clinic.desk):
        for width in (320, PHONE, 768, TABLET):
            owner_in_spanish.set_viewport_size({"width": width, "height": 800})
            found += layout_findings(owner_in_spanish, f"{screen} {width}", targets=width in (PHONE, TABLET))
    assert found == []
