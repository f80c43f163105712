"""The codes of a client's data in words: of each column that the database itself limits to some."""

import re

import pytest
from sqlalchemy import CheckConstraint

from plugin.core.ledger import Kind
from plugin.courses.privacy.export import SECTIONS
from plugin.staff_languages import staff_language
from plugin.store.tables import METADATA
from plugin.web.owner.held_values import CODED, code_word, held_value
from plugin.wording import speaking


def _codes() -> list[tuple[str, str, str]]:
    """Return table, column and code of each that a constraint of a table about clients names."""
    return [
        (name, column, code)
        for name in SECTIONS
        for constraint in METADATA.tables[name].constraints
        if isinstance(constraint, CheckConstraint)
        for column, codes in re.findall(r"(\w+) in \(([^)]*)\)", str(constraint.sqltext))
        for code in re.findall(r"'(\w+)'", codes)
    ]


def test_every_code_that_a_constraint_names_has_words() -> None:
    assert {column for _table, column, _code in _codes()} <= CODED
    assert [each for each in _codes() if code_word(each[2], *each[:2]) is None] == []
    assert [kind for kind in Kind if code_word(kind, "entry", "kind") is None] == []


@pytest.mark.parametrize(
    ("value", "table", "column", "spanish"),
    [
        ("waiting", "checkout", "state", "Aún sin pagar"),
        ("refused", "client_letter", "state", "No entregado"),
        ("refused", "bulk_item", "state", "Rechazado"),
        ("CANCELLED_BY_CUSTOMER", "booking", "status", "Cancelado por el cliente"),
        ("credit_note", "document", "kind", "Nota de crédito"),
        ("en", "client", "language", "inglés"),
        ("US", "square_customer", "country", "Estados Unidos"),
        ("Its data was erased.", "history", "text", "Its data was erased."),
        ("waiting", "client", "name", "waiting"),
        ("what nobody knows", "checkout", "state", "what nobody knows"),
        (7, "checkout", "state", 7),
    ],
)
def test_a_value_is_in_the_words_of_the_screens(
    value: object, table: str, column: str, spanish: object
) -> None:
    with speaking(staff_language("es-US")):
        assert held_value(value, table, column) == spanish
