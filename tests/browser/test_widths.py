"""What stands where at each width. That nothing sticks out is seen in test_screens.py."""

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from tests.browser.clinic import DeskWindow
from tests.browser.measures import enlarge, layout_findings
from tests.browser.screens import WIDTHS

LINES_OF_TEXT = """(all) => all.map((each) => {
  const words = document.createRange();
  words.selectNodeContents(each);
  return new Set([...words.getClientRects()].map(({ top }) => top)).size;
})"""
# The name of the field in use, where the bar at the foot of its form covers it.
BEHIND_THE_BAR = """() => {
  const field = document.activeElement, bar = field.closest("form")?.querySelector(".actions");
  if (!bar || bar.contains(field)) return "";
  const [one, other] = [field, bar].map((each) => each.getBoundingClientRect());
  return one.bottom > other.top + 1 && one.top < other.bottom ? field.name : "";
}"""


def test_e2_a_name_on_today_has_room_at_every_width(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(desk.clinic.desk)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        names = page.locator(".arrival .arrival-who")
        widths = names.evaluate_all("(all) => all.map((each) => each.clientWidth)")
        assert widths
        assert min(widths) >= 150, width
    for percent, width in [(100, each) for each in WIDTHS] + [(200, each) for each in WIDTHS]:
        enlarge(page, percent)
        page.set_viewport_size({"width": width, "height": 800})
        cells = page.locator(".arrival-when, .arrival-left, .arrival-end")
        if percent == 100:
            # As it is said in Spanish.
            page.locator(".arrival-left").evaluate_all(
                "(all) => all.forEach((each) => { each.textContent = '10 de 12 disponibles'; })"
            )
        over = cells.evaluate_all(
            "(all) => all.filter((each) => each.scrollWidth > each.clientWidth + 1).length"
        )
        assert over == 0, (width, percent)


@pytest.mark.parametrize("name", ["Grace Kim", "Alexandrina Wilhelmina"])
def test_c18_the_main_act_is_at_hand_on_a_phone(desk: DeskWindow, name: str) -> None:
    page = desk.page
    desk.open_client(name)
    for width, height in ((320, 640), (390, 844), (600, 800), (768, 1024), (1024, 768)):
        page.set_viewport_size({"width": width, "height": height})
        box = page.locator("[data-shortcut=u]").bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= height


def test_c18_what_was_done_is_told_above_the_main_act(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    desk.open_client("Grace Kim")
    page.locator("[data-shortcut=u]").click()
    undo = page.locator("#notices").get_by_role("button", name="Undo")
    undo_box, use_box = undo.bounding_box(), page.locator("[data-shortcut=u]").bounding_box()
    assert undo_box is not None
    assert use_box is not None
    assert undo_box["y"] + undo_box["height"] <= use_box["y"]
    undo.click()
    expect(page.locator("#notices")).to_contain_text("restored")


def test_what_stands_under_a_used_up_course_does_not_touch(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1024, "height": 768})
    desk.open_client("Ana López")
    page.locator("[data-shortcut=u]").click()
    expect(page.get_by_text("Last use today")).to_be_visible()
    boxes = page.locator(".client-side").evaluate("""(side) => [...side.children].slice(0, 3)
      .map((each) => each.getBoundingClientRect()).map(({ top, bottom }) => [top, bottom])""")
    assert all(above[1] + 8 <= below[0] for above, below in pairwise(boxes)), boxes
    page.locator("#notices").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-shortcut=u]")).to_be_visible()


def test_c21_the_menu_of_a_course_covers_nothing_and_asks_before_it_gives(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1024, "height": 768})
    desk.open_client("Grace Kim")
    menu = page.locator(".client-card .more-menu")
    menu.get_by_text("More…").click()
    first = menu.get_by_role("listitem").first.bounding_box()
    summary = menu.locator("summary").bounding_box()
    assert first is not None
    assert summary is not None
    assert first["y"] >= summary["y"] + summary["height"]
    # All of it is in sight: it is no longer than the screen, and comes there by itself.
    header, whole = page.locator("header").first.bounding_box(), menu.bounding_box()
    assert header is not None
    assert whole is not None
    assert header["y"] + header["height"] <= summary["y"]
    assert whole["y"] + whole["height"] <= 768
    left = page.locator(".client-card .figure").inner_text()
    menu.get_by_role("button", name="Add goodwill session").click()
    expect(page.get_by_role("dialog")).to_contain_text("Facial acupuncture, course of 10, Grace Kim")
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    page.reload()
    assert page.locator(".client-card .figure").inner_text() == left


