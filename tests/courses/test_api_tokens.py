"""The tokens of programs: valid until they expire or are revoked, and stored as digests."""

from datetime import timedelta

import pytest

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.accounts.api_tokens import (
    add_token,
    holder_of,
    list_tokens,
    note_use,
    revoke_token,
    token_named,
)
from plugin.errors import NotAllowed, NotFound, Refused
from plugin.store import Store
from plugin.store.people import ApiToken
from tests.clock import HandMovedClock

OPERATOR = Actor("Operator", Role.OWNER, Source.COMMAND)


def revoke(store: Store, clock: HandMovedClock, name_or_id: str) -> None:
    revoke_token(store, Act(OPERATOR, clock(), "leaked"), token_named(store, name_or_id).id)


def test_a_token_names_its_program_and_role(store: Store, clock: HandMovedClock) -> None:
    token = add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    holder = holder_of(store, token, clock())
    assert holder is not None
    assert (holder.actor.name, holder.actor.role, holder.actor.source) == ("Kiosk", Role.DESK, Source.API)


@pytest.mark.parametrize(("seconds", "is_valid"), [(-1, True), (0, False), (1, False)])
def test_it_ends_at_its_hour(store: Store, clock: HandMovedClock, seconds: int, is_valid: bool) -> None:
    expires_at = clock() + timedelta(hours=1)
    token = add_token(store, name="Kiosk", role=Role.DESK, now=clock(), expires_at=expires_at)
    assert (holder_of(store, token, expires_at + timedelta(seconds=seconds)) is not None) == is_valid


def test_a_revoked_one_is_nobody_s(store: Store, clock: HandMovedClock) -> None:
    token = add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    holder = holder_of(store, token, clock())
    assert holder is not None
    revoke_token(store, Act(OPERATOR, clock(), "leaked"), holder.token_id)
    assert holder_of(store, token, clock()) is None


@pytest.mark.parametrize("token", ["", "ck_", "ck_unknown", "\x00", "\ud800", "ключ"], ids=ascii)
def test_an_unknown_one_is_nobody_s(store: Store, clock: HandMovedClock, token: str) -> None:
    add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    assert holder_of(store, token, clock()) is None


def test_it_is_not_kept_where_somebody_could_read_it(store: Store, clock: HandMovedClock) -> None:
    token = add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    with store.reading() as session:
        (row,) = session.query(ApiToken).all()
        kept = [str(getattr(row, column.name)) for column in ApiToken.__table__.columns]
    assert not any(token in value or token.removeprefix("ck_") in value for value in kept)


def test_two_are_never_the_same(store: Store, clock: HandMovedClock) -> None:
    tokens = {add_token(store, name="Kiosk", role=Role.DESK, now=clock()) for _ in range(5)}
    assert len(tokens) == 5


def test_a_second_revocation_changes_nothing(store: Store, clock: HandMovedClock) -> None:
    """C4."""
    add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    revoke(store, clock, "Kiosk")
    first = list_tokens(store)
    clock.advance(hours=1)
    revoke(store, clock, "Kiosk")
    assert list_tokens(store) == first
    assert [each.state(clock()) for each in first] == ["revoked"]


def test_the_token_meant_is_the_one_of_that_name_which_is_not_revoked(
    store: Store, clock: HandMovedClock
) -> None:
    """C4: names are not unique; a program's new token often has the old one's name."""
    add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    revoke(store, clock, "Kiosk")
    add_token(store, name="Kiosk", role=Role.DESK, now=clock.advance(hours=1))
    assert token_named(store, "Kiosk").created_at == clock()
    revoke(store, clock, "Kiosk")
    assert {each.state(clock()) for each in list_tokens(store)} == {"revoked"}


def test_where_two_share_a_name_the_ids_are_named_and_one_of_them_is_enough(
    store: Store, clock: HandMovedClock
) -> None:
    """C4."""
    for _ in range(2):
        add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    one, other = list_tokens(store)
    with pytest.raises(Refused, match=f"2 tokens are called Kiosk.*{one.id}, {other.id}"):
        token_named(store, "Kiosk")
    revoke(store, clock, other.id)
    assert [each.state(clock()) for each in list_tokens(store)] == ["active", "revoked"]


def test_a_token_nobody_made_is_said_so(store: Store, clock: HandMovedClock) -> None:
    with pytest.raises(NotFound, match="no token called Kiosk"):
        token_named(store, "Kiosk")
    with pytest.raises(NotFound):
        revoke_token(store, Act(OPERATOR, clock(), "leaked"), "none")


@pytest.mark.parametrize("role", [Role.DESK, Role.PRACTITIONER])
def test_only_owners_may_revoke(store: Store, clock: HandMovedClock, role: Role) -> None:
    add_token(store, name="Kiosk", role=Role.DESK, now=clock())
    (token,) = list_tokens(store)
    with pytest.raises(NotAllowed):
        revoke_token(store, Act(Actor("Deb", role, Source.DESK), clock(), "key"), token.id)


def test_its_last_use_is_noted_once_in_five_minutes(store: Store, clock: HandMovedClock) -> None:
    token, noted = add_token(store, name="Kiosk", role=Role.DESK, now=clock()), []
    for minutes in (0, 4, 1):
        holder = holder_of(store, token, clock.advance(minutes=minutes))
        assert holder is not None
        note_use(store, holder, clock())
        noted.append(list_tokens(store)[0].last_used_at)
    assert noted == [clock() - timedelta(minutes=5), clock() - timedelta(minutes=5), clock()]
