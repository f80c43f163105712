"""Square down, slow, busy, answering nonsense, or refusing us: work waits, is visible, and catches up."""

import sqlite3
import threading

import psycopg
import pytest
from psycopg import errors as postgresql
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from plugin.courses.base.outbox import Job
from plugin.job_registry import JOBS
from plugin.jobs import retry_or_give_up
from plugin.retry_policy import (
    LONGEST_WAIT_S,
    MOST_TRIES,
    SLOW_WAIT_S,
    TRIES_BEFORE_ASKING,
    is_no_fault,
    wait_s,
)
from plugin.store import Store
from plugin.store.queues import Outbox
from tests.square.clinic import Clinic, house_of, keep, settings_for
from tests.square.conftest import OpenClinic


def _pending(clinic: Clinic) -> list[str]:
    return [outcome for _, state, outcome in clinic.messages() if state == "pending"]


@pytest.mark.parametrize("how", ["500", "503", "429", "409", "garbage", "cut"])
@pytest.mark.parametrize("call", ["GET /v2/payments", "GET /v2/orders", "GET /v2/customers"])
def test_each_call_may_fail_once_in_each_way(lite_clinic: Clinic, how: str, call: str) -> None:
    clinic = lite_clinic
    ana = clinic.till.add_customer(given_name="Ana")
    clinic.sell("ten", customer_id=ana["id"])
    clinic.hear()
    clinic.till.set_faults(fail_next=2, fail_how=how, fail_only=call)
    clinic.work()
    assert clinic.ledger() == []
    assert len(_pending(clinic)) == 2
    clinic.clock.advance(seconds=2)
    clinic.work()
    assert [row[4] for row in clinic.ledger()] == ["Ana"]
    assert _pending(clinic) == []


@pytest.mark.parametrize("how", ["500", "garbage", "cut"])
def test_a_refund_met_while_square_fails_is_applied_later(clinic: Clinic, how: str) -> None:
    order = clinic.sell("ten")
    clinic.catch_up()
    clinic.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})
    clinic.hear()
    clinic.till.set_faults(fail_every=1, fail_how=how)
    clinic.work()
    assert [row[8] for row in clinic.ledger()] == [None]
    clinic.till.set_faults(fail_every=0)
    clinic.clock.advance(seconds=2)
    clinic.work()
    assert [row[8] for row in clinic.ledger()] == ["refunded"]


