"""Rows no longer needed are deleted after a while; what was sold, used and issued stays for ever."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from plugin.alarms.notices import ALARM_MAIL, ALARM_WEBHOOK
from plugin.core.acts import Act
from plugin.courses.audit import audit
from plugin.courses.base.inbox import receive
from plugin.courses.retention import _OF_A_MOMENT, drop_old_rows
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import ConfigurationError
from plugin.settings import Settings, read_settings
from plugin.store import Store
from plugin.store.ledger import Entry, History, Operation
from plugin.store.queues import Inbox, Outbox, Sweep
from tests.clock import HandMovedClock
from tests.courses.desk import DEB, Desk

DAYS, LOG_DAYS = Settings().retention_days, Settings().activity_days


def drop(store: Store, clock: HandMovedClock) -> int:
    return drop_old_rows(store, clock(), days=DAYS, log_days=LOG_DAYS, answer_days=DAYS)


def count(store: Store, table: type) -> int:
    with store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def job(desk: Desk, subject: str, state: str, kind: str = "customer") -> None:
    now = desk.clock()
    with desk.store.writing() as session:
        done_at = None if state == "pending" else now
        row = Outbox(id=desk.store.new_id(), kind=kind, subject=subject, payload={}, created_at=now)
        row.state, row.due_at, row.done_at = state, now, done_at
        session.add(row)


def event(desk: Desk, event_id: str, state: str) -> None:
    now = desk.clock()
    receive(desk.store, event_id=event_id, event_type="payment.updated", body="{}", now=now)
    with desk.store.writing() as session:
        row = session.scalars(select(Inbox).where(Inbox.event_id == event_id)).one()
        row.state, row.done_at = state, None if state == "pending" else now


@pytest.mark.parametrize(("seconds", "left"), [(-1, 1), (0, 1), (1, 0)])
def test_a_finished_event_leaves_after_its_days(desk: Desk, seconds: int, left: int) -> None:
    event(desk, "E", "done")
    desk.clock.advance(days=DAYS, seconds=seconds)
    drop(desk.store, desk.clock)
    assert count(desk.store, Inbox) == left


def test_an_event_that_comes_again_within_the_days_is_known(desk: Desk) -> None:
    event(desk, "E", "done")
    desk.clock.advance(days=DAYS)
    drop(desk.store, desk.clock)
    assert not receive(desk.store, event_id="E", event_type="payment.updated", body="{}", now=desk.clock())


def test_what_waits_or_failed_stays(desk: Desk) -> None:
    for state in ("pending", "failed"):
        event(desk, state, state)
        job(desk, state, state)
    desk.clock.advance(days=DAYS * 3)
    assert drop(desk.store, desk.clock) == 0


def test_an_alarm_that_reached_nobody_leaves_too(desk: Desk) -> None:
    assert {ALARM_MAIL, ALARM_WEBHOOK} == set(_OF_A_MOMENT)
    for kind in (ALARM_MAIL, ALARM_WEBHOOK):
        job(desk, "alarm:x", "failed", kind=kind)
    desk.clock.advance(days=DAYS + 1)
    drop(desk.store, desk.clock)
    assert count(desk.store, Outbox) == 0


def test_a_failed_job_leaves_once_a_later_one_has_done_its_work(desk: Desk) -> None:
    job(desk, "client", "failed")
    job(desk, "client", "done")
    job(desk, "another", "failed")
    desk.clock.advance(days=DAYS + 1)
    assert drop(desk.store, desk.clock) == 2
    with desk.store.reading() as session:
        assert session.scalars(select(Outbox.subject)).all() == ["another"]


def test_the_last_good_sync_stays(desk: Desk) -> None:
    now = desk.clock()
    with desk.store.writing() as session:
        for number, error in enumerate(("", "", "Square failed")):
            at = now + timedelta(hours=number)
            sync = Sweep(id=str(number), since=at, started_at=at, finished_at=at, found=[], error=error)
            session.add(sync)
    desk.clock.advance(days=DAYS + 1)
    drop(desk.store, desk.clock)
    with desk.store.reading() as session:
        assert session.scalars(select(Sweep.id).order_by(Sweep.id)).all() == ["1", "2"]


def test_a_repeat_under_its_key_is_answered_to_the_last_day_and_the_ledger_loses_nothing(desk: Desk) -> None:
    course_id = desk.sell()
    act = Act(DEB, desk.clock(), "desk-key-of-this-tap")
    first = use_session(desk.store, act, UseSession(course_id))
    kept = [count(desk.store, table) for table in (Entry, History)]
    desk.clock.advance(days=DAYS)
    drop(desk.store, desk.clock)
    again = use_session(desk.store, act, UseSession(course_id))
    assert (again.is_repeat, again.entry.id) == (True, first.entry.id)
    desk.clock.advance(seconds=1)
    drop(desk.store, desk.clock)
    assert count(desk.store, Operation) == 0
    assert [count(desk.store, table) for table in (Entry, History)] == kept
    assert audit(desk.store) == ()


def test_many_rows_leave_in_small_batches(desk: Desk) -> None:
    now = desk.clock()
    with desk.store.writing() as session:
        session.add_all(
            Operation(key=f"key-{number}", request_sha256="", answer={}, at=now) for number in range(501)
        )
    desk.clock.advance(days=DAYS, seconds=1)
    count_before = count(desk.store, Operation)
    assert drop(desk.store, desk.clock) <= 500
    while drop(desk.store, desk.clock):
        pass
    assert count_before > 500
    assert count(desk.store, Operation) == 0


@pytest.mark.parametrize("days", ["30", "0", "-1", "many"])
def test_no_row_is_dropped_while_its_body_is_kept(days: str) -> None:
    with pytest.raises(ConfigurationError, match="RETENTION_DAYS"):
        read_settings({"RETENTION_DAYS": days})
