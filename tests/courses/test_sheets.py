"""Files for a spreadsheet: nothing typed runs in it, nothing of the ledger is missing."""

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from python_calamine import load_workbook

from plugin.courses.base.sheet import Format, Sheet, harmless, write
from plugin.courses.clients.contacts import Buyer
from plugin.courses.reports.exports import Export, entries_sheet, export_sheet
from tests.courses.appointments import Appointments


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1 415", "'+1 415"),
        ("-2", "'-2"),
        ("@SUM(1)", "'@SUM(1)"),
        ("  =1+1", "'  =1+1"),
        ("\t=1", "'\t=1"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        ("Ana =1", "Ana =1"),
        ("", ""),
    ],
)
def test_nothing_typed_runs_in_a_spreadsheet(typed: str, kept: str):
    assert harmless(typed) == kept
    sheet = Sheet("Names", ("name", "amount"), [(typed, Decimal("-1650.00"))])
    assert next(csv.reader(io.StringIO(body_of(sheet)), strict=True)) == [kept, "-1650.00"]
    rows = load_workbook(io.BytesIO(raw(sheet, Format.XLSX))).get_sheet_by_index(0).to_python()
    assert (str(rows[1][0]).strip(), rows[1][1]) == (kept.strip(), -1650.0)


def raw(sheet: Sheet, form: Format, *, for_people: bool = False) -> bytes:
    out = io.BytesIO()
    write(sheet, form, out, for_people=for_people)
    return out.getvalue()


def body_of(sheet: Sheet) -> str:
    return raw(sheet, Format.CSV).decode().split("\r\n", 1)[1]


def test_the_whole_ledger_can_be_taken_along(lite: Appointments):
    desk = lite.desk
    course = desk.sell(buyer=Buyer("C-1", name="=cmd|'/c calc'!A1"))
    desk.use(course)
    now = desk.clock()
    entries = list(csv.DictReader(io.StringIO(raw(entries_sheet(desk.store, None), Format.CSV).decode())))
    assert [(row["kind"], row["value_delta"]) for row in entries] == [
        ("sold", "0.00"),
        ("paid", "1980.00"),
        ("used", "-165.00"),
    ]
    assert entries[0]["client_name"] == "'=cmd|'/c calc'!A1"
    courses = export_sheet(desk.store, Export.COURSES, None, None, now=now)
    (row,) = csv.DictReader(io.StringIO(raw(courses, Format.CSV).decode()))
    assert (row["course"], row["sessions_left"], row["value_left"], row["status"]) == (
        course,
        "11",
        "1815.00",
        "open",
    )
    none = export_sheet(desk.store, Export.ENTRIES, None, date(2026, 10, 31), now=now)
    assert list(none.rows) == []
    owed = export_sheet(desk.store, Export.LIABILITY, None, None, now=now)
    assert [line[-1] for line in owed.rows if line[4] == "closing"] == [Decimal("1815.00")] * 2


def test_a_file_for_people_says_that_it_is_utf_8():
    sheet = Sheet("Names", ("name",), [("王美玲",)])
    assert raw(sheet, Format.CSV, for_people=True).startswith(b"\xef\xbb\xbfname")
    assert raw(sheet, Format.CSV).startswith(b"name")
