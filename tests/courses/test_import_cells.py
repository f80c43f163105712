"""What a file may contain: encodings, delimiters, headings, amounts, days; and what is refused, with the reason."""

import base64
import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from xlsxwriter import Workbook

from plugin.courses.imports.cells import (
    LARGEST_FILE,
    Currency,
    Table,
    TwoWays,
    order_told,
    read_amount,
    read_moment,
)
from plugin.courses.imports.columns import propose
from plugin.courses.imports.fields import Field
from plugin.courses.imports.reading import read_table
from plugin.courses.imports.values import Counts, read_count, read_counts
from plugin.errors import InvalidField

DOLLARS = Currency.of("USD", "en", "US")
EUROS = Currency.of("EUR", "de", "DE")
YEN = Currency.of("JPY", "ja", "JP")
DINARS = Currency.of("KWD", "en", "KW")


def _day(cell: str | date | Decimal, *, is_day_first: bool | None, zone: ZoneInfo | None = None) -> date:
    moment = read_moment(cell, is_day_first=is_day_first)
    return moment.astimezone(zone).date() if isinstance(moment, datetime) else moment


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("1650", DOLLARS, 165000),
        ("1,650.00", DOLLARS, 165000),
        ("1.650,00", DOLLARS, 165000),
        ("1 650,00", DOLLARS, 165000),
        ("1'650.00", DOLLARS, 165000),
        ("1,650", DOLLARS, 165000),
        ("1,234,567", DOLLARS, 123456700),
        ("$1,650.5", DOLLARS, 165050),
        ("usd 12", DOLLARS, 1200),
        ("0", DOLLARS, 0),
        (Decimal("137.5"), DOLLARS, 13750),
        ("1.650", EUROS, 165000),
        ("1.650,00 €", EUROS, 165000),
        ("198,000", YEN, 198000),
        ("￥198000", YEN, 198000),
        ("1650.00", YEN, 1650),
        ("12.345", DINARS, 12345),
    ],
)
def test_it_reads_amounts_as_they_are_meant(text: str | Decimal, currency: Currency, minor: int) -> None:
    assert read_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency", "says"),
    [
        ("1.650", DOLLARS, "can be read as 1650 or as 1.650"),
        ("1,650", EUROS, "can be read as 1650 or as 1.650"),
        ("12,345", DINARS, "can be read as 12345 or as 12.345"),
        ("€1650", DOLLARS, "not an amount in USD"),
        ("165.0055", DOLLARS, "more decimals than USD has: 2"),
        ("1650.5", YEN, "more decimals than JPY has: none"),
        ("1,65.00", DOLLARS, "not an amount"),
        ("1.650,00.00", DOLLARS, "not an amount"),
        ("(1650)", DOLLARS, "not an amount"),
        ("-5", DOLLARS, "not an amount"),
        (Decimal(-5), DOLLARS, "less than nothing"),
        ("9" * 25, DOLLARS, "not an amount"),
        ("1e9", DOLLARS, "not an amount in USD"),
    ],
)
def test_it_refuses_what_is_no_amount_or_two(text: str | Decimal, currency: Currency, says: str) -> None:
    with pytest.raises(InvalidField, match=says):
        read_amount(text, currency)


@pytest.mark.parametrize(("cell", "count"), [("12", 12), ("12.0", 12), (" 7 ", 7), (Decimal(5), 5), ("٧", 7)])
def test_it_reads_counts(cell: str | Decimal, count: int) -> None:
    assert read_count(cell) == count


@pytest.mark.parametrize("cell", ["-1", "1.5", "twelve", "7/12", Decimal("0.5"), "1e3", "9999999"])
def test_it_refuses_what_is_no_count(cell: str | Decimal) -> None:
    with pytest.raises(InvalidField, match="whole number"):
        read_count(cell)


@pytest.mark.parametrize(
    ("text", "granted", "used", "left"),
    [
        ("7", None, None, 7),
        ("7/10", 10, None, 7),
        ("7 of 10", 10, None, 7),
        ("7 (of 10)", 10, None, 7),
        ("7 out of 10 sessions", 10, None, 7),
        ("7 left", None, None, 7),
        ("Remaining: 7", None, None, 7),
        ("10 Pack - 7 remaining", 10, None, 7),
        ("10-pack, 3 used", 10, 3, None),
        ("3 of 10 used", 10, 3, None),
        ("3 used / 7 left", None, 3, 7),
        ("7 sessions", None, None, 7),
        ("Facial 60 min, 7 left", None, None, 7),
        ("quedan 7 de 10", 10, None, 7),
    ],
)
def test_it_reads_counts_with_their_words(
    text: str, granted: int | None, used: int | None, left: int | None
) -> None:
    """D10."""
    assert read_counts(text, of="left") == Counts(granted, used, left)


