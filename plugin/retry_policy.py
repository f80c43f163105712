"""When failed work is retried: growing waits with jitter, and which errors are final."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from plugin.errors import CoursekeeperError, MailFailed, NotYet, SquareFailed, WalletFailed, WebhookFailed

LONGEST_WAIT_S = 300
SLOW_WAIT_S = 3600
# About an hour of growing waits; then a person is asked, and it is retried once an hour for three days.
TRIES_BEFORE_ASKING = 20
MOST_TRIES = TRIES_BEFORE_ASKING + 72
# Square as a whole fails, not this event or job: it is retried however long that lasts.
OUTAGES = {
    "square_sign_in": "Square does not accept Coursekeeper's access token (expired, revoked or without a permission).",
    "square_unreachable": "Square can't be reached.",
    "square_down": "Square has an internal error.",
    "square_busy": "Square asks for fewer requests.",
    "square_scope": "Coursekeeper lacks a Square permission that it needs.",
}

Chance = Callable[[], float]


def wait_s(attempts: int, chance: Chance, *, is_outage: bool = False) -> float:
    """Return the wait after so many tries: 1, 2, 4 … 300 s, later an hour, each up to 20 % less.

    The jitter keeps work that failed together from being retried together.
    """
    is_slow = attempts >= TRIES_BEFORE_ASKING and not is_outage
    plain = SLOW_WAIT_S if is_slow else min(2.0 ** min(attempts - 1, 20), LONGEST_WAIT_S)
    return plain * (1 - 0.2 * chance())


def is_outage(error: Exception) -> bool:
    """Return whether Square as a whole fails."""
    return error_code(error) in OUTAGES


def is_no_fault(error: Exception) -> bool:
    """Return whether Square or the database as a whole fails: no job and no event is given up for it."""
    return is_outage(error) or isinstance(error, (OperationalError, InterfaceError, PoolTimeout))


def is_permanent(error: Exception) -> bool:
    """Return whether a retry would fail in the same way."""
    if isinstance(error, (SquareFailed, MailFailed, WalletFailed, WebhookFailed)):
        return error.permanent
    # Our own rules will refuse it again; an unexpected error may be the database's and pass.
    return isinstance(error, CoursekeeperError) and not isinstance(error, NotYet)


def error_code(error: Exception) -> str:
    """Return the code of an error, for the log and the policy."""
    return error.code if isinstance(error, CoursekeeperError) else type(error).__name__


def error_sentence(error: Exception) -> str:
    """Return an error as a sentence for people."""
    # An unexpected error may quote rows of the database: only its name is stored.
    if isinstance(error, CoursekeeperError):
        return error.message
    return f"An unexpected error ({type(error).__name__}); it is retried automatically."
