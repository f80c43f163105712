"""What many do at the same moment with codes, PINs and counted guesses: the database decides, on both engines."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from plugin.core.acts import Act, Role
from plugin.courses.accounts.second_factors import (
    accept_totp_step,
    add_hits,
    clear_hits,
    count_hits,
    set_recovery_codes,
    use_challenge,
    use_recovery_code,
)
from plugin.courses.accounts.shared_devices import declare_device, list_devices, set_pin, try_pin
from plugin.courses.accounts.sign_ins import start_sign_in
from plugin.courses.accounts.staff import StaffView, add_staff
from plugin.store import Store
from tests.clock import HandMovedClock

MINUTE = timedelta(minutes=1)


@pytest.fixture
def deb(store: Store, clock: HandMovedClock) -> StaffView:
    return add_staff(
        store, email="deb@example.org", name="Deb", role=Role.DESK, password_hash="x", now=clock()
    )


def at_once(number: int, work: Callable[[int], bool]) -> list[bool]:
    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(work, range(number)))


def test_a_step_of_an_app_is_used_once(store: Store, deb: StaffView) -> None:
    answers = at_once(4, lambda _: accept_totp_step(store, deb.id, 59))
    assert sorted(answers) == [False, False, False, True]
    assert not accept_totp_step(store, deb.id, 58)
    assert accept_totp_step(store, deb.id, 60)


def test_a_recovery_code_is_used_once(store: Store, deb: StaffView) -> None:
    set_recovery_codes(store, deb.id, ["abcd-efgh", "ijkl-mnop"])
    answers = at_once(4, lambda _: use_recovery_code(store, deb.id, "ABCD efgh"))
    assert sorted(answers) == [False, False, False, True]
    assert use_recovery_code(store, deb.id, "ijkl-mnop")


def test_of_many_guesses_of_a_pin_five_are_looked_at(
    store: Store, deb: StaffView, clock: HandMovedClock
) -> None:
    sign_in = start_sign_in(store, deb.id, clock())
    declare_device(store, Act(deb.actor, clock(), "one"), name="iPad", sign_in_id=sign_in)
    set_pin(store, Act(deb.actor, clock(), "two"), "a hash")
    (device,) = list_devices(store)
    looked: list[StaffView] = []

    def wrong(person: StaffView) -> bool:
        looked.append(person)
        return False

    at_once(8, lambda _: any(try_pin(store, device.id, deb.id, wrong) for _ in range(3)))
    assert len(looked) == 5


def test_a_challenge_is_answered_once(store: Store, clock: HandMovedClock) -> None:
    assert use_challenge(store, "c", clock())
    assert not use_challenge(store, "c", clock())


def hit(store: Store, clock: HandMovedClock, key: str = "a") -> bool:
    return add_hits(store, key, most=3, lasts=MINUTE, number=1, now=clock())


def test_one_too_many_is_refused_until_the_first_is_a_minute_old(store: Store, clock: HandMovedClock) -> None:
    assert [hit(store, clock) for _ in range(4)] == [True, True, True, False]
    assert hit(store, clock, "b")
    clock.advance(seconds=59)
    assert not hit(store, clock)
    clock.advance(seconds=1)
    assert hit(store, clock)
    assert count_hits(store, "a", clock() - MINUTE) == (1, clock())


def test_what_has_run_out_is_deleted_with_the_next_try(store: Store, clock: HandMovedClock) -> None:
    hit(store, clock)
    clock.advance(seconds=60)
    hit(store, clock, "b")
    with store.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM limit_hit")) == 1
    clear_hits(store, "b")
    assert count_hits(store, "b", clock() - MINUTE) == (0, None)
