"""The clinic: the head of its papers, and what day it is there."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from plugin.core.moments import day_at
from plugin.courses.base.clinic import is_named, read_clinic, save_clinic
from plugin.errors import InvalidField, NotAllowed
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import DEB, OLGA, Desk
from tests.databases import sqlite_alone


def test_before_anybody_named_it_it_has_plain_defaults(store: Store, clock: HandMovedClock) -> None:
    assert (read_clinic(store).name, is_named(store)) == ("Your clinic", False)


def test_it_is_kept_as_the_owner_wrote_it(desk: Desk) -> None:
    written = replace(
        read_clinic(desk.store),
        name=" Jade  Room ",
        address="1 Pine St\nSuite 5\nSan Francisco, CA 94105",
        accent="#AA00ff",
        page_size="a4",
        language="zh-Hans",
        country="CA",
    )
    kept = save_clinic(desk.store, desk.act(OLGA), written)
    assert kept == replace(written, name="Jade Room")
    assert read_clinic(desk.store) == kept
    assert is_named(desk.store)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "America/Los_Angeles\n"),
        ("time_zone", "../../etc/passwd"),
        ("currency", "usd"),
        ("currency", "USD\n"),
        ("accent", "green"),
        ("accent", "#0F6B5"),
        ("accent", "#0F6B5C\n"),
        ("page_size", "legal"),
        ("voucher_form", "scroll"),
        ("address_place", "back"),
        ("country", "USA"),
        ("country", "us"),
        ("language", "English, please"),
        ("address", "\n".join("123456")),
        ("address", "x" * 76),
        ("phone", "x" * 41),
        ("email", "x" * 255),
        ("website", "x" * 255),
        ("map_url", "javascript:alert(1)"),
        ("map_url", "https://a map"),
        ("parking", "x" * 121),
        ("entrance", "x" * 121),
    ],
)
@sqlite_alone
def test_what_a_paper_could_not_show_is_refused_by_its_field(desk: Desk, field: str, value: Any) -> None:
    before = read_clinic(desk.store)
    with pytest.raises(InvalidField) as refusal:
        save_clinic(desk.store, desk.act(OLGA), replace(before, **{field: value}))
    assert refusal.value.field == field
    assert read_clinic(desk.store) == before


def test_the_longest_address_fits(desk: Desk) -> None:
    written = replace(read_clinic(desk.store), address="\n".join("x" * 75 for _ in range(5)))
    assert save_clinic(desk.store, desk.act(OLGA), written).address == written.address


def test_only_the_owner_writes_it(desk: Desk) -> None:
    with pytest.raises(NotAllowed):
        save_clinic(desk.store, desk.act(DEB), read_clinic(desk.store))


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("America/Los_Angeles", date(2026, 11, 21)),
        ("UTC", date(2026, 11, 22)),
        ("Pacific/Kiritimati", date(2026, 11, 22)),
        ("Pacific/Pago_Pago", date(2026, 11, 21)),
    ],
)
@sqlite_alone
def test_today_is_the_clinic_s_own(desk: Desk, zone: str, day: date) -> None:
    clinic = replace(read_clinic(desk.store), time_zone=zone)
    assert day_at(datetime(2026, 11, 22, 7, 59, tzinfo=UTC), clinic.zone) == day
