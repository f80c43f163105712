"""Inviting, changing and withdrawing people; their links; and where they are signed in."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest
from pydantic import SecretStr

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.accounts import sign_ins
from plugin.courses.accounts.staff import (
    StaffView,
    add_staff,
    deactivate_staff,
    list_all_staff,
    list_staff,
    read_staff,
    set_password,
)
from plugin.courses.accounts.staff_edits import (
    NewPerson,
    StaffDetails,
    change_own_email,
    edit_staff,
    expires_at,
    invite,
    invite_again,
    link_address,
    person_to_reset,
    rename_self,
    request_reset,
    send_reset_link,
    set_role,
    withdraw,
)
from plugin.courses.visits.visits import describe_visit
from plugin.errors import ConfigurationError, InvalidField, NotAllowed, NotFound, Refused
from plugin.services import Services
from plugin.settings import Settings
from plugin.store import Store
from plugin.worker import Worker
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.courses.racing import RACERS, race
from tests.postbox import Postbox
from tests.square.clinic import Silence

WU = NewPerson("Wu@example.org", "Dr. Wu", Role.PRACTITIONER, "Lin Wu, L.Ac.", "AC 1234")
OPERATOR = Actor("Operator", Role.OWNER, Source.COMMAND)


class Front:
    """The owner's side: acts with fresh keys, and a worker that sends."""

    def __init__(self, store: Store, clock: HandMovedClock) -> None:
        self.store, self.clock, self.post, self._keys = store, clock, Postbox(), 0
        settings = Settings(secret_key=SecretStr("s" * 48), public_url="https://desk.example.org")
        nothing = cast(Any, None)
        self.services = Services(settings, store, clock, nothing, nothing, store.close, mail=self.post)

    def act(self, actor: Actor = OPERATOR) -> Act:
        self._keys += 1
        return Act(actor, self.clock(), f"key{self._keys}")

    def owner(self, name: str) -> StaffView:
        email = f"{name.casefold()}@example.org"
        return add_staff(
            self.store, email=email, name=name, role=Role.OWNER, password_hash="h", now=self.clock()
        )

    def work(self) -> list[tuple[str, str]]:
        worker = Worker(self.services, chance=lambda: 0.0, log=Silence())
        while worker.run_next("effects"):
            pass
        return self.post.take()


@pytest.fixture
def front(store: Store, clock: HandMovedClock) -> Front:
    return Front(store, clock)


@pytest.fixture
def small(lite_store: Store, clock: HandMovedClock) -> Front:
    return Front(lite_store, clock)


