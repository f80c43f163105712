"""Writing a text in a real browser: the sheet beside it follows what is typed, and can be looked at only."""

from playwright.sync_api import expect

from tests.browser.clinic import DeskWindow


def test_the_sheet_follows_what_is_typed(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clinic/papers/texts")
    page.get_by_role("link", name="English").first.click()
    sheet = page.frame_locator("iframe")
    writing = page.get_by_label("Text of the sheet")
    expect(sheet.get_by_text("Drowsy or light-headed?")).to_be_visible()

    text = writing.input_value()
    writing.fill(text.replace("Drowsy or light-headed?", "<b>Hands off.</b> You will see results."))
    expect(sheet.get_by_text("<b>Hands off.</b> You will see results.")).to_be_visible()
    expect(page.get_by_text("reads like a promise of a result")).to_be_visible()

    # What can be no sheet leaves the last one standing, with the reason over it.
    writing.fill("# Only a title")
    expect(page.get_by_text("says when to call")).to_be_visible()
    expect(sheet.get_by_text("You will see results")).to_be_visible()

    writing.fill(text)
    expect(page.get_by_text("says when to call")).to_have_count(0)
    expect(sheet.get_by_text("Drowsy or light-headed?")).to_be_visible()
    page.get_by_label("I have reviewed this text").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Version 1 is saved")).to_be_visible()
    expect(sheet.get_by_text("General guidance")).to_have_count(0)


def test_a_sheet_that_is_still_loaded_is_not_said_to_be_too_long(desk: DeskWindow) -> None:
    page = desk.page
    page.route("**/preview*", lambda _route: None)
    page.goto(f"{desk.clinic.desk}/clinic/papers", wait_until="commit")
    page.wait_for_function("() => document.readyState !== 'loading'")
    page.wait_for_timeout(500)
    expect(page.get_by_text("may run over one page")).to_be_hidden()
