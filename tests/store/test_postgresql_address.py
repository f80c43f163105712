"""The address that PostgreSQL's own programs get: with the user, without the password."""

import pytest
from sqlalchemy import make_url

from plugin.store.postgresql_copies import address_of


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("clinic:se%2Fcret@127.0.0.1:5433/desk", "clinic@127.0.0.1:5433/desk"),
        ("clinic@127.0.0.1/desk?sslmode=require", "clinic@127.0.0.1/desk?sslmode=require"),
    ],
)
def test_a_password_is_neither_shown_nor_replaced_by_stars(url: str, address: str) -> None:
    assert address_of(make_url(f"postgresql+psycopg://{url}")) == f"postgresql://{address}"
