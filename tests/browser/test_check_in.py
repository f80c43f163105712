"""The check-in screen as a client meets it: by typing and by the camera, and nothing stays on it."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import Clinic, DeskWindow
from tests.browser.measures import Findings
from tests.browser.screens import MEASURED
from tests.browser.test_palette import code_picture, paper_code
from tests.chromium import camera_showing, watched_page

__all__ = ["paper_code"]

TYPED = ("Maribel Okonkwo-Reyes", "0101")


def allow_it(desk: DeskWindow) -> None:
    page = desk.page
    page.goto(f"{desk.clinic.desk}/clinic/settings/check_in")
    page.get_by_label("Clients can check in on a screen").select_option("true")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#notices")).to_contain_text("Saved")


def become_screen(page: Page, clinic: Clinic) -> None:
    page.goto(f"{clinic.desk}/check-in-screens")
    page.get_by_role("button", name=re.compile("^Turn this device")).click()
    expect(page.get_by_role("heading", name="Check in", level=1)).to_be_visible()
    # That sign-in has ended with it.
    clinic.cookies.clear()


def test_a_client_checks_in_and_nothing_of_theirs_stays(
    desk: DeskWindow, browser: Browser, paper_code: str, clinic: Clinic, tmp_path: Path
) -> None:
    allow_it(desk)
    with camera_showing(browser, code_picture(paper_code), tmp_path) as context:
        context.add_cookies(clinic.cookies)
        with watched_page(context) as page:
            become_screen(page, clinic)
            found = Findings()
            found.add(page, "/check-in", widths=MEASURED)
            assert (found.layout, found.axe, found.foreign) == ([], [], [])
            page.clock.install()
            page.reload()
            name, last_digits = (
                page.get_by_label("First and last name"),
                page.get_by_label("Last four digits"),
            )
            name.fill(TYPED[0])
            page.clock.fast_forward(16_000)
            expect(name).to_have_value("")

            name.fill(TYPED[0])
            last_digits.fill(TYPED[1])
            page.get_by_role("button", name="Check in").click()
            expect(page.get_by_role("heading", name="You are checked in.")).to_be_visible()
            expect(page.locator(".check-in-left")).to_have_text(re.compile(r"of \d+ left after today"))
            page.clock.fast_forward(1_000)
            expect(page.locator("#working")).to_be_empty()
            page.clock.fast_forward(16_000)
            expect(page.get_by_role("heading", name="Check in", level=1)).to_be_visible()
            assert "Maribel" not in page.content()

            # Grace has a package and no appointment today.
            page.clock.resume()
            page.get_by_role("button", name="Start the camera").click()
            expect(page.get_by_role("heading", name="Please ask at the front desk.")).to_be_visible()

            page.goto(clinic.desk)
            expect(page.get_by_role("heading", name=re.compile("Check in|Please"), level=1)).to_be_visible()
