"""The webhook subscription: created where the token allows, adopted where it exists, tested, and its key used."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from plugin.errors import Refused
from plugin.square.connection.status import connection_status
from plugin.square.connection.subscription import (
    make_subscription,
    send_test,
    wanted_events,
    why_not_made,
)
from plugin.store import Store
from practice_square.serving import PracticeServer
from tests.clock import HandMovedClock
from tests.square.clinic import KEY, TOKEN, Ear
from tests.square.connecting import BY_SECRET, Connecting, connecting

BY_TOKEN = BY_SECRET | {"SQUARE_ACCESS_TOKEN": TOKEN, "SQUARE_WEBHOOK_SIGNATURE_KEY": ""}


@pytest.fixture
def opened(practice: PracticeServer, ear: Ear, sqlite_url: str, clock: HandMovedClock) -> Iterator[Any]:
    with ExitStack() as stack:

        def open_(settings: dict[str, str], webhook_url: str = ear.url) -> Connecting:
            store = stack.enter_context(Store(sqlite_url))
            found = connecting(practice.base_url, webhook_url, store, practice.control, clock, **settings)
            stack.callback(found.services.close)
            ear.services = found.services
            return found

        yield open_


def _subscriptions(desk: Connecting) -> list[dict[str, Any]]:
    return desk.services.square.subscriptions()


def test_one_that_is_there_for_our_address_is_taken_over_with_its_key(opened: Any) -> None:
    desk = opened(BY_TOKEN)
    [before] = _subscriptions(desk)
    assert "Square sends" in make_subscription(desk.services, desk.act())
    [after] = _subscriptions(desk)
    assert after["id"] == before["id"] == desk.known().square_subscription_id
    assert set(wanted_events()) <= set(after["event_types"])
    assert desk.services.vault.open(desk.known().signature_key_sealed or "") == KEY


def test_one_is_made_where_there_is_none_and_kept_when_made_again(opened: Any) -> None:
    desk = opened(BY_TOKEN, "https://desk.example.org/square/webhooks")
    make_subscription(desk.services, desk.act())
    made = desk.known().square_subscription_id
    [ours] = [one for one in _subscriptions(desk) if one["id"] == made]
    assert sorted(ours["event_types"]) == list(wanted_events())
    assert ours["api_version"] == "2025-08-20"
    make_subscription(desk.services, desk.act())
    assert len(_subscriptions(desk)) == 2
    moved = opened(BY_TOKEN, "https://new.example.org/square/webhooks")
    assert not connection_status(moved.services).is_subscribed
    make_subscription(moved.services, moved.act())
    assert connection_status(moved.services).is_subscribed
    assert {one["notification_url"] for one in _subscriptions(moved) if one["id"] == made} == {
        "https://new.example.org/square/webhooks"
    }


def test_a_test_arrives_signed_with_the_key_of_our_subscription_alone(opened: Any) -> None:
    desk = opened(BY_TOKEN)
    make_subscription(desk.services, desk.act())
    send_test(desk.services, desk.act())
    standing = connection_status(desk.services)
    assert (standing.known.test_said, standing.known.test_asked_at) == ("200", desk.clock())
    assert standing.test_came_at == desk.clock()


def test_a_test_that_is_not_taken_says_what_was_answered(opened: Any) -> None:
    desk = opened(BY_TOKEN | {"SQUARE_WEBHOOK_SIGNATURE_KEY": "another key"})
    send_test(desk.services, desk.act())
    standing = connection_status(desk.services)
    assert (standing.known.test_said, standing.test_came_at) == ("403", None)


def test_a_test_without_a_subscription_says_what_to_do_first(opened: Any) -> None:
    desk = opened(BY_TOKEN, "https://desk.example.org/square/webhooks")
    with pytest.raises(Refused, match="Make it first"):
        send_test(desk.services, desk.act())


def test_a_square_that_is_away_or_says_no_is_told_in_words(opened: Any) -> None:
    desk = opened(BY_TOKEN)
    desk.till.set_faults(fail_every=1, fail_how="503")
    for deed in (make_subscription, send_test):
        with pytest.raises(
            Refused, match=r"^The (subscription|test) was not .* Square has an internal error"
        ):
            deed(desk.services, desk.act())


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (BY_SECRET, "by hand in the Square Developer Console"),
        (BY_TOKEN | {"ENCRYPTION_KEYS": ""}, "ENCRYPTION_KEYS"),
    ],
)
def test_where_it_cannot_be_made_the_reason_is_told(opened: Any, settings: dict[str, str], says: str) -> None:
    desk = opened(settings)
    assert says in why_not_made(desk.services)
    with pytest.raises(Refused, match=says):
        make_subscription(desk.services, desk.act())
    if settings is BY_SECRET:
        with pytest.raises(Refused, match="Developer Console"):
            send_test(desk.services, desk.act())
