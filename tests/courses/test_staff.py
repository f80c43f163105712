"""The people who sign in: added, found, and ended at once when they leave."""

from datetime import timedelta

import pytest

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.accounts.sign_ins import SIGN_IN_LASTS, end_sign_in, staff_signed_in, start_sign_in
from plugin.courses.accounts.staff import (
    StaffView,
    add_staff,
    deactivate_staff,
    list_all_staff,
    list_staff,
    reactivate_staff,
    set_password,
    staff_by_email,
)
from plugin.courses.visits.visits import describe_visit
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.courses.racing import RACERS, race

OPERATOR = Actor("Operator", Role.OWNER, Source.COMMAND)


def add(store: Store, clock: HandMovedClock, email: str = "wu@example.org", name: str = "Dr. Wu") -> str:
    return add_staff(
        store, email=email, name=name, role=Role.PRACTITIONER, password_hash="hashed", now=clock()
    ).id


class TestPeople:
    def test_a_person_is_found_by_address_in_any_case(self, store: Store, clock: HandMovedClock) -> None:
        staff_id = add(store, clock, "Wu@Example.org")
        found = staff_by_email(store, " WU@example.ORG ")
        assert found is not None
        assert (found.id, found.actor.name, found.actor.staff_id) == (staff_id, "Dr. Wu", staff_id)
        assert found.actor.source is Source.DESK

    def test_one_address_signs_in_one_person(self, store: Store, clock: HandMovedClock) -> None:
        add(store, clock)
        with pytest.raises(Refused) as refusal:
            add(store, clock, "WU@EXAMPLE.ORG", "Another")
        assert refusal.value.code == "email_taken"

    @pytest.mark.parametrize(
        "email", ["", "wu", "wu@", "@example.org", "wu@example", "a\x00@example.org"], ids=ascii
    )
    def test_an_address_that_is_none_is_refused(
        self, store: Store, clock: HandMovedClock, email: str
    ) -> None:
        with pytest.raises(InvalidField) as refusal:
            add(store, clock, email)
        assert refusal.value.field == "email"

    def test_a_name_is_needed(self, store: Store, clock: HandMovedClock) -> None:
        with pytest.raises(InvalidField) as refusal:
            add(store, clock, name=" ")
        assert refusal.value.field == "name"

    def test_a_new_password_ends_every_session(self, store: Store, clock: HandMovedClock) -> None:
        staff_id = add(store, clock)
        before = staff_by_email(store, "wu@example.org")
        assert before is not None
        sign_in = start_sign_in(store, staff_id, clock())
        assert staff_signed_in(store, before.session_mark, sign_in, clock()) is not None
        set_password(store, Act(OPERATOR, clock(), "anew"), staff_id, "hashed anew")
        assert staff_signed_in(store, before.session_mark, sign_in, clock()) is None
        after = staff_by_email(store, "wu@example.org")
        assert after is not None
        assert after.password_hash == "hashed anew"

    def test_a_password_of_nobody_is_not_set(self, store: Store, clock: HandMovedClock) -> None:
        with pytest.raises(NotFound):
            set_password(store, Act(OPERATOR, clock(), "anew"), "nobody", "hashed")

    def test_strangers_are_nobody(self, store: Store, clock: HandMovedClock) -> None:
        assert staff_by_email(store, "nobody@example.org") is None
        assert staff_signed_in(store, "", "", clock()) is None

    def test_the_list_holds_those_who_may_sign_in_by_name(self, store: Store, clock: HandMovedClock) -> None:
        add(store, clock, "zhu@example.org", "Zhu")
        gone = add(store, clock, "moe@example.org", "Moe")
        add(store, clock, "ann@example.org", "Ann")
        deactivate_staff(store, Act(OPERATOR, clock(), "leaves"), gone)
        assert [person.name for person in list_staff(store)] == ["Ann", "Zhu"]


def owner(store: Store, clock: HandMovedClock, name: str) -> StaffView:
    email = f"{name.casefold()}@example.org"
    return add_staff(store, email=email, name=name, role=Role.OWNER, password_hash="hashed", now=clock())


