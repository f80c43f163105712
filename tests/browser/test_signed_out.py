"""A sign-in that ends costs nothing that was typed: it is made again over the page.

Row C1 of the faults found by use.
"""

from playwright.sync_api import Page, expect

from practice_square.demo.clinic import OWNER_EMAIL
from tests.browser.clinic import DeskWindow

DESK_EMAIL = "desk@example.org"


def half_filled(desk: DeskWindow, name: str) -> Page:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clients#new")
    page.locator("#new").get_by_label("Name").fill(name)
    page.locator("#new").get_by_label("E-mail").fill("half@example.org")
    return page


def sign_out_elsewhere(desk: DeskWindow) -> None:
    other = desk.page.context.new_page()
    other.goto(desk.clinic.desk)
    other.locator("details.person > summary").click()
    other.get_by_role("button", name="Sign out").click()
    expect(other.get_by_role("heading", name="Sign in")).to_be_visible()
    other.close()


def sign_in_over(desk: DeskWindow, email: str = OWNER_EMAIL, password: str = "") -> None:
    dialog = desk.page.get_by_role("dialog", name="Sign in to continue")
    dialog.get_by_label("E-mail").fill(email)
    dialog.get_by_label("Password").fill(password or desk.clinic.password)
    dialog.get_by_role("button", name="Sign in").click()


def test_c1_a_sign_out_in_another_tab_keeps_what_is_typed(desk: DeskWindow) -> None:
    page = half_filled(desk, "Kept Typed")
    sign_out_elsewhere(desk)
    dialog = page.get_by_role("dialog", name="Sign in to continue")
    expect(dialog).to_contain_text("What you entered on this page is kept.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_visible()
    sign_in_over(desk, password="not-the-password")
    expect(dialog.get_by_role("alert")).to_contain_text("Wrong e-mail or password")
    sign_in_over(desk)
    expect(dialog).to_have_count(0)
    expect(page.locator("#new").get_by_label("Name")).to_have_value("Kept Typed")
    expect(page.locator("#new").get_by_label("E-mail")).to_have_value("half@example.org")
    page.get_by_role("button", name="Create client").click()
    expect(page.get_by_role("heading", name="Kept Typed", level=1)).to_be_visible()


def test_c1_a_form_sent_after_the_sign_in_has_ended_goes_on_by_itself_and_once(desk: DeskWindow) -> None:
    page = half_filled(desk, "Sent Too Late")
    page.context.clear_cookies()
    page.get_by_role("button", name="Create client").click()
    sign_in_over(desk)
    expect(page.get_by_role("heading", name="Sent Too Late", level=1)).to_be_visible()
    page.goto(f"{desk.clinic.desk}/clients?q=Sent Too Late")
    expect(page.locator("#found .row")).to_have_count(1)


def test_c1_a_session_used_after_the_sign_in_has_ended_is_used_once(desk: DeskWindow) -> None:
    desk.open_client("Denise Whitfield")
    page = desk.page
    before = int(page.locator(".client-card .figure strong").inner_text())
    page.context.clear_cookies()
    page.locator(".client-side .use button").first.click()
    sign_in_over(desk)
    desk.expect_figure(f"{before - 1} of 12 left")
    page.reload()
    desk.expect_figure(f"{before - 1} of 12 left")


def test_c1_a_new_sign_in_in_another_tab_is_taken_over(desk: DeskWindow) -> None:
    page = half_filled(desk, "Other Token")
    page.route("**/live*", lambda route: route.abort())
    page.route("**/attention/count*", lambda route: route.abort())
    sign_out_elsewhere(desk)
    other = page.context.new_page()
    other.goto(desk.clinic.desk)
    other.get_by_label("E-mail").fill(OWNER_EMAIL)
    other.get_by_label("Password").fill(desk.clinic.password)
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("heading", name="Today", level=1)).to_be_visible()
    other.close()
    page.get_by_role("button", name="Create client").click()
    expect(page.get_by_role("heading", name="Other Token", level=1)).to_be_visible()


def test_c1_somebody_else_who_signs_in_is_asked_before_it_is_sent_in_their_name(desk: DeskWindow) -> None:
    page = half_filled(desk, "In Whose Name")
    page.context.clear_cookies()
    page.get_by_role("button", name="Create client").click()
    sign_in_over(desk, DESK_EMAIL)
    expect(page.locator("#notices")).to_contain_text("You are signed in as Front desk")
    expect(page.locator("details.person > summary")).to_contain_text("Front desk")
    expect(page.locator("#new").get_by_label("Name")).to_have_value("In Whose Name")
    page.get_by_role("button", name="Create client").click()
    expect(page.get_by_role("heading", name="In Whose Name", level=1)).to_be_visible()


def test_where_nothing_is_typed_the_page_leads_to_the_sign_in(desk: DeskWindow) -> None:
    desk.page.goto(f"{desk.clinic.desk}/clients")
    sign_out_elsewhere(desk)
    expect(desk.page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    expect(desk.page.get_by_role("dialog")).to_have_count(0)
