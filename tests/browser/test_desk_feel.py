"""How the desk feels: one tap is one deed, keys do what they say, nothing typed is lost, the truth shows itself."""

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import DeskWindow, Till
from tests.chromium import WINDOW, watched_page

# Each test has a client of its own, so that they come in any order.
PHONE = {"width": 390, "height": 844}


def figure(page: Page) -> int:
    return int(page.locator(".client-card .figure strong").inner_text())


def test_a_double_tap_uses_one_session(desk: DeskWindow) -> None:
    desk.open_client("Maribel Okonkwo-Reyes")
    before = figure(desk.page)
    desk.page.get_by_role("button", name="Use a session").dblclick()
    desk.expect_figure(f"{before - 1} of 12 left")
    desk.page.reload()
    assert figure(desk.page) == before - 1


_DRAWN_BEFORE_IT_IS_SENT = """() => {
  const ask = fetch;
  let frames = 0;
  const count = () => requestAnimationFrame(() => { frames += 1; count(); });
  addEventListener("click", () => { frames = 0; count(); }, { capture: true, once: true });
  window.fetch = (address, options) => {
    if (options?.method === "POST") document.body.dataset.drawn = frames;
    return ask(address, options);
  };
}"""


def test_a_tap_is_seen_before_the_question_goes_out(desk: DeskWindow) -> None:
    desk.open_client("Maribel Okonkwo-Reyes")
    desk.page.evaluate(_DRAWN_BEFORE_IT_IS_SENT)
    desk.page.get_by_role("button", name="Use a session").click()
    desk.page.locator("#notices").get_by_role("button", name="Undo").wait_for()
    assert int(desk.page.locator("body").get_attribute("data-drawn") or 0) >= 1
    desk.page.locator("#notices").get_by_role("button", name="Undo").click()
    expect(desk.page.locator("#notices")).not_to_contain_text("Undo")


