"""axe-core finds nothing on the pages of any role, at rest and with each of their menus open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import Clinic, DeskWindow
from tests.chromium import WINDOW

SIZES = ((390, 844), (1024, 768))
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Beyond the tags: serious enough to be looked for though axe calls it experimental, or leaves it out.
ALSO = {"label-content-name-mismatch": {"enabled": True}, "target-size": {"enabled": True}}
# What another role sees otherwise than the owner.
OF_PRACTITIONER = ("/",)
OF_DESK = ("/", "/documents", "/account", "/account/ways", "/account/authenticator")
OF_OWNER = (
    "/",
    "/clients",
    "/attention",
    "/sell",
    "/people",
    "/gifts",
    "/papers/batches",
    "/overview",
    "/reports/liability",
    "/reports/usage",
    "/reports/pay",
    "/reports/month",
    "/packages",
    "/import",
    "/square",
    "/clinic/settings/square",
    "/clinic/papers",
    "/clinic/papers/texts",
    "/clinic/health",
    "/clinic/hours",
    "/first-steps/clinic",
    "/first-steps/mail",
    "/first-steps/staff",
    "/clinic/staff",
)
WHO = {
    "june@example.org": OF_OWNER,
    "desk@example.org": OF_DESK,
    "kim@example.org": OF_PRACTITIONER,
}


def violations(page: Page, part: str = "") -> list[str]:
    """Return what axe finds on the page, or in the part of it with this selector."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    options = {"runOnly": {"type": "tag", "values": RULES}, "rules": ALSO, "resultTypes": ["violations"]}
    run = "([part, options]) => axe.run(part || document, options)"
    found = page.evaluate(run, [part, options])["violations"]
    return [f"{each['id']}: {node['html'][:120]}" for each in found for node in each["nodes"]]


def judged(page: Page, where: str) -> list[str]:
    """Judge the page at rest, then with one menu or form after the other open."""
    found = []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{where} {width}: {each}" for each in violations(page)]
        for opened in page.evaluate(KINDS):
            part = page.evaluate(OPEN, opened)
            found += [f"{where} {width}, {opened} open: {each}" for each in violations(page, part)]
        page.evaluate(OPEN, "")
    return found


# Eight forms to undo a session are one kind of form.
KINDS = """() => [...new Set([...document.querySelectorAll("details")].map((each) => each.className))]"""
# A menu covers what it floats over, and that can't be tapped until it is closed: the menu itself is judged.
OPEN = """(kind) => {
  const all = [...document.querySelectorAll("details")];
  const wanted = kind && all.find((each) => each.className === kind);
  all.forEach((each) => { each.open = Boolean(wanted) && each.contains(wanted); });
  return wanted && wanted.querySelector(":scope > .floating") ? "details[open] > .floating" : "";
}"""


@contextmanager
def page_of(browser: Browser, clinic: Clinic, email: str) -> Iterator[Page]:
    """Open a window in which this person is signed in."""
    context = browser.new_context(**WINDOW)
    page = context.new_page()
    page.goto(clinic.desk)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(clinic.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    yield page
    context.close()


@pytest.mark.parametrize("email", WHO)
def test_axe_finds_nothing_on_the_pages_of_a_role(browser: Browser, clinic: Clinic, email: str) -> None:
    found = []
    with page_of(browser, clinic, email) as page:
        for address in WHO[email]:
            page.goto(clinic.desk + address)
            found += judged(page, address)
        page.goto(f"{clinic.desk}/clients?q=Denise")
        page.locator("#found .row").first.click()
        expect(page.locator(".client-head")).to_be_visible()
        found += judged(page, "client")
    assert found == []


def test_axe_finds_nothing_where_courses_have_equal_names(desk: DeskWindow) -> None:
    desk.new_client("Equal Names", courses=2)
    page = desk.page
    expect(page.get_by_role("heading", name="Other courses")).to_be_visible()
    found = judged(page, "equal names")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Client page").click()
    found += judged(opened.value, "their own page")
    assert found == []


def test_axe_finds_nothing_in_messages_dialogs_and_matches(desk: DeskWindow) -> None:
    page, found = desk.page, []
    desk.open_client("Grace Kim")
    page.locator("[data-shortcut=u]").click()
    expect(page.locator("#notices").get_by_role("button", name="Undo")).to_be_visible()
    found += [f"notice: {each}" for each in violations(page)]
    page.locator("#notices").get_by_role("button", name="Undo").click()
    page.get_by_label("Find a client").fill("a")
    expect(page.locator("#found .row").first).to_be_visible()
    page.wait_for_timeout(400)
    found += [f"matches: {each}" for each in violations(page)]
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_timeout(400)
    found += [f"keys: {each}" for each in violations(page)]
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Sell a package").click()
    page.get_by_role("link", name=re.compile("course of 10")).click()
    found += judged(page, "how it is paid")
    page.get_by_role("button", name=re.compile("^Cash, ")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_timeout(400)
    found += [f"review: {each}" for each in violations(page)]
    assert found == []


def test_axe_finds_nothing_before_the_sign_in(browser: Browser, clinic: Clinic) -> None:
    context = browser.new_context(**WINDOW)
    page = context.new_page()
    page.goto(clinic.desk)
    found = judged(page, "sign-in")
    page.goto(f"{clinic.desk}/reset")
    found += judged(page, "forgotten password")
    page.goto(f"{clinic.desk}/reset/none")
    found += judged(page, "link that ended")
    page.goto(f"{clinic.desk}/my/nobody")
    found += judged(page, "unknown address")
    context.close()
    assert found == []
