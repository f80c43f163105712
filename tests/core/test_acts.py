"""Who may do what, under which key, at which time."""

from datetime import UTC, datetime

import pytest

from plugin.core.acts import SQUARE, Act, Actor, Role, Source, checked_key, require
from plugin.errors import InvalidField, NotAllowed

ASKED = [(), (Role.DESK,), (Role.PRACTITIONER,), (Role.DESK, Role.PRACTITIONER)]


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize("role", Role)
def test_the_owner_may_do_all_and_the_others_what_is_theirs(role: Role, asked: tuple[Role, ...]) -> None:
    actor = Actor("Somebody", role, Source.DESK)
    if role is Role.OWNER or role in asked:
        require(actor, *asked)
    else:
        with pytest.raises(NotAllowed):
            require(actor, *asked)


@pytest.mark.parametrize("key", ["k", "a" * 79, "a" * 80, "~!x"])
def test_a_key_of_one_to_eighty_visible_characters_is_taken(key: str) -> None:
    assert checked_key(key) == key


@pytest.mark.parametrize("key", ["", "a" * 81, "a b", "a\n", "ключ", "\x00"], ids=ascii)
def test_another_key_is_refused_by_its_header(key: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        checked_key(key)
    assert refusal.value.field == "Idempotency-Key"


def test_an_act_without_a_time_zone_is_a_defect() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Act(SQUARE, datetime(2026, 11, 22), "key")  # noqa: DTZ001 - the point of the test
    assert Act(SQUARE, datetime(2026, 11, 22, tzinfo=UTC), "key").key == "key"
