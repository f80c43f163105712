"""The year end and the unused balances on screen, as files and as a paper."""

from datetime import UTC, datetime

import pytest

from plugin.core.acts import Role
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import PDF
from tests.web.visitor import Visitor


@pytest.fixture
def sold(small_desk: Desk, clock: HandMovedClock) -> Desk:
    clock.set(datetime(2026, 11, 22, 18, tzinfo=UTC))
    small_desk.use(small_desk.sell(tax=17325))
    return small_desk


def test_the_year_is_shown_saved_and_printed(small_olga: Visitor, sold: Desk):
    page = small_olga.page("/reports/year")
    assert "Received for courses, without tax $1,980.00" in page.text
    assert "Sessions used $165.00" in page.text
    assert "2026 is not over." in page.text
    assert "1980.00" in small_olga.get("/reports/year.csv?year=2026").text
    printed = small_olga.get("/reports/year.pdf?year=2026")
    assert (printed.mimetype, printed.data) == ("application/pdf", PDF)
    assert "Jade Room, year 2026.pdf" in printed.headers["Content-Disposition"]


def test_unused_balances_lead_to_the_client(small_olga: Visitor, sold: Desk):
    page = small_olga.page("/reports/unused")
    assert "1 client with something left. No term is set." in page.text
    assert "Ana Souza Nov 22 – 11 $1,815.00" in page.text
    later = small_olga.page("/reports/unused?years=3")
    assert "Nothing is left unused for so long" in later.text
    assert "Ana Souza" in small_olga.get("/reports/unused.csv?years=0").text


@pytest.mark.parametrize(
    "address",
    [
        "/reports/year?year=soon",
        "/reports/year?year=2999",
        "/reports/year.csv?year=1999",
        "/reports/unused?years=31",
        "/reports/unused?years=-1",
        "/reports/unused.csv?years=many",
    ],
)
def test_what_can_not_be_had_is_refused_in_words(small_olga: Visitor, sold: Desk, address: str):
    assert small_olga.get(address).status_code == 422


def test_the_desk_sees_neither(small_as, small_desk: Desk):
    desk = small_as(Role.DESK)
    assert [desk.get(each).status_code for each in ("/reports/year", "/reports/unused")] == [403, 403]
