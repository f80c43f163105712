"""The people who sign in, and the tokens programs come with."""

from __future__ import annotations

from datetime import timedelta

import pytest

from plugin.core.acts import Role, Source
from plugin.courses.people.staff import (
    add_staff,
    add_token,
    holder_of,
    list_staff,
    set_password,
    staff_by_email,
    staff_by_mark,
)
from plugin.errors import InvalidField, NotFound, Refused
from plugin.store import Store
from plugin.store.people import ApiToken, Staff
from tests.clock import HandMovedClock
from tests.databases import sqlite_alone


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
    @sqlite_alone
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
        assert staff_by_mark(store, before.session_mark) == before
        set_password(store, staff_id, "hashed anew")
        assert staff_by_mark(store, before.session_mark) is None
        after = staff_by_email(store, "wu@example.org")
        assert after is not None
        assert after.password_hash == "hashed anew"

    def test_a_password_of_nobody_is_not_set(self, store: Store) -> None:
        with pytest.raises(NotFound):
            set_password(store, "nobody", "hashed")

    def test_strangers_are_nobody(self, store: Store) -> None:
        assert staff_by_email(store, "nobody@example.org") is None
        assert staff_by_mark(store, "") is None

    def test_the_list_holds_those_who_may_sign_in_by_name(self, store: Store, clock: HandMovedClock) -> None:
        add(store, clock, "zhu@example.org", "Zhu")
        gone = add(store, clock, "moe@example.org", "Moe")
        add(store, clock, "ann@example.org", "Ann")
        with store.writing() as session:
            session.get_one(Staff, gone).is_active = False
        assert [person.name for person in list_staff(store)] == ["Ann", "Zhu"]


class TestTokens:
    def test_a_token_names_its_program_and_role(self, store: Store, clock: HandMovedClock) -> None:
        token = add_token(store, name="Kiosk", role=Role.DESK, now=clock())
        holder = holder_of(store, token, clock())
        assert holder is not None
        assert (holder.actor.name, holder.actor.role, holder.actor.source) == ("Kiosk", Role.DESK, Source.API)

    @pytest.mark.parametrize(("seconds", "is_valid"), [(-1, True), (0, False), (1, False)])
    def test_it_ends_at_its_hour(
        self, store: Store, clock: HandMovedClock, seconds: int, is_valid: bool
    ) -> None:
        expires_at = clock() + timedelta(hours=1)
        token = add_token(store, name="Kiosk", role=Role.DESK, now=clock(), expires_at=expires_at)
        assert (holder_of(store, token, expires_at + timedelta(seconds=seconds)) is not None) == is_valid

    def test_a_revoked_one_is_nobody_s(self, store: Store, clock: HandMovedClock) -> None:
        token = add_token(store, name="Kiosk", role=Role.DESK, now=clock())
        holder = holder_of(store, token, clock())
        assert holder is not None
        with store.writing() as session:
            session.get_one(ApiToken, holder.token_id).revoked_at = clock()
        assert holder_of(store, token, clock()) is None

    @pytest.mark.parametrize("token", ["", "ck_", "ck_unknown", "\x00", "\ud800", "ключ"], ids=ascii)
    def test_an_unknown_one_is_nobody_s(self, store: Store, clock: HandMovedClock, token: str) -> None:
        add_token(store, name="Kiosk", role=Role.DESK, now=clock())
        assert holder_of(store, token, clock()) is None

    def test_it_is_not_kept_where_somebody_could_read_it(self, store: Store, clock: HandMovedClock) -> None:
        token = add_token(store, name="Kiosk", role=Role.DESK, now=clock())
        with store.reading() as session:
            (row,) = session.query(ApiToken).all()
            kept = [str(getattr(row, column.name)) for column in ApiToken.__table__.columns]
        assert not any(token in value or token.removeprefix("ck_") in value for value in kept)

    def test_two_are_never_the_same(self, store: Store, clock: HandMovedClock) -> None:
        tokens = {add_token(store, name="Kiosk", role=Role.DESK, now=clock()) for _ in range(5)}
        assert len(tokens) == 5
