"""The accountant's journal on screen: the month, what is behind a line, its files, and choosing the accounts."""

from datetime import UTC, datetime

import pytest

from plugin.core.acts import Role
from plugin.courses.journal.keep import keep_money
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.page import Page
from tests.web.visitor import Visitor


@pytest.fixture
def sold(small_desk: Desk, clock: HandMovedClock) -> Desk:
    clock.set(datetime(2026, 11, 22, 18, tzinfo=UTC))
    small_desk.use(small_desk.sell(tax=17325))
    keep_money(small_desk.store, clock)
    return small_desk


def test_a_month_stands_there_and_each_amount_leads_to_what_is_behind_it(small_olga: Visitor, sold: Desk):
    page = small_olga.page("/reports/journal")
    assert "1050 Square clearing $2,153.25" in page.text
    assert "2300 Deferred revenue $165.00" in page.text
    assert "This month is not over yet." in page.text
    link = next(each for each in page.links() if "section=used&account=earned" in each)
    behind = small_olga.page(link)
    assert "Sessions used Ana Souza" in behind.text
    assert "Total: credit $165.00" in behind.text
    saved = small_olga.get(link.replace("/line?", "/line.csv?"))
    assert "165.00" in saved.text


@pytest.mark.parametrize(
    ("program", "begins"),
    [("quickbooks", "Journal No,"), ("xero", "*Narration,"), ("beancount", "; Coursekeeper, journal")],
)
def test_the_files_are_saved_for_each_program(small_olga: Visitor, sold: Desk, program: str, begins: str):
    answer = small_olga.get(f"/reports/journal/file?for={program}&from=2026-11")
    assert answer.status_code == 200
    assert answer.text.startswith(begins)
    assert f"journal-{program}-2026-11" in answer.headers["Content-Disposition"]


def test_every_wrong_account_is_named_at_once_and_nothing_typed_is_lost(small_olga: Visitor, sold: Desk):
    form = small_olga.page("/reports/journal/accounts").form("/reports/journal/accounts")
    wrong = {"name:earned": "=1+1", "name:tips": '"Tips"', "number:cash": "1061"}
    refused = small_olga.send(form, **wrong)
    assert refused.status_code == 422
    page = Page(refused.text)
    assert page.text.count("Begin with a letter or a digit, without quotes.") >= 2
    kept = page.form("/reports/journal/accounts").fields
    assert (kept["name:earned"], kept["number:cash"]) == ("=1+1", "1061")


def test_saved_accounts_are_those_of_the_journal(small_olga: Visitor, sold: Desk):
    form = small_olga.page("/reports/journal/accounts").form("/reports/journal/accounts")
    page = small_olga.after(form, **{"name:earned": "Ingresos", "number:earned": "700"})
    assert "Saved. The journal uses these accounts now" in page.text
    assert "700 Ingresos" in page.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/reports/journal?month=soon", 422),
        ("/reports/journal/file?for=sap&from=2026-11", 404),
        ("/reports/journal/file?for=xero&from=2026-13", 422),
        ("/reports/journal/file?for=xero&from=2026-11&to=2026-10", 422),
        ("/reports/journal/file?for=xero&from=2001-01&to=2026-10", 422),
        ("/reports/journal/line?month=2026-11&section=none&account=earned", 404),
        ("/reports/journal/line?month=x&section=used&account=earned", 422),
    ],
)
def test_what_can_not_be_had_is_refused_in_words(small_olga: Visitor, sold: Desk, address: str, status: int):
    assert small_olga.get(address).status_code == status


def test_the_desk_has_no_journal(small_as, small_desk: Desk):
    assert small_as(Role.DESK).get("/reports/journal").status_code == 403