class TestInvitations:
    def test_an_invited_person_has_no_password_and_counts_as_staff(self, small: Front) -> None:
        person = invite(small.store, small.act(), WU, by_mail=False)
        assert (person.email, person.state, person.password_hash) == ("wu@example.org", "invited", "")
        assert (person.printed_name, person.license) == ("Lin Wu, L.Ac.", "AC 1234")
        assert [each.id for each in list_staff(small.store)] == [person.id]
        assert small.work() == []

    def test_by_mail_one_letter_goes_out_however_often_it_is_sent(self, front: Front) -> None:
        act = front.act()
        first, again = (invite(front.store, act, WU, by_mail=True) for _ in range(2))
        assert first == again
        worker = front.work()
        assert worker == [("wu@example.org", "Your sign-in at Your clinic")]

    def test_an_address_that_mail_refuses_is_shown_to_the_owner(self, small: Front) -> None:
        gone = invite(small.store, small.act(), replace(WU, email="gone@example.org"), by_mail=True)
        assert small.work() == []
        assert "does not accept this address" in read_staff(small.store, gone.id).mail_problem
        assert invite_again(small.store, small.act(), gone.id, by_mail=False).mail_problem == ""

    @pytest.mark.parametrize(
        ("changed", "field"),
        [({"email": "wu"}, "email"), ({"name": " "}, "name"), ({"license": "x" * 81}, "license")],
    )
    def test_what_is_wrong_names_its_field_and_adds_nobody(
        self, small: Front, changed: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidField) as refusal:
            invite(small.store, small.act(), replace(WU, **changed), by_mail=True)
        assert refusal.value.field == field
        assert list_all_staff(small.store) == ()

    def test_an_address_in_use_is_refused_also_when_two_invite_at_once(self, front: Front) -> None:
        done = race(
            lambda number: (
                invite(front.store, Act(OPERATOR, front.clock(), f"k{number}"), WU, by_mail=False).name
            )
        )
        assert sorted(done) == sorted(["Dr. Wu"] + ["email_taken"] * (RACERS - 1))

    def test_a_new_invitation_ends_the_links_before_it(self, small: Front) -> None:
        person = invite(small.store, small.act(), WU, by_mail=False)
        small.clock.advance(days=8)
        renewed = invite_again(small.store, small.act(), person.id, by_mail=True)
        assert renewed.session_mark != person.session_mark
        assert renewed.invitation_expires_at == small.clock() + timedelta(days=7)
        assert len(small.work()) == 1

    def test_a_withdrawn_person_is_gone_and_the_letter_is_not_sent(self, front: Front) -> None:
        person = invite(front.store, front.act(), WU, by_mail=True)
        assert withdraw(front.store, front.act(), person.id).name == "Dr. Wu"
        assert list_all_staff(front.store) == ()
        assert front.work() == []
        with pytest.raises(NotFound):
            withdraw(front.store, front.act(), person.id)

    def test_one_whom_a_visit_names_is_deactivated_instead(self, desk: Desk, clock: HandMovedClock) -> None:
        front, course = Front(desk.store, clock), desk.sell()
        person = invite(front.store, front.act(), WU, by_mail=False)
        desk.use(course)
        (visit,) = desk.course(course).visits
        describe_visit(desk.store, front.act(), visit.id, practitioner_id=person.id, focus="", note="")
        withdraw(front.store, front.act(), person.id)
        after = read_staff(front.store, person.id)
        assert (after.state, after.session_mark == person.session_mark) == ("deactivated", False)

    def test_a_person_with_a_password_has_no_invitation_to_renew_or_withdraw(self, small: Front) -> None:
        person = invite(small.store, small.act(), WU, by_mail=False)
        assert set_password(small.store, small.act(), person.id, "hashed").state == "active"
        for change in (withdraw, lambda *all_: invite_again(*all_, by_mail=False)):
            with pytest.raises(Refused, match="no open invitation"):
                change(small.store, small.act(), person.id)

    def test_only_owners_may(self, small: Front) -> None:
        person = invite(small.store, small.act(), WU, by_mail=False)
        deb = small.act(Actor("Deb", Role.DESK, Source.DESK, person.id))
        for change in (
            lambda: invite(small.store, deb, WU, by_mail=False),
            lambda: invite_again(small.store, deb, person.id, by_mail=False),
            lambda: withdraw(small.store, deb, person.id),
            lambda: send_reset_link(small.store, deb, person.id),
            lambda: person_to_reset(small.store, deb, person.id),
            lambda: edit_staff(small.store, deb, person.id, StaffDetails("Deb", Role.OWNER)),
            lambda: set_role(small.store, deb, person.id, Role.OWNER),
        ):
            with pytest.raises(NotAllowed):
                change()


class TestLinks:
    def test_an_invitation_lasts_a_week_a_reset_a_day(self, small: Front) -> None:
        person = invite(small.store, small.act(), WU, by_mail=False)
        assert expires_at(person, small.clock()) == small.clock() + timedelta(days=7)
        active = set_password(small.store, small.act(), person.id, "hashed")
        assert expires_at(active, small.clock()) == small.clock() + timedelta(days=1)

    def test_it_leads_to_the_public_address_or_to_the_one_that_is_given(self, small: Front) -> None:
        person = invite(small.store, small.act(), WU, by_mail=False)
        settings, now = small.services.settings, small.clock()
        assert link_address(settings, person, now).startswith("https://desk.example.org/reset/")
        own = link_address(settings, person, now, base_url="http://192.168.1.5:8000/")
        assert own.startswith("http://192.168.1.5:8000/reset/")

    def test_without_a_secret_none_is_made(self, small: Front) -> None:
        person = invite(small.store, small.act(), WU, by_mail=False)
        with pytest.raises(ConfigurationError, match="SECRET_KEY"):
            link_address(Settings(), person, small.clock())

    def test_one_link_sets_one_password_also_when_it_is_sent_twice_at_once(self, front: Front) -> None:
        person = invite(front.store, front.act(), WU, by_mail=False)
        mark = person.session_mark
        done = race(
            lambda number: (
                set_password(
                    front.store,
                    Act(OPERATOR, front.clock(), f"k{number}"),
                    person.id,
                    f"hash {number}",
                    only_at=mark,
                ).state
            )
        )
        assert done.count("active") == 1
        assert done.count("link_ended") == RACERS - 1

    def test_a_forgotten_password_is_answered_by_mail_alone(self, small: Front) -> None:
        small.owner("Olga")
        left = small.owner("Left")
        deactivate_staff(small.store, small.act(), left.id)
        small.work()
        for email in ("OLGA@example.org", "left@example.org", "nobody@example.org"):
            request_reset(small.store, small.act(), email)
            request_reset(small.store, small.act(), email)
        assert small.work() == [("olga@example.org", "A new password for Your clinic")]

    def test_the_owner_sends_one_and_not_to_a_person_who_left(self, small: Front) -> None:
        olga, june = small.owner("Olga"), small.owner("June")
        small.work()
        send_reset_link(small.store, small.act(), june.id)
        assert [to for to, _ in small.work()] == ["june@example.org"]
        deactivate_staff(small.store, small.act(olga.actor), june.id)
        with pytest.raises(Refused, match="deactivated"):
            send_reset_link(small.store, small.act(), june.id)
        with pytest.raises(Refused, match="deactivated"):
            person_to_reset(small.store, small.act(), june.id)


