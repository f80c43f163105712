"""What practitioners are paid, to the cent, and who is worth a call."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from plugin.core.acts import Role
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.accounts.staff import add_staff
from plugin.courses.clients.contacts import Buyer
from plugin.courses.lists.outcomes import Why
from plugin.courses.reports.follow_ups import (
    FollowUpFilter,
    count_follow_ups,
    follow_up_page,
    follow_ups,
)
from plugin.courses.reports.period import month_of
from plugin.courses.reports.usage import Basis, Rate, done_sessions, pay
from plugin.courses.sales.sales import Came
from plugin.errors import InvalidField
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk

NOVEMBER = month_of(date(2026, 11, 1))


@pytest.mark.parametrize(
    ("rate", "value", "sessions", "pays"),
    [
        (Rate(Basis.COURSE, share=4000), 16500, 1, 6600),
        (Rate(Basis.COURSE, share=4250), 16501, 1, 7013),
        (Rate(Basis.COURSE, share=3333), 101, 1, 34),
        (Rate(Basis.COURSE, share=5000), 1, 1, 1),
        (Rate(Basis.COURSE, share=5000), -1, -1, -1),
        (Rate(Basis.LIST, share=0), 16500, 1, 0),
        (Rate(Basis.COURSE, share=10000), 16500, 1, 16500),
        (Rate(Basis.SESSION, amount=Money(5500, "USD")), 16500, 3, 16500),
        (Rate(Basis.SESSION, amount=Money(5500, "USD")), -16500, -1, -5500),
    ],
)
def test_pay_is_reckoned_to_the_cent(rate: Rate, value: int, sessions: int, pays: int):
    assert rate.of(Money(value, "USD"), sessions) == Money(pays, "USD")


@pytest.mark.parametrize("wrong", [{"share": -1}, {"share": 10001}, {"amount": Money(-1, "USD")}])
def test_a_rate_that_can_not_be_is_refused(wrong):
    with pytest.raises(InvalidField):
        Rate(Basis.SESSION, **wrong)


def practitioner(desk: Desk, name: str) -> str:
    email = f"{name.split()[-1].lower()}@example.org"
    return add_staff(
        desk.store, email=email, name=name, role=Role.PRACTITIONER, password_hash="x", now=desk.clock()
    ).id


def test_each_practitioner_is_paid_for_their_own_and_nobody_for_the_rest(lite: Appointments):
    desk = lite.desk
    kim, rosa = practitioner(desk, "A. Kim"), practitioner(desk, "Rosa")
    course = desk.sell(paid=150000)
    for who in (kim, kim, rosa, None):
        desk.use(course, practitioner_id=who)
    desk.undo(desk.use(course, practitioner_id=kim).entry.id)
    rows = pay(desk.store, NOVEMBER, Rate(Basis.COURSE, share=4000))
    assert [(row.name, row.sessions, row.value.amount, row.pay.amount, row.is_person) for row in rows] == [
        ("A. Kim", 2, 25000, 10000, True),
        ("Rosa", 1, 12500, 5000, True),
        ("", 1, 12500, 5000, False),
    ]
    at_list = pay(desk.store, NOVEMBER, Rate(Basis.LIST, share=4000))
    assert at_list[0].pay.amount == 13200
    done = done_sessions(desk.store, NOVEMBER, kim)
    assert [each.sessions for each in done] == [1, 1, 1, -1]
    assert sum(each.value.amount for each in done) == 25000
    assert len(done_sessions(desk.store, NOVEMBER, "none")) == 1
    assert done_sessions(desk.store, NOVEMBER, "missed") == ()


def test_the_people_to_call_and_why(desk: Desk, clock: HandMovedClock):
    small = desk.package(sessions=3)
    names = ("Low", "Ends", "Away", "Fine", "Twice")
    course = {name: desk.sell(small, paid=49500, buyer=Buyer(f"C-{name}", name=name)) for name in names}
    ends = desk.package(sessions=12, terms=Terms(expires_on=date(2027, 2, 1)), name="Ends")
    desk.sell(ends, buyer=Buyer("C-Ends", name="Ends"))
    desk.sell(desk.package(), buyer=Buyer("C-Twice", name="Twice"))
    for name in ("Low", "Twice"):
        desk.use(course[name])
    clock.advance(days=42)
    for name in ("Low", "Ends", "Fine", "Twice"):
        desk.use(course[name])
    desk.undo(desk.use(course["Fine"]).entry.id)
    found = {one.name: one for one in follow_ups(desk.store, clock())}
    assert {name: [reason.why for reason in one.reasons] for name, one in found.items()} == {
        "Ends": [Why.EXPIRING],
        "Low": [Why.LOW],
        "Fine": [Why.LOW],
        "Away": [Why.LAPSED],
    }
    assert found["Away"].last_visit is None
    assert found["Low"].reasons[0].left == 1
    assert next(iter(found)) == "Ends"


def test_a_part_paid_course_says_what_is_still_to_come(lite: Appointments):
    desk = lite.desk
    sale = desk.sale(desk.line(desk.package()))
    desk.book(replace(sale, came=(Came(Money(158000, "USD")),)))
    (one,) = follow_ups(desk.store, desk.clock())
    assert [(reason.why, reason.due) for reason in one.reasons] == [(Why.PART_PAID, Money(40000, "USD"))]


def test_who_has_an_appointment_is_not_counted_as_away(lite: Appointments, clock: HandMovedClock):
    desk = lite.desk
    desk.sell(desk.package())
    desk.sell(desk.package(name="Long"), buyer=Buyer("C-AWAY", name="Away"))
    desk.sell(desk.package(sessions=2, name="Short"), paid=33000, buyer=Buyer("C-FEW", name="Few"))
    clock.advance(days=60)

    def counted() -> tuple[dict[Why, int], int, int, int]:
        page = follow_up_page(desk.store, clock(), FollowUpFilter(why=Why.LAPSED), limit=10)
        everybody = count_follow_ups(desk.store, clock())
        return (
            {why: number for why, number in page.counts.items() if number},
            page.found,
            everybody,
            len(page.people),
        )

    assert counted() == ({Why.LOW: 1, Why.LAPSED: 3}, 3, 3, 3)
    tomorrow = clock() + timedelta(days=1)
    lite.told(start_at=tomorrow)
    lite.told("B2", start_at=tomorrow, square_customer_id="C-FEW")
    # Of few sessions one is still told.
    assert counted() == ({Why.LOW: 1, Why.LAPSED: 1}, 1, 2, 1)


def test_the_day_alone_makes_a_client_worth_a_call(desk: Desk, clock: HandMovedClock):
    ends_on = desk.today + timedelta(days=61)
    desk.sell(desk.package(terms=Terms(expires_on=ends_on)))
    found = []
    for _day in range(2):
        page = follow_up_page(desk.store, clock(), FollowUpFilter(), limit=10)
        found.append((page.counts[Why.EXPIRING], len(page.people)))
        clock.advance(days=1)
    assert found == [(0, 0), (1, 1)]
