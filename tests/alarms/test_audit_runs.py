"""The nightly audit: when it runs, once for all workers, and what is kept of it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from plugin.alarms.machine_checks import is_due, last_audit, run_if_due
from plugin.core.acts import Act
from plugin.core.opening_hours import Interval, OpeningHours
from plugin.courses.base.clinic import save_hours
from tests.alarms.clinic import OLGA, Watched
from tests.courses.desk import Desk

ZONE = "America/Los_Angeles"
DAYTIME = OpeningHours(((Interval(9 * 60, 18 * 60),),) * 7, ZONE)


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("now", "last", "due"),
    [
        (at(10, 12), None, False),
        (at(10, 20), None, True),
        (at(10, 3), at(9, 3), True),
        (at(10, 3), at(9, 8), False),
        (at(10, 22), at(9, 22), False),
        (at(11, 1), at(9, 22), True),
        (at(10, 7), at(9, 3), True),
        (at(10, 12), at(9, 3), False),
        (at(11, 12), at(9, 12), True),
        (at(10, 3), at(20, 3), True),
    ],
)
def test_it_runs_at_night_or_in_a_quiet_hour_or_at_last_anyhow(
    now: datetime, last: datetime | None, due: bool
) -> None:
    assert is_due(now, last, DAYTIME) == due


def by_night(watched: Watched) -> Desk:
    desk = Desk(watched.store, watched.clock)
    save_hours(watched.store, Act(OLGA, watched.clock(), "daytime"), DAYTIME)
    desk.use(desk.sell())
    watched.clock.set(at(23, 3))
    return desk


def test_a_sound_ledger_is_audited_once_a_night(watched: Watched) -> None:
    by_night(watched)
    result = run_if_due(watched.services)
    assert result is not None
    assert (result.findings, watched.condition("audit_is_clean").is_wrong) == (0, False)
    watched.clock.advance(minutes=10)
    assert run_if_due(watched.services) is None


def test_a_ledger_that_was_tampered_with_is_an_alarm(lite: Watched) -> None:
    by_night(lite)
    with lite.store.writing() as session:
        session.execute(text("UPDATE course SET price = price + 1"))
    result = run_if_due(lite.services)
    assert result is not None
    # The price, and the hash of the course.
    assert result.findings == 2
    assert "The parts add up to" in lite.condition("audit_is_clean").said
    assert lite.condition("audit_is_clean").is_wrong


def test_an_audit_that_stops_running_is_an_alarm(lite: Watched) -> None:
    by_night(lite)
    run_if_due(lite.services)
    lite.clock.advance(days=3, hours=23)
    assert not lite.condition("audit_is_clean").is_wrong
    lite.clock.advance(hours=1)
    assert lite.condition("audit_is_clean").is_wrong


def test_a_worker_killed_over_it_leaves_it_to_the_next_hour(
    lite: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_night(lite)

    class Killed(BaseException):
        pass

    def killed(_store: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("plugin.alarms.machine_checks.audit_in_parts", killed)
        with pytest.raises(Killed):
            run_if_due(lite.services)
    lite.clock.advance(minutes=50)
    assert run_if_due(lite.services) is None
    lite.clock.advance(minutes=10)
    assert run_if_due(lite.services) is not None


def test_old_results_are_deleted(lite: Watched) -> None:
    by_night(lite)
    run_if_due(lite.services)
    first = last_audit(lite.store)
    lite.clock.advance(days=91)
    run_if_due(lite.services)
    with lite.store.reading() as session:
        assert session.execute(text("SELECT count(*) FROM audit_run")).scalar() == 1
    last = last_audit(lite.store)
    assert first is not None
    assert last is not None
    assert last.started_at - first.started_at >= timedelta(days=91)
