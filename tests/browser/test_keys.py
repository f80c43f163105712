"""The desk by keyboard: a key leads to a button and never spends a session; what was just done is undone nearby.

Row B6 of the faults found by use.
"""

from playwright.sync_api import Page, expect

from tests.browser.clinic import DeskWindow

# Longer than letters of one name are apart: what is shown by then is what stays.
LATER_MS = 700


def figure(page: Page) -> int:
    return int(page.locator(".client-card .figure strong").inner_text())


def nothing_focused(page: Page) -> None:
    page.evaluate("document.activeElement.blur()")


def posts_of(page: Page) -> list[str]:
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    return sent


def test_b6_a_name_typed_on_a_clients_page_goes_to_the_search_and_spends_nothing(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    for name in ("sue", "ursula", "zoe", "u"):
        before, sent = figure(page), posts_of(page)
        nothing_focused(page)
        page.keyboard.type(name)
        page.wait_for_timeout(LATER_MS)
        assert sent == []
        if len(name) > 1:
            expect(page.get_by_label("Find anything").get_by_role("combobox")).to_have_value(name)
        # "load": the keys listen only once the modules of the page have run.
        page.reload(wait_until="load")
        assert figure(page) == before


def test_b6_the_shortcut_leads_to_the_button_and_the_second_key_uses(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    before = figure(page)
    nothing_focused(page)
    page.keyboard.press("u")
    expect(page.get_by_role("button", name="Use a session")).to_be_focused()
    expect(page.locator("#notices")).to_contain_text("Press Enter to use a session.")
    assert figure(page) == before
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Use a session")).not_to_be_focused()
    page.keyboard.press("Enter")
    assert figure(page) == before
    page.wait_for_timeout(LATER_MS)
    page.keyboard.press("u")
    page.keyboard.press("Enter")
    desk.expect_figure(f"{before - 1} of 10 left")


def test_b6_z_undoes_while_the_message_offers_it_and_not_after(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    before = figure(page)
    page.locator(".client-side .use button").first.click()
    desk.expect_figure(f"{before - 1} of 10 left")
    page.keyboard.press("z")
    expect(page.locator("#notices")).to_contain_text("restored")
    desk.expect_figure(f"{before} of 10 left")
    expect(page.locator("section.history .line").first).to_contain_text("restored")
    sent = posts_of(page)
    page.keyboard.press("z")
    page.wait_for_timeout(LATER_MS)
    assert sent == []


def test_z_undoes_the_check_in_of_an_arrival_too(desk: DeskWindow) -> None:
    page = desk.page
    arrival = page.locator(".arrival", has_text="Maribel Okonkwo-Reyes")
    # Booked, or arrived: at the door she may have checked in by herself.
    before = arrival.locator(".arrival-state").inner_text()
    arrival.get_by_role("button", name="Use a session").click()
    expect(arrival).to_contain_text("Checked in")
    page.keyboard.press("z")
    expect(page.locator("#notices")).to_contain_text("Undone. The visit is expected again.")
    expect(arrival.locator(".arrival-state")).to_have_text(before)


def test_b6_undo_is_the_next_stop_of_the_keyboard_after_a_use(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    before = figure(page)
    page.locator(".client-side .use button").first.focus()
    page.keyboard.press("Enter")
    desk.expect_figure(f"{before - 1} of 10 left")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#notices").get_by_role("button", name="Undo")).to_be_focused()
    page.keyboard.press("Enter")
    desk.expect_figure(f"{before} of 10 left")


def test_b6_a_key_held_down_is_one_tap(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    before, sent = figure(page), posts_of(page)
    page.locator(".client-side .use button").first.focus()
    for _ in range(5):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    desk.expect_figure(f"{before - 1} of 10 left")
    assert len(sent) == 1


def test_the_keys_are_listed_and_can_be_switched_off(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    nothing_focused(page)
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_contain_text("Find anything")
    sheet.get_by_label("Use single keys as shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    page.keyboard.press("/")
    page.keyboard.press("u")
    page.wait_for_timeout(LATER_MS)
    palette = page.get_by_role("dialog", name="Find anything")
    expect(palette).to_have_count(0)
    expect(page.get_by_role("button", name="Use a session")).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(palette.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    page.get_by_text("June Park, Owner").locator("xpath=ancestor::summary").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    sheet.get_by_label("Use single keys as shortcuts").check()
    sheet.get_by_role("button", name="Close").click()
    nothing_focused(page)
    page.keyboard.press("/")
    expect(palette.get_by_role("combobox")).to_be_focused()
