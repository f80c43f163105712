"""What becomes of a message that could not be worked off: it waits and is tried again, or a person is asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.attention import open_item_in
from plugin.courses.base.inbox import Claimed, finish_in, retry_later
from plugin.courses.base.outbox import Job, finish_job, retry_job_later
from plugin.courses.base.work import Work
from plugin.courses.square_health import outage_mark
from plugin.errors import CoursekeeperError, MailFailed, NotYet, SquareFailed
from plugin.services import Services
from plugin.square.connection.row import read_connection
from plugin.square.event_body import order_named, refund_named
from plugin.square.job import JobHandler

LONGEST_WAIT_S = 300
SLOW_WAIT_S = 3600
# About an hour of growing waits; then a person is told, and it is tried once an hour for three days.
TRIES_BEFORE_ASKING = 20
MOST_TRIES = TRIES_BEFORE_ASKING + 72
# Square as a whole fails, not this message: it is tried again however long that lasts.
OUTAGES = {
    "square_sign_in": "Square does not accept Coursekeeper's access token (expired, revoked or without a permission).",
    "square_unreachable": "Square can't be reached.",
    "square_down": "Square has trouble of its own.",
    "square_busy": "Square asks for fewer requests.",
    "square_scope": "Square has not given Coursekeeper a permission it needs.",
}
# What a person must mend is told at once; the rest may pass by itself.
_TOLD_AT_ONCE = ("square_sign_in", "square_scope")

Chance = Callable[[], float]


def set_aside(services: Services, claimed: Claimed, error: Exception, chance: Chance) -> str:
    """Put the message off or give it up; return which: "put_off" or "failed"."""
    is_outage = _code(error) in OUTAGES
    if _is_permanent(error) or (claimed.attempts >= MOST_TRIES and not is_outage):
        _give_up(services, claimed, error)
        return "failed"
    if is_outage:
        _tell_of_outage(services, claimed, _code(error))
    elif claimed.attempts >= TRIES_BEFORE_ASKING:
        _tell_of_message(services, claimed, error)
    wait = timedelta(seconds=wait_s(claimed.attempts, chance, is_outage=is_outage))
    retry_later(services.store, claimed.id, due_at=services.clock() + wait, outcome=_sentence(error))
    return "put_off"


def fail_job(services: Services, errand: JobHandler, owed: Job, error: Exception, chance: Chance) -> str:
    """Put an errand off, or give it up where it is refused for good; return "put_off" or "failed"."""
    is_outage = _code(error) in OUTAGES
    if _is_permanent(error) or (owed.attempts >= MOST_TRIES and not is_outage):
        errand.give_up(services, owed, _sentence(error))
        finish_job(services.store, owed.id, state="failed", outcome=_sentence(error), now=services.clock())
        return "failed"
    wait = timedelta(seconds=wait_s(owed.attempts, chance, is_outage=is_outage))
    retry_job_later(services.store, owed.id, due_at=services.clock() + wait, outcome=_sentence(error))
    return "put_off"


def wait_s(attempts: int, chance: Chance, *, is_outage: bool = False) -> float:
    """Return how long to wait after so many tries: 1, 2, 4 … 300 s, later an hour, each up to 20 % less.

    The chance keeps messages that failed together from coming back together.
    """
    is_slow = attempts >= TRIES_BEFORE_ASKING and not is_outage
    plain = SLOW_WAIT_S if is_slow else min(2.0 ** min(attempts - 1, 20), LONGEST_WAIT_S)
    return plain * (1 - 0.2 * chance())


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, (SquareFailed, MailFailed)):
        return error.permanent
    # What a rule of ours refuses today it refuses tomorrow; anything unexpected may be the database's.
    return isinstance(error, CoursekeeperError) and not isinstance(error, NotYet)


def _code(error: Exception) -> str:
    return error.code if isinstance(error, CoursekeeperError) else "unexpected"


def _sentence(error: Exception) -> str:
    # An unexpected error may quote rows of the database: only its name is kept.
    if isinstance(error, CoursekeeperError):
        return error.message
    return f"An unexpected error ({type(error).__name__}); it is tried again by itself."


def _give_up(services: Services, claimed: Claimed, error: Exception) -> None:
    def work(session: Session) -> None:
        _ask_in(session, services, claimed, _summary(error))
        finish_in(session, claimed.id, state="failed", outcome=_sentence(error), now=services.clock())

    services.store.transact(work)


def _tell_of_message(services: Services, claimed: Claimed, error: Exception) -> None:
    services.store.transact(lambda session: _ask_in(session, services, claimed, _summary(error)))


def _tell_of_outage(services: Services, claimed: Claimed, code: str) -> None:
    if code not in _TOLD_AT_ONCE and claimed.attempts < TRIES_BEFORE_ASKING:
        return
    # One question for one outage, not one for each message that waits; it goes when Square answers.
    dedupe = outage_mark(code, read_connection(services.store).failing_since, services.clock())
    summary = f"{OUTAGES[code]} Messages from Square wait, and are worked off once it does."
    services.store.transact(lambda session: _ask_in(session, services, claimed, summary, dedupe=dedupe))


def _ask_in(
    session: Session, services: Services, claimed: Claimed, summary: str, *, dedupe: str = ""
) -> None:
    about_one = not dedupe
    open_item_in(
        Work(session, services.store, Act(SQUARE, services.clock(), f"inbox:{claimed.id}")),
        kind="failed_event",
        dedupe=dedupe or f"event:{claimed.id}",
        summary=summary,
        details={"inbox_id": claimed.id, "event_type": claimed.event_type},
        square_order_id=order_named(claimed.body) if about_one else None,
        square_refund_id=(refund_named(claimed.body)[0] or None) if about_one else None,
    )


def _summary(error: Exception) -> str:
    return f"A message from Square could not be worked off. {_sentence(error)}"
