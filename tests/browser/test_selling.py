"""Selling from the desk in a real browser: three taps, and a page that turns to paid by itself."""

import re

from playwright.sync_api import expect

from tests.browser.clinic import DeskWindow, Till

TIA = "Tia Moore"


def test_cash_and_a_payment_link_end_as_paid_courses(desk: DeskWindow, till: Till) -> None:
    page = desk.page

    # A new client on the way; then one tap on the package and one on how it is paid.
    page.get_by_role("link", name="Sell a package", exact=True).click()
    page.get_by_text("New client", exact=True).click()
    page.get_by_label("Name").fill(TIA)
    page.get_by_label("E-mail").fill("tia@example.org")
    page.get_by_role("button", name="Create client and continue").click()
    page.get_by_role("link", name=re.compile("course of 12")).click()
    page.get_by_text("Cash with change").click()
    page.get_by_role("button", name="$2,000.00").click()
    expect(page.get_by_role("dialog")).to_contain_text("$2,000.00 received, $20.00 change, from Tia Moore")
    page.get_by_role("dialog").get_by_role("button", name="Record cash").click()
    expect(page.get_by_text("$20.00 change, of $2,000.00")).to_be_visible()
    expect(page.get_by_role("heading", name="Paid. 12 of 12 left.")).to_be_visible()
    page.get_by_role("link", name=f"Open {TIA}").click()
    desk.expect_figure("12 of 12 left")

    # A payment link: its code is drawn, the phone pays, and the open page turns by itself.
    page.get_by_role("link", name="Sell a package", exact=True).click()
    page.get_by_role("link", name=re.compile("course of 10")).click()
    page.get_by_role("button", name=re.compile("^Payment link")).click()
    expect(page.get_by_role("heading", name="Scan to pay $1,650.00")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Code to scan"))).to_be_visible()
    till.page.goto(page.get_by_label("Or copy the link").input_value())
    till.page.get_by_role("button", name=re.compile(r"^Pay \$1,650\.00")).click()
    expect(page.get_by_role("heading", name="Paid. 10 of 10 left.")).to_be_visible()

    # Begun and left alone, it is found again on Today, and called off.
    page.go_back()
    page.get_by_role("button", name=re.compile("^Charge at Square POS")).click()
    expect(page.get_by_role("heading", name="Waiting for Square POS")).to_be_visible()
    page.get_by_role("link", name="Today").click()
    page.get_by_role("region", name="Pending sales").get_by_role("link", name=TIA).click()
    page.get_by_role("button", name="Cancel this sale").click()
    expect(page.get_by_role("heading", name="Canceled")).to_be_visible()
