"""Two health checks for monitoring: is the process alive, and is it ready. No sign-in, no names."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from plugin.core.moments import rfc3339
from plugin.courses.base.inbox import InboxState, inbox_state
from plugin.courses.health_facts import write_failure
from plugin.courses.square_health import SquareMode, last_sync_at, square_mode
from plugin.store import Store
from plugin.store.creation import can_serve
from plugin.store.write_failures import WriteFailure, is_unopened
from plugin.web import current_services
from plugin.web.translations import N_, _

blueprint = Blueprint("health", __name__)

STALE_AFTER = timedelta(minutes=5)
Json = dict[str, Any]

_AWAY = N_("The database does not answer. Look at DATABASE_URL and whether the database runs.")
_NOT_OPENED = N_("The database can’t be opened. Look at the rights of its file and folder.")
_NOT_MIGRATED = N_("The database is not up to date. Run: coursekeeper db upgrade.")
_TAKES_NO_WRITES = {
    WriteFailure.FULL: N_("The disk of the database is full, so nothing can be saved. Make room on it."),
    WriteFailure.READ_ONLY: N_(
        "The database can only be read, so nothing can be saved. Look at the rights of its file and folder."
    ),
}


@blueprint.get("/healthz")
def alive() -> Response:
    """Return 200 as long as the process runs; checks nothing else."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Return 200 when requests can be served, 503 when the database is away, not migrated, or takes no writes.

    A stalled queue is reported in the body only: the desk works without it.
    """
    services = current_services()
    try:
        answer = _answer(services.store, services.clock())
    except SQLAlchemyError as error:
        answer = _not_ready(_NOT_OPENED if is_unopened(error) else _AWAY, answers=False)
    response = jsonify(answer)
    response.status_code = 200 if answer["status"] == "ready" else 503
    return response


def _answer(store: Store, now: datetime) -> Json:
    if not can_serve(store):
        return _not_ready(_NOT_MIGRATED)
    failure = write_failure(store, now)
    if failure is not None:
        return _not_ready(_TAKES_NO_WRITES[failure], is_migrated=True, takes_writes=False)
    return _state(store, now)


def _not_ready(message: str, *, answers: bool = True, is_migrated: bool = False, **more: bool) -> Json:
    database = {"answers": answers, "is_migrated": is_migrated, **more}
    return {"status": "not_ready", "database": database, "message": _(message)}


def _state(store: Store, now: datetime) -> Json:
    inbox = inbox_state(store)
    return {
        "status": "ready",
        "database": {"answers": True, "is_migrated": True},
        "queue": _queue(inbox, now),
        "last_event_at": _moment_or_none(inbox.last_received_at),
        "last_sweep_at": _moment_or_none(last_sync_at(store, now)),
        "square": _square(square_mode(store, now)),
    }


def _square(mode: SquareMode) -> Json:
    """Return how sales arrive: by events, or by asking Square for them."""
    return {
        "mode": mode.name,
        "since": _moment_or_none(mode.since),
        "last_asked_at": _moment_or_none(mode.polled_at),
    }


def _queue(inbox: InboxState, now: datetime) -> Json:
    age = now - inbox.oldest_pending_at if inbox.oldest_pending_at else timedelta()
    return {
        "pending": inbox.pending,
        "failed": inbox.failed,
        "oldest_pending_s": max(0, int(age.total_seconds())),
        "is_stale": age > STALE_AFTER,
    }


def _moment_or_none(value: datetime | None) -> str | None:
    return rfc3339(value) if value else None
