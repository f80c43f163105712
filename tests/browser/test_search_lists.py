"""Lists that follow what is typed: nobody is chosen whom the person at the desk has not seen.

Row B11 of the faults found by use.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.clinic import TAP_NOW, DeskWindow

# As quickly as a practiced hand types, and the finger goes straight to the first row.
QUICK_MS = 20
NAMES = [("kim", "Grace Kim"), ("whit", "Denise Whitfield"), ("hoh", "Alexandrina"), ("lópez", "Ana López")]


def first_row(page: Page, area: str) -> tuple[float, float]:
    """Return where the first row of a list is drawn: there a finger goes, whatever stands there by then."""
    # The list may be replaced between finding its row and measuring it.
    for _ in range(20):
        box = page.locator(f"{area} .row").first.bounding_box()
        if box is not None:
            break
        page.wait_for_timeout(10)
    assert box is not None
    return box["x"] + 40, box["y"] + box["height"] / 2


@pytest.mark.parametrize("pause_ms", [0, 100, 150, 200, 300])
def test_b11_a_sale_never_goes_to_a_client_who_was_replaced_under_the_finger(
    desk: DeskWindow, pause_ms: int
) -> None:
    page = desk.page
    for typed, meant in NAMES:
        page.goto(f"{desk.clinic.desk}/sell")
        place = first_row(page, "#buyers")
        page.get_by_label("Find a client").press_sequentially(typed, delay=QUICK_MS)
        page.wait_for_timeout(pause_ms)
        page.mouse.click(*place)
        page.wait_for_timeout(50)
        if "client_id=" in page.url or page.locator("#buyers").count() == 0:
            expect(page.locator(".page-head")).to_contain_text(meant)


def test_b11_the_old_rows_are_gone_on_the_first_key(desk: DeskWindow) -> None:
    page = desk.page
    page.route("**/sell/clients?*", lambda route: None)
    page.goto(f"{desk.clinic.desk}/sell")
    place = first_row(page, "#buyers")
    page.get_by_label("Find a client").press("k")
    page.mouse.click(*place)
    page.wait_for_timeout(300)
    assert page.url == f"{desk.clinic.desk}/sell"
    # Nor are they there for the keyboard or a screen reader.
    expect(page.locator("#buyers[inert]")).to_have_count(1)
    page.unroute("**/sell/clients?*")


def test_b11_what_is_typed_back_to_what_is_shown_can_be_tapped_again(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/sell")
    search = page.get_by_label("Find a client")
    search.press("k")
    search.press("Backspace")
    expect(page.locator("#buyers").get_by_role("link")).not_to_have_count(0)
    page.locator("#buyers").get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Package", exact=True)).to_be_visible()


# Looked at by the page itself, at the moment the rows come: a test that asks later finds them settled.
NOTE_HOW_ROWS_COME = """() => {
  const list = document.querySelector("#buyers");
  window.whenTheyCame = [];
  const note = () => window.whenTheyCame.push(getComputedStyle(list).pointerEvents);
  new MutationObserver(() => setTimeout(note)).observe(list, { childList: true });
}"""


def test_b11_the_new_rows_take_no_tap_for_a_moment(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/sell")
    page.evaluate(NOTE_HOW_ROWS_COME)
    page.get_by_label("Find a client").fill("kim")
    expect(page.locator("#buyers .row")).to_have_count(1)
    assert set(page.evaluate("window.whenTheyCame")) == {"none"}
    page.locator("#buyers .row").click()
    expect(page.locator(".page-head")).to_contain_text("Grace Kim")


def test_b11_the_arrow_key_waits_for_the_matches_of_what_is_typed(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/sell")
    page.get_by_label("Find a client").press_sequentially("whitf", delay=QUICK_MS)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#buyers .row:focus")).to_contain_text("Denise Whitfield")


@pytest.mark.parametrize(("address", "area"), [("/", "#q-matches"), ("/clients", "#found")])
def test_b11_so_it_is_where_clients_are_looked_for(desk: DeskWindow, address: str, area: str) -> None:
    page = desk.page
    for typed, meant in NAMES:
        page.goto(desk.clinic.desk + address)
        page.get_by_label("Find a client").press_sequentially("a", delay=QUICK_MS)
        expect(page.locator(f"{area} .row").first).to_be_visible()
        place = first_row(page, area)
        page.get_by_label("Find a client").fill("")
        page.get_by_label("Find a client").press_sequentially(typed, delay=QUICK_MS)
        page.mouse.click(*place)
        page.wait_for_timeout(60)
        if "/clients/" in page.url:
            expect(page.get_by_role("heading", level=1)).to_contain_text(meant)


def test_b11_money_is_looked_at_before_it_is_recorded(desk: DeskWindow) -> None:
    page = desk.page
    desk.new_client("Ana Ruiz")
    page.get_by_role("link", name="Sell a package").click()
    page.get_by_role("link", name=re.compile("course of 10")).click()
    dialog = page.get_by_role("dialog")
    ways = [
        (
            lambda: page.get_by_role("button", name="Cash, $1,650.00").click(),
            "Cash, $1,650.00 from Ana Ruiz for ",
        ),
        (
            lambda: page.get_by_role("button", name="$2,000.00").click(),
            "Cash, $2,000.00 received, $350.00 change, ",
        ),
        (lambda: typed_cash("1700"), "Cash, 1700 received, $1,650.00 due, from Ana Ruiz"),
        (lambda: page.get_by_role("button", name="Cheque").click(), "Cheque, $1,650.00 from Ana Ruiz"),
    ]

    def typed_cash(amount: str) -> None:
        page.get_by_label("Cash received").fill(amount)
        page.locator("#way-cash").get_by_role("button", name="Record cash").click()

    page.get_by_text("Cash with change").click()
    page.get_by_text("Other payment").click()
    for tap, said in ways:
        tap()
        expect(dialog).to_contain_text(said)
        expect(dialog).to_contain_text("Facial acupuncture, course of 10")
        expect(dialog).to_contain_text("Nothing has changed yet.")
        dialog.get_by_role("button", name="Cancel").click()
        expect(dialog).to_have_count(0)
    page.get_by_role("link", name="Today").click()
    expect(page.get_by_role("region", name="Pending sales").get_by_text("Ana Ruiz")).to_have_count(0)


TAP_TWICE = f"""([x, y]) => {{
  document.querySelector("form[data-review] button").click();
  setTimeout(() => {TAP_NOW}(x, y));
}}"""


def test_b11_the_second_tap_of_a_double_tap_is_not_the_answer(desk: DeskWindow) -> None:
    page = desk.page
    desk.open_client("Grace Kim")
    page.get_by_role("link", name="Sell a package").click()
    page.get_by_role("link", name=re.compile("course of 10")).click()
    # Where the button of the dialog will be.
    page.get_by_role("button", name=re.compile("^Cash, ")).click()
    box = page.get_by_role("button", name="Record cash").bounding_box()
    page.keyboard.press("Escape")
    assert box is not None
    page.evaluate(TAP_TWICE, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    page.wait_for_timeout(400)
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
