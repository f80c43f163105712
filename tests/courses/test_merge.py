"""Two clients who are the same person: made one with all that is theirs, raced, reported twice, and unmerged."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from plugin.courses.base.read import courses_of_client
from plugin.courses.base.work import Work
from plugin.courses.changes.gifts import Share, share_course
from plugin.courses.checks.answers import answer_check, check_of, save_list
from plugin.courses.clients.buyers import client_for_buyer, update_from_square_in
from plugin.courses.clients.clients import find_clients, living_client_id, read_client
from plugin.courses.clients.duplicates import looking_alike, particulars_after, side_of
from plugin.courses.clients.merge import Merged, merge_clients, merges_of, undo_merge
from plugin.courses.ratings.choices import ChoiceView, choose_concerns, decide, rate
from plugin.courses.ratings.views import own_ratings
from plugin.courses.sales.checkouts import NewCheckout, start_checkout, waiting_of_client
from plugin.courses.visits.bookings import client_of_in
from plugin.errors import NotFound, Refused
from plugin.store.ledger import Visit
from plugin.store.queues import Outbox
from plugin.store.square_side import Booking, ProfileNote
from tests.courses.appointments import Appointments
from tests.courses.desk import ANA, OLGA, Desk
from tests.courses.racing import race

ANNA = replace(
    ANA, square_customer_id="CUSTOMER-ANNA", name="Anna de Souza", phone=None, email="anna@example.org"
)


@pytest.fixture
def lite_desk(lite: Appointments) -> Desk:
    return lite.desk


def _two(desk: Desk) -> tuple[str, str, str, str]:
    """Anna and Ana, each with a course of which one session was used."""
    package = desk.package()
    theirs, hers = desk.sell(package, buyer=ANNA), desk.sell(package)
    for course in (theirs, hers):
        desk.use(course)
    return desk.course(theirs).client_id or "", desk.course(hers).client_id or "", theirs, hers


def _merge(desk: Desk, gone: str, stays: str, key: str | None = None) -> Merged:
    return merge_clients(desk.store, desk.act(key=key), gone, stays)


def _courses(desk: Desk, client_id: str) -> set[str]:
    return {each.id for each in courses_of_client(desk.store, client_id, today=desk.today)}


def test_everything_points_to_the_one_that_stays(lite: Appointments) -> None:
    desk = lite.desk
    anna, ana, theirs, hers = _two(desk)
    lite.told(square_customer_id="CUSTOMER-ANNA")
    sale = NewCheckout(anna, desk.course(theirs).package_id, "till")
    start_checkout(desk.store, desk.act(), sale)
    merged = _merge(desk, anna, ana)
    assert merged.client_id == ana
    assert _courses(desk, ana) == {theirs, hers}
    assert [one.client_id for one in waiting_of_client(desk.store, ana)] == [ana]
    with desk.store.reading() as session:
        assert set(session.scalars(select(Visit.client_id))) == {ana}
        assert client_of_in(session, session.scalars(select(Booking)).one()) == ana
    assert read_client(desk.store, anna).id == ana
    told = [each.text for each in desk.course(theirs).happenings if each.kind == "merged"]
    assert told == ["Two clients made one: Anna de Souza is now Ana Souza"]
    assert [each.client.id for each in find_clients(desk.store, "souza", today=desk.today).rows] == [ana]


def test_the_name_stays_and_what_is_missing_is_filled_in(lite_desk: Desk) -> None:
    gone = lite_desk.client("Bea", phone="+14155550199", email="bea@example.org")
    stays = lite_desk.client("Beatriz", email="b@example.org")
    before = [read_client(lite_desk.store, each) for each in (stays, gone)]
    after = particulars_after(*before)
    assert (after.name, after.phone, after.email, after.taken_over) == (
        *("Beatriz", "+14155550199", "b@example.org"),
        ("phone",),
    )
    _merge(lite_desk, gone, stays)
    now = read_client(lite_desk.store, stays)
    assert (now.name, now.phone, now.email) == (after.name, after.phone, after.email)
    assert find_clients(lite_desk.store, "5550199", today=lite_desk.today).rows[0].client.id == stays


def test_both_square_profiles_stay_linked_and_the_keepers_is_the_current_one(lite_desk: Desk) -> None:
    anna, ana, *_ = _two(lite_desk)
    _merge(lite_desk, anna, ana)
    assert read_client(lite_desk.store, ana).square_customer_id == "CUSTOMER-ANA"
    assert side_of(lite_desk.store, ana, today=lite_desk.today).profiles == 2

    def later(session):
        act = lite_desk.act()
        assert client_for_buyer(Work(session, lite_desk.store, act), ANNA) == ana
        return update_from_square_in(session, replace(ANNA, name="Anna Changed", phone="+14155550777"))

    assert lite_desk.store.transact(later)
    now = read_client(lite_desk.store, ana)
    # A sale or a change of the other profile moves neither the balance nor the name.
    assert (now.square_customer_id, now.name, now.phone) == ("CUSTOMER-ANA", "Ana Souza", ANA.phone)


def test_a_client_without_a_profile_takes_over_the_others(lite_desk: Desk) -> None:
    course = lite_desk.sell(buyer=ANNA)
    anna, ana = lite_desk.course(course).client_id or "", lite_desk.client("Ana Souza")
    merged = _merge(lite_desk, anna, ana)
    assert read_client(lite_desk.store, ana).square_customer_id == "CUSTOMER-ANNA"
    undo_merge(lite_desk.store, lite_desk.act(), merged.merge_id or "")
    assert read_client(lite_desk.store, ana).square_customer_id is None
    assert read_client(lite_desk.store, anna).square_customer_id == "CUSTOMER-ANNA"


def test_the_balance_is_owed_to_the_one_profile_and_taken_off_the_other(lite_desk: Desk) -> None:
    anna, ana, *_ = _two(lite_desk)
    note = ProfileNote(
        client_id=anna, written="11 of 12", square_customer_id="CUSTOMER-ANNA", written_at=lite_desk.clock()
    )
    lite_desk.store.transact(lambda session: session.add(note))
    _merge(lite_desk, anna, ana)
    with lite_desk.store.reading() as session:
        owed = set(session.scalars(select(Outbox.subject).where(Outbox.kind == "profile")))
    assert {anna, ana} <= owed


def test_a_course_that_was_shared_with_the_other_is_their_own_now(lite_desk: Desk) -> None:
    anna, ana, theirs, hers = _two(lite_desk)
    bea = lite_desk.client("Bea Cruz")
    for course, whom in ((hers, anna), (hers, bea), (theirs, bea)):
        share_course(lite_desk.store, lite_desk.act(), course, Share(whom))
    merged = _merge(lite_desk, anna, ana)
    assert [each.client_id for each in lite_desk.course(hers).shares] == [bea]
    undo_merge(lite_desk.store, lite_desk.act(), merged.merge_id or "")
    assert {each.client_id for each in lite_desk.course(hers).shares} == {anna, bea}


def test_a_merge_is_taken_back_with_all_that_was_theirs(lite_desk: Desk) -> None:
    anna, ana, theirs, hers = _two(lite_desk)
    merged = _merge(lite_desk, anna, ana)
    lite_desk.use(theirs)
    new = lite_desk.sell(lite_desk.course(hers).package_id)
    for _ in range(2):
        assert undo_merge(lite_desk.store, lite_desk.act(), merged.merge_id or "") == anna
    assert (_courses(lite_desk, anna), _courses(lite_desk, ana)) == ({theirs}, {hers, new})
    with lite_desk.store.reading() as session:
        theirs_visits = select(Visit.client_id).where(Visit.course_id == theirs)
        assert set(session.scalars(theirs_visits)) == {anna}
    assert read_client(lite_desk.store, anna).square_customer_id == "CUSTOMER-ANNA"
    assert [each.can_undo for each in merges_of(lite_desk.store, ana)] == [False]
    told = [each.text for each in lite_desk.course(theirs).happenings if each.kind == "merged"]
    assert told[-1] == "Two clients again: Anna de Souza is not Ana Souza"


def test_what_was_joined_on_is_taken_apart_from_the_last_one(lite_desk: Desk) -> None:
    first, second, third = (lite_desk.client(name) for name in ("Ana A", "Ana B", "Ana C"))
    one = _merge(lite_desk, first, second)
    two = _merge(lite_desk, second, third)
    assert read_client(lite_desk.store, first).id == third
    with pytest.raises(Refused, match="Undo that merge first"):
        undo_merge(lite_desk.store, lite_desk.act(), one.merge_id or "")
    undo_merge(lite_desk.store, lite_desk.act(), two.merge_id or "")
    undo_merge(lite_desk.store, lite_desk.act(), one.merge_id or "")
    assert [read_client(lite_desk.store, each).id for each in (first, second, third)] == [
        first,
        second,
        third,
    ]


def test_the_same_merge_again_changes_nothing(lite_desk: Desk) -> None:
    anna, ana, theirs, _ = _two(lite_desk)
    first = _merge(lite_desk, anna, ana, key="once")
    same_key, other_key = _merge(lite_desk, anna, ana, key="once"), _merge(lite_desk, anna, ana)
    assert (same_key.is_repeat, other_key.is_repeat) == (True, True)
    assert {first.merge_id, same_key.merge_id, other_key.merge_id} == {first.merge_id}
    assert len([each for each in lite_desk.course(theirs).happenings if each.kind == "merged"]) == 1


def test_who_was_merged_twice_is_found_where_they_are_now(lite_desk: Desk) -> None:
    first, second, third = (lite_desk.client(name) for name in ("Ana A", "Ana B", "Ana C"))
    _merge(lite_desk, first, second)
    _merge(lite_desk, second, third)
    assert {living_client_id(lite_desk.store, each) for each in (first, second, third)} == {third}
    with pytest.raises(NotFound):
        living_client_id(lite_desk.store, "nobody")


def test_it_refuses_one_client_with_themselves_and_somebody_who_is_not_there(lite_desk: Desk) -> None:
    ana = lite_desk.client()
    with pytest.raises(Refused, match="one client, not two"):
        _merge(lite_desk, ana, ana)
    with pytest.raises(NotFound):
        _merge(lite_desk, ana, "nobody")
    with pytest.raises(NotFound):
        undo_merge(lite_desk.store, lite_desk.act(), "none")


def test_it_refuses_whoever_was_joined_with_somebody_else_meanwhile(lite_desk: Desk) -> None:
    first, second, third = (lite_desk.client(name) for name in ("Ana A", "Ana B", "Ana C"))
    _merge(lite_desk, first, second)
    with pytest.raises(Refused, match="merged with another client"):
        _merge(lite_desk, first, third)


def test_of_two_desks_that_merge_them_both_ways_at_once_one_does(desk: Desk) -> None:
    anna, ana, theirs, hers = _two(desk)
    answers = race(lambda n: _merge(desk, *((anna, ana) if n % 2 else (ana, anna)), key=f"race-{n}"))
    done = [each for each in answers if isinstance(each, Merged)]
    assert len([each for each in done if not each.is_repeat]) == 1
    stays = {each.client_id for each in done}
    assert len(stays) == 1
    assert _courses(desk, stays.pop()) == {theirs, hers}


def test_who_looks_alike_is_offered(lite_desk: Desk) -> None:
    ana = lite_desk.client("Ana Souza", phone="+14155550123")
    alike = {
        lite_desk.client("ANA SOUZA"),
        lite_desk.client("Mother", phone="+14155550123"),
    }
    lite_desk.client("Bea Cruz")
    assert {each.id for each in looking_alike(lite_desk.store, ana)} == alike


def test_of_two_answers_to_the_check_of_a_day_the_one_that_waits_stands(lite_desk: Desk) -> None:
    desk = lite_desk
    save_list(desk.store, desk.act(OLGA), {"en": "I feel ill"}, reviewed_by="Dr. Wu", seen_version=0)
    anna, ana, *_courses = _two(desk)
    answer_check(desk.store, desk.act(), anna, "ask", 1, source="page")
    desk.clock.advance(minutes=5)
    answer_check(desk.store, desk.act(), ana, "none", 1, source="page")
    _merge(desk, anna, ana)
    check = check_of(desk.store, desk.act(), ana)
    assert check is not None
    assert (check.answer, check.waits) == ("ask", True)


def test_who_stays_rates_their_own_concerns_and_may_take_back_a_refusal_of_either(lite_desk: Desk) -> None:
    desk = lite_desk
    anna, ana, *_courses = _two(desk)
    choose_concerns(desk.store, desk.act(), anna, ["Jawline", "Dark circles"])
    (first, _second) = own_ratings(desk.store, anna, today=desk.today).current
    rate(desk.store, desk.act(), anna, {first.id: 8}, source="page")
    choose_concerns(desk.store, desk.act(), ana, ["Jawline", "Fine lines"])
    decide(desk.store, desk.act(), anna, is_declined=True, is_on_papers=False)
    _merge(desk, anna, ana)
    ratings = own_ratings(desk.store, ana, today=desk.today)
    assert [each.words for each in ratings.current] == ["Jawline", "Fine lines"]
    # What was rated under the other name stays, as a concern that ended.
    assert [each.places[0].value for each in ratings.concerns if each.is_ended] == [8]
    with pytest.raises(Refused):
        rate(desk.store, desk.act(), ana, {ratings.current[0].id: 5}, source="page")
    decide(desk.store, desk.act(), ana, is_declined=False, is_on_papers=True)
    assert own_ratings(desk.store, ana, today=desk.today).choice == ChoiceView()
    assert rate(desk.store, desk.act(), ana, {ratings.current[0].id: 5}, source="page") == 1