@pytest.mark.parametrize(
    "text", ["unlimited", "-7 left", "3.5 left", "7/10/2026", "ten", "5 left, 6 left", "7" * 40, "$7"]
)
def test_it_refuses_counts_that_are_none_or_two(text: str) -> None:
    """D10."""
    with pytest.raises(InvalidField, match="is not a "):
        read_counts(text, of="left")


MARCH_4 = date(2025, 3, 4)


@pytest.mark.parametrize(
    "cell",
    [
        "2025-03-04",
        "2025/3/4",
        "2025-03-04T18:30:00Z",
        "2025-03-04 10:30",
        "4 Mar 2025",
        "4. März 2025",
        "4 de marzo de 2025",
        "Mar 4, 2025",
        "March 4th 2025",
        "4-Mar-2025",
        "04.03.2025",
        "2025年3月4日",
        "4-Mar-25",
        "Tuesday, March 4, 2025",
        "martes, 4 de marzo de 2025",
        "Mar 4 '25",
        "04MAR2025",
        "20250304",
        "2025-03-04T10:30:00-08:00",
        "March 4, 2025 3:45 PM EST",
        "Tue Mar 04 2025 10:00:00 GMT-0800 (PST)",
        "45720",
        Decimal(45720),
        MARCH_4,
    ],
)
def test_it_reads_days_in_many_forms(cell: str | date | Decimal) -> None:
    """D9."""
    zone = ZoneInfo("America/Los_Angeles")
    assert _day(cell, is_day_first=None, zone=zone) == MARCH_4


def test_a_day_that_is_two_is_read_as_the_file_or_the_owner_says() -> None:
    assert _day("03/04/2025", is_day_first=False) == MARCH_4
    assert _day("04/03/25", is_day_first=True) == MARCH_4
    assert _day("31/03/2025", is_day_first=False) == date(2025, 3, 31)
    assert _day("05/05/2025", is_day_first=None) == date(2025, 5, 5)
    for text in ("03/04/2025", "3-4-25", "3 4 2025", "03/04/2025 3:45 PM"):
        with pytest.raises(TwoWays):
            _day(text, is_day_first=None)


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (["03/04/2025", "31/03/2025"], True),
        (["03/04/2025", "03-31-2025"], False),
        (["31/03/2025", "03/31/2025"], None),
        (["03/04/2025"], None),
        (["2025-03-31", MARCH_4, "31.03.2025"], None),
    ],
)
def test_one_plain_day_tells_the_order_of_all(days: list[str | date], told: bool | None) -> None:
    assert order_told(days) is told


@pytest.mark.parametrize(
    "cell",
    [
        "yesterday",
        "451234",
        "March 2025",
        "4 Mar",
        "10:30",
        "3, 4, 2025",
        "9" * 99,
        "2025-02-30",
        "13/13/2025",
        "1889-01-01",
        "3000-01-01",
        "4 Foo 2025",
        "=NOW()",
    ],
)
def test_it_refuses_what_is_no_day(cell: str) -> None:
    with pytest.raises(InvalidField, match="is not a date"):
        _day(cell, is_day_first=None)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("Client", Field.NAME),
        ("Customer name", Field.NAME),
        ("CLIENT PHONE", Field.PHONE),
        ("E-Mail", Field.EMAIL),
        ("First Name", Field.FIRST_NAME),
        ("Sessions left", Field.LEFT),
        ("remaining_visits", Field.LEFT),
        ("Bought", Field.SESSIONS),
        ("Total sessions", Field.SESSIONS),
        ("Redeemed", Field.USED),
        ("Touch-ups left", Field.TOUCH_UPS_LEFT),
        ("Amount Paid", Field.PRICE),
        ("Total paid", Field.PRICE),
        ("Purchase date", Field.SOLD_ON),
        ("Expiration Date", Field.EXPIRES_ON),
        ("Valid until", Field.EXPIRES_ON),
        ("Package name", Field.PACKAGE),
        ("Service", Field.TREATMENT),
        ("Sesiones restantes", Field.LEFT),
        ("Kunde", Field.NAME),
        ("Date of birth", None),
        ("Client ID", None),
        ("Price per session", None),
        ("Ünknown", None),
        ("x" * 50_000, None),
    ],
)
def test_it_knows_headings_in_the_words_of_others(heading: str, field: Field | None) -> None:
    assert list(propose(Table((heading,), (), "")).columns.of) == ([field] if field else [])


TEXT = "Client{0}Package{0}Remaining\nInês Müller{0}Facial{0}5\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_finds_out_encoding_and_delimiter(encoding: str, delimiter: str) -> None:
    table = read_table(TEXT.format(delimiter).encode(encoding))
    assert table.headings == ("Client", "Package", "Remaining")
    assert table.rows[0].cells == ("Inês Müller", "Facial", "5")


def test_a_title_above_the_headings_and_empty_lines_are_passed_over() -> None:
    text = 'Packages report,,\nMade 2026-11-22,,\n\nClient,Package,Left\n"Ana\nSouza",F,1\n\n李梅,F,2\n'
    table = read_table(text.encode())
    assert [(row.line, row.cells[0]) for row in table.rows] == [(5, "Ana\nSouza"), (8, "李梅")]


