"""The owner's month is the reports' own numbers to the cent, whatever the ledger has; a voucher is its gift's."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from invoices.pages.fit import fit
from invoices.papers import GiftContent, OwnersMonth, PaperFailed
from plugin.core.acts import SQUARE
from plugin.core.terms import ExpiresFrom, NoShow, Terms
from plugin.courses.base.work import Work
from plugin.courses.changes.gifts import NewGift, gift_of_course, give_course
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.content import voucher_paper_in
from plugin.courses.reports.books import close_books
from plugin.courses.reports.follow_ups import FollowUpPage, follow_ups
from plugin.courses.reports.liability import liability
from plugin.courses.reports.month import (
    asked_month,
    month_pdf,
    months_to_print,
    owners_month,
    owners_month_in,
)
from plugin.courses.reports.overview import overview
from plugin.courses.reports.period import month_of
from plugin.courses.reports.usage import By, usage
from plugin.courses.sales.book import book_sale
from plugin.errors import InvalidField, NotFound, PaperNotMade
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import FACIAL, OLGA, TOUCH_UP, Desk
from tests.courses.ledgers import DEEDS, RandomLedger, not_kept

NOVEMBER = date(2026, 11, 1)
FAR = datetime(2027, 6, 15, 18, tzinfo=UTC)
FEW_LEDGERS = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)

NOBODY = FollowUpPage((), 0, {}, 0, 0)


@FEW_LEDGERS
@given(deeds=DEEDS, month=st.integers(0, 8))
def test_any_month_of_any_ledger_adds_up(module_store, deeds, month):
    period = month_of(date(2026, 9, 1) + timedelta(days=31 * month))
    with not_kept(module_store) as session:
        ledger = RandomLedger(session, module_store)
        for deed in deeds:
            ledger.write(deed)
        # A paper whose parts are not its sums is refused.
        fit(owners_month_in(session, period, NOBODY, now=FAR))


@pytest.fixture
def busy(lite: Appointments, clock: HandMovedClock) -> Desk:
    """October and November of a clinic: two packages, an undo, a refund, euros, and a client with few sessions left."""
    desk = lite.desk
    clock.set(datetime(2026, 10, 12, 18, tzinfo=UTC))
    twelve, four = desk.package(sessions=12, touch_ups=2), desk.package(sessions=4)
    early = desk.sell(twelve, buyer=Buyer("C-1", name="Inês Reis"))
    desk.use(early)
    clock.set(datetime(2026, 11, 20, 18, tzinfo=UTC))
    desk.use(early)
    desk.undo(desk.use(early).entry.id)
    desk.sell(twelve, order="ORDER-B", buyer=Buyer("C-2", name="Bo Lind"))
    desk.refund("ORDER-B", 198000)
    small = desk.sell(four, paid=66000)
    desk.use(small)
    desk.use(small)
    abroad = desk.sale(desk.line(twelve, paid=120000, currency="EUR"), buyer=Buyer("C-3", name="Zoé Petit"))
    desk.store.transact(
        lambda session: book_sale(Work(session, desk.store, desk.act(SQUARE)), abroad, accept_currency=True)
    )
    return desk


def month_at(desk: Desk, month: date = NOVEMBER) -> OwnersMonth:
    paper = owners_month(desk.store, month, now=desk.clock())
    fit(paper)
    return paper


def test_its_lines_are_those_of_money_owed(busy: Desk):
    rolled = liability(busy.store, month_of(NOVEMBER)).total("USD")
    said = [(line.kind, line.value.amount, line.sessions) for line in month_at(busy).roll_forward]
    assert said == [(line.line.value, line.value.amount, line.sessions) for line in rolled.lines]
    assert any(value for _, value, _ in said)


def test_its_packages_are_those_of_used_and_what_was_sold(busy: Desk):
    rows = {row.package: row for row in month_at(busy).packages}
    used = {row.name: row for row in usage(busy.store, month_of(NOVEMBER), By.PACKAGE)}
    assert {name: (row.used, row.used_value.amount) for name, row in rows.items() if row.used} == {
        name: (row.sessions, row.value.amount) for name, row in used.items()
    }
    twelve, four = (rows[f"Facial acupuncture, course of {many}"] for many in (12, 4))
    assert (twelve.sold, twelve.sold_sessions, twelve.sold_value.amount) == (1, 14, 198000)
    assert (four.sold, four.sold_sessions, four.sold_value.amount) == (1, 4, 66000)


def test_its_charts_are_those_of_the_overview_and_every_months_end(busy: Desk):
    paper = month_at(busy)
    seen = overview(busy.store, busy.today).months
    assert [
        (point.month, point.sold_sessions, point.used_sessions, point.sold.amount, point.used.amount)
        for point in paper.trend
    ] == [
        (month.month.first, month.sold, month.used, month.paid.amount, month.earned.amount) for month in seen
    ]
    closings = [liability(busy.store, month.month).total("USD").lines[-1].value.amount for month in seen]
    assert [point.owed.amount for point in paper.trend] == closings
    assert closings[-2] > 0


def test_its_people_are_those_of_the_list_and_each_has_a_reason(busy: Desk):
    paper = month_at(busy)
    listed = follow_ups(busy.store, busy.clock())
    assert [row.name for row in paper.follow_ups] == [one.name for one in listed for _ in one.reasons]
    (low,) = (row for row in paper.follow_ups if row.name == "Ana Souza")
    assert (low.reason, low.left, low.phone) == ("low", 2, "(415) 555-0123")


def test_it_names_the_currencies_it_leaves_out(busy: Desk):
    paper = month_at(busy)
    assert paper.other_currencies == ("EUR",)
    assert {line.value.currency for line in paper.roll_forward} == {"USD"}


def test_it_is_so_far_while_it_runs_and_closed_once_the_books_are(busy: Desk, clock: HandMovedClock):
    running = month_at(busy)
    assert (running.issued_on, running.is_closed) == (date(2026, 11, 20), False)
    clock.set(datetime(2026, 12, 3, 18, tzinfo=UTC))
    assert not month_at(busy).is_closed
    close_books(busy.store, busy.act(OLGA), date(2026, 11, 30))
    assert month_at(busy).is_closed
    assert not month_at(busy, date(2026, 12, 31)).is_closed


def test_a_month_to_come_is_refused(lite: Appointments):
    with pytest.raises(InvalidField, match="has not started"):
        month_at(lite.desk, date(2026, 12, 1))


def test_months_are_offered_from_the_first_entry_on(busy: Desk, clock: HandMovedClock):
    clock.set(datetime(2027, 1, 5, 18, tzinfo=UTC))
    offered = months_to_print(busy.store, now=clock())
    assert [f"{month.first:%Y-%m}" for month in offered] == ["2027-01", "2026-12", "2026-11", "2026-10"]


def test_a_new_clinic_is_offered_this_month(lite: Appointments):
    (only,) = months_to_print(lite.desk.store, now=lite.desk.clock())
    assert only == month_of(NOVEMBER)
    month_at(lite.desk)


@pytest.mark.parametrize(
    "typed", ["", "2026", "2026-13", "2026-1", "2026-11-01", "soon", "1999-12", "２０２６-11"]
)
def test_what_is_no_month_is_refused_in_words(typed: str):
    with pytest.raises(InvalidField):
        asked_month(typed)


def test_a_month_is_asked_for_as_it_is_written():
    assert asked_month("2026-11") == NOVEMBER


def test_a_paper_that_could_not_be_drawn_is_told_kindly(lite: Appointments):
    def fails(*_: object) -> bytes:
        raise PaperFailed("A paper worker died.")

    with pytest.raises(PaperNotMade, match="Nothing is lost"):
        month_pdf(lite.desk.store, fails, NOVEMBER, now=lite.desk.clock())


def voucher_of(desk: Desk, course_id: str):
    gift = gift_of_course(desk.store, course_id, today=desk.today)
    with desk.store.reading() as session:
        return gift, voucher_paper_in(session, gift.id, desk.clock())


def test_a_voucher_says_what_its_gift_does(lite: Appointments):
    desk = lite.desk
    terms = Terms(expires_on=date(2027, 12, 31), no_show=NoShow.CHARGE)
    course = desk.sell(desk.package(touch_ups=2, terms=terms))
    give_course(desk.store, desk.act(), course, NewGift("Margaret Osei", "For you"))
    gift, paper = voucher_of(desk, course)
    fit(paper)
    assert (paper.code, paper.recipient_name, paper.giver_name) == (gift.code, "Margaret Osei", "Ana Souza")
    assert (paper.message, paper.good_until, paper.issued_on) == ("For you", date(2027, 12, 31), desk.today)
    assert paper.contents == (GiftContent(FACIAL, 12), GiftContent(TOUCH_UP, 2, kind="touch_up"))
    # The refund is the giver's, and what was paid is no one else's.
    assert paper.terms == (
        "Please cancel at least 24 hours ahead. A visit missed without notice counts as used.",
    )


def test_a_gift_that_runs_from_the_first_visit_says_for_how_long(lite: Appointments):
    desk = lite.desk
    terms = Terms(expires_after_months=12, expires_from=ExpiresFrom.FIRST_USE)
    course = desk.sell(desk.package(terms=terms))
    give_course(desk.store, desk.act(), course, NewGift("Margaret Osei"))
    _, paper = voucher_of(desk, course)
    assert (paper.good_until, paper.months_from_first_visit) == (None, 12)


def test_there_is_no_voucher_without_a_gift(lite: Appointments):
    with lite.desk.store.reading() as session, pytest.raises(NotFound):
        voucher_paper_in(session, "nobody", lite.desk.clock())
