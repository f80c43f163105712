"""The worker by itself: woken by its scheduler, cheap when idle, and stopped at once on request."""

import json
import threading
import time
from dataclasses import replace

import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from invoices.papers import PaperFailed
from plugin.courses.base.outbox import PAPERS, Job
from plugin.job_registry import JOBS
from plugin.jobs import Done
from plugin.services import wall_clock
from plugin.store.commits import Commits
from plugin.store.documents import Document
from plugin.store.queues import Outbox
from plugin.store.square_side import Bookmark
from plugin.worker import Worker, work_off
from tests.square.clinic import Clinic, Silence


def test_left_alone_it_books_sweeps_and_stops_when_told(clinic: Clinic) -> None:
    _left_alone(clinic)
    assert len(clinic.ledger()) == 1


def _left_alone(clinic: Clinic) -> None:
    """Let a worker run until it has booked a sale, then stop it."""
    stop = threading.Event()
    worker = Worker(replace(clinic.services, clock=wall_clock), log=Silence())
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    try:
        clinic.sell("ten")
        clinic.hear()
        deadline = time.monotonic() + 30
        while not clinic.ledger() and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join(timeout=30)
    assert not thread.is_alive()
    # The desk is to find moments in which it can write.
    assert clinic.services.store.gives_way


@pytest.mark.parametrize("heard", ["nothing", "a failure"])
def test_a_commit_that_it_does_not_hear_of_leaves_nothing_undone(
    lite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch, heard: str
) -> None:
    def has_new(_commits: Commits) -> bool:
        if heard == "nothing":
            return False
        raise OperationalError("PRAGMA data_version", {}, OSError("gone"))

    monkeypatch.setattr(Commits, "has_new", has_new)
    monkeypatch.setattr("plugin.worker.DUE_EVERY_S", 0.05)
    _left_alone(lite_clinic)
    assert len(lite_clinic.ledger()) == 1