def test_c22_courses_of_the_same_package_are_told_apart(desk: DeskWindow) -> None:
    desk.new_client("Three Alike", courses=3)
    page = desk.page
    expect(page.get_by_role("heading", name=re.compile("course of 10"))).not_to_have_count(0)
    for name in (
        re.compile("^Use (a session|one) of "),
        re.compile("^More…"),
        re.compile("^Move to another client"),
    ):
        stops = page.locator("button, summary").filter(has_text=name)
        expect(stops.nth(1)).to_be_attached()
        said = [" ".join(text.split()) for text in stops.all_text_contents()]
        assert len(set(said)) == len(said), said
    headings = page.locator(".course h2").all_text_contents()
    assert len(set(headings)) == len(headings)


def test_c25_the_button_for_a_new_client_stays_where_it_was_tapped(desk: DeskWindow) -> None:
    page = desk.page
    for address in ("/clients", "/sell"):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(desk.clinic.desk + address)
            button = page.locator("#new > summary")
            before = button.bounding_box()
            button.click()
            assert button.inner_text() == "Cancel"
            assert button.bounding_box() == before, (address, width)
            button.click()
            expect(button).to_have_text(re.compile("New client"))


def test_the_header_has_two_rows_at_most_with_wide_letters_and_a_count(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clients")
    page.evaluate("""() => {
      const count = document.querySelector("#attention-count");
      count.hidden = false;
      count.textContent = "12";
      document.querySelector(".bar").style.letterSpacing = "0.5px";
    }""")
    for width in (320, 360, 375, 390):
        page.set_viewport_size({"width": width, "height": 700})
        height = page.evaluate("() => document.querySelector('.bar').offsetHeight")
        assert height < 3 * 44, width


def test_a_column_that_only_scrolling_shows_is_found(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{desk.clinic.desk}/courses")
    assert layout_findings(page, "courses") == []
    page.evaluate("() => { document.querySelector('td.number').style.paddingInline = '200px'; }")
    assert any("hides columns" in each for each in layout_findings(page, "courses"))


def test_ways_to_sort_take_one_line_on_a_phone_and_filters_one_on_a_tablet(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{desk.clinic.desk}/courses")
    tops = page.locator("thead .sorts-by a").evaluate_all(
        "(all) => [...new Set(all.map((each) => each.offsetTop))]"
    )
    assert len(tops) == 1
    expect(page.locator("thead [aria-sort] a")).to_be_in_viewport(ratio=1)
    page.locator("thead .sorts-by a").filter(has_text="Practitioner").click()
    expect(page.locator("thead [aria-sort] a")).to_have_text("Practitioner")
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{desk.clinic.desk}/reports/activity")
    field, button = (
        page.get_by_label("Through").bounding_box(),
        page.get_by_role("button", name="Apply").bounding_box(),
    )
    assert field is not None
    assert button is not None
    assert button["y"] == field["y"]


def test_a_list_beside_another_program_hides_no_column_and_breaks_no_name(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 600, "height": 768})
    page.goto(f"{desk.clinic.desk}/clients/all")
    hidden = (
        "() => { const list = document.querySelector('.table'); return list.scrollWidth - list.clientWidth; }"
    )
    assert page.evaluate(hidden) == 0
    name = page.locator("tbody th a", has_text="Alexandrina").bounding_box()
    assert name is not None
    assert name["height"] < 32


def test_a_point_between_parts_of_an_arrival_shows_only_within_a_line(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(desk.clinic.desk)
    parts = page.locator(".arrival-parts:has(> span + span)")
    expect(parts.first).to_be_visible()
    # Each later part begins where its line does, left of what is shown, or after another part.
    hidden = """(all) => all.flatMap((each) => [...each.children].slice(1).map((part) => {
      const inLine = part.getBoundingClientRect().top === each.children[0].getBoundingClientRect().top;
      return inLine || part.getBoundingClientRect().left === each.getBoundingClientRect().left; }))"""
    assert set(parts.evaluate_all(hidden)) == {True}
    assert not [text for text in parts.locator("span").all_inner_texts() if text.rstrip().endswith("·")]


def test_numbers_beside_another_program_stand_below_each_other(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 600, "height": 768})
    page.goto(f"{desk.clinic.desk}/overview")
    rows = page.locator("table:has(td[data-label=Worth]) tbody tr")
    ends = """(all) => all.map((each) => [...each.cells].slice(1)
      .map((cell) => Math.round(cell.getBoundingClientRect().right)).join())"""
    places = rows.evaluate_all(ends)
    assert len(places) > 2
    assert len(set(places)) == 1


_LINES_THAT_BEGIN_WITH_A_POINT = """(all) => all.filter((paragraph) => {
  const words = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (words.nextNode()) {
    for (let at = words.currentNode.data.indexOf("·"); at >= 0; at = words.currentNode.data.indexOf("·", at + 1)) {
      range.setStart(words.currentNode, at);
      range.setEnd(words.currentNode, at + 1);
      if (range.getBoundingClientRect().left < paragraph.getBoundingClientRect().left + 2) return true;
    }
  }
  return false;
}).map((paragraph) => paragraph.textContent)"""


def test_name_and_language_of_a_person_stand_beside_each_other(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{desk.clinic.desk}/account")
    tops = page.locator("[aria-labelledby=profile-heading] form").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().top)"
    )
    assert len(tops) == 2
    assert tops[0] == tops[1]


def test_the_main_act_of_a_form_is_on_the_first_screen(desk: DeskWindow) -> None:
    page = desk.page
    desk.open_client("Denise")
    client = page.url.split("#")[0]
    page.goto(f"{desk.clinic.desk}/sell?client_id={client.rsplit('/', 1)[1]}")
    page.locator("a.offer-card").first.click()
    expect(page.get_by_role("heading", name="How is it paid?")).to_be_visible()
    acts = {page.url: re.compile("^Cash, ")}
    page.goto(client)
    forms = page.locator(".more-menu a.act").evaluate_all("(all) => all.map((each) => each.href)")
    wanted = {"/visits": "Record visit", "/missed": "Record no-show", "/refund": "Review refund"}
    wanted |= {"/adjustment": "Adjust balance", "/plan": "Save plan"}
    for end, button in wanted.items():
        acts[next(each for each in forms if each.endswith(end))] = re.compile(f"^{button}")
    acts[f"{client}/notes/{datetime.now(UTC).date()}"] = re.compile("^Save note")
    acts[f"{desk.clinic.desk}/papers/batches"] = re.compile("^Make these papers")
    for address, name in acts.items():
        page.goto(address)
        for width, height in ((390, 844), (1024, 768)):
            page.set_viewport_size({"width": width, "height": height})
            box = page.get_by_role("button", name=name).first.bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= height, (address, width)
            assert page.locator("#main p.muted").evaluate_all(_LINES_THAT_BEGIN_WITH_A_POINT) == [], address


def test_from_1180_px_on_a_package_in_the_list_of_courses_has_two_lines_at_most(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1180, "height": 768})
    page.goto(f"{desk.clinic.desk}/courses")
    lines = page.locator("td.two-lines").evaluate_all(LINES_OF_TEXT)
    assert lines
    assert max(lines) <= 2


