"""Shared devices: whose PIN is taken where, for how long, and who is signed in there. And codes sent by e-mail."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from plugin.core.acts import Role
from plugin.courses.accounts.shared_devices import (
    MOST_WRONG,
    OPEN_FOR,
    declare_device,
    device_of_token,
    is_blocked,
    list_devices,
    note_activity,
    open_device,
    people_with_pin,
    set_pin,
    start_pin_sign_in,
    stop_sharing,
    try_pin,
)
from plugin.courses.accounts.sign_ins import device_of
from plugin.courses.accounts.staff import StaffView, add_staff
from plugin.courses.accounts.staff_edits import (
    CODE_LASTS,
    EMAIL_CODE,
    email_code,
    is_email_code,
    request_email_code,
)
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from plugin.store.people import SignIn
from plugin.store.queues import Outbox
from tests.courses.appointments import Appointments
from tests.courses.desk import DEB, OLGA, Desk


@dataclass
class FrontDesk:
    """A tablet at the front desk, two people who use it, and what its cookie holds."""

    desk: Desk
    deb: StaffView
    kim: StaffView
    token: str = ""

    @property
    def id(self) -> str:
        return list_devices(self.desk.store)[0].id

    def sign_in(self, person: StaffView, sign_in_id: str) -> str:
        """Record a sign-in with a password."""
        now = self.desk.clock()
        with self.desk.store.writing() as session:
            session.add(
                SignIn(
                    id=sign_in_id,
                    staff_id=person.id,
                    started_at=now,
                    last_seen_at=now,
                    proved_at=now,
                    device="iPad",
                )
            )
        return sign_in_id

    def signed_in(self) -> dict[str, bool]:
        """Return every sign-in, and whether it goes on."""
        with self.desk.store.reading() as session:
            found = session.execute(select(SignIn.id, SignIn.ended_at))
            return {sign_in_id: ended_at is None for sign_in_id, ended_at in found}

    def tries(self, person: StaffView, *, right: bool = False) -> bool:
        found = try_pin(self.desk.store, self.id, person.id, lambda _person: right)
        return found is not None and found.id == person.id


@pytest.fixture
def front(lite: Appointments) -> FrontDesk:
    desk = lite.desk

    def person(name: str, role: Role) -> StaffView:
        return add_staff(
            desk.store, email=f"{name}@example.org", name=name, role=role, password_hash="x", now=desk.clock()
        )

    front = FrontDesk(desk, person("Deb", Role.DESK), person("Kim", Role.PRACTITIONER))
    first = front.sign_in(front.deb, "first")
    front.token = declare_device(desk.store, desk.act(front.deb.actor), name=" Front desk ", sign_in_id=first)
    for each in (front.deb, front.kim):
        set_pin(desk.store, desk.act(each.actor), f"hash of {each.name}")
    return front


class TestADevice:
    def test_its_cookie_stands_for_it_until_it_is_shared_no_more(self, front: FrontDesk) -> None:
        store = front.desk.store
        found = device_of_token(store, front.token)
        assert found is not None
        assert (found.id, found.name, found.declared_by) == (front.id, "Front desk", "Deb")
        assert device_of_token(store, front.token + "x") is None
        for _ in range(2):
            assert stop_sharing(store, front.desk.act(OLGA), found.id) == "Front desk"
        assert (device_of_token(store, front.token), list_devices(store)) == (None, ())
        with pytest.raises(NotFound):
            stop_sharing(store, front.desk.act(OLGA), "nothing")

    @pytest.mark.parametrize("name", ["", " "])
    def test_it_has_a_name(self, front: FrontDesk, name: str) -> None:
        with pytest.raises(InvalidField) as refusal:
            declare_device(front.desk.store, front.desk.act(DEB), name=name, sign_in_id="first")
        assert refusal.value.field == "name"

    def test_a_practitioner_declares_none(self, front: FrontDesk) -> None:
        with pytest.raises(NotAllowed):
            declare_device(front.desk.store, front.desk.act(front.kim.actor), name="Mine", sign_in_id="first")

    def test_it_is_open_from_a_password_to_the_evening(self, front: FrontDesk) -> None:
        store, clock = front.desk.store, front.desk.clock
        (device,) = list_devices(store)
        assert device.is_open(clock() + OPEN_FOR - timedelta(seconds=1))
        assert not device.is_open(clock() + OPEN_FOR)
        clock.advance(days=1)
        open_device(store, device.id, front.sign_in(front.kim, "second"), front.kim.id, clock())
        assert list_devices(store)[0].is_open(clock())
        assert front.signed_in() == {"first": False, "second": True}

    def test_one_person_is_signed_in_there_and_by_pin_no_longer_than_it_is_shared(
        self, front: FrontDesk
    ) -> None:
        store, now = front.desk.store, front.desk.clock()
        front.sign_in(front.deb, "elsewhere")
        by_pin = start_pin_sign_in(store, front.id, front.kim.id, now, device="iPad")
        assert front.signed_in() == {"first": False, "elsewhere": True, by_pin: True}
        stop_sharing(store, front.desk.act(OLGA), front.id)
        assert front.signed_in() == {"first": False, "elsewhere": True, by_pin: False}

    def test_what_a_person_does_is_noted_twice_a_minute(self, front: FrontDesk) -> None:
        store, now = front.desk.store, front.desk.clock()
        for before, after in (
            (None, now),
            (now, now + timedelta(seconds=29)),
            (now, now + timedelta(seconds=30)),
        ):
            note_activity(store, "first", before, after)
            with store.reading() as session:
                active_at = session.get_one(SignIn, "first").active_at
            assert active_at == (now if after < now + timedelta(seconds=30) else after)


class TestAPin:
    def test_people_with_one_are_listed_by_name_until_they_remove_it(self, front: FrontDesk) -> None:
        store = front.desk.store
        assert [each.name for each in people_with_pin(store)] == ["Deb", "Kim"]
        set_pin(store, front.desk.act(front.deb.actor), None)
        assert [each.name for each in people_with_pin(store)] == ["Kim"]
        assert not front.tries(front.deb, right=True)

    def test_five_wrong_ones_ask_for_the_password_there_alone(self, front: FrontDesk) -> None:
        for _ in range(MOST_WRONG):
            assert not is_blocked(front.desk.store, front.id, front.kim.id)
            assert not front.tries(front.kim)
        assert is_blocked(front.desk.store, front.id, front.kim.id)
        assert not front.tries(front.kim, right=True)
        assert front.tries(front.deb, right=True)
        sign_in_id = front.sign_in(front.kim, "password")
        open_device(front.desk.store, front.id, sign_in_id, front.kim.id, front.desk.clock())
        assert front.tries(front.kim, right=True)

    def test_a_right_one_forgets_the_wrong_ones(self, front: FrontDesk) -> None:
        for _ in range(2):
            for _ in range(MOST_WRONG - 1):
                front.tries(front.kim)
            assert front.tries(front.kim, right=True)

    def test_nobody_s_is_no_try(self, front: FrontDesk) -> None:
        assert try_pin(front.desk.store, front.id, "nobody", lambda _person: True) is None


class TestACodeByEmail:
    SECRET = "s" * 48

    def test_it_goes_to_the_new_address_alone(self, front: FrontDesk) -> None:
        store, desk = front.desk.store, front.desk
        assert request_email_code(store, desk.act(front.deb.actor), " deb@example.org ") == ""
        with pytest.raises(Refused):
            request_email_code(store, desk.act(front.deb.actor), "Kim@example.org")
        assert request_email_code(store, desk.act(front.deb.actor), "new@example.org") == "new@example.org"
        with store.reading() as session:
            payloads = session.scalars(select(Outbox.payload).where(Outbox.kind == EMAIL_CODE)).all()
        assert payloads == [{"staff_id": front.deb.id, "email": "new@example.org"}]

    def test_it_holds_half_an_hour_at_least_and_an_hour_at_most(self, front: FrontDesk) -> None:
        now = front.desk.clock().replace(minute=0, second=0, microsecond=0)
        code = email_code(self.SECRET, front.deb, "new@example.org", now)

        def holds(
            typed: str = code, *, after: timedelta = timedelta(), person: StaffView = front.deb
        ) -> bool:
            return is_email_code(self.SECRET, person, "new@example.org", typed, now + after)

        assert holds()
        assert holds(code.lower().replace("-", " "))
        assert holds(after=2 * CODE_LASTS - timedelta(seconds=1))
        assert not holds(after=2 * CODE_LASTS)
        assert not holds(person=front.kim)
        assert not holds("")
        assert not is_email_code(self.SECRET, front.deb, "other@example.org", code, now)


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
            "Safari on an iPhone",
        ),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge on a Windows PC"),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/130.0 Safari/537.36", "Chrome on a Chromebook"),
        ("Something (Macintosh)", "A browser on a Mac or iPad"),
        ("Firefox/130.0", "Firefox"),
        ("curl/8", "Unknown browser"),
    ],
)
def test_a_browser_is_told_by_its_last_descendant_and_its_device(agent: str, words: str) -> None:
    assert device_of(agent) == words
