"""Short forms of `make torture`, and that each of its checks can fail."""

import os
from pathlib import Path

import pytest

from plugin.core.acts import Act, Actor
from tests.courses import desk
from tests.torture import commits
from tests.torture.commits import kill_at_every_commit
from tests.torture.crash import CrashRun, crash_under_load
from tests.torture.databases import fresh_databases
from tests.torture.storm import StormRun, storm


def test_killed_beside_a_commit_the_day_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    with fresh_databases("sqlite", tmp_path) as (fresh, _):
        run = kill_at_every_commit(fresh, every=4)
    assert run.kills >= 3
    assert run.wrong == ()


class _NewKeys(desk.Desk):
    """Gives each act another key whenever the program was started again."""

    def act(self, actor: Actor = desk.DEB, *, key: str | None = None) -> Act:
        return super().act(actor, key=f"{os.getpid()} {next(self._numbers)}")


def _play_with_new_keys(url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commits, "Desk", _NewKeys)
        commits.play_a_day(url)


def test_keys_that_change_with_each_start_are_noticed(tmp_path: Path) -> None:
    with fresh_databases("sqlite", tmp_path) as (fresh, _):
        assert kill_at_every_commit(fresh, every=9, play=_play_with_new_keys).wrong


def test_nothing_acknowledged_is_lost_or_doubled_when_processes_are_killed(tmp_path: Path) -> None:
    with fresh_databases("sqlite", tmp_path) as (fresh, _):
        run = crash_under_load(fresh(), tmp_path, seed=1, seconds=2)
    assert run.kills
    assert (run.lost, run.doubled, run.audit) == (set(), set(), ())
    assert run.is_right


@pytest.mark.parametrize(
    "wrong", [{"lost": {"e"}}, {"doubled": {"e"}}, {"audit": ("chain",)}, {"acknowledged": {}}]
)
def test_what_is_lost_doubled_or_never_done_is_not_right(wrong: dict[str, object]) -> None:
    assert CrashRun(acknowledged={"key": "entry"}).is_right
    assert not CrashRun(**{"acknowledged": {"key": "entry"}, **wrong}).is_right  # type: ignore[arg-type]


def test_a_storm_of_webhooks_leaves_the_same_ledger(tmp_path: Path) -> None:
    with fresh_databases("sqlite", tmp_path) as (fresh, _):
        run = storm(fresh, tmp_path, seed=3, events=20)
    assert run.sent > run.events
    assert run.forged > 0
    assert run.is_right, run


def test_a_row_that_differs_is_not_right() -> None:
    assert not StormRun(1, 1, 0, 0, 0, (("row",),), is_sound=True).is_right
    assert not StormRun(1, 1, 1, 1, 0, (), is_sound=True).is_right