class TestLeaving:
    """C4."""

    @pytest.fixture
    def act(self, clock: HandMovedClock) -> Act:
        return Act(OPERATOR, clock(), "leaves")

    def test_a_person_who_left_has_no_session_and_is_known_to_have_left(
        self, store: Store, clock: HandMovedClock, act: Act
    ) -> None:
        staff_id = add(store, clock)
        before = staff_by_email(store, "wu@example.org")
        assert before is not None
        sign_in = start_sign_in(store, staff_id, clock())
        left = deactivate_staff(store, act, staff_id)
        assert not left.is_active
        assert staff_signed_in(store, before.session_mark, sign_in, clock()) is None
        assert list_staff(store) == ()
        assert [each.is_active for each in list_all_staff(store)] == [False]

    def test_a_session_from_before_does_not_come_back_with_a_reactivation(
        self, store: Store, clock: HandMovedClock, act: Act
    ) -> None:
        staff_id = add(store, clock)
        before = staff_by_email(store, "wu@example.org")
        assert before is not None
        sign_in = start_sign_in(store, staff_id, clock())
        deactivate_staff(store, act, staff_id)
        back = reactivate_staff(store, act, staff_id)
        assert back.is_active
        assert back.password_hash == before.password_hash
        assert staff_signed_in(store, before.session_mark, sign_in, clock()) is None

    def test_twice_is_done_once(self, store: Store, clock: HandMovedClock, act: Act) -> None:
        staff_id = add(store, clock)
        assert deactivate_staff(store, act, staff_id) == deactivate_staff(store, act, staff_id)
        assert reactivate_staff(store, act, staff_id) == reactivate_staff(store, act, staff_id)

    def test_nobody_deactivates_themselves(self, store: Store, clock: HandMovedClock) -> None:
        june = owner(store, clock, "June")
        owner(store, clock, "Olga")
        with pytest.raises(Refused, match="can’t deactivate yourself") as refusal:
            deactivate_staff(store, Act(june.actor, clock(), "leaves"), june.id)
        assert refusal.value.code == "own_sign_in"

    def test_one_owner_more_one_owner_left_and_none_is_refused(
        self, store: Store, clock: HandMovedClock, act: Act
    ) -> None:
        june, olga = owner(store, clock, "June"), owner(store, clock, "Olga")
        add(store, clock)
        deactivate_staff(store, act, june.id)
        with pytest.raises(Refused, match="Olga is the last active owner") as refusal:
            deactivate_staff(store, act, olga.id)
        assert refusal.value.code == "last_owner"
        assert [each.name for each in list_staff(store)] == ["Dr. Wu", "Olga"]
        reactivate_staff(store, act, june.id)
        assert not deactivate_staff(store, act, olga.id).is_active

    def test_owners_who_deactivate_each_other_at_once_leave_one(
        self, store: Store, clock: HandMovedClock
    ) -> None:
        owners = [owner(store, clock, f"Owner{number}") for number in range(RACERS)]
        done = race(
            lambda number: (
                deactivate_staff(
                    store, Act(owners[number].actor, clock(), f"k{number}"), owners[(number + 1) % RACERS].id
                ).id
            )
        )
        assert done.count("last_owner") == 1
        assert len(list_staff(store)) == 1

    @pytest.mark.parametrize("change", [deactivate_staff, reactivate_staff])
    @pytest.mark.parametrize("role", [Role.DESK, Role.PRACTITIONER])
    def test_only_owners_may(self, store: Store, clock: HandMovedClock, role: Role, change) -> None:
        staff_id = add(store, clock)
        with pytest.raises(NotAllowed):
            change(store, Act(Actor("Deb", role, Source.DESK), clock(), "key"), staff_id)

    @pytest.mark.parametrize("change", [deactivate_staff, reactivate_staff])
    def test_nobody_of_that_id_is_said_so(self, store: Store, act: Act, change) -> None:
        with pytest.raises(NotFound):
            change(store, act, "nobody")

    def test_the_address_of_a_person_who_left_says_that_they_can_come_back(
        self, store: Store, clock: HandMovedClock, act: Act
    ) -> None:
        deactivate_staff(store, act, add(store, clock))
        with pytest.raises(Refused, match="deactivated and can be reactivated"):
            add(store, clock)

    def test_visits_keep_the_name_of_who_treated_also_when_they_are_described_again(
        self, desk: Desk, clock: HandMovedClock, act: Act
    ) -> None:
        wu, course = add(desk.store, clock), desk.sell()
        desk.use(course)
        (visit,) = desk.course(course).visits
        describe_visit(desk.store, act, visit.id, practitioner_id=wu, focus="Jaw", note="")
        deactivate_staff(desk.store, act, wu)
        describe_visit(desk.store, act, visit.id, practitioner_id=wu, focus="Jaw, brow", note="")
        (kept,) = desk.course(course).visits
        assert (kept.practitioner, kept.focus) == ("Dr. Wu", "Jaw, brow")

    def test_the_last_sign_in_is_remembered(self, store: Store, clock: HandMovedClock) -> None:
        staff_id = add(store, clock)
        assert [each.last_signed_in_at for each in list_staff(store)] == [None]
        start_sign_in(store, staff_id, clock.advance(hours=1))
        assert [each.last_signed_in_at for each in list_staff(store)] == [clock()]

    def test_one_sign_in_ends_and_the_others_go_on(self, store: Store, clock: HandMovedClock) -> None:
        staff_id = add(store, clock)
        person = staff_by_email(store, "wu@example.org")
        assert person is not None
        here, there = (start_sign_in(store, staff_id, clock()) for _ in range(2))
        end_sign_in(store, here, clock())
        assert staff_signed_in(store, person.session_mark, here, clock()) is None
        assert staff_signed_in(store, person.session_mark, there, clock()) is not None

    def test_a_sign_in_of_another_person_opens_nothing(self, store: Store, clock: HandMovedClock) -> None:
        add(store, clock)
        other = start_sign_in(store, add(store, clock, "ann@example.org", "Ann"), clock())
        person = staff_by_email(store, "wu@example.org")
        assert person is not None
        assert staff_signed_in(store, person.session_mark, other, clock()) is None

    @pytest.mark.parametrize(("seconds", "is_in"), [(-1, True), (0, False), (1, False)])
    def test_a_sign_in_lasts_twelve_hours(
        self, store: Store, clock: HandMovedClock, seconds: int, is_in: bool
    ) -> None:
        sign_in = start_sign_in(store, add(store, clock), clock())
        person = staff_by_email(store, "wu@example.org")
        assert person is not None
        then = clock() + SIGN_IN_LASTS + timedelta(seconds=seconds)
        assert (staff_signed_in(store, person.session_mark, sign_in, then) is not None) is is_in
