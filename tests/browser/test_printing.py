"""One tap prints a paper where the browser can, opens it where it can't; papers for many show how far they are."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.clinic import Clinic, DeskWindow
from tests.chromium import WINDOW, browser_with_pdf

# Headless, there is no print dialog to look at: what would open it tells which document it was asked to print.
LISTENING = "window.print = () => { top.printed = [...(top.printed || []), location.pathname]; }"


@pytest.fixture(scope="module")
def _tablet(browser: Browser) -> Iterator[BrowserContext]:
    with browser_with_pdf(browser) as whole:
        yield whole.new_context(**WINDOW)


# Holds the answer back, so that a test can look meanwhile.
WAITING = """() => { const ask = window.fetch;
  window.fetch = (...words) => new Promise((answer) => { window.go = () => answer(ask(...words)); }); }"""


def test_one_tap_prints_the_paper_once(desk: DeskWindow) -> None:
    page = desk.page
    page.add_init_script(LISTENING)
    desk.open_client("Grace Kim")
    link = page.locator(".client-side .papers a").first
    address = link.get_attribute("href")
    page.evaluate(WAITING)
    before = link.bounding_box()
    link.focus()
    page.keyboard.press("Enter")
    expect(link).to_have_attribute("aria-busy", "true")
    expect(page.locator("#paper-status")).to_have_text("Making the paper…")
    assert link.bounding_box() == before
    link.dispatch_event("click")
    page.evaluate("window.go()")
    expect(link).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#paper-status")).to_be_empty()
    expect(link).to_be_focused()
    assert page.evaluate("window.printed") == [address]
    assert page.context.pages == [page]


def test_a_paper_that_does_not_come_says_why_and_the_link_stays(desk: DeskWindow) -> None:
    page = desk.page
    page.add_init_script(LISTENING)
    desk.open_client("Grace Kim")
    link = page.locator(".client-side .papers a").first
    link.evaluate("(node) => { node.href = '/courses/none/summary.pdf'; }")
    link.click()
    expect(page.locator("#notices")).to_contain_text("There is no such course.")
    link.evaluate("(node) => { node.href = '/attention/none.pdf'; }")
    page.route("**/none.pdf", lambda route: route.abort())
    link.click()
    expect(page.locator("#notices")).to_contain_text("The paper did not come. Tap again; nothing is lost.")
    expect(link).to_have_text(re.compile("Course summary"))
    assert page.evaluate("window.printed") is None


def test_where_a_frame_can_not_be_printed_the_paper_opens(desk: DeskWindow) -> None:
    desk.page.add_init_script("Object.defineProperty(navigator, 'vendor', { value: 'Apple Computer, Inc.' })")
    desk.open_client("Grace Kim")
    link = desk.page.locator(".client-side .papers a").first
    address = str(link.get_attribute("href"))
    with desk.page.context.expect_page() as opened:
        link.click()
    expect(opened.value).to_have_url(desk.clinic.desk + address)


def test_without_scripts_the_link_opens_the_paper_and_papers_are_chosen(
    desk: DeskWindow, clinic: Clinic
) -> None:
    desk.open_client("Grace Kim")
    whole = desk.page.context.browser
    assert whole is not None
    context = whole.new_context(java_script_enabled=False)
    context.add_cookies(clinic.cookies)
    page = context.new_page()
    page.goto(desk.page.url)
    with context.expect_page() as opened:
        page.locator(".client-side .papers a").first.click()
    expect(opened.value).to_have_url(re.compile(r"/summary\.pdf$"))
    page.goto(clinic.desk + "/papers/batches?q=grace")
    page.get_by_label("Everyone on this list").check()
    page.get_by_label("Find clients").fill("denise")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_label(re.compile("Grace Kim"))).to_be_checked()
    context.close()


def test_papers_for_many_come_while_one_looks(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(desk.clinic.desk + "/clients")
    page.get_by_role("link", name="Print for multiple clients").click()
    everyone = page.get_by_label("Everyone on this list")
    everyone.check()
    boxes = page.locator("input[name=client]")
    expect(page.locator("input[name=client]:checked")).to_have_count(boxes.count())
    boxes.first.uncheck()
    expect(everyone).not_to_be_checked()
    boxes.first.check()
    page.get_by_label("Find clients").fill("Grace Kim")
    expect(page.get_by_text("Chosen before")).to_be_visible()
    page.get_by_role("button", name="Make these papers").click()
    expect(page.get_by_role("heading", name=re.compile("papers are ready"))).to_be_visible(timeout=60_000)
    expect(page.get_by_role("link", name="Open the PDF")).to_have_attribute("target", "_blank")
