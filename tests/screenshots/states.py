"""What a screen shows seldom, reached as the tests of it do: no connection, no server, a refused form, and more."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import Clinic, DeskWindow
from tests.browser.line import line_to
from tests.browser.test_check_in import TYPED, allow_it, become_screen
from tests.browser.test_desk_feel import refuse_a_client
from tests.browser.test_lost_answers import UNDOS, Line, used_now
from tests.browser.test_offline import away, is_kept
from tests.browser.test_signed_out import half_filled, sign_out_elsewhere
from tests.chromium import WINDOW

CLIENT = "Grace Kim"


def states(browser: Browser, clinic: Clinic, scheme: Any) -> Iterator[tuple[str, Page]]:
    """Yield the name of each state and the page that shows it."""
    with _desk(browser, clinic, scheme) as desk:
        desk.open_client(CLIENT)
        desk.page.context.set_offline(True)
        expect(desk.page.locator("#away")).to_contain_text("Offline")
        yield "offline", desk.page
    with line_to(clinic.desk) as line:
        behind_line = replace(clinic, desk=line.address, cookies=[])
        with _desk(browser, behind_line, scheme, service_workers="allow") as desk:
            desk.open_client(CLIENT)
            is_kept(desk.page, urlsplit(desk.page.url).path)
            line.down()
            away(desk.page)
            yield "server away", desk.page
            desk.page.goto(f"{line.address}/clients/all")
            expect(desk.page.get_by_role("heading", name="No connection")).to_be_visible()
            yield "no connection", desk.page
    with _desk(browser, clinic, scheme) as desk:
        refuse_a_client(desk)
        yield "refused form", desk.page
    with _desk(browser, clinic, scheme) as desk:
        desk.open_client(CLIENT)
        button = used_now(desk.page)
        desk.page.route(UNDOS, Line(lost=99))
        button.click()
        expect(desk.page.locator("[data-notice]")).to_contain_text(re.compile("Still waiting|No answer yet"))
        yield "lost answer", desk.page
    with _desk(browser, clinic, scheme) as desk:
        half_filled(desk, "Half Typed")
        sign_out_elsewhere(desk)
        expect(desk.page.get_by_role("dialog", name="Sign in to continue")).to_be_visible()
        yield "expired sign-in", desk.page
    with _desk(browser, clinic, scheme) as desk:
        allow_it(desk)
        become_screen(desk.page, clinic)
        desk.page.get_by_label("First and last name").fill(TYPED[0])
        desk.page.get_by_label("Last four digits").fill(TYPED[1])
        yield "check-in screen", desk.page


@contextmanager
def _desk(browser: Browser, clinic: Clinic, scheme: Any, **window: Any) -> Iterator[DeskWindow]:
    context = browser.new_context(**{**WINDOW, "color_scheme": scheme, **window})
    yield DeskWindow(context.new_page(), clinic)
    context.close()