def test_packages_to_sell_do_not_overlap_in_letters_twice_as_large(desk: DeskWindow) -> None:
    page = desk.page
    desk.open_client("Denise")
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{desk.clinic.desk}/sell?client_id={page.url.split('#')[0].rsplit('/', 1)[1]}")
    expect(page.locator("a.offer-card")).not_to_have_count(0)
    enlarge(page, 200)
    assert layout_findings(page, "sell") == []


def test_each_tab_of_the_reports_shows_on_a_phone(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{desk.clinic.desk}/overview")
    tabs = page.locator("nav.tabs a")
    assert tabs.count() > 8
    boxes = tabs.evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().toJSON())")
    assert [box for box in boxes if not 0 <= box["left"] < box["right"] <= 390] == []


def test_a_day_of_a_report_stands_in_one_line_on_a_tablet(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{desk.clinic.desk}/reports/pay?from=2026-01-01&to=2030-12-31")
    page.locator("tbody th a").first.click()
    page.wait_for_url("**/reports/pay/*")
    # A note beside the day, such as that it was counted later, may take a line of its own.
    lines = page.locator("td[data-label=Visit]:not(:has(.small))").evaluate_all(LINES_OF_TEXT)
    assert lines
    assert set(lines) == {1}


def test_the_lists_and_tables_of_an_owner_use_a_wide_window(desk: DeskWindow) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1440, "height": 900})
    for address in ("/courses", "/clients/all", "/overview", "/reports/entries"):
        page.goto(desk.clinic.desk + address)
        box = page.locator("main .table").first.bounding_box()
        assert box is not None
        assert box["width"] > 1300, address


def test_an_address_of_five_lines_shows_whole_and_no_field_hides_behind_the_save_bar(
    desk: DeskWindow,
) -> None:
    page = desk.page
    page.set_viewport_size({"width": 1024, "height": 768})
    page.goto(f"{desk.clinic.desk}/clinic/papers")
    address = page.get_by_label("Address", exact=True)
    address.fill("\n".join(f"Line {n}" for n in range(1, 6)))
    assert address.evaluate("(field) => field.scrollHeight <= field.clientHeight")
    page.get_by_label("Clinic", exact=True).focus()
    hidden = {page.evaluate(BEHIND_THE_BAR)}
    for _field in range(20):
        page.keyboard.press("Tab")
        hidden.add(page.evaluate(BEHIND_THE_BAR))
    assert hidden == {""}, hidden
