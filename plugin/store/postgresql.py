"""The PostgreSQL engine: behind a pooler of transactions such as PgBouncer, and through a failover."""

from __future__ import annotations

import re
import select
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError

if TYPE_CHECKING:
    # A clinic on SQLite does not load the driver.
    import psycopg

# Seconds and tries, and milliseconds for the last, after which a machine that vanished counts as gone: the system's
# own take from two minutes to two hours. The address may set others (libpq, "Connection Control Functions").
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# A connection that answered so lately is asked again only where its server has ended it since.
_FRESH_S = 5.0
_READ_ONLY = "25006"
# What a server, or PgBouncer, says of an address that is wrong. The driver knows no SQLSTATE of a connection that was
# not made (libpq keeps only the words), and words in another language than English are not recognized.
_REFUSED = re.compile(
    r"""(?:FATAL|ERROR|fe_sendauth):\s+(
        [^\n]*authentication\ failed[^\n]* | no\ password\ supplied | no\ pg_hba\.conf\ entry[^\n]*
        | (?:database|role)\ "[^\n]*"\ (?:does\ not\ exist|is\ not\ permitted\ to\ log\ in)
        | permission\ denied\ for\ database[^\n]* | no\ such\ (?:user|database)[^\n]*
    )""",
    re.VERBOSE,
)


def postgresql_engine(url: URL, pool: Mapping[str, Any]) -> Engine:
    """Return the engine of a database that may be behind a pooler, and may move to another server."""
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    engine = create_engine(url, connect_args=patience, pool_pre_ping=True, **pool)
    engine.dialect.do_ping = partial(_ping, engine.dialect.do_ping)  # type: ignore[method-assign]
    event.listen(engine, "connect", _prepare_nothing_at_a_pooler)
    event.listen(engine, "handle_error", _leave_a_standby)
    return engine


def is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Return whether a pooler is in between: it tells each client a process number of its own making."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    connection.rollback()
    return row != (connection.info.backend_pid,)


def refusal(error: DBAPIError) -> str:
    """Return in the server's words why it will never let us in by this address; "" for what may pass by itself."""
    found = _REFUSED.search(str(error.orig))
    return found[1] if found else ""


def _ping(ping: Callable[[Any], bool], connection: Any) -> bool:
    """Ask the server whether it is there, unless it said so lately and has sent nothing since: each costs a round trip.

    A server that stops, fails over or ends a connection closes it, which can be read.
    """
    now = time.monotonic()
    if now < getattr(connection, "fresh_until", 0.0) and not _has_more_to_read(connection):
        return True
    answers = ping(connection)
    connection.fresh_until = now + _FRESH_S
    return answers


def _has_more_to_read(connection: psycopg.Connection[Any]) -> bool:
    poller = select.poll()
    poller.register(connection.fileno(), select.POLLIN)
    return bool(poller.poll(0))


def _prepare_nothing_at_a_pooler(connection: psycopg.Connection[Any], _record: object) -> None:
    # The next transaction may run on another of the pooler's connections, which knows no statement prepared before.
    if is_pooled(connection):
        connection.prepare_threshold = None


def _leave_a_standby(context: ExceptionContext) -> None:
    # A primary that became a standby refuses to write. The driver calls that a defect of ours; but the database is
    # away, and no connection of the pool leads to where it is now.
    if getattr(context.original_exception, "sqlstate", None) == _READ_ONLY:
        context.is_disconnect = True
        raise OperationalError(
            context.statement, context.parameters, context.original_exception, connection_invalidated=True
        )
