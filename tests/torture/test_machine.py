"""Faults of the machine, and the same id many times: short forms, and that each check can fail."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from plugin.store import database
from plugin.web import health
from tests.prerequisites import missing
from tests.torture.databases import Fresh, fresh_databases
from tests.torture.disk import SECTOR, Impossible, no_rights, power_loss, under_fault_on_small_disk
from tests.torture.machine import backup_under_writes, full_disk, lost_log, read_only, under_fault
from tests.torture.same_keys import Request, same_keys
from tests.torture.wrong_clock import wrong_clock


@pytest.fixture(scope="module")
def fresh(_scratch_folder: Path) -> Iterator[Fresh]:
    folder = _scratch_folder / "machine"
    folder.mkdir()
    with fresh_databases("sqlite", folder) as (fresh, _):
        yield fresh


def test_a_full_disk_is_told_and_costs_nothing_acknowledged(fresh: Fresh, place: Path) -> None:
    run = under_fault(fresh(), place, full_disk)
    assert run.wrong == []
    assert run.said == "The disk of the database is full, so nothing can be saved. Make room on it."


def test_a_database_that_can_only_be_read_is_told(fresh: Fresh, place: Path) -> None:
    run = under_fault(fresh(), place, read_only)
    assert run.wrong == []
    assert run.said.startswith("The database can only be read, so nothing can be saved.")


def test_a_database_without_rights_is_told(fresh: Fresh, place: Path) -> None:
    run = under_fault(fresh(), place, no_rights)
    assert run.wrong == []
    assert run.said == "The database can’t be opened. Look at the rights of its file and folder."


def test_a_small_file_system_that_is_full_is_told(fresh: Fresh, place: Path) -> None:
    try:
        run = under_fault_on_small_disk(fresh(), place)
    except Impossible as error:
        missing(f"not tried here: {error}", is_needed=False)
    assert run.wrong == []
    assert run.said.startswith("The disk of the database is full")


def test_what_was_acknowledged_survives_a_loss_of_power(fresh: Fresh, place: Path) -> None:
    assert power_loss(fresh(), place, transactions=1, every=48 * SECTOR).wrong == []


def test_a_disk_that_forgets_what_it_synced_is_noticed(fresh: Fresh, place: Path) -> None:
    wrong = power_loss(fresh(), place, transactions=1, every=256 * SECTOR, forgets=8 * SECTOR).wrong
    assert any("was acknowledged and is lost" in each for each in wrong)


def test_commits_that_are_not_synced_are_noticed(
    fresh: Fresh, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PRAGMAS", ("journal_mode = WAL", "synchronous = NORMAL"))
    run = power_loss(fresh(), place, transactions=1, every=256 * SECTOR)
    assert "commits are not synced: PRAGMA synchronous is not FULL" in run.wrong


def test_a_wrong_clock_refuses_nothing_and_puts_nothing_off(fresh: Fresh, place: Path) -> None:
    run = wrong_clock(fresh(), place)
    assert run.wrong == []
    assert run.said.endswith("a course that expires was open, expired, open")


def test_work_that_waits_for_the_time_of_a_wrong_clock_is_noticed(fresh: Fresh, place: Path) -> None:
    (wrong,) = wrong_clock(fresh(), place, hastens=False).wrong
    assert wrong.endswith("wait for a time that was wrong")


def test_a_program_that_says_nothing_of_a_full_disk_is_noticed(
    fresh: Fresh, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "write_failure", lambda _store, _now: None)
    (wrong,) = under_fault(fresh(), place, read_only).wrong
    assert wrong.startswith("writes were refused, and it says 200")


def test_a_fault_that_did_not_happen_is_noticed(fresh: Fresh, place: Path) -> None:
    assert under_fault(fresh(), place, lambda _services: nullcontext()).wrong


def test_a_backup_under_writes_restores_to_a_sound_ledger(fresh: Fresh, place: Path) -> None:
    assert backup_under_writes(fresh(), fresh(), place).wrong == []


def test_what_was_there_before_the_last_checkpoint_survives_the_loss_of_the_log(
    fresh: Fresh, place: Path
) -> None:
    assert lost_log(fresh(), place).wrong == []


def test_the_same_id_many_times_has_one_effect(fresh: Fresh) -> None:
    run = same_keys(fresh(), seed=1, keys=40, times=4)
    assert run.wrong == []
    assert run.is_right


def test_a_client_that_changes_its_ids_is_noticed(fresh: Fresh) -> None:
    tries = count()

    def changed(one: Request) -> Request:
        return one if one.undoes else replace(one, key=f"{one.key}-{next(tries)}")

    assert same_keys(fresh(), seed=1, keys=20, times=4, change=changed).wrong
