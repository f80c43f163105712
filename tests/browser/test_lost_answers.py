"""A form whose answer is lost or late goes out again under its own key, counts once, and the page says so.

Rows B5 and C3 of the faults found by use.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from tests.browser.clinic import DeskWindow

USES = "**/courses/*/uses"
UNDOS = "**/entries/*/reversal"


def key_in(route: Route) -> str:
    found: str = re.findall(r"(?:^|&)key=([^&]+)", route.request.post_data or "")[0]
    return found


@dataclass
class Line:
    """The line to the server: lets each request through, and loses as many answers as it is told to."""

    lost: int
    keys: list[str] = field(default_factory=list)

    def __call__(self, route: Route) -> None:
        self.keys.append(key_in(route))
        answer = route.fetch(max_redirects=0)
        # The page may be gone by then, and with it whoever waits for the answer.
        with suppress(Error):
            if self.lost:
                self.lost -= 1
                route.abort("connectionreset")
            else:
                route.fulfill(response=answer)


def figure(page: Page) -> int:
    return int(page.locator(".client-card .figure strong").inner_text())


def used_now(page: Page) -> Locator:
    """Use a session, and return the button that undoes it. Unlike the use, an undo never waits for the server."""
    page.locator(".client-side .use button").first.click()
    expect(page.locator("#notices")).to_contain_text("used.")
    newest = page.locator("section.history li.line").first
    newest.locator("details.undo summary").click()
    return newest.get_by_role("button", name="Undo session")


def uses(page: Page) -> int:
    """Count the uses in the history of the course at hand; an undone one stays a line."""
    return page.locator("section.history .line-what").filter(has_text=re.compile(r"Session \d+, ")).count()


def test_b5_a_lost_answer_is_asked_for_again_under_the_same_key(desk: DeskWindow) -> None:
    desk.open_client("Maribel Okonkwo-Reyes")
    page = desk.page
    before, lines = figure(page), uses(page)
    line = Line(lost=1)
    page.route(USES, line)
    page.get_by_role("button", name="Use a session").click()
    expect(page.locator("#notices")).to_contain_text(
        re.compile(rf"Session \d+ used\. {before - 1} of 12 left\.")
    )
    assert len(line.keys) == 2
    assert len(set(line.keys)) == 1
    page.reload()
    assert (figure(page), uses(page)) == (before - 1, lines + 1)


def test_b5_when_no_answer_comes_at_all_the_advice_on_the_screen_is_safe(desk: DeskWindow) -> None:
    desk.open_client("Denise Whitfield")
    page = desk.page
    before = figure(page)
    button = used_now(page)
    page.clock.install()
    line = Line(lost=5)
    page.route(UNDOS, line)
    button.click()
    for tries in range(1, 6):
        _until(page, lambda tries=tries: len(line.keys) == tries)  # type: ignore[misc]
    notice = page.locator("[data-notice]")
    _until(page, lambda: "No answer yet" in notice.inner_text())
    # The live update has shown the truth meanwhile.
    _until(page, lambda: figure(page) == before)
    notice.get_by_role("button", name="Try again").click()
    expect(page.locator("#notices")).to_contain_text("restored.")
    assert len(set(line.keys)) == 1
    page.reload()
    assert figure(page) == before


def test_b5_the_next_tap_on_the_form_itself_is_the_same_tap(desk: DeskWindow) -> None:
    desk.open_client("陳美玲")
    page = desk.page
    before = figure(page)
    button = used_now(page)
    page.clock.install()
    line = Line(lost=0)

    def lose(route: Route) -> None:
        line.keys.append(key_in(route))
        route.abort()

    page.route(UNDOS, lose)
    button.click()
    _until(page, lambda: "No answer yet" in page.locator("#notices").inner_text())
    # What others write meanwhile makes the live update draw the page again, forms and all.
    words = "Written meanwhile, over there"
    _write_on_first_visit(page.context.new_page(), page.url, words)
    _until(page, lambda: words in page.locator("section.history").inner_text())
    assert page.locator("details.undo[open] input[name=key]").input_value() == line.keys[0]
    page.unroute(UNDOS)
    page.route(UNDOS, line)
    button.click()
    expect(page.locator("#notices")).to_contain_text("restored.")
    assert len(set(line.keys)) == 1
    assert figure(page) == before


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "never-arrived"])
def test_b5_a_reload_without_an_answer_shows_the_truth_and_keeps_the_key(
    desk: DeskWindow, is_done: bool
) -> None:
    desk.open_client("Thu Hà Nguyễn")
    page = desk.page
    before = figure(page)
    button = used_now(page)
    page.route(UNDOS, Line(lost=99) if is_done else lambda route: route.abort())
    button.click()
    if is_done:
        desk.expect_figure(f"{before} of 10 left")
    else:
        expect(page.locator("[data-notice]")).to_contain_text("Still waiting")
    # Until the page is left, no answer may come after all.
    page.reload()
    page.unroute(UNDOS)
    said = "was saved before this page was loaded" if is_done else "had no answer before this page was loaded"
    expect(page.locator("#notices")).to_contain_text(said)


def test_b5_an_undo_without_an_answer_is_done_once(desk: DeskWindow) -> None:
    desk.open_client("Ana López")
    page = desk.page
    before = figure(page)
    page.locator(".client-side .use button").first.click()
    line = Line(lost=1)
    page.route(UNDOS, line)
    page.locator("#notices").get_by_role("button", name="Undo").click()
    expect(page.locator("#notices")).to_contain_text("restored.")
    assert len(line.keys) == 2
    assert len(set(line.keys)) == 1
    page.reload()
    assert figure(page) == before


def test_b5_cash_whose_answer_is_lost_is_one_sale(desk: DeskWindow) -> None:
    page = desk.page
    desk.new_client("Once Only")
    page.get_by_role("link", name="Sell a package").click()
    page.get_by_role("link", name=re.compile("course of 10")).click()
    line = Line(lost=1)
    page.route("**/sell", line)
    page.get_by_role("button", name=re.compile("^Cash, ")).click()
    page.get_by_role("button", name="Record cash").click()
    expect(page.get_by_role("heading", name="Paid. 10 of 10 left.")).to_be_visible()
    assert len(line.keys) == 2
    assert len(set(line.keys)) == 1
    page.get_by_role("link", name="Open Once Only").click()
    desk.expect_figure("10 of 10 left")
    expect(page.get_by_role("heading", name="Other courses")).to_have_count(0)


def test_c3_a_server_that_hangs_is_said_at_once_and_honestly(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    before = figure(page)
    button = used_now(page)
    held: list[Route] = []
    page.route(UNDOS, lambda route: held.append(route))
    button.click()
    expect(button).to_contain_text("Working…")
    expect(button).to_have_attribute("aria-busy", "true")
    expect(page.locator("[data-notice]")).to_contain_text("Still waiting…")
    expect(page.locator("[data-notice]")).to_contain_text("There is no need to tap again.")
    button.click()
    held[0].continue_()
    expect(page.locator("#notices")).to_contain_text("The second tap was not counted.")
    assert figure(page) == before
    page.unroute(UNDOS)


def test_c2_offline_nothing_is_sent_that_can_not_wait(desk: DeskWindow) -> None:
    desk.open_client("Ana López")
    page = desk.page
    before = figure(page)
    button = used_now(page)
    page.context.set_offline(True)
    button.click()
    notice = page.locator("[data-notice]")
    expect(notice).to_contain_text("This device is offline.")
    expect(notice).to_contain_text("was not sent")
    page.context.set_offline(False)
    button.click()
    expect(page.locator("#notices")).to_contain_text("restored.")
    page.reload()
    assert figure(page) == before


def test_a_second_tap_that_is_dropped_is_said(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    before = figure(page)
    button = page.locator(".client-side .use button").first
    button.dblclick()
    expect(page.locator("#notices")).to_contain_text("The second tap was not counted.")
    page.reload()
    assert figure(page) == before - 1


def test_a_corrected_form_is_no_second_tap(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clients#new")
    # All of it in one moment, as quick as nobody types.
    page.evaluate("() => { const now = performance.now(); performance.now = () => now; }")
    form, create = page.locator("#new"), page.get_by_role("button", name="Create client")
    form.get_by_label("Name").fill("Ida Lund")
    form.get_by_label("Phone").fill("12")
    create.click()
    expect(form.get_by_role("alert")).to_be_visible()
    create.click()
    expect(page.locator("#notices")).to_contain_text("The second tap was not counted.")
    form.get_by_label("Phone").fill("+1 310 555 0142")
    create.click()
    expect(page.get_by_role("heading", name="Ida Lund", level=1)).to_be_visible()


def _write_on_first_visit(other: Page, address: str, words: str) -> None:
    """Give the last visit a focus, from another window."""
    other.goto(address)
    visit = other.locator("section.history details.describe").first
    visit.locator("summary").click()
    visit.get_by_label("Focus").fill(words)
    visit.get_by_role("button", name="Save").click()
    expect(other.locator("section.history")).to_contain_text(words)
    other.close()


def _until(page: Page, is_so: Callable[[], bool]) -> None:
    """Let the page's clock run, a second at a time, until something is so."""
    for _ in range(120):
        if is_so():
            return
        page.clock.run_for(1000)
        page.wait_for_timeout(50)
    raise AssertionError("it never came")
