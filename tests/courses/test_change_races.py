"""Eight at once on one change: a voucher is redeemed once, and what is left is transferred once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from plugin.core.money import Money
from plugin.courses.base.work import Work
from plugin.courses.sales.checkouts import NewCheckout, begin_checkout
from plugin.courses.sales.tips import MOST_AN_HOUR, begin_tip
from tests.courses.agreements.agreeing import Agreeing
from tests.courses.changes.changing import Changes
from tests.courses.desk import Desk
from tests.courses.racing import RACERS, race


def test_eight_desks_race_for_one_voucher(desk: Desk) -> None:
    changes, course_id = Changes(desk), desk.sell()
    changes.give(course_id, "7KQMX3FD92HT")
    people = [desk.client(f"Bea {number}") for number in range(RACERS)]
    answers = race(lambda number: changes.redeem("7KQMX3FD92HT", people[number], key=f"tablet-{number}"))
    assert sorted(map(str, answers)).count("redeemed") == RACERS - 1
    assert desk.course(course_id).client_id in people


def test_what_is_left_goes_to_one_of_eight_and_a_use_that_races_finds_it_or_not(desk: Desk) -> None:
    changes, course_id = Changes(desk), desk.sell()
    people = [desk.client(f"Bea {number}") for number in range(RACERS)]
    answers = race(
        lambda number: (
            changes.transfer(course_id, people[number], key=f"t-{number}")
            if number
            else desk.use(course_id, key="use")
        )
    )
    received = [each.course for each in answers if not isinstance(each, str) and hasattr(each, "course")]
    assert len(received) == 1
    given = desk.course(course_id)
    assert received[0].left + given.used == 12
    assert received[0].value_left.amount + given.used * 16500 == 198000


def test_eight_desks_share_it_with_one_person_once(desk: Desk) -> None:
    changes, course_id, bea = Changes(desk), desk.sell(), desk.client("Bea Wong")
    answers = race(lambda _: changes.share(course_id, bea))
    assert [each for each in answers if isinstance(each, str)] == ["already_shared"] * (RACERS - 1)
    assert len(desk.course(course_id).shares) == 1


def test_a_sale_that_is_not_committed_yet_already_has_its_agreement(desk: Desk) -> None:
    agreeing = Agreeing(desk)
    agreeing.sign(agreeing.prepare())
    new = NewCheckout(agreeing.client_id, agreeing.package_id, "link")
    with desk.store.writing() as session:
        begin_checkout(Work(session, desk.store, desk.act()), new, needs_agreement=True)
        # SQLite has one writer: the others wait before they read anything.
        if desk.store.url.get_backend_name() == "postgresql":
            with ThreadPoolExecutor(1) as other, pytest.raises(OperationalError, match="lock timeout"):
                other.submit(_begin_soon, agreeing, new).result()


def _begin_soon(agreeing: Agreeing, new: NewCheckout) -> None:
    """Begin a sale that does not wait long for another one."""
    with agreeing.store.writing() as session:
        session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        begin_checkout(Work(session, agreeing.store, agreeing.desk.act()), new, needs_agreement=True)


def test_no_more_than_so_many_tips_are_begun_in_an_hour(desk: Desk) -> None:
    ana, five = desk.client("Ana Souza"), Money(500, "USD")
    answers = race(lambda _: begin_tip(desk.store, desk.act(), ana, five, practitioner_id=None).id)
    assert answers.count("too_many") == RACERS - MOST_AN_HOUR