class TestEdits:
    def test_a_role_changes_and_sessions_go_on(self, small: Front) -> None:
        olga = small.owner("Olga")
        deb = set_password(
            small.store, small.act(), invite(small.store, small.act(), WU, by_mail=False).id, "h"
        )
        sign_in = sign_ins.start_sign_in(small.store, deb.id, small.clock())
        changed = edit_staff(
            small.store, small.act(olga.actor), deb.id, StaffDetails("Dr. Wu", Role.DESK, "wu@example.org")
        )
        assert (changed.role, changed.printed_name) == (Role.DESK, "")
        now = sign_ins.staff_signed_in(small.store, deb.session_mark, sign_in, small.clock())
        assert now is not None
        assert now.staff.actor.role is Role.DESK

    def test_the_last_owner_stays_one_whom_an_invited_owner_does_not_replace(self, small: Front) -> None:
        olga = small.owner("Olga")
        june = invite(small.store, small.act(), NewPerson("j@example.org", "June", Role.OWNER), by_mail=False)
        with pytest.raises(Refused) as refusal:
            set_role(small.store, small.act(olga.actor), olga.id, Role.DESK)
        assert refusal.value.code == "last_owner"
        assert set_role(small.store, small.act(), june.id, Role.DESK).role is Role.DESK
        set_role(small.store, small.act(), june.id, Role.OWNER)
        set_password(small.store, small.act(), june.id, "h")
        assert set_role(small.store, small.act(olga.actor), olga.id, Role.DESK).role is Role.DESK

    def test_owners_who_demote_each_other_at_once_leave_one(self, front: Front) -> None:
        owners = [front.owner(f"Owner{number}") for number in range(RACERS)]
        done = race(
            lambda number: (
                set_role(
                    front.store,
                    Act(owners[number].actor, front.clock(), f"k{number}"),
                    owners[(number + 1) % RACERS].id,
                    Role.DESK,
                ).id
            )
        )
        assert done.count("last_owner") == 1
        assert [each.role for each in list_staff(front.store)].count(Role.OWNER) == 1

    def test_a_new_address_ends_sessions_and_links_and_must_be_free(self, small: Front) -> None:
        olga, june = small.owner("Olga"), small.owner("June")
        details = StaffDetails("June", Role.OWNER, "june.new@example.org")
        changed = edit_staff(small.store, small.act(olga.actor), june.id, details)
        assert changed.session_mark != june.session_mark
        with pytest.raises(Refused) as refusal:
            edit_staff(small.store, small.act(), june.id, replace(details, email="olga@example.org"))
        assert (refusal.value.code, refusal.value.field) == ("email_taken", "email")
        with pytest.raises(Refused, match="My account"):
            edit_staff(small.store, small.act(june.actor), june.id, replace(details, email="j@example.org"))

    def test_people_change_their_own_name_and_address(self, small: Front) -> None:
        olga = small.owner("Olga")
        assert rename_self(small.store, small.act(olga.actor), "Olga Ruiz").name == "Olga Ruiz"
        changed = change_own_email(small.store, small.act(olga.actor), "New@example.org")
        assert (changed.email, changed.session_mark == olga.session_mark) == ("new@example.org", False)
        with pytest.raises(NotAllowed):
            rename_self(small.store, small.act(), "Nobody")


