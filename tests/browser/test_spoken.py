"""What a screen reader says in the main jobs: names, roles, states and their order, against what is kept here.

An expectation names what must be said, in its order; what stands between may change. Days and money that depend on
the day of the test are patterns.
"""

import re

from playwright.sync_api import Page, expect

from tests.browser.clinic import DeskWindow

NAME = "Maribel Okonkwo-Reyes"


def says(page: Page, expected: str, part: str = "main") -> None:
    """Assert that this part of the page says what is expected, in its order."""
    expect(page.locator(part).first).to_match_aria_snapshot(expected)


def focus(page: Page) -> str:
    """Return what has the focus, as it is named."""
    named: str = page.evaluate(
        "() => { const at = document.activeElement; return at.id || at.textContent.trim().replace(/\\s+/g, ' '); }"
    )
    return named


def test_finding_a_client(desk: DeskWindow) -> None:
    page = desk.page
    says(
        page,
        """
        - banner:
          - navigation "Main":
            - list:
              - listitem:
                - link "Today"
              - listitem:
                - link "Clients"
              - listitem:
                - link /Attention/
        """,
        "body",
    )
    says(
        page,
        """
        - heading "Today" [level=1]
        - search "Clients":
          - combobox "Find a client"
        """,
    )
    assert focus(page) == "q"


def test_using_a_session_and_undoing_it(desk: DeskWindow) -> None:
    page = desk.page
    desk.open_client("Grace Kim")
    says(
        page,
        """
        - heading "Grace Kim" [level=1]
        - list:
          - listitem:
            - link /Call/
          - listitem:
            - link /Write to/
        - link "Sell a package"
        - region "Facial acupuncture, course of 10":
          - heading "Facial acupuncture, course of 10" [level=2]
          - paragraph:
            - strong: "8"
            - text: of 10 left
          - list "Sessions":
            - listitem: /Session 1. used/
            - listitem: /Session 2. used/
            - listitem: "Session 3: left"
        - complementary "What to do":
          - button "Use a session"
        """,
    )
    page.locator("[data-shortcut=u]").click()
    says(
        page,
        """
        - status:
          - paragraph: /Session 3 used/
          - button /Undo/
        """,
    )
    assert focus(page) == "main"
    page.locator("#notices").get_by_role("button", name="Undo").click()
    expect(page.locator("#notices")).to_contain_text("restored")
    assert focus(page) == "main"


def test_checking_somebody_in(desk: DeskWindow) -> None:
    says(
        desk.page,
        f"""
        - region /Arrivals/:
          - heading /Arrivals \\d+/ [level=2]
          - list:
            - listitem:
              - paragraph:
                - time
              - paragraph:
                - link "{NAME}"
              - button "Use a session for {NAME}"
        """,
    )


def test_editing_and_undoing_an_older_visit(desk: DeskWindow) -> None:
    desk.open_client(NAME)
    page = desk.page
    says(
        page,
        """
        - region "History":
          - heading "History" [level=2]
          - list:
            - listitem:
              - time
              - paragraph: /Session 5/
              - group: Edit session 5
              - link "Aftercare sheet, session 5"
              - group: Undo session 5
        """,
    )
    page.locator("summary", has_text="Edit session 5").click()
    says(
        page,
        """
        - combobox "Practitioner"
        - textbox /.+/
        - button "Save session 5"
        - link "Full note session 5"
        """,
        "details.describe[open]",
    )
    page.keyboard.press("Escape")
    assert focus(page) == "Edit session 5"


def test_adding_a_past_visit(desk: DeskWindow) -> None:
    desk.open_client(NAME)
    desk.page.get_by_role("link", name="Add past visit").first.click()
    says(
        desk.page,
        """
        - heading "Add past visit" [level=1]
        - combobox "Treatment"
        - textbox "Date"
        - textbox "Sessions"
        - button "Record visit"
        - link "Cancel"
        """,
    )


def test_selling_for_cash(desk: DeskWindow) -> None:
    desk.open_client("Carol Bergström")
    page = desk.page
    page.get_by_role("link", name="Sell a package").first.click()
    page.get_by_role("link", name=re.compile("course of 10")).click()
    says(page, "- button /Cash, \\$1,650.00/")
    page.get_by_role("button", name=re.compile("^Cash, ")).click()
    says(
        page,
        """
        - dialog:
          - heading /Cash/
          - button "Record cash"
          - button "Cancel"
        """,
        "body",
    )
    page.keyboard.press("Escape")
    assert focus(page).startswith("Cash, ")


def test_refunding(desk: DeskWindow) -> None:
    desk.open_client(NAME)
    page = desk.page
    page.goto(desk.clinic.desk + (page.locator("a[href$='/refund']").first.get_attribute("href") or ""))
    says(
        page,
        """
        - heading "Refund this package" [level=1]
        - group "Refund amount":
          - radio /Prorated/ [checked]
          - radio /Less used at single price/
          - radio "Another amount"
          - textbox "Amount"
        - textbox "Reason"
        - button "Review refund"
        - link "Cancel"
        """,
    )
    page.get_by_role("textbox", name="Amount").fill("9999999")
    page.get_by_role("textbox", name="Reason").fill("Moves away")
    page.get_by_role("button", name="Review refund").click()
    says(page, "- alert")
    assert page.evaluate("document.activeElement.getAttribute('role')") == "alert"


def test_setting_a_first_expiration(desk: DeskWindow) -> None:
    desk.open_client(NAME)
    page = desk.page
    page.goto(desk.clinic.desk + (page.locator("a[href$='/extension']").first.get_attribute("href") or ""))
    says(
        page,
        """
        - heading "Set expiration" [level=1]
        - paragraph: No expiration.
        - textbox "Expires"
        - checkbox "Set a date in the past"
        - textbox "Reason"
        - button "Save expiration date"
        - link "Cancel"
        """,
    )


def test_reading_what_is_owed(desk: DeskWindow) -> None:
    desk.page.goto(f"{desk.clinic.desk}/reports/liability")
    says(
        desk.page,
        """
        - heading "Deferred revenue" [level=1]
        - link /Help/
        - navigation "Reports"
        - list "Period"
        - region:
          - heading /to/ [level=2]
          - table:
            - rowgroup:
              - row:
                - columnheader "Sessions"
                - columnheader "Value"
            - rowgroup:
              - row:
                - rowheader /.+/
                - cell
        """,
    )


def test_changing_a_setting(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clinic/settings/retention")
    says(
        page,
        """
        - paragraph:
          - link "Settings"
        - heading "Retention" [level=1]
        - link "Help with Retention, opens the guide in a new window"
        - textbox "Days of finished work"
        - button "Save"
        """,
    )
