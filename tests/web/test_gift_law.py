"""Where gift certificates may not expire, the owner is warned; elsewhere and for what does not expire, not."""

from dataclasses import replace

import pytest

from plugin.core.terms import Terms
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.catalog.terms_text import gift_law_of
from tests.courses.desk import OLGA, Desk
from tests.web.visitor import Visitor


@pytest.mark.parametrize(
    ("address", "country", "state"),
    [
        ("118 Juniper Street\nLos Angeles, CA 90012", "US", "California"),
        ("CT 5 Main St\nSeattle, WA 98101-1234", "US", "Washington"),
        ("1 Main St\nDallas, TX 75201", "US", ""),
        ("CA 90012", "DE", ""),
        ("somewhere", "US", ""),
        ("", "US", ""),
    ],
)
def test_the_state_is_read_from_the_address(small_desk: Desk, address: str, country: str, state: str) -> None:
    clinic = replace(read_clinic(small_desk.store), address=address, country=country)
    law = gift_law_of(clinic)
    assert (law.state if law else "") == state


def test_the_owner_is_warned_of_a_package_that_expires_and_of_no_other(
    small_olga: Visitor, small_desk: Desk
) -> None:
    store = small_desk.store
    save_clinic(
        store, small_desk.act(OLGA), replace(read_clinic(store), address="1 Pine St\nLos Angeles, CA 90012")
    )
    small_desk.package(name="Forever")
    assert "1749.5" not in small_olga.page("/packages").text
    small_desk.package(name="A year", terms=Terms(expires_after_months=12))
    said = small_olga.page("/packages").text
    assert "California does not let gift certificates expire (Civil Code § 1749.5)." in said