class TestAlerts:
    def test_the_person_and_every_owner_are_told(self, small: Front) -> None:
        olga = small.owner("Olga")
        wu = invite(small.store, small.act(olga.actor), WU, by_mail=False)
        set_password(small.store, small.act(wu.actor), wu.id, "first")
        assert small.work() == []
        set_password(small.store, small.act(wu.actor), wu.id, "second")
        told = [(each, "Your clinic: New password for Dr. Wu") for each in ("olga@example.org", wu.email)]
        assert small.work() == told
        set_role(small.store, small.act(olga.actor), wu.id, Role.OWNER)
        assert [subject for _, subject in small.work()] == ["Your clinic: Dr. Wu is an owner"] * 2
        change_own_email(small.store, small.act(wu.actor), "lin@example.org")
        to = ["lin@example.org", "olga@example.org", "wu@example.org"]
        assert small.work() == [(each, "Your clinic: New e-mail for Dr. Wu") for each in to]

    def test_a_new_owner_is_told_to_the_others(self, small: Front) -> None:
        small.owner("Olga")
        assert small.work() == []
        small.owner("June")
        assert small.work() == [("olga@example.org", "Your clinic: June is an owner")]

    def test_without_mail_nothing_waits(self, small: Front) -> None:
        small.post.is_ready = False
        for name in ("Olga", "June"):
            small.owner(name)
        assert small.work() == []
        small.post.is_ready = True
        assert small.work() == []


class TestSessions:
    def test_they_are_listed_with_their_device_until_they_end(self, small: Front) -> None:
        olga = small.owner("Olga")
        old = sign_ins.start_sign_in(small.store, olga.id, small.clock(), device="Chrome on a Windows PC")
        small.clock.advance(hours=1)
        here = sign_ins.start_sign_in(small.store, olga.id, small.clock(), device="Safari on an iPhone")
        listed = sign_ins.list_sign_ins(small.store, olga.id, small.clock())
        assert [each.id for each in listed] == [here, old]
        assert listed[0].device == "Safari on an iPhone"
        sign_ins.end_one(small.store, small.act(olga.actor), olga.id, old)
        sign_ins.end_one(small.store, small.act(olga.actor), olga.id, old)
        assert len(sign_ins.list_sign_ins(small.store, olga.id, small.clock())) == 1
        small.clock.advance(hours=12)
        assert not sign_ins.list_sign_ins(small.store, olga.id, small.clock())

    def test_all_others_end_at_once(self, small: Front) -> None:
        olga = small.owner("Olga")
        here, *_ = [sign_ins.start_sign_in(small.store, olga.id, small.clock()) for _ in range(3)]
        assert sign_ins.end_others(small.store, small.act(olga.actor), olga.id, but=here) == 2
        assert [each.id for each in sign_ins.list_sign_ins(small.store, olga.id, small.clock())] == [here]

    def test_another_persons_are_the_owners_alone_to_end(self, small: Front) -> None:
        olga = small.owner("Olga")
        wu = invite(small.store, small.act(), WU, by_mail=False)
        of_olga = sign_ins.start_sign_in(small.store, olga.id, small.clock())
        for change in (
            lambda: sign_ins.end_one(small.store, small.act(wu.actor), olga.id, of_olga),
            lambda: sign_ins.end_others(small.store, small.act(wu.actor), olga.id),
        ):
            with pytest.raises(NotAllowed):
                change()
        with pytest.raises(NotFound):
            sign_ins.end_one(small.store, small.act(wu.actor), wu.id, of_olga)

    @pytest.mark.parametrize(("minutes", "is_noted"), [(4, False), (5, True), (6, True)])
    def test_when_one_was_seen_is_written_every_five_minutes(
        self, small: Front, minutes: int, is_noted: bool
    ) -> None:
        olga = small.owner("Olga")
        sign_in = sign_ins.start_sign_in(small.store, olga.id, small.clock())
        now = small.clock.advance(minutes=minutes)
        assert sign_ins.staff_signed_in(small.store, olga.session_mark, sign_in, now)
        (listed,) = sign_ins.list_sign_ins(small.store, olga.id, now)
        assert (listed.last_seen_at == now) is is_noted

    def test_a_new_password_and_a_deactivation_end_their_rows(self, small: Front) -> None:
        olga, june = small.owner("Olga"), small.owner("June")
        sign_ins.start_sign_in(small.store, june.id, small.clock())
        set_password(small.store, small.act(june.actor), june.id, "new")
        assert not sign_ins.list_sign_ins(small.store, june.id, small.clock())
        sign_ins.start_sign_in(small.store, june.id, small.clock())
        deactivate_staff(small.store, small.act(olga.actor), june.id)
        assert not sign_ins.list_sign_ins(small.store, june.id, small.clock())
