"""When failed work is retried: growing waits with jitter, and which errors are final."""

import sqlite3
from collections.abc import Callable

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from plugin.errors import (
    CoursekeeperError,
    MailFailed,
    NotYet,
    PaperNotMade,
    SquareFailed,
    WalletFailed,
    WebhookFailed,
)

LONGEST_WAIT_S = 300
SLOW_WAIT_S = 3600
# About an hour of growing waits; then a person is asked, and it is retried once an hour for three days.
TRIES_BEFORE_ASKING = 20
MOST_TRIES = TRIES_BEFORE_ASKING + 72
# Square as a whole fails, not this event or job: it is retried however long that lasts.
OUTAGES = {
    "square_sign_in": "Square does not accept Coursekeeper’s access token (expired, revoked or without a permission).",
    "square_unreachable": "Square can’t be reached.",
    "square_down": "Square has an internal error.",
    "square_busy": "Square asks for fewer requests.",
    "square_scope": "Coursekeeper lacks a Square permission that it needs.",
}

# SQLite: busy, locked, no memory, read-only, I/O error, full, can't be opened, locking protocol (rescode.html).
_SQLITE_AWAY = frozenset({5, 6, 7, 8, 10, 13, 14, 15})
# PostgreSQL, appendix A, "Error Codes": connection; transaction rollback, as by a deadlock; no memory, disk or
# connections left; shut down by its operator; its system fails.
_CLASSES_AWAY = frozenset({"08", "40", "53", "57", "58"})
# Read-only, as on a standby; a lock was not to be had in time.
_STATES_AWAY = frozenset({"25006", "55P03"})
# Of class 57, but the statement itself took too long.
_CANCELED = "57014"

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
    if isinstance(error, (OperationalError, InterfaceError)):
        return error.connection_invalidated or _is_database_away(error.orig)
    return is_outage(error) or isinstance(error, PoolTimeout)


def _is_database_away(error: BaseException | None) -> bool:
    """Return whether this is not about the statement, which would fail as well with a database that is well."""
    if isinstance(error, sqlite3.Error):
        # The last byte is the code, what is above it its details; what the driver itself refuses has none.
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_AWAY
    state = getattr(error, "sqlstate", None)
    # A connection that was lost or never made has no state.
    return state is None or state in _STATES_AWAY or (state[:2] in _CLASSES_AWAY and state != _CANCELED)


def is_permanent(error: Exception) -> bool:
    """Return whether a retry would fail in the same way."""
    if isinstance(error, (SquareFailed, MailFailed, WalletFailed, WebhookFailed)):
        return error.permanent
    # Our own rules will refuse it again; an unexpected error may be the database's and pass.
    return isinstance(error, CoursekeeperError) and not isinstance(error, (NotYet, PaperNotMade))


def error_code(error: Exception) -> str:
    """Return the code of an error, for the log and the policy."""
    return error.code if isinstance(error, CoursekeeperError) else type(error).__name__


def error_sentence(error: Exception) -> str:
    # An unexpected error may quote rows of the database: only its name is stored.
    if isinstance(error, CoursekeeperError):
        return error.message
    return f"An unexpected error ({type(error).__name__}); it is retried automatically."
