"""The queues: events from Square claimed once at a time, and outbox jobs after an act."""

from datetime import timedelta

import pytest

from plugin.courses.base.inbox import claim, complete, inbox_state, receive, retry_later
from plugin.courses.base.outbox import PAPERS, claim_job, complete_job, count_jobs, retry_job_later
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk


def come(
    store: Store, clock: HandMovedClock, event_id: str = "E1", event_type: str = "payment.updated"
) -> bool:
    return receive(store, event_id=event_id, event_type=event_type, body='{"a":1}', now=clock())


class TestInbox:
    def test_a_message_is_kept_once(self, store: Store, clock: HandMovedClock) -> None:
        assert [come(store, clock) for _ in range(3)] == [True, False, False]
        assert inbox_state(store).pending == 1

    def test_a_finished_message_is_not_taken_for_new(self, store: Store, clock: HandMovedClock) -> None:
        come(store, clock)
        claimed = claim(store, clock())
        assert claimed is not None
        complete(store, claimed.id, state="done", outcome="Opened one course.", now=clock())
        assert come(store, clock) is False
        assert claim(store, clock()) is None

    def test_it_is_handed_out_whole_to_one_worker(self, store: Store, clock: HandMovedClock) -> None:
        come(store, clock)
        claimed = claim(store, clock())
        assert claimed is not None
        assert (
            claimed.event_id,
            claimed.event_type,
            claimed.body,
            claimed.attempts,
            claimed.received_at,
        ) == (
            "E1",
            "payment.updated",
            '{"a":1}',
            1,
            clock(),
        )
        assert claim(store, clock()) is None

    @pytest.mark.parametrize(("seconds", "comes_again"), [(29, False), (30, True), (31, True)])
    def test_a_worker_that_died_gives_it_back_after_its_lease(
        self, store: Store, clock: HandMovedClock, seconds: int, comes_again: bool
    ) -> None:
        come(store, clock)
        claim(store, clock())
        clock.advance(seconds=seconds)
        again = claim(store, clock())
        assert (again is not None) == comes_again
        if again is not None:
            assert again.attempts == 2

    def test_one_put_off_comes_at_its_time(self, store: Store, clock: HandMovedClock) -> None:
        come(store, clock)
        claimed = claim(store, clock())
        assert claimed is not None
        retry_later(store, claimed.id, due_at=clock() + timedelta(minutes=5), outcome="Not yet " * 99)
        clock.advance(minutes=4, seconds=59)
        assert claim(store, clock()) is None
        clock.advance(seconds=1)
        assert claim(store, clock()) is not None

    def test_the_oldest_comes_first(self, store: Store, clock: HandMovedClock) -> None:
        for number in range(3):
            come(store, clock, f"E{number}")
            clock.advance(seconds=1)
        taken = [claim(store, clock()) for _ in range(3)]
        assert [each.event_id for each in taken if each] == ["E0", "E1", "E2"]

    def test_what_has_been_due_longest_comes_first_and_not_what_came_first(
        self, store: Store, clock: HandMovedClock
    ) -> None:
        come(store, clock, "E1")
        first = claim(store, clock())
        assert first is not None
        retry_later(store, first.id, due_at=clock() + timedelta(minutes=2), outcome="Not yet.")
        clock.advance(minutes=1)
        come(store, clock, "E2")
        clock.advance(minutes=2)
        taken = [claim(store, clock()) for _ in range(3)]
        assert [each and each.event_id for each in taken] == ["E2", "E1", None]

    def test_its_state_is_told_in_numbers(self, store: Store, clock: HandMovedClock) -> None:
        assert inbox_state(store).oldest_pending_at is None
        first = clock()
        come(store, clock)
        clock.advance(minutes=1)
        come(store, clock, "E2")
        clock.advance(minutes=1)
        come(store, clock, "E3", "sweep.order")
        state = inbox_state(store)
        assert (state.pending, state.failed) == (3, 0)
        assert (state.oldest_pending_at, state.last_received_at) == (first, first + timedelta(minutes=1))


class TestOutbox:
    def test_a_deed_owes_its_papers_once(self, desk: Desk) -> None:
        course_id = desk.sell()
        for _ in range(3):
            desk.use(course_id)
        assert count_jobs(desk.store, of=(PAPERS,)) == 1

    def test_a_deed_after_they_were_taken_up_owes_them_anew(self, desk: Desk) -> None:
        course_id = desk.sell()
        taken = claim_job(desk.store, desk.clock(), of=(PAPERS,))
        assert taken is not None
        assert (taken.kind, taken.subject, taken.attempts) == ("papers", course_id, 1)
        desk.use(course_id)
        assert count_jobs(desk.store, of=(PAPERS,)) == 2

    def test_a_deed_that_was_refused_owes_nothing(self, desk: Desk) -> None:
        course_id = desk.sell()
        owed = claim_job(desk.store, desk.clock(), of=(PAPERS,))
        assert owed is not None
        complete_job(desk.store, owed.id, state="done", outcome="Made", now=desk.clock())
        with pytest.raises(Exception, match="1 to 20"):
            desk.use(course_id, sessions=0)
        assert count_jobs(desk.store, of=(PAPERS,)) == 0

    @pytest.mark.parametrize(("seconds", "comes_again"), [(59, False), (60, True)])
    def test_it_is_held_for_its_lease(self, desk: Desk, seconds: int, comes_again: bool) -> None:
        desk.sell()
        claim_job(desk.store, desk.clock(), of=(PAPERS,))
        desk.clock.advance(seconds=seconds)
        assert (claim_job(desk.store, desk.clock(), of=(PAPERS,)) is not None) == comes_again

    def test_one_put_off_comes_at_its_time_and_a_failed_one_never(self, desk: Desk) -> None:
        desk.sell()
        owed = claim_job(desk.store, desk.clock(), of=(PAPERS,))
        assert owed is not None
        retry_job_later(desk.store, owed.id, due_at=desk.clock() + timedelta(seconds=5), outcome="Busy " * 99)
        assert claim_job(desk.store, desk.clock(), of=(PAPERS,)) is None
        desk.clock.advance(seconds=5)
        assert claim_job(desk.store, desk.clock(), of=(PAPERS,)) is not None
        complete_job(desk.store, owed.id, state="failed", outcome="Broken", now=desk.clock())
        desk.clock.advance(days=9)
        assert claim_job(desk.store, desk.clock(), of=(PAPERS,)) is None
