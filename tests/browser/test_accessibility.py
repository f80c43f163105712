"""axe-core finds nothing where a screen is reached by doing something. The rest is walked in test_screens.py."""

import re

from playwright.sync_api import Page, expect

from tests.browser.clinic import DeskWindow
from tests.browser.measures import axe_findings, violations


def judged(page: Page, where: str) -> list[str]:
    return [f"{where} {each}" for each in axe_findings(page)]


def test_axe_finds_nothing_where_courses_have_equal_names(desk: DeskWindow) -> None:
    desk.new_client("Equal Names", courses=2)
    page = desk.page
    expect(page.get_by_role("heading", name="Other courses")).to_be_visible()
    found = judged(page, "equal names")
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Client page").click()
    # Before its stylesheet is there, a new tab has links of a line's height.
    opened.value.wait_for_load_state()
    found += judged(opened.value, "their own page")
    assert found == []


def test_axe_finds_nothing_in_messages_dialogs_and_matches(desk: DeskWindow) -> None:
    page, found = desk.page, []
    desk.open_client("Grace Kim")
    page.locator("[data-shortcut=u]").click()
    expect(page.locator("#notices").get_by_role("button", name="Undo")).to_be_visible()
    found += [f"notice: {each}" for each in violations(page)]
    page.locator("#notices").get_by_role("button", name="Undo").click()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find anything").fill("re")
    expect(page.get_by_role("option", name="Refund")).to_be_visible()
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