def test_a_finger_that_is_still_tapping_meets_no_new_button(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    before = figure(desk.page)
    sent: list[str] = []
    desk.page.on("request", lambda request: sent.append(request.method))
    box = desk.page.get_by_role("button", name="Use a session").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    # By the mouse itself: a click on the button would wait until it may be clicked, as no finger does.
    desk.page.mouse.click(*middle)
    desk.page.wait_for_function(
        "(text) => document.querySelector('main').innerText.includes(text)", arg=f"{before - 1} of 10 left"
    )
    desk.page.mouse.click(*middle)
    desk.page.reload()
    assert sent.count("POST") == 1


def test_the_day_of_everyone_stays_that_of_everyone(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/my-day?who=everyone")
    # The first answer is shown by the time the page asks for the second time.
    for _ in range(2):
        page.wait_for_event("response", lambda answer: "/my-day/live" in answer.url)
    expect(page.get_by_role("heading", name="Maribel Okonkwo-Reyes")).to_be_visible()


def test_a_second_charge_is_asked_about_and_the_arrival_takes_the_first(desk: DeskWindow) -> None:
    page = desk.page
    desk.open_client("Thu Hà Nguyễn")
    before = figure(page)
    button = page.locator(".client-side").get_by_role("button", name="Use a session")
    button.click()
    desk.expect_figure(f"{before - 1} of 10 left")
    # Another page, some time later.
    page.reload()
    with page.expect_response(lambda answer: answer.status == 409):
        button.click()
    asked = page.get_by_role("alert")
    expect(asked).to_contain_text("Already used today")
    expect(asked).to_be_focused()
    # What is new on the page leaves the question alone.
    page.wait_for_event("response", lambda answer: "/live" in answer.url)
    expect(asked).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    desk.expect_figure(f"{before - 1} of 10 left")
    page.goto(desk.clinic.desk)
    arrival = page.locator(".arrival", has_text="Thu Hà Nguyễn")
    arrival.get_by_role("button", name="Check in with that session").click()
    expect(arrival).to_contain_text(f"Used, {before - 1} of 10 left")


def test_undo_gives_it_back_and_both_lines_stay(desk: DeskWindow) -> None:
    desk.open_client("陳美玲")
    before, undone = figure(desk.page), desk.page.locator(".line.undone")
    undone_before = undone.count()
    desk.page.get_by_role("button", name="Use a session").click()
    desk.page.locator("#notices").get_by_role("button", name="Undo").click()
    expect(desk.page.locator("#notices")).to_contain_text("Session restored.")
    desk.expect_figure(f"{before} of 12 left")
    expect(undone).to_have_count(undone_before + 1)
    expect(desk.page.get_by_text("restored", exact=False).first).to_be_visible()


def test_it_can_be_done_without_a_mouse(desk: DeskWindow) -> None:
    page = desk.page
    page.locator("body").press("/")
    palette = page.get_by_role("dialog", name="Find anything")
    expect(palette.get_by_role("combobox")).to_be_focused()
    # Enter waits for the matches of what was typed.
    page.keyboard.type("hohenberg")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alexandrina Wilhelmina")
    before = figure(page)
    page.keyboard.press("u")
    page.keyboard.press("Enter")
    desk.expect_figure(f"{before - 1} of 12 left")
    expect(page.locator("[data-notice]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-notice]")).to_have_count(0)


def test_letters_typed_into_a_field_are_no_commands(desk: DeskWindow) -> None:
    desk.open_client("Denise Whitfield")
    before = figure(desk.page)
    desk.page.keyboard.press("Control+k")
    field = desk.page.get_by_role("combobox", name="Find anything")
    field.press_sequentially("uuu/u")
    expect(field).to_have_value("uuu/u")
    desk.page.reload()
    assert figure(desk.page) == before


def test_another_tablet_sees_it_and_keeps_what_is_typed_there(desk: DeskWindow, second: DeskWindow) -> None:
    name = "Thu Hà Nguyễn"
    desk.open_client(name)
    second.open_client(name)
    other = second.page
    other.locator("details.undo summary").first.click()
    reason = other.locator("details.undo[open]").get_by_label("Reason (optional)")
    reason.fill("half a thought")
    before = figure(desk.page)
    desk.page.get_by_role("button", name="Use a session").click()
    second.expect_figure(f"{before - 1} of 10 left")
    expect(reason).to_have_value("half a thought")
    expect(reason).to_be_focused()


def test_visit_details_are_kept_while_others_work(desk: DeskWindow, second: DeskWindow) -> None:
    # Two of her visits are of the last thirty days: the page itself has their forms.
    name = "Alexandrina Wilhelmina"
    desk.open_client(name)
    second.open_client(name)
    page = desk.page
    panel = page.locator("details.describe").first
    panel.locator("summary").focus()
    page.keyboard.press("Enter")
    panel.get_by_label("Note").fill("half a thought")
    panel.get_by_label("Practitioner").select_option(label="J. Moreau")
    focus = panel.get_by_label("Focus")
    focus.fill("Brow, under-eye")

    # Another tablet writes to another visit, and then to the focus of this one.
    for place, words in ((1, "Written meanwhile"), (0, "Written over there")):
        other = second.page.locator("details.describe").nth(place)
        other.locator("summary").click()
        other.get_by_label("Focus").fill(words)
        other.get_by_role("button", name="Save").click()
        expect(page.locator(".lines").first).to_contain_text(words)
    expect(panel.get_by_label("Note")).to_have_value("half a thought")
    expect(panel.get_by_label("Practitioner").locator("option:checked")).to_have_text("J. Moreau")
    expect(focus).to_have_value("Brow, under-eye")
    expect(focus).to_be_focused()

    focus.press("Enter")
    line = page.locator(".line").first
    expect(line.locator(".line-what")).to_contain_text("with J. Moreau")
    expect(line.locator(".line-what")).to_contain_text("Brow, under-eye")
    expect(line.locator(".note")).to_have_text("Note: half a thought")
    expect(line.locator("details.describe summary")).to_be_focused()


def test_what_nobody_is_typing_in_follows_the_other_tablet(desk: DeskWindow, second: DeskWindow) -> None:
    name = "Ana López"
    desk.open_client(name)
    second.open_client(name)
    mine = desk.page.locator("details.describe").first
    mine.locator("summary").click()
    stood = mine.get_by_label("Focus").input_value()
    for words in ("Changed my mind", stood):
        mine.get_by_label("Focus").fill(words)
    mine.get_by_label("Note").focus()
    other = second.page.locator("details.describe").first
    other.locator("summary").click()
    other.get_by_label("Focus").fill("Jawline, from there")
    other.get_by_label("Practitioner").select_option(label="Unassigned")
    other.get_by_role("button", name="Save").click()
    expect(mine.get_by_label("Focus")).to_have_value("Jawline, from there")
    expect(mine.get_by_label("Practitioner").locator("option:checked")).to_have_text("Unassigned")


def test_one_deed_costs_no_half_typed_other(desk: DeskWindow) -> None:
    desk.open_client("Thu Hà Nguyễn")
    page = desk.page
    before = figure(page)
    line = page.locator(".line:has(details.describe)").first.get_attribute("id")
    panel = page.locator(f"#{line} details.describe")
    panel.locator("summary").click()
    panel.get_by_label("Note").fill("half a thought")
    page.locator(".client-side").get_by_role("button", name="Use a session").click()
    desk.expect_figure(f"{before - 1} of 10 left")
    panel.locator("summary").click()
    expect(panel.get_by_label("Note")).to_have_value("half a thought")
    expect(panel.get_by_label("Note")).to_be_visible()


def test_a_course_of_the_wrong_client_is_moved(desk: DeskWindow, till: Till) -> None:
    till.ring_up("course of 10", "Carol Bergström")
    desk.open_client("Carol Bergström")
    page = desk.page
    desk.expect_figure("10 of 10 left")
    page.get_by_text("Move to another client").click()
    page.get_by_label("New client").fill("dangelo")
    page.get_by_role("button", name="Move to Jo D'Angelo").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Jo D'Angelo")
    desk.expect_figure("10 of 10 left")
    expect(page.locator("#notices")).to_contain_text("belongs to Jo D'Angelo now. Back to Carol Bergström")
    expect(page.locator(".lines").first).to_contain_text("Moved from Carol Bergström to Jo D'Angelo")


def test_the_clinics_name_fits_on_a_tablet(desk: DeskWindow) -> None:
    desk.page.set_viewport_size({"width": 1024, "height": 768})
    desk.open_client("Grace Kim")
    assert desk.page.evaluate("""() => { const name = document.querySelector(".clinic-name");
      return name.scrollWidth <= name.clientWidth; }""")


def refuse_a_client(desk: DeskWindow) -> None:
    """Send a form for a new client that is refused."""
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clients#new")
    page.locator("#new").get_by_label("Name").fill("Half Typed")
    page.locator("#new").get_by_label("Phone").fill("12")
    page.get_by_role("button", name="Create client").click()
    expect(page.locator("#phone-wrong")).to_contain_text("This is not a full phone number.")


def test_a_refused_form_stays_filled_while_the_page_lives(desk: DeskWindow) -> None:
    page = desk.page
    refuse_a_client(desk)
    expect(page.locator("#new").get_by_label("Name")).to_have_value("Half Typed")
    # The summary of all that is wrong comes first; it leads to each field.
    summary = page.locator("#new").get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").click()
    expect(page.locator("#phone")).to_be_focused()


def test_offline_is_said_quietly_and_passes(desk: DeskWindow) -> None:
    page = desk.page
    page.context.set_offline(True)
    expect(page.locator("#away")).to_contain_text("Offline")
    page.context.set_offline(False)
    expect(page.locator("#away")).to_be_hidden()


def test_a_paper_opens_beside_the_page(desk: DeskWindow) -> None:
    desk.open_client("Siobhán O’Malley")
    link = desk.page.get_by_role("link", name="Course summary").first
    assert link.get_attribute("target") == "_blank"
    assert re.match(r"/courses/\w+/summary\.pdf", link.get_attribute("href") or "")


def test_the_main_act_needs_no_scrolling(desk: DeskWindow) -> None:
    desk.page.set_viewport_size({"width": 1024, "height": 768})
    desk.open_client("Grace Kim")
    box = desk.page.get_by_role("button", name="Use a session").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] < 768


def test_the_keyboard_walks_in_reading_order(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    page.locator("body").focus()
    stops = []
    for _ in range(24):
        page.keyboard.press("Tab")
        stops.append(page.evaluate(FOCUSED))
    assert stops[0] == "Skip to the page"
    assert stops.index("Today") < stops.index("Clients") < stops.index("Use a session")


FOCUSED = """() => { const node = document.activeElement;
  return (node.innerText || node.ariaLabel || node.name || "").trim(); }"""


def test_a_quiet_page_asks_every_five_seconds_until_it_is_touched(desk: DeskWindow, browser: Browser) -> None:
    # The clock of a page is that of its whole context, from then on.
    context = browser.new_context(**WINDOW, storage_state=desk.page.context.storage_state())
    with closing(context), watched_page(context) as page:
        page.clock.install()
        page.goto(desk.clinic.desk)
        page.wait_for_load_state("load")
        # From here on the clock of the page goes only as far as it is told to.
        with page.expect_response(re.compile("seen=")) as last:
            page.clock.pause_at(datetime.now(UTC) + timedelta(seconds=60))
        last.value.finished()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "seen=" in request.url else None)
        page.clock.run_for(4_000)
        assert not asked
        with page.expect_request(re.compile("seen=")):
            page.keyboard.press("Shift")


def test_a_link_to_a_form_leads_into_its_first_field(desk: DeskWindow) -> None:
    desk.page.goto(f"{desk.clinic.desk}/clients#new")
    desk.page.wait_for_load_state("load")
    expect(desk.page.locator("#new").get_by_label("Name")).to_be_focused()


def test_who_says_no_to_a_question_is_where_it_was_asked(desk: DeskWindow) -> None:
    desk.open_client("Grace Kim")
    page = desk.page
    page.locator(".more-menu > summary").first.click()
    asks = page.get_by_role("button", name=re.compile("^Add goodwill session"))
    asks.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(asks).to_be_focused()
