"""The code to pay by is read off the screen, as the client's phone reads it.

Row E1 of the faults found by use.
"""

import io
import re
from typing import Literal

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.clinic import DeskWindow


def code_on(page: Page) -> list[str]:
    code = page.get_by_role("img", name=re.compile("^Code to scan"))
    with Image.open(io.BytesIO(code.screenshot())) as picture:
        return [each.text for each in zxingcpp.read_barcodes(picture)]


@pytest.mark.parametrize("way", ["Payment link", "Invoice"])
def test_e1_the_payment_code_scans_in_light_and_dark(desk: DeskWindow, way: str) -> None:
    page = desk.page
    desk.open_client("Jo D'Angelo")
    page.get_by_role("link", name="Sell a package").click()
    page.get_by_role("link", name=re.compile("course of 10")).click()
    if way == "Invoice":
        page.get_by_text("With a deposit and due dates").click()
        page.get_by_role("button", name="Create invoice").click()
    else:
        page.get_by_role("button", name=re.compile(f"^{way}")).click()
    address = page.get_by_label("Or copy the link")
    expect(address).to_be_visible()
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        assert code_on(page) == [address.input_value()], scheme
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Cancel this sale").click()
    expect(page.get_by_role("heading", name=re.compile("^Cancel"))).to_be_visible()