def test_what_names_its_delimiter_and_guards_its_cells_is_read() -> None:
    table = read_table(b"sep=;\r\nClient;Phone;Left\r\nAna, MD;'+14155550123;2\r\n")
    assert [(row.line, row.cells) for row in table.rows] == [(3, ("Ana, MD", "+14155550123", "2"))]


def test_a_workbook_keeps_numbers_days_and_what_formulas_came_to() -> None:
    made = io.BytesIO()
    with Workbook(made) as book:
        book.add_worksheet("Empty")
        sheet = book.add_worksheet("Courses")
        sheet.write_row(0, 0, ["Client", "Phone", "Left", "Price", "Sold"])
        sheet.write_string(2, 0, "李梅")
        sheet.write_number(2, 1, 4155550123)
        sheet.write_formula(2, 2, "=12-7", None, 5)
        sheet.write_number(2, 3, 1650.1)
        sheet.write_datetime(2, 4, MARCH_4, book.add_format({"num_format": "dd/mm/yyyy"}))
    table = read_table(made.getvalue())
    assert table.read_as == "Excel, sheet “Courses”"
    assert [(row.line, row.cells) for row in table.rows] == [
        (3, ("李梅", Decimal(4155550123), Decimal(5), Decimal("1650.1"), MARCH_4))
    ]


def packed(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return made.getvalue()


def claiming(data: bytes, true: int, said: int) -> bytes:
    """Return the archive with another size claimed for the part of this true size."""
    return data.replace(true.to_bytes(4, "little"), said.to_bytes(4, "little"))


def holding(rows: str, root: str = "worksheet") -> bytes:
    """Return a workbook whose sheet, wherever it is, has these rows."""
    return packed(xl__workbook_xml=b"<workbook/>", xl__else__where_xml=f"<{root}>{rows}</{root}>".encode())


CORNER = '<c r="XFD1048576"><v>1</v></c>'
BOMB = packed(xl__workbook_xml=b"<workbook/>", xl__worksheets__sheet1_xml=b" " * 1_234_567)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"  \r\n ", "is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no table"),
        (b"%PDF-1.7\n\x81\x00", "is no table"),
        (b"\x00" * 1_000_000, "is no table"),
        (bytes(range(256)) * 4000, "is no table"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old or a locked Excel file"),
        (b"PK\x03\x04nonsense", "can’t be read"),
        (packed(word__document_xml=b"<w/>"), "can’t be read"),
        (packed(xl__workbook_xml=b"<workbook"), "can’t be read"),
        (holding(f'<row r="1">{CORNER}</row>'), "far outside its table"),
        (holding(CORNER.replace(" r=", " t='a>b'\n r = ")), "far outside its table"),
        (holding(CORNER.replace("<c", "<x:c").replace("</c", "</x:c")), "far outside its table"),
        (holding('<row r="1"><c r="XFD1"><v>1</v></c></row>'), "far outside its table"),
        (holding('<row r="1048576"><c><v>1</v></c></row>'), "far outside its table"),
        (holding("<row>" + "<c><v>1</v></c>" * 1001 + "</row>"), "far outside its table"),
        (holding('<c r="1A"><v>1</v></c>'), "can’t be read"),
        (packed(xl__workbook_xml=b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'), "can’t be read"),
        (claiming(BOMB, 1_234_567, 70_000_000), "unpacks to more"),
        (claiming(BOMB, 1_234_567, 10), "can’t be read"),
        (b"Client,Left\n", "no rows below"),
        (b"," * 70 + b"Client\n" + b"x," * 70, "more than 60 columns"),
        (b"Client,Left\n" + b"a,1\n" * 20_001, "more than 20,000 rows"),
        (b"x" * (LARGEST_FILE + 1), "larger than 5 MB"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_it_refuses_what_is_no_table_or_too_much(data: bytes, says: str) -> None:
    with pytest.raises(InvalidField, match=says):
        read_table(data)


def test_cells_that_only_look_like_something_are_no_reason_to_refuse() -> None:
    made = io.BytesIO()
    with Workbook(made) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["Client", "Left"])
        sheet.write_row(1, 0, ["Ana", "5"])
        sheet.write_blank(9, 16_383, None, book.add_format({"bold": True}))
        sheet.insert_image(3, 3, "logo.png", {"image_data": io.BytesIO(PICTURE)})
    assert [row.cells for row in read_table(made.getvalue()).rows] == [("Ana", "5")]


PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def test_the_same_cells_are_the_same_file_however_it_was_saved() -> None:
    saved: list[Table] = [read_table(TEXT.format(each).encode("utf-16")) for each in ",;"]
    other = read_table(TEXT.format(",").replace("5", "6").encode())
    assert saved[0].sha256 == saved[1].sha256 != other.sha256