def test_timers_that_hang_do_not_delay_the_sign_of_life(
    lite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, stop = Worker(lite_clinic.services, log=Silence()), threading.Event()
    others, shown = len(worker.timers(stop)) - 1, threading.Event()
    hung = threading.Semaphore(0)

    def hang() -> None:
        hung.release()
        stop.wait()

    def show() -> None:
        # Begun after all others hang.
        if all(hung.acquire(timeout=30) for _ in range(others)):
            shown.set()

    monkeypatch.setattr("plugin.worker.LISTEN_EVERY_S", 0.01)
    monkeypatch.setattr(worker, "timers", lambda _stop: [*[(hang, 60.0)] * others, (show, 60.0)])
    thread = threading.Thread(target=worker.run_forever, args=(stop,))
    thread.start()
    try:
        assert shown.wait(60)
    finally:
        stop.set()
        thread.join(timeout=30)
    assert not thread.is_alive()


def test_what_is_told_while_a_loop_is_at_work_is_looked_for_at_once(lite_clinic: Clinic) -> None:
    worker = Worker(lite_clinic.services, log=Silence())
    stop, looked = threading.Event(), list[str]()

    def drain(loop: str, stop: threading.Event) -> None:
        looked.append(loop)
        if len(looked) == 1:
            # Committed after the last look, before the loop waits.
            worker._news.tell()
        else:
            stop.set()
            worker._news.tell()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_drain", drain)
        patch.setattr("plugin.worker.DUE_EVERY_S", 3600)
        thread = threading.Thread(target=worker._drain_always, args=("papers", stop), daemon=True)
        thread.start()
        thread.join(timeout=30)
    assert looked == ["papers", "papers"]


@pytest.mark.parametrize("part", ["drop_old_event_bodies", "drop_old_rows"])
def test_a_backlog_of_old_rows_does_not_keep_it_from_stopping(
    lite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    stop, parts = threading.Event(), list[int]()

    def drop(*_args: object, **_named: object) -> int:
        parts.append(500)
        stop.set()
        return 500 if len(parts) < 3 else 0

    monkeypatch.setattr(f"plugin.worker.{part}", drop)
    Worker(lite_clinic.services, log=Silence()).drop_old(stop)
    assert parts == [500]


def test_working_off_does_all_that_is_due_and_tells_what_came_of_it(lite_clinic: Clinic) -> None:
    ana = lite_clinic.till.add_customer(given_name="Ana")
    lite_clinic.sell("ten", customer_id=ana["id"])
    lite_clinic.hear()
    done = work_off(lite_clinic.services)
    # The invoice, its receipt, and what is printed after a sale.
    assert (done.put_off, done.failed, done.papers, done.waiting) == (0, 0, 3, 0)
    assert done.finished == 3
    assert work_off(lite_clinic.services).finished == 0


def test_the_log_names_no_client(lite_clinic: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    ana = lite_clinic.till.add_customer(
        given_name="Maribel", phone_number="+13105550101", email_address="maribel@example.org"
    )
    lite_clinic.sell("ten", customer_id=ana["id"])
    lite_clinic.hear()
    lite_clinic.till.set_faults(fail_next=1)
    work_off(lite_clinic.services)
    said = capsys.readouterr().err
    assert {json.loads(line)["event"] for line in said.splitlines()} == {"event", "job"}
    for private in ("Maribel", "3105550101", "maribel@example.org", "practice-access-token"):
        assert private not in said


def test_a_paper_that_cannot_be_made_is_tried_again_and_given_up_in_the_end(lite_clinic: Clinic) -> None:
    ana = lite_clinic.till.add_customer(given_name="Ana")
    lite_clinic.sell("ten", customer_id=ana["id"])
    lite_clinic.catch_up()

    def torn(_paper: object, _assets: object = None) -> bytes:
        raise RuntimeError("out of ink")

    broken = Worker(replace(lite_clinic.services, render=torn), chance=lambda: 0.0, log=Silence())
    for _ in range(8):
        assert broken.run_next("papers")
        assert not broken.run_next("papers")
        lite_clinic.clock.advance(minutes=5)
    assert not broken.run_next("papers")
    with lite_clinic.services.store.reading() as session:
        assert [
            (row.state, row.attempts) for row in session.scalars(select(Outbox).where(Outbox.kind == PAPERS))
        ] == [("failed", 8)]


def test_a_document_that_can_not_be_drawn_is_tried_again_for_ever(lite_clinic: Clinic) -> None:
    ana = lite_clinic.till.add_customer(given_name="Ana")
    lite_clinic.sell("ten", customer_id=ana["id"])
    lite_clinic.catch_up()

    def torn(_paper: object, _assets: object = None) -> bytes:
        raise PaperFailed("out of ink")

    broken = Worker(replace(lite_clinic.services, render=torn), chance=lambda: 0.0, log=Silence())
    assert broken.run_next("documents")
    for _ in range(12):
        # The invoice and its receipt.
        assert [broken.run_next("documents") for _each in range(3)] == [True, True, False]
        lite_clinic.clock.advance(hours=1)
    assert [lite_clinic.worker().run_next("documents") for _each in range(3)] == [True, True, False]
    with lite_clinic.services.store.reading() as session:
        owed = select(Outbox.state, Outbox.outcome).where(Outbox.kind == "document")
        assert session.execute(owed).all() == [("done", "Drawn.")] * 2
        assert set(session.scalars(select(Document.number))) == {"INV-0001", "REC-0001"}


def test_a_worker_killed_over_a_paper_makes_it_when_the_lease_has_ended(lite_clinic: Clinic) -> None:
    ana = lite_clinic.till.add_customer(given_name="Ana")
    lite_clinic.sell("ten", customer_id=ana["id"])
    lite_clinic.catch_up()

    class Killed(BaseException):
        pass

    def at_step(name: str) -> None:
        if name == "run":
            raise Killed

    with pytest.raises(Killed):
        lite_clinic.worker(at_step).run_next("papers")
    assert not lite_clinic.worker().run_next("papers")
    lite_clinic.clock.advance(seconds=61)
    assert lite_clinic.worker().run_next("papers")
    with lite_clinic.services.store.reading() as session:
        assert [row.state for row in session.scalars(select(Outbox).where(Outbox.kind == PAPERS))] == ["done"]


def _due(clinic: Clinic, papers: int) -> None:
    """Put so many papers into the outbox, of courses "1", "2", …"""
    now = clinic.services.clock()
    with clinic.services.store.writing() as session:
        for number in range(1, papers + 1):
            job = {"kind": PAPERS, "subject": str(number), "payload": {}, "created_at": now, "due_at": now}
            session.add(Outbox(id=f"job-{number}", state="pending", attempts=0, outcome="", **job))


def _states(clinic: Clinic) -> list[tuple[str, int]]:
    with clinic.services.store.reading() as session:
        rows = session.scalars(select(Outbox).where(Outbox.kind == PAPERS).order_by(Outbox.id))
        return [(row.state, row.attempts) for row in rows]


def test_each_job_of_a_queue_is_one_commit(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    _due(clinic, 5)
    ran, commits = list[str](), list[object]()
    note = commits.append

    def run(_services: object, job: Job) -> Done:
        ran.append(job.subject)
        return Done("Made.", lambda session: session.add(Bookmark(name=job.id, value="", at=wall_clock())))

    monkeypatch.setitem(JOBS, PAPERS, replace(JOBS[PAPERS], run=run))
    event.listen(clinic.services.store.engine, "commit", note)
    clinic.worker()._drain("papers", threading.Event())
    event.remove(clinic.services.store.engine, "commit", note)
    assert ran == ["1", "2", "3", "4", "5"]
    assert _states(clinic) == [("done", 1)] * 5
    # The first claim, and each outcome with what the job wrote and the next claim.
    assert len(commits) == 6
    with clinic.services.store.reading() as session:
        assert len(session.scalars(select(Bookmark).where(Bookmark.name.like("job-%"))).all()) == 5


def test_what_was_claimed_with_an_outcome_that_failed_is_left_for_its_turn(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    _due(clinic, 2)
    ran = list[str]()

    def run(_services: object, job: Job) -> Done:
        def write(_session: Session) -> None:
            if ran.count(job.subject) == 1:
                raise RuntimeError("out of ink")

        ran.append(job.subject)
        return Done("Made.", write)

    monkeypatch.setitem(JOBS, PAPERS, replace(JOBS[PAPERS], run=run))
    worker = clinic.worker()
    worker._drain("papers", threading.Event())
    assert (ran, _states(clinic)) == (["1", "2"], [("pending", 1), ("pending", 1)])
    clinic.clock.advance(minutes=5)
    worker._drain("papers", threading.Event())
    assert (sorted(ran), _states(clinic)) == (["1", "1", "2", "2"], [("done", 2), ("done", 2)])


def test_a_worker_that_is_stopped_claims_no_further_job(
    lite_clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    _due(lite_clinic, 2)
    stop = threading.Event()

    def run(_services: object, _job: Job) -> str:
        stop.set()
        return "Made."

    monkeypatch.setitem(JOBS, PAPERS, replace(JOBS[PAPERS], run=run))
    lite_clinic.worker()._drain("papers", stop)
    assert _states(lite_clinic) == [("done", 1), ("pending", 0)]
