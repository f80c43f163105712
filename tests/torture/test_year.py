"""A short form of the year, and that it finds what is planted."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from plugin.core.money import allocate, session_value
from plugin.courses.refunds import canceled_invoice
from plugin.square.events import HANDLERS
from plugin.square.sync import SYNCS
from plugin.store import Store
from plugin.store.creation import upgrade
from plugin.store.ledger import Course
from tests.clock import HandMovedClock
from tests.square.clinic import Clinic
from tests.torture.year.desk import People
from tests.torture.year.faults import Storm, StormyMail, storms
from tests.torture.year.run import Year, compared, play
from tests.torture.year.schedule import OPENS, schedule
from tests.torture.year.step import Step
from tests.torture.year.world import BEGINS, World

SEED, DAYS, ACTS = 4, 4, 1


@pytest.fixture
def fresh(lite_store: Store, _migrated_file: Path) -> Callable[[], Store]:
    """Gives the same store, empty: its engine has seen the statements of earlier plays."""

    def emptied() -> Store:
        lite_store.close()
        path = Path(lite_store.url.database or "")
        for leftover in path.parent.glob(f"{path.name}-*"):
            leftover.unlink()
        shutil.copyfile(_migrated_file, path)
        return lite_store

    return emptied


def _step(kind: str, minute: int, *touches: str, **details: Any) -> Step:
    name = f"{kind}{minute}"
    return Step(name, OPENS + minute, kind, (name, *touches), **details)


ONE_DAY = [
    _step("client", 0),
    Step("sale", OPENS + 10, "sell", ("sale", "client0"), client="client0", packages=("ten",)),
    _step("use", 20, "client0", "sale.0", course="sale.0"),
    _step("use", 30, "client0", "sale.0", course="sale.0"),
    _step("use", 40, "client0", "sale.0", course="sale.0"),
]


def _invoice_step(kind: str, minute: int, **details: Any) -> Step:
    return _step(kind, minute, "client0", "invoice50.0", course="invoice50.0", **details)


# An invoice with a deposit of 3 sessions, of which one is used; then the rest, and an exchange.
INVOICE_DAY = (
    _step("invoice", 50, "client0", client="client0", amount=50_000),
    _invoice_step("pay", 60, amount=50_000),
    _invoice_step("use", 70),
)
EXCHANGE_DAY = (
    *INVOICE_DAY,
    _step("upgrade", 80, other="0050"),
    _invoice_step("pay", 90, amount=115_000),
    _invoice_step("exchange", 100, client="client0", other="link"),
    _step("use", 110, "client0", "exchange100", course="exchange100"),
)


def _one_day(
    fresh: Callable[[], Store],
    folder: Path,
    storm: tuple[Storm, ...] = (),
    *more: Step,
    people: type = People,
) -> Year:
    return play(fresh(), folder, [*ONE_DAY, *more], list(storm), seed=SEED, days=1, people_of=people)


KILLS = (Storm("kills", OPENS + 15, OPENS + 45, 0.3),)


def test_a_stormy_year_ends_as_a_quiet_one(fresh: Callable[[], Store], place: Path) -> None:
    steps = schedule(SEED, DAYS, ACTS)
    quiet = play(fresh(), place / "quiet", steps, [], seed=SEED, days=DAYS)
    stormy = play(fresh(), place / "stormy", steps, storms(SEED, DAYS), seed=SEED, days=DAYS)
    assert (quiet.wrong, stormy.wrong) == ([], [])
    assert compared(quiet, stormy) == []
    assert (quiet.entries, quiet.owed) == (stormy.entries, stormy.owed)
    assert sum(stormy.met.values()) > 2
    assert not quiet.met.total()
    # Where its time is over after the first day, it ends with the second, and is compared with that evening.
    cut = play(fresh(), place / "cut", steps, storms(SEED, DAYS), seed=SEED, days=DAYS, ends_at=0)
    assert (cut.days, cut.wrong, compared(quiet, cut)) == (2, [], [])
    assert compared(quiet, replace(cut, days=5))


def test_one_seed_replays_the_same_day(fresh: Callable[[], Store], place: Path) -> None:
    first, again = (_one_day(fresh, place / name, KILLS) for name in ("first", "again"))
    assert first.restarts > 0
    assert first == again


def test_a_worker_that_hangs_leaves_the_weather_and_the_clock_at_one_time(
    fresh: Callable[[], Store], place: Path
) -> None:
    clocks: list[tuple[World, HandMovedClock]] = []

    def people_of(world: World, clock: HandMovedClock, clinic: Clinic) -> People:
        clocks.append((world, clock))
        return People(world, clock, clinic)

    hanging = [Storm("workers", OPENS, OPENS + 60, 0.5)]
    year = play(fresh(), place, ONE_DAY, hanging, seed=SEED, days=1, people_of=people_of)
    assert (year.wrong, year.met["workers"] > 0) == ([], True)
    [(world, clock)] = clocks
    assert clock() == BEGINS + timedelta(minutes=world.weather.minute)


class _NewKeys(People):
    """Loses the first answer to each use, and sends each try under another key."""

    _tries = count()

    def has_done(self, step: Step) -> bool:
        is_first = step.name not in self.entry_ids
        return super().has_done(step) and not (step.kind == "use" and is_first)

    def _key(self, step: Step) -> str:
        return f"{step.name} {next(self._tries)}" if step.kind == "use" else super()._key(step)


def test_a_use_counted_twice_when_its_answer_is_lost_is_found(
    fresh: Callable[[], Store], place: Path
) -> None:
    assert any("sale.0: the program has" in each for each in _one_day(fresh, place, people=_NewKeys).wrong)


def test_a_refund_that_nobody_hears_of_is_found(
    fresh: Callable[[], Store], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in HANDLERS if "refund" in each or each == "order.updated"]:
        monkeypatch.delitem(HANDLERS, name)
    for name in ("refunds", "orders"):
        monkeypatch.delitem(SYNCS, name)
    refund = _step("refund", 60, "client0", "sale.0", course="sale.0")
    (wrong,) = _one_day(fresh, place, (), refund).wrong
    assert wrong.startswith("not done within 120 minutes: ['refund60']")


def test_a_cent_too_much_is_found(
    fresh: Callable[[], Store], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earned = session_value
    monkeypatch.setattr("plugin.core.ledger.session_value", lambda **of: earned(**of) - 1)
    assert _one_day(fresh, place).wrong


def test_invoices_exchanges_and_upgrades_end_as_the_model_says(
    fresh: Callable[[], Store], place: Path
) -> None:
    day = _one_day(fresh, place, (), *EXCHANGE_DAY)
    assert day.wrong == []
    # Three sessions of one course and one of another are used.
    assert day.owed == 7 * 16_500 + 198_000 - 14_142


def test_an_upgrade_that_loses_what_waited_is_found(
    fresh: Callable[[], Store], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(url: str) -> None:
        upgrade(url)
        with Store(url) as store, store.writing() as session:
            session.execute(update(Course).values(price=Course.price + 1))

    monkeypatch.setattr("tests.torture.year.world.upgrade", careless)
    wrong = _one_day(fresh, place, (), _step("upgrade", 80, other="0052")).wrong
    assert any(each.startswith("audit: ") for each in wrong)


def test_one_session_too_many_left_by_a_canceled_invoice_is_found(
    fresh: Callable[[], Store], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = canceled_invoice._kept
    monkeypatch.setattr(canceled_invoice, "_kept", lambda allowance: kept(allowance) + 1)
    canceled = _invoice_step("cancel_invoice", 80)
    (wrong,) = _one_day(fresh, place, (), *INVOICE_DAY, canceled).wrong
    assert wrong.startswith("invoice50.0: the program has")


def test_a_credit_that_goes_to_the_wrong_treatment_is_found(
    fresh: Callable[[], Store], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unfair: Any = lambda total, weights: allocate(total, weights)[::-1]  # noqa: E731
    monkeypatch.setattr("plugin.courses.exchange.complete.allocate", unfair)
    exchange = _step("exchange", 60, "client0", "sale.0", course="sale.0", client="client0", other="cash")
    assert any(
        each.startswith("exchange60: the program has") for each in _one_day(fresh, place, (), exchange).wrong
    )


def test_a_letter_that_never_went_out_is_found(
    fresh: Callable[[], Store], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StormyMail, "send", lambda _mail, _letter: None)
    assert [each for each in _one_day(fresh, place).wrong if "recorded as sent and was not" in each]
