"""A course shared with named people, and one given away by a voucher."""

import pytest

from plugin.courses.changes.gifts import (
    LENGTH,
    LETTERS,
    check_voucher,
    gift_of_course,
    new_code,
    shared_with,
    typed_code,
    written_code,
)
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.merge_core import pass_shares_in
from plugin.errors import InvalidField, NotFound, Refused
from plugin.staff_languages import staff_language
from plugin.stored_sentences import in_words
from plugin.wording import speaking
from tests.courses.appointments import Appointments
from tests.courses.changes.changing import Changes
from tests.courses.desk import Desk

CODE = "7KQMX3FD92HT"


@pytest.fixture
def changes(desk: Desk) -> Changes:
    return Changes(desk)


@pytest.fixture
def bea(desk: Desk) -> str:
    return desk.client("Bea Wong")


def test_a_named_person_uses_it_and_the_visit_is_theirs(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    with pytest.raises(Refused, match="belongs to another client"):
        desk.use(course_id, client_id=bea)
    shared = changes.share(course_id, bea).course
    assert [(each.client_name, each.until) for each in shared.shares] == [("Bea Wong", None)]
    desk.use(course_id, client_id=bea)
    (visit,) = desk.course(course_id).visits
    assert (visit.client_id, visit.guest) == (bea, "Bea Wong")
    assert [each.id for each in shared_with(desk.store, bea, today=desk.today)] == [course_id]
    changes.end_share(course_id, shared.shares[0].id)
    with pytest.raises(Refused, match="belongs to another client"):
        desk.use(course_id, client_id=bea)
    assert shared_with(desk.store, bea, today=desk.today) == ()
    told = [each.text for each in desk.course(course_id).happenings]
    assert told == ["Shared with Bea Wong", "No longer shared with Bea Wong"]


def test_its_history_is_stored_in_english_whoever_shares_it(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    with speaking(staff_language("es")):
        changes.share(course_id, bea, changes.day(3))
    text = desk.course(course_id).happenings[-1].text
    assert text == "Shared with Bea Wong until Nov 25, 2026"
    assert in_words(text, "es-US") == "Compartido con Bea Wong hasta el 25 nov 2026"


def test_a_share_ends_with_its_last_day(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    last = changes.day(3)
    changes.share(course_id, bea, last)
    desk.clock.advance(days=4)
    assert shared_with(desk.store, bea, today=desk.today) == ()
    with pytest.raises(Refused, match="until an earlier day"):
        desk.use(course_id, client_id=bea)
    assert desk.use(course_id, client_id=bea, visited_on=last).sessions_left == 11


def test_what_can_not_be_shared_is_refused_in_words(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    with pytest.raises(Refused, match="Ana Souza’s own"):
        changes.share(course_id, desk.course(course_id).client_id or "")
    with pytest.raises(InvalidField, match="That day is past"):
        changes.share(course_id, bea, changes.day(-1))
    with pytest.raises(NotFound):
        changes.share(course_id, "nobody")
    shared = changes.share(course_id, bea).course.shares[0]
    with pytest.raises(Refused, match="shared with Bea Wong already"):
        changes.share(course_id, bea)
    changes.end_share(course_id, shared.id)
    with pytest.raises(Refused, match="ended already"):
        changes.end_share(course_id, shared.id)
    with pytest.raises(NotFound):
        changes.end_share(course_id, "x")


def test_a_share_follows_a_client_who_was_joined_with_another(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    merged = Buyer("CUSTOMER-B2", name="Bea W. Wong")
    other = desk.book(desk.sale(desk.line(desk.package(sessions=3)), buyer=merged)).opened[0]
    second = desk.course(other).client_id or ""
    changes.share(course_id, second)
    changes.share(course_id, bea)
    with desk.store.writing() as session:
        pass_shares_in(session, desk.act(), second, bea)
    assert [each.client_id for each in desk.course(course_id).shares] == [bea]


def test_a_gift_waits_until_its_code_is_redeemed_once(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell()
    changes.give(course_id)
    waiting = desk.course(course_id)
    assert waiting.waiting_gift is not None
    assert not waiting.is_live
    with pytest.raises(Refused, match="waits as a gift for Bea Wong"):
        desk.use(course_id)
    gift = check_voucher(desk.store, "7kqm-x3fd 92ht", today=desk.today)
    assert (gift.giver_name, gift.recipient_name, gift.message) == ("Ana Souza", "Bea Wong", "Happy birthday")
    assert (gift.contents, gift.written_code) == (((12, "Facial acupuncture, 60 min"),), "7KQM-X3FD-92HT")
    redeemed = changes.redeem(CODE, bea, key="k").course
    assert (redeemed.client_name, redeemed.left, redeemed.value_left.amount) == ("Bea Wong", 12, 198000)
    assert changes.redeem(CODE, bea, key="k").is_repeat
    with pytest.raises(Refused, match="was redeemed on Nov"):
        changes.redeem(CODE, bea)
    assert desk.use(course_id).sessions_left == 11
    kept = gift_of_course(desk.store, course_id, today=desk.today)
    assert kept is not None
    assert kept.redeemed_at is not None


def test_a_gift_taken_back_is_the_givers_again_and_its_code_worth_nothing(
    desk: Desk, changes: Changes, bea: str
) -> None:
    course_id = desk.sell()
    changes.give(course_id)
    for deed in (changes.give, changes.freeze, changes.write_off):
        with pytest.raises(Refused, match="Cancel the gift first"):
            deed(course_id)
    for passing_on in (changes.transfer, changes.share):
        with pytest.raises(Refused, match="Cancel the gift first"):
            passing_on(course_id, bea)
    changes.take_back(course_id)
    with pytest.raises(Refused, match="The gift from"):
        changes.redeem(CODE, bea)
    assert desk.use(course_id).sessions_left == 11
    with pytest.raises(Refused, match="is not a gift"):
        changes.take_back(course_id)
    with pytest.raises(Refused, match="Transfer the remaining sessions instead"):
        changes.give(course_id)


def test_a_voucher_of_a_refunded_course_is_refused(desk: Desk, changes: Changes, bea: str) -> None:
    course_id = desk.sell(order="TICKET")
    changes.give(course_id)
    desk.refund("TICKET", 198000)
    with pytest.raises(Refused, match="was refunded"):
        changes.redeem(CODE, bea)


@pytest.mark.parametrize(
    "typed", ["", "   ", "7KQM", CODE + "2", "0OIL-7KQM-X3FD", "7KQMX3FD92H\u0661", "AAAA-BBBB-CCCC"]
)
def test_a_code_that_is_none_is_refused_beside_its_field(
    desk: Desk, changes: Changes, bea: str, typed: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        changes.redeem(typed, bea)
    assert refusal.value.field == "code"


def test_codes_are_long_readable_and_differ() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(len(code) == LENGTH and set(code) <= set(LETTERS) for code in codes)
    assert not set("01OILU") & set(LETTERS)
    assert all(typed_code(written_code(code).lower()) == code for code in codes)


def test_a_booked_visit_of_a_named_person_uses_the_shared_course(desk: Desk, changes: Changes) -> None:
    appointments = Appointments(desk)
    own = desk.sell(desk.package(sessions=1), paid=16500, buyer=Buyer("CUSTOMER-BEA", name="Bea Wong"))
    desk.use(own)
    course_id = desk.sell()
    appointments.told(square_customer_id="CUSTOMER-BEA")
    assert appointments.one().course is None
    changes.share(course_id, desk.course(own).client_id or "")
    arrival = appointments.one()
    assert arrival.course is not None
    assert (arrival.course.id, arrival.name) == (course_id, "Bea Wong")
    assert appointments.use(known_charges=1).course_id == course_id
    assert desk.course(course_id).visits[0].guest == "Bea Wong"
    assert appointments.one().state == "used"
    appointments.undo()
    assert desk.course(course_id).left == 12
