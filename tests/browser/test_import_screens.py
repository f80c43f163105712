"""The import with its columns open: it fits every width, axe finds nothing, and the way through by mouse."""

import re
from zlib import crc32

import pytest
from playwright.sync_api import Page, expect

from tests.browser.clinic import DeskWindow
from tests.browser.measures import Findings
from tests.browser.screens import MEASURED

HEADINGS = (
    "Invoice Number,Location Name,Name,Home Phone,Mobile Phone,Package,Current Balance,Visits left,{}\n"
)
ROW = '812,Westside,"{}",,(415) 555-0142,course of 10,$660.00,{},{}\n'
FILES = {
    "ready to import": (HEADINGS.format("Purchased") + ROW.format("Ruiz, Ana", 4, "2026-01-05")).encode(),
    "can’t be imported yet": (
        HEADINGS.format("Purchased") + ROW.format("Bo Lee", "Unlimited", "2026-01-05")
    ).encode(),
    "Which day is": (HEADINGS.format("Purchased") + ROW.format("Cy Wu", 4, "03/04/2026")).encode(),
    "Say which column holds": (HEADINGS.format("Provider") + ROW.format("Dee Fox", 4, "J. Park")).encode(),
    "Which of these reads right": (
        HEADINGS.format("Purchased") + ROW.format("Søren Holm", 4, "2026-01-05")
    ).encode("cp1252"),
}


def upload(page: Page, clinic: str, data: bytes) -> None:
    page.goto(f"{clinic}/import")
    page.get_by_label("CSV or Excel file").set_input_files(
        # A name of its own: a list of imports names each by its file.
        {"name": f"export-{crc32(data):x}.csv", "mimeType": "text/csv", "buffer": data}
    )
    page.get_by_role("button", name="Preview").click()


@pytest.mark.parametrize("says", FILES)
def test_the_columns_of_a_file_fit_every_width_and_read_well(desk: DeskWindow, says: str) -> None:
    page = desk.page
    upload(page, desk.clinic.desk, FILES[says])
    expect(page.get_by_text(re.compile(says)).first).to_be_visible()
    expect(page.get_by_role("heading", name="Map columns")).to_be_visible()
    found = Findings()
    found.add(page, says, widths=MEASURED)
    assert (found.layout, found.axe) == ([], [])


def test_what_is_undecided_is_decided_and_then_imported(desk: DeskWindow) -> None:
    page = desk.page
    upload(page, desk.clinic.desk, FILES["Say which column holds"].replace(b"Dee", b"Eve"))
    expect(page.get_by_text("Say which column holds the date of purchase.")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Import "))).to_have_count(0)
    page.get_by_label("Date of purchase").fill("2026-03-02")
    page.get_by_role("button", name="Check again").click()
    expect(
        page.get_by_text("Skipped: Invoice Number, Location Name, Current Balance, Provider.")
    ).to_be_visible()
    page.get_by_role("button", name="Import 1 course").click()
    expect(page.get_by_role("heading", name="1 course is in Coursekeeper")).to_be_visible()
    desk.open_client("Eve Fox")
