"""What a client holds in her hands from the consultation to her second course, and what the owner sees of it."""

import pytest

from plugin.core.terms import RefundFormula, Terms
from plugin.courses.documents.client_statement import check_code, issue_prepaid_balance, read_prepaid
from plugin.courses.lists.listing import keep_listing
from plugin.courses.lists.outcomes import AGAIN_WITHIN, Outcome
from plugin.courses.quotes.views import QuoteState, quote_content
from plugin.courses.reports.liability import reserve
from plugin.courses.reports.progress import course_progress
from plugin.courses.reports.totals import keep_totals
from plugin.courses.sales.buy_again import buy_again, offer_again
from plugin.errors import Refused
from tests.courses.desk import ANA, Desk
from tests.courses.quotes.quoting import Quoting
from tests.webhooks.receiver import receiving
from tests.webhooks.test_events import Sending

SECRET = "the clinic’s"


def test_ana_is_quoted_comes_four_times_asks_what_is_left_and_buys_again(desk: Desk) -> None:
    """In the consultation Ana says what troubles her, and takes a quote home: four sessions for $660.00, and what she
    would get back after one of them. She pays the price that is on it. After her first visit her insurer asks what she
    has paid in advance: the statement and the owner's reserve say the same, and a changed figure has another code.
    She comes to the end, once a week, and buys the course again; another program was told each step.
    """
    ana = Quoting(desk, sessions=4, terms=Terms(refund_formula=RefundFormula.PRORATED))
    with receiving() as receiver:
        told = Sending(desk, receiver)
        quote = ana.quote(concern="I look tired even when I am not")
        paper = quote_content(desk.store, quote.id)
        assert (paper.concern, paper.price.amount) == ("I look tired even when I am not", 66000)
        course = desk.sell(ana.package_id, paid=66000)
        assert ana.read(quote).state is QuoteState.PAID
        desk.use(course)
        keep_totals(desk.store)
        document = issue_prepaid_balance(desk.store, desk.act(), ana.client_id, secret=SECRET)
        statement = read_prepaid(desk.store, document)
        seen = reserve(desk.store, desk.today)
        assert seen is not None
        assert statement.total.amount == 49500 == seen.packages[0].values[-1].amount
        assert statement.check_code == check_code(statement, SECRET) != check_code(statement, "another's")
        for _week in range(3):
            desk.clock.advance(days=7)
            desk.use(course)
        told.deliver()
        assert told.kinds() == ["course.opened", *["session.used"] * 4, "course.finished"]
    offered = offer_again(desk.store, course)
    with pytest.raises(Refused):
        buy_again(desk.store, desk.act(), course, seen_version=offered.package.version + 1)
    buy_again(desk.store, desk.act(), course, seen_version=offered.package.version)
    desk.sell(ana.package_id, paid=66000, buyer=ANA)
    desk.clock.advance(days=AGAIN_WITHIN.days)
    keep_listing(desk.store, desk.clock)
    whole = course_progress(desk.store, desk.clock()).total
    assert (whole.outcomes[Outcome.COMPLETED], whole.again.part) == (1, 1)
    assert (whole.intervals, whole.interval_days) == (3, 21)
