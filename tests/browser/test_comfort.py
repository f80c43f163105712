"""What makes a screen comfortable: it says what is slow, prints without anything to tap, and suits either hand."""

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.browser.clinic import Clinic, DeskWindow
from tests.browser.screens import OWNER, signed_in

WHILE_LEAVING = """async () => {
  const link = document.querySelector("nav a[href$='/clients']");
  link.click();
  await new Promise((done) => { setTimeout(done, 800); });
  return [document.getElementById("working").textContent, link.getAttribute("aria-busy")];
}"""
# What is not shown on paper; links stay as words.
TAPPED = "button, .button, select, textarea, summary, nav, [type=search], [role=search]"


def test_a_page_that_is_long_in_coming_says_so(browser: Browser, clinic: Clinic) -> None:
    held = list[Route]()
    with signed_in(browser, clinic, OWNER) as page:
        page.route("**/clients", lambda route: held.append(route))
        said = page.evaluate(WHILE_LEAVING)
        assert said == ["Working…", "true"]
        held[0].continue_()
        expect(page.get_by_role("heading", name="Clients", level=1)).to_be_visible()
        expect(page.locator("#working")).to_be_empty()


@pytest.mark.parametrize(
    "address", ["/", "/courses", "/reports/liability", "/people", "/overview", "/documents"]
)
def test_a_list_prints_with_the_clinic_and_the_day_and_nothing_to_tap(desk: DeskWindow, address: str) -> None:
    page = desk.page
    page.goto(desk.clinic.desk + address)
    page.emulate_media(media="print")
    expect(page.locator(".print-head")).to_contain_text(
        "Juniper Facial Acupuncture · 1180 Ocean Park Boulevard"
    )
    shown = page.locator(TAPPED).filter(visible=True)
    assert shown.all_text_contents() == []
    page.emulate_media(media="screen")
    expect(page.locator(".print-head")).to_be_hidden()


def test_the_main_button_stands_at_the_hand_that_taps(desk: DeskWindow) -> None:
    page = desk.page
    desk.open_client("Grace Kim")
    page.set_viewport_size({"width": 1024, "height": 768})
    for hand, is_left in (("right", False), ("left", True)):
        page.context.add_cookies([{"name": "coursekeeper_hand", "value": hand, "url": desk.clinic.desk}])
        page.reload()
        use, card = (
            page.locator("[data-shortcut=u]").bounding_box(),
            page.locator(".client-card").bounding_box(),
        )
        assert use is not None
        assert card is not None
        assert (use["x"] < card["x"]) is is_left
    page.context.clear_cookies(name="coursekeeper_hand")
