"""The main job, as a newcomer does it in two windows: the till on one side, the desk on the other."""

from playwright.sync_api import expect

from tests.browser.clinic import DeskWindow, Till

RENEE = "Renée Desjardins"
COURSE = "course of 12"


def test_sell_use_print_assign_refund(desk: DeskWindow, till: Till) -> None:
    page = desk.page
    desk.open_client(RENEE)
    expect(page.get_by_text("No package yet")).to_be_visible()

    # A sale at the till shows on the open page by itself.
    till.ring_up(COURSE, RENEE)
    desk.expect_figure("12 of 12 left")
    expect(page.locator(".punch.left")).to_have_count(12)

    # One tap uses a session; Undo is at hand, and so are the papers.
    page.get_by_role("button", name="Use a session").click()
    desk.expect_figure("11 of 12 left")
    expect(page.locator("#notices")).to_contain_text("Session 1 used. 11 of 12 left.")
    expect(page.locator("#notices").get_by_role("button", name="Undo")).to_be_visible()
    for name in ("Course summary", "Aftercare sheet session 1"):
        link = page.get_by_role("link", name=name)
        paper = page.request.get(desk.clinic.desk + (link.get_attribute("href") or ""), timeout=60_000)
        assert paper.ok
        assert paper.headers["content-type"] == "application/pdf"
        assert paper.body().startswith(b"%PDF-")

    # A sale to nobody waits, counted on every page; a name and one tap assign it.
    till.ring_up(COURSE, None)
    expect(page.locator("#attention-count")).to_have_text("1")
    page.get_by_role("link", name="Attention").click()
    question = page.get_by_role("article")
    expect(question).to_contain_text("sold without a client. Assign a client.")
    question.get_by_label("Assign client").fill("raghu")
    assign = question.get_by_role("button", name="Assign to Priya Raghunathan")
    expect(assign).to_be_visible()
    assign.click()
    expect(page.locator("#notices")).to_contain_text("Assigned to Priya Raghunathan.")
    expect(page.get_by_text("All caught up")).to_be_visible()
    page.get_by_role("link", name="Open the client").click()
    desk.expect_figure("12 of 12 left")

    # A refund at the till closes the course on the open page; the history keeps all of it.
    desk.open_client(RENEE)
    till.refund_all(RENEE)
    desk.expect_figure("0 of 12 left")
    expect(page.locator(".client-card").get_by_text("Refunded")).to_be_visible()
    history = page.get_by_role("list").filter(has_text="Sold:")
    for line in ("Sold: 12 × ", "Session 1, ", "Refunded: 11 × "):
        expect(history).to_contain_text(line)
    expect(page.get_by_role("button", name="Use a session")).to_have_count(0)
