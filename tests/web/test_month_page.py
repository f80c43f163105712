"""Printing the month: a choice of months, the paper when asked for, and words where it can't be had."""

from datetime import UTC, datetime

import pytest

from plugin.core.acts import Role
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import PDF
from tests.web.page import Page
from tests.web.visitor import Visitor


def test_the_owner_chooses_a_month_and_gets_its_paper(
    small_olga: Visitor, small_desk: Desk, clock: HandMovedClock
):
    clock.set(datetime(2026, 10, 20, 18, tzinfo=UTC))
    small_desk.sell()
    clock.set(datetime(2026, 11, 22, 18, tzinfo=UTC))
    page = small_olga.page("/reports/month")
    assert "November 2026, so far" in page.text
    assert "October 2026" in page.text
    form = page.form("/reports/month.pdf")
    assert form.fields["month"] == "2026-10"
    answer = small_olga.get(form.action, query_string=form.filled())
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/pdf", PDF)
    assert "Jade Room, 2026-10.pdf" in answer.headers["Content-Disposition"]


def test_the_reports_lead_there(small_olga: Visitor, small_desk: Desk):
    for address in ("/overview", "/reports/liability", "/people"):
        assert "/reports/month" in small_olga.page(address).links()


@pytest.mark.parametrize(
    ("month", "says"),
    [
        ("2026-12", "That month has not started yet."),
        ("soon", "A month is written such as 2026-11."),
        ("", "A month is written such as 2026-11."),
    ],
)
def test_a_month_that_can_not_be_had_is_refused_on_the_page(
    small_olga: Visitor, small_desk: Desk, month: str, says: str
):
    answer = small_olga.get("/reports/month.pdf", query_string={"month": month})
    assert answer.status_code == 422
    page = Page(answer.text)
    assert says in page.text
    assert "November 2026" in page.text


def test_the_desk_does_not_print_it(small_as, small_desk: Desk):
    assert small_as(Role.DESK).get("/reports/month").status_code == 403
