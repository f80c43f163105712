"""Every tap is heard, or the page says that it was not: also where the page changes around the finger."""

from contextlib import closing

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.clinic import TAP_NOW, DeskWindow, Till
from tests.chromium import WINDOW, watched_page

GRACE = "Grace Kim"
DROPPED = "That tap was not counted: the page had just changed."
# Longer than a search takes to be answered.
PRESS_MS = 600
# Counts from then on what is added to this place of the page or taken from it.
COUNT_CHANGES = """(place) => {
  window.changes = 0;
  new MutationObserver(() => { window.changes += 1; })
    .observe(document.querySelector(place), { childList: true, subtree: true });
}"""
HAS_CHANGED = "() => window.changes > 0"
TAP_ONCE_CHANGED = f"""([place, x, y]) => {{
  const watch = new MutationObserver(() => {{ watch.disconnect(); setTimeout(() => {TAP_NOW}(x, y)); }});
  watch.observe(document.querySelector(place), {{ childList: true, subtree: true }});
}}"""
IS_DOWN = """async () => {
  const { href } = document.querySelector("[rel=modulepreload][href*='/finger.js']");
  return (await import(href)).isDown();
}"""
# The page asks for what is new at once, as it does when its connection is back.
ASK_NOW = "dispatchEvent(new Event('online'))"


def middle(button: Locator) -> tuple[float, float]:
    box = button.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def press(page: Page, button: Locator) -> tuple[float, float]:
    """Put the finger down on the button and leave it there; return the place."""
    place = middle(button)
    page.mouse.move(*place)
    page.mouse.down()
    return place


def note_on_last_visit(window: DeskWindow, words: str) -> None:
    visit = window.page.locator("section.history details.describe").first
    visit.locator("summary").click()
    visit.get_by_label("Note").fill(words)
    visit.get_by_role("button", name="Save").click()
    expect(window.page.locator(".lines").first).to_contain_text(words)


def test_a_row_is_there_until_the_finger_that_left_the_search_for_it_is_lifted(
    desk: DeskWindow, till: Till
) -> None:
    page = desk.page
    till.ring_up("course of 12", None)
    page.goto(f"{desk.clinic.desk}/attention")
    question = page.get_by_role("article").filter(has_text="sold without a client").first
    question.get_by_label("Assign client").fill("raghu")
    assign = question.get_by_role("button", name="Assign to Priya Raghunathan")
    assign.hover()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "q=raghu" in request.url else None)
    press(page, assign)
    page.wait_for_timeout(PRESS_MS)
    page.mouse.up()
    expect(page.locator("#notices")).to_contain_text("Assigned to Priya Raghunathan.")
    # Leaving a search is no new search.
    assert not asked


def test_what_another_tablet_changes_waits_for_the_finger(desk: DeskWindow, second: DeskWindow) -> None:
    page = desk.page
    for window in (desk, second):
        window.open_client(GRACE)
    before = int(page.locator(".client-card .figure strong").inner_text())
    # Until the finger is down, nothing is new here.
    page.route("**/live?*", lambda route: route.fulfill(status=204))
    note_on_last_visit(second, "Jawline, meanwhile")
    page.evaluate(COUNT_CHANGES, "#live")
    place = press(page, page.locator(".client-side").get_by_role("button", name="Use a session"))
    # That nothing is new is heard while the finger is down, and the next question goes out.
    with page.expect_response(lambda answer: "/live?" in answer.url and answer.status == 204):
        page.evaluate(ASK_NOW)
    # A finger is never quite still.
    page.mouse.move(*[each + 1 for each in place])
    page.unroute("**/live?*")
    with page.expect_response(lambda answer: "/live?" in answer.url and answer.status == 200):
        page.evaluate(ASK_NOW)
    page.wait_for_timeout(200)
    assert not page.evaluate(HAS_CHANGED)
    page.mouse.up()
    desk.expect_figure(f"{before - 1} of 10 left")
    expect(page.locator(".lines").first).to_contain_text("Jawline, meanwhile")


def test_a_list_that_is_answered_waits_for_the_finger(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/sell")
    search = page.get_by_label("Find a client")
    search.fill("kim")
    row = page.locator("#buyers .row")
    expect(row).to_have_count(1)
    row.hover()
    press(page, row)
    # The same is asked again, by a key that was on its way.
    with page.expect_response("**/sell/clients?*"):
        page.evaluate("htmx.ajax('GET', '/sell/clients?q=kim', '#buyers')")
    page.wait_for_timeout(200)
    page.mouse.up()
    expect(page.locator(".page-head")).to_contain_text(GRACE)


def test_what_stands_where_it_stood_is_tapped_at_once(desk: DeskWindow, second: DeskWindow) -> None:
    page = desk.page
    for window in (desk, second):
        window.open_client("Thu Hà Nguyễn")
    before = int(page.locator(".client-card .figure strong").inner_text())
    button = page.locator(".client-side").get_by_role("button", name="Use a session")
    place = middle(button)
    page.evaluate(COUNT_CHANGES, "#live")
    note_on_last_visit(second, "Cheeks, at once")
    page.wait_for_function(HAS_CHANGED)
    page.mouse.click(*place)
    expect(page.locator(".client-card .figure strong")).to_have_text(str(before - 1))


def test_a_tap_on_what_was_not_there_before_is_said(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/sell")
    search = page.get_by_label("Find a client")
    row = page.locator("#buyers .row").first
    place = middle(row)
    # Whoever was seen last stands first, and would be tapped as before.
    first = row.inner_text()
    meant = next(name for name in ("Denise Whitfield", "Ana López") if name not in first)
    page.evaluate(TAP_ONCE_CHANGED, ["#buyers", *place])
    search.fill(meant)
    expect(page.locator("#notices")).to_contain_text(DROPPED)
    assert page.url.endswith("/sell")
    row.click()
    expect(page.locator(".page-head")).to_contain_text(meant)


def test_a_browser_that_cannot_be_asked_what_is_visible_shows_what_is_found(
    desk: DeskWindow, browser: Browser
) -> None:
    context = browser.new_context(**WINDOW, storage_state=desk.page.context.storage_state())
    with closing(context), watched_page(context) as page:
        page.add_init_script("delete Element.prototype.checkVisibility")
        page.goto(f"{desk.clinic.desk}/sell")
        page.get_by_label("Find a client").fill("Denise")
        page.wait_for_function("() => document.querySelector('#buyers').innerText.includes('Denise')")
        expect(page.locator("#buyers .row")).to_have_count(1)


def test_a_finger_that_moves_is_still_down(desk: DeskWindow, browser: Browser) -> None:
    # The clock of a page is that of its whole context, from then on.
    context = browser.new_context(**WINDOW, storage_state=desk.page.context.storage_state())
    with closing(context), watched_page(context) as page:
        page.clock.install()
        page.goto(f"{desk.clinic.desk}/clients")
        page.wait_for_load_state("load")
        x, y = press(page, page.get_by_role("heading", name="Clients", level=1))
        for step in (1, 2):
            page.clock.fast_forward(3_000)
            page.mouse.move(x + step, y)
        assert page.evaluate(IS_DOWN)
        page.mouse.up()
        page.clock.fast_forward(200)
        assert not page.evaluate(IS_DOWN)
