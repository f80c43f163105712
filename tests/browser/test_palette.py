"""Find anything by keyboard, and a paper's code by the camera."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import Clinic, DeskWindow
from tests.chromium import camera_showing, watched_page


def palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Find anything")).to_be_visible()


def type_at_once(page: Page, text: str) -> None:
    """Type quicker than any answer comes, then Enter."""
    page.keyboard.insert_text(text)
    page.keyboard.press("Enter")


def test_enter_takes_the_first_match_of_what_was_typed_never_of_an_older_list(desk: DeskWindow) -> None:
    page = desk.page
    for typed, meant in (
        ("grace", "Grace Kim"),
        ("whitfield denise", "Denise Whitfield"),
        ("0104", "Grace Kim"),
    ):
        page.goto(f"{desk.clinic.desk}/attention")
        palette(page)
        page.keyboard.insert_text("a")
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("Backspace")
        type_at_once(page, typed)
        expect(page.get_by_role("heading", name=meant, level=1)).to_be_visible()


def test_an_answer_that_comes_late_is_not_taken_for_the_next_one(desk: DeskWindow) -> None:
    page = desk.page
    page.route("**/find?q=kim*", lambda _: None)
    page.goto(f"{desk.clinic.desk}/attention")
    palette(page)
    type_at_once(page, "kim")
    page.wait_for_timeout(200)
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("whitfield")
    expect(page.get_by_role("option", name="Denise Whitfield")).to_be_visible()
    assert page.url.endswith("/attention")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Denise Whitfield", level=1)).to_be_visible()
    page.unroute("**/find?q=kim*")


def test_acts_and_pages_are_chosen_by_arrow_keys_and_said_to_screen_readers(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    palette(page)
    opened = page.get_by_role("dialog", name="Find anything")
    field, first = opened.get_by_role("combobox"), opened.get_by_role("option", selected=True)
    expect(opened.get_by_role("option", name="Print course summary")).to_be_visible()
    expect(first).to_have_count(0)
    field.fill("re")
    expect(first).to_have_id(re.compile("-0$"))
    expect(field).to_have_attribute("aria-expanded", "true")
    field.press("ArrowDown")
    expect(first).to_have_id(field.get_attribute("aria-activedescendant") or "none")
    field.fill("refund")
    expect(first).to_contain_text("Refund")
    field.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("^Refund"), level=1)).to_be_visible()
    page.locator("header [data-palette]").click()
    type_at_once(page, "opening hours")
    expect(page.get_by_role("heading", name="Opening hours", level=1)).to_be_visible()


def test_enter_in_the_list_of_clients_opens_the_first_match(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clients")
    page.get_by_label("Find a client").press_sequentially("kim grace")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Grace Kim", level=1)).to_be_visible()


def test_nothing_typed_stays_in_a_palette_that_was_closed(desk: DeskWindow) -> None:
    page = desk.page
    palette(page)
    page.get_by_role("combobox", name="Find anything").fill("grace")
    expect(page.get_by_role("option", name="Grace Kim")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette [role=option]")).to_have_count(0)
    expect(page.locator("#find")).to_have_value("")


@pytest.fixture
def paper_code(desk: DeskWindow) -> str:
    """The address in the code of Grace Kim's papers."""
    desk.open_client("Grace Kim")
    with desk.page.context.expect_page() as opened:
        desk.page.get_by_role("link", name="Client page").click()
    address = opened.value.url.split("?")[0]
    opened.value.close()
    return address


@pytest.fixture
def scanning(browser: Browser, paper_code: str, clinic: Clinic, tmp_path: Path) -> Iterator[Page]:
    """A desk whose camera looks at the paper."""
    with camera_showing(browser, code_picture(paper_code), tmp_path) as context:
        context.add_cookies(clinic.cookies)
        with watched_page(context) as page:
            yield page


def code_picture(text: str) -> Image.Image:
    """Draw the code as a camera sees it: not straight, on gray, with a border of the paper around it."""
    rows = [[255 - 235 * bit for bit in row] for row in segno.make(text, error="m").matrix]
    code = Image.new("L", (len(rows), len(rows)))
    code.putdata([each for row in rows for each in row])
    paper = Image.new("L", (420, 420), 255)
    paper.paste(code.resize((340, 340), Image.Resampling.NEAREST), (40, 40))
    seen = Image.new("L", (640, 480), 120)
    seen.paste(paper.rotate(8, expand=True, fillcolor=120, resample=Image.Resampling.BILINEAR), (70, 5))
    return seen


def test_the_code_of_a_paper_held_before_the_camera_opens_the_client(scanning: Page, clinic: Clinic) -> None:
    scanning.goto(f"{clinic.desk}/scan")
    expect(scanning.get_by_role("heading", name="Grace Kim", level=1)).to_be_visible()


def test_without_a_camera_it_says_so(desk: DeskWindow) -> None:
    page = desk.page
    palette(page)
    page.get_by_role("link", name="Scan a code").click()
    expect(page.locator(".camera-said")).to_contain_text("no camera")
    page.get_by_role("link", name="Type it instead").click()
    expect(page.get_by_role("combobox", name="Find anything")).to_be_focused()
