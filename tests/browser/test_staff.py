"""A new colleague: invited by a link, in with a password of their own, and out at once when they leave."""

from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import DeskWindow
from tests.browser.test_accessibility import judged
from tests.chromium import WINDOW

PASSWORD = "three calm otters"


def invite(desk: DeskWindow) -> str:
    """Invite Lin Wu and return the link that is shown."""
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clinic/staff")
    page.get_by_role("link", name="Invite a person").click()
    expect(page.get_by_role("heading", name="Invite a person")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Lin Wu")
    page.get_by_label("E-mail").fill("wu@example.org")
    page.get_by_label("Role").select_option("practitioner")
    page.get_by_role("button", name="Invite").click()
    expect(page.get_by_role("heading", name="Link for Lin Wu")).to_be_visible()
    return page.locator("#link-url").input_value()


def choose_password(page: Page, link: str) -> None:
    page.goto(link)
    expect(page.get_by_label("You sign in with")).to_have_value("wu@example.org")
    for field in ("New password", "Type it again"):
        page.get_by_label(field).fill(PASSWORD)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_text("Your password is saved. Sign in with it.")).to_be_visible()


def test_a_colleague_comes_by_a_link_and_leaves_at_the_next_tap(desk: DeskWindow, browser: Browser) -> None:
    link = invite(desk)
    context = browser.new_context(**WINDOW)
    hers = context.new_page()
    choose_password(hers, link)
    hers.get_by_label("E-mail").fill("wu@example.org")
    hers.get_by_label("Password").fill(PASSWORD)
    hers.get_by_role("button", name="Sign in").click()
    expect(hers.get_by_role("heading", name="Today", level=1)).to_be_visible()
    hers.goto(link)
    expect(hers.get_by_role("heading", name="This link no longer works")).to_be_visible()
    hers.goto(f"{desk.clinic.desk}/account")
    expect(hers.locator(".chip", has_text="This device")).to_be_visible()

    page = desk.page
    page.get_by_role("link", name="Done").click()
    expect(page.locator("bdi", has_text="Chrome on")).to_be_visible()
    found = judged(page, "person")
    page.locator("details.ending summary", has_text="Deactivate").click()
    page.get_by_role("button", name="Deactivate Lin Wu").click()
    expect(page.get_by_text("Lin Wu is deactivated and signed out everywhere.")).to_be_visible()

    # Her next tap leads to the door, and the page that is open finds it by itself.
    assert context.request.get(f"{desk.clinic.desk}/clients").url.startswith(f"{desk.clinic.desk}/sign-in")
    expect(hers.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    context.close()
    assert found == []