def test_a_square_that_cannot_be_reached_is_waited_for(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    clinic.sell("ten")
    clinic.hear()
    away = house_of(settings_for("http://127.0.0.1:9"), clinic.services.store, clinic.clock)
    here, clinic.services = clinic.services, away
    clinic.work()
    away.close()
    assert set(_pending(clinic)) == {"Square can’t be reached. It is retried automatically."}
    clinic.services = here
    clinic.clock.advance(seconds=2)
    clinic.work()
    assert len(clinic.ledger()) == 1


def test_an_expired_token_is_told_once_and_what_waits_is_done_when_it_is_mended(clinic: Clinic) -> None:
    clinic.sell("ten")
    clinic.sell("twelve")
    clinic.hear()
    clinic.till.set_faults(is_token_expired=True)
    clinic.work()
    [item] = clinic.attention()
    assert item.kind == "failed_event"
    assert item.summary.startswith("Square does not accept Coursekeeper’s access token")
    assert all("The access token has expired." in said for said in _pending(clinic))
    clinic.till.set_faults(is_token_expired=False)
    clinic.clock.advance(seconds=2)
    clinic.work()
    assert len(clinic.ledger()) == 2
    assert [one for one in clinic.attention() if one.kind == "failed_event"] == []


def test_an_outage_never_makes_a_message_fail_for_good(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    clinic.sell("ten")
    clinic.hear()
    clinic.till.set_faults(fail_every=1, fail_how="503", fail_only="GET")
    for _ in range(MOST_TRIES + 3):
        clinic.clock.advance(seconds=LONGEST_WAIT_S)
        clinic.work()
    assert len(_pending(clinic)) == 2
    assert clinic.attention()[0].summary.startswith("Square has an internal error.")
    clinic.till.set_faults(fail_every=0)
    clinic.clock.advance(seconds=LONGEST_WAIT_S)
    clinic.work()
    assert len(clinic.ledger()) == 1
    assert [item for item in clinic.attention() if item.kind == "failed_event"] == []


def test_what_was_asked_about_an_event_is_closed_once_it_is_handled(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    clinic.sell("ten")
    clinic.hear()
    clinic.till.set_faults(fail_every=1, fail_how="garbage", fail_only="GET")
    for _ in range(TRIES_BEFORE_ASKING + 1):
        clinic.work()
        clinic.clock.advance(seconds=LONGEST_WAIT_S)
    assert "failed_event" in {item.kind for item in clinic.attention()}
    clinic.till.set_faults(fail_every=0)
    clinic.clock.advance(seconds=SLOW_WAIT_S)
    clinic.work()
    assert len(clinic.ledger()) == 1
    assert "failed_event" not in {item.kind for item in clinic.attention()}


def test_an_order_that_stays_without_lines_is_asked_about_and_given_up_after_three_days(
    lite_clinic: Clinic,
) -> None:
    clinic = lite_clinic
    order = clinic.sell("ten", delivered=False)
    clinic.till.forge("order", order["id"], {"line_items": None})
    told = {"order_updated": {"order_id": order["id"]}}
    keep(
        clinic.services,
        {"event_id": "e", "type": "order.updated", "data": {"id": order["id"], "object": told}},
    )
    for attempt in range(1, TRIES_BEFORE_ASKING + 1):
        assert clinic.attention() == [], attempt
        clinic.work()
        clinic.clock.advance(seconds=LONGEST_WAIT_S)
    [item] = clinic.attention()
    assert (item.kind, item.square_order_id) == ("failed_event", order["id"])
    for _ in range(MOST_TRIES - TRIES_BEFORE_ASKING):
        clinic.clock.advance(seconds=SLOW_WAIT_S)
        clinic.work()
    assert clinic.messages()[-1][:2] == ("order.updated", "failed")
    assert len(clinic.attention()) == 1


def test_waits_double_up_to_five_minutes_then_become_an_hour_and_chance_shortens_them() -> None:
    assert [wait_s(tries, lambda: 0.0) for tries in (1, 2, 3, 4, 9, 10, 19, 20, 91)] == [
        1, 2, 4, 8, 256, 300, 300, 3600, 3600,
    ]  # fmt: skip
    assert wait_s(50, lambda: 0.0, is_outage=True) == 300
    assert wait_s(3, lambda: 1.0) == pytest.approx(3.2)


def test_work_is_not_given_up_for_a_database_that_is_away() -> None:
    assert is_no_fault(OperationalError("SELECT 1", None, Exception("server closed the connection")))
    assert is_no_fault(PoolTimeout("no connection is left"))
    assert not is_no_fault(IntegrityError("INSERT", None, Exception("UNIQUE constraint failed")))


def _failure_of_sqlite(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError(name)
    error.sqlite_errorcode = getattr(sqlite3, name)
    return error


@pytest.mark.parametrize(
    ("failed", "is_away"),
    [
        *((_failure_of_sqlite(f"SQLITE_{name}"), True) for name in (
            "BUSY", "BUSY_SNAPSHOT", "LOCKED", "NOMEM", "READONLY", "IOERR", "IOERR_WRITE", "FULL", "CANTOPEN",
        )),
        *((_failure_of_sqlite(f"SQLITE_{name}"), False) for name in ("ERROR", "INTERRUPT")),
        (sqlite3.OperationalError("Could not decode to UTF-8 column 'name'"), False),
        *((error(), True) for error in (
            psycopg.OperationalError, psycopg.InterfaceError, postgresql.AdminShutdown, postgresql.DiskFull,
            postgresql.LockNotAvailable, postgresql.TooManyConnections, postgresql.DeadlockDetected,
            postgresql.CannotConnectNow, postgresql.ReadOnlySqlTransaction, postgresql.IoError,
        )),
        *((error(), False) for error in (
            postgresql.QueryCanceled, postgresql.StatementTooComplex, postgresql.ObjectNotInPrerequisiteState,
        )),
    ],
    ids=lambda each: f"{type(each).__name__} {each}".strip() if isinstance(each, Exception) else None,
)  # fmt: skip
def test_a_statement_that_fails_by_itself_is_no_outage(failed: Exception, is_away: bool) -> None:
    assert is_no_fault(OperationalError("SELECT 1", None, failed)) is is_away


def test_a_job_whose_statement_fails_each_time_is_given_up_in_the_end(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    clinic.sell("ten")
    clinic.hear()
    clinic.work()
    with clinic.services.store.reading() as session:
        job = session.scalars(select(Outbox)).first()
        assert job is not None
        found = Job(job.id, job.kind, job.subject, job.payload, MOST_TRIES)
    kind = JOBS[found.kind]
    with pytest.raises(OperationalError) as poisoned, clinic.services.store.reading() as session:
        session.execute(text("SELECT * FROM no_such_table"))
    away = OperationalError("SELECT 1", None, Exception("server closed the connection"))
    assert retry_or_give_up(clinic.services, kind, found, away, chance=lambda: 0.0) == "retrying"
    assert retry_or_give_up(clinic.services, kind, found, poisoned.value, chance=lambda: 0.0) == "failed"


def test_two_workers_at_once_book_each_sale_once(postgresql_url: str, open_clinic: OpenClinic) -> None:
    with Store(postgresql_url) as store, Store(postgresql_url) as second_store:
        clinic = open_clinic(store)
        for _ in range(4):
            clinic.sell("ten", "twelve")
        clinic.hear()
        clinic.hear()
        other = Clinic(
            house_of(clinic.services.settings, second_store, clinic.clock), clinic.till, clinic.clock
        )
        together = threading.Barrier(2)

        def work(one: Clinic) -> None:
            together.wait(10)
            one.work()

        threads = [threading.Thread(target=work, args=(one,)) for one in (clinic, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        other.services.close()
        assert len(clinic.ledger()) == 8
        assert clinic.is_sound()
        assert _pending(clinic) == []


def test_two_workers_holding_the_same_message_book_it_once(clinic: Clinic) -> None:
    clinic.sell("ten", delivered=True)
    clinic.hear()
    slow = clinic.worker(lambda name: _overtaken(clinic, name))
    while slow.run_next("inbox"):
        pass
    assert len(clinic.ledger()) == 1
    assert clinic.is_sound()


def _overtaken(clinic: Clinic, step: str) -> None:
    # The lease ends while this worker is still calling Square: another one claims the event and finishes it.
    if step == "fetched":
        clinic.clock.advance(seconds=31)
        clinic.work()


def test_a_defect_of_ours_keeps_the_other_messages_moving(lite_clinic: Clinic) -> None:
    lite_clinic.sell("ten")
    lite_clinic.hear()
    stumbled: list[str] = []

    def at_step(name: str) -> None:
        if name == "fetched" and not stumbled:
            stumbled.append(name)
            raise ZeroDivisionError

    lite_clinic.work(at_step)
    assert len(_pending(lite_clinic)) == 1
    assert _pending(lite_clinic) == ["An unexpected error (ZeroDivisionError); it is retried automatically."]
    lite_clinic.clock.advance(seconds=2)
    lite_clinic.work()
    assert len(lite_clinic.ledger()) == 1
