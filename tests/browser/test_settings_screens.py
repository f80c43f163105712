"""Changing a setting in a real browser: what is wrong is said beside it, and what is saved is in use at once."""

from playwright.sync_api import expect

from tests.browser.clinic import DeskWindow


def test_a_setting_is_found_in_the_menu_corrected_and_saved(desk: DeskWindow) -> None:
    page = desk.page
    page.get_by_role("navigation").get_by_text("Settings", exact=True).click()
    page.get_by_role("link", name="All settings").click()
    page.get_by_role("link", name="Retention").click()
    days = page.locator("#retention_days")
    days.fill("7")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_have_text("Days of finished work should be greater than 30.")
    expect(days).to_have_value("7")
    days.fill("45")
    # A second tap within a second would be taken for a double one.
    page.wait_for_timeout(1200)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved. It is in use now.")).to_be_visible()
    page.get_by_role("link", name="Settings", exact=True).last.click()
    expect(page.get_by_role("link", name="Retention 45 days")).to_be_visible()
