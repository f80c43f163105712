"""Two health checks for monitoring: is the process alive, and is it ready. No sign-in, no names."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from plugin.courses.base.inbox import InboxState, inbox_state
from plugin.courses.square_health import last_sync_at
from plugin.courses.square_mode import SquareMode, square_mode
from plugin.store import Store
from plugin.store.migrate import can_serve
from plugin.web import current_services
from plugin.web.api.answers import moment
from plugin.web.translations import _

blueprint = Blueprint("health", __name__)

STALE_AFTER = timedelta(minutes=5)
Json = dict[str, Any]


@blueprint.get("/healthz")
def alive() -> Response:
    """Return 200 as long as the process runs; checks nothing else."""
    return jsonify({"status": "alive"})


@blueprint.get("/readyz")
def ready() -> Response:
    """Return 200 when requests can be served, 503 when the database does not answer or is not migrated.

    A stalled queue is reported in the body only: the desk works without it.
    """
    services = current_services()
    try:
        is_migrated = can_serve(services.store)
        answer = _state(services.store, services.clock()) if is_migrated else _not_ready(answers=True)
    except SQLAlchemyError:
        answer = _not_ready(answers=False)
    response = jsonify(answer)
    response.status_code = 200 if answer["status"] == "ready" else 503
    return response


def _not_ready(*, answers: bool) -> Json:
    said = (
        _("The database is not up to date. Run: coursekeeper db upgrade.")
        if answers
        else _("The database does not answer. Look at DATABASE_URL and whether the database runs.")
    )
    return {"status": "not_ready", "database": {"answers": answers, "is_migrated": False}, "message": said}


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
    return moment(value) if value else None
