"""One description of a report's columns gives the file its cells and the rows their order."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from plugin.core.money import Money
from plugin.courses.base.columns import Column, Kind, Person, Share, file_of
from plugin.staff_languages import staff_language
from plugin.wording import N_, speaking


@pytest.mark.parametrize(
    ("kind", "value", "cell", "order"),
    [
        (Kind.TEXT, "Évora", "Évora", "evora"),
        (Kind.NUMBER, 3, 3, 3),
        (Kind.MONEY, Money(165000, "USD"), Decimal("1650.00"), 165000),
        (Kind.MONEY, None, None, None),
        (Kind.DAY, date(2026, 11, 22), date(2026, 11, 22), date(2026, 11, 22)),
        (Kind.MONTH, "2026-11", "2026-11", "2026-11"),
        (Kind.CLIENT, Person("c1", "Ana Souza"), "Ana Souza", "ana souza"),
        (Kind.SHARE, Share(1, 4), 1, 0.25),
        (Kind.AVERAGE, 7.84, Decimal("7.8"), 7.84),
        (Kind.AVERAGE, None, None, None),
    ],
)
def test_each_kind_has_its_cell_and_its_order(kind: Kind, value: Any, cell: Any, order: Any) -> None:
    column: Column[Any] = Column("Heading", lambda row: row, kind)
    assert column.cell(value) == cell
    assert column.order(value) == order


def test_a_file_is_in_english_whoever_saves_it() -> None:
    column: Column[int] = Column(N_("Practitioner"), lambda _row: N_("Unassigned"), Kind.TEXT)
    with speaking(staff_language("es")):
        assert str(column.heading) == "Profesional"
        sheet = file_of("Pay", (column,), [1])
        assert (*sheet.headings, *map(str, next(iter(sheet.rows)))) == ("Practitioner", "Unassigned")


def test_a_file_has_its_own_headings_and_columns() -> None:
    columns: tuple[Column[int], ...] = (
        Column("Became a sale", lambda row: Share(row, 9), Kind.SHARE, file="Sold"),
        Column("Bar", lambda row: row, file=None),
        Column("Currency", lambda _row: "USD", Kind.TEXT, is_on_page=False),
    )
    sheet = file_of("Quotes", columns, [4, 5])
    assert (sheet.headings, list(sheet.rows)) == (("Sold", "Currency"), [[4, "USD"], [5, "USD"]])
