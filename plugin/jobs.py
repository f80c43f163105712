"""Definition of a kind of outbox job: how it runs, how long it is claimed for, and when it is given up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from sqlalchemy.orm import Session

from plugin.courses.base.outbox import Job, complete_job, complete_job_in, retry_job_later, run_job_again_in
from plugin.retry_policy import MOST_TRIES, Chance, error_sentence, is_no_fault, is_permanent, wait_s
from plugin.services import Services

# The loop of jobs that call Square or the mail server; the other loops are named after what they make.
EFFECTS = "effects"


@dataclass(frozen=True, slots=True)
class RunAgain:
    """The job succeeded and is to run again, such as for a Terminal that waits for a card."""

    seconds: float
    says: str


@dataclass(frozen=True, slots=True)
class Done:
    """The job succeeded: its outcome as a sentence, and what is written in the transaction that records it."""

    says: str
    write: Callable[[Session], object]


Outcome: TypeAlias = str | Done | RunAgain


def _nothing(_services: Services, _job: Job, _sentence: str) -> None:
    """Give up without a notice."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """One kind of job.

    `title`: its name on the owner's page. `run` returns the outcome as a sentence, Done, RunAgain, or None where
    another worker has claimed the job meanwhile; an exception means a retry. `give_up` gets the sentence of the
    last error. `loop`: the worker's loop that runs it. `most_tries` None: never given up. `is_refusable`: a
    permanent error is final.
    """

    kind: str
    title: str
    run: Callable[[Services, Job], Outcome | None]
    give_up: Callable[[Services, Job, str], None] = _nothing
    loop: str = EFFECTS
    lease_s: int = 60
    most_tries: int | None = MOST_TRIES
    is_refusable: bool = True


def _no_more(_session: Session) -> None:
    """Write nothing more."""


def complete(
    services: Services, job: Job, outcome: Outcome | None, *, also: Callable[[Session], object] = _no_more
) -> str:
    """Record the outcome of a run, and do `also` in the same transaction.

    Return the state: done, waiting, or elsewhere where another worker has it: then nothing is recorded or done.
    """
    if outcome is None:
        return "elsewhere"
    now = services.clock()

    def work(session: Session) -> str:
        if isinstance(outcome, RunAgain):
            due_at = now + timedelta(seconds=outcome.seconds)
            run_job_again_in(session, job.id, due_at=due_at, outcome=outcome.says)
            state = "waiting"
        else:
            done = outcome if isinstance(outcome, Done) else Done(outcome, _no_more)
            done.write(session)
            complete_job_in(session, job.id, state="done", outcome=done.says, now=now)
            state = "done"
        also(session)
        return state

    return services.store.transact(work)


def retry_or_give_up(services: Services, kind: JobKind, job: Job, error: Exception, *, chance: Chance) -> str:
    """Schedule a retry of a failed job, or give it up; return the state: retrying or failed."""
    sentence = error_sentence(error)
    if _is_final(kind, job, error):
        kind.give_up(services, job, sentence)
        complete_job(services.store, job.id, state="failed", outcome=sentence, now=services.clock())
        return "failed"
    wait = timedelta(seconds=wait_s(job.attempts, chance, is_outage=is_no_fault(error)))
    retry_job_later(services.store, job.id, due_at=services.clock() + wait, outcome=sentence)
    return "retrying"


def _is_final(kind: JobKind, job: Job, error: Exception) -> bool:
    if kind.is_refusable and is_permanent(error):
        return True
    return kind.most_tries is not None and job.attempts >= kind.most_tries and not is_no_fault(error)
