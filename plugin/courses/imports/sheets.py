"""The files an import hands out: one to start from, and the rows that could not be imported with the reason."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from plugin.core.money import minor_digits
from plugin.courses.imports.columns import CALLED, Field
from plugin.courses.imports.views import wrong_rows
from plugin.courses.reports.sheet import Cell, Sheet
from plugin.store import Store

_COLUMNS = (
    Field.NAME,
    Field.PHONE,
    Field.EMAIL,
    Field.PACKAGE,
    Field.TREATMENT,
    Field.SESSIONS,
    Field.LEFT,
    Field.TOUCH_UPS_LEFT,
    Field.PRICE,
    Field.SOLD_ON,
    Field.EXPIRES_ON,
    Field.NOTE,
)


def template_sheet(currency: str, package: str) -> Sheet:
    """Return a file to start from: headings that are understood, and two rows that show how it is meant.

    `package` is the name of one of the clinic's packages, "" for none.
    """
    price = Decimal(1650).quantize(Decimal(1).scaleb(-minor_digits(currency)))
    of_package: list[Cell] = ["Ana Souza", "+14155550123", "ana@example.org", package, ""]
    of_treatment: list[Cell] = ["Mei Lin", "", "mei@example.org", "", "Facial acupuncture, 60 min"]
    if not package:
        of_package[3:5] = ["", "Facial acupuncture, 60 min"]
    rows = [
        [*of_package, 10, 4, "", price, date(2026, 3, 2), date(2027, 3, 2), "Receipt 1041"],
        [*of_treatment, 12, 7, "", price, date(2026, 5, 18), "", ""],
    ]
    return Sheet("Courses to import", tuple(CALLED[each] for each in _COLUMNS), rows)


def wrong_sheet(store: Store, batch_id: str) -> Sheet:
    """Return every row that can't be imported as it came, with its line and why; raises NotFound or Refused."""
    headings, rows = wrong_rows(store, batch_id)
    return Sheet("Rows to mend", headings, rows)
