"""The two addresses for whoever watches the machine."""

from dataclasses import replace
from datetime import timedelta

import pytest

from plugin.courses.base.inbox import receive
from plugin.services import Services
from plugin.store import Store
from plugin.store.queues import Sweep
from tests.api.conftest import api_application
from tests.clock import HandMovedClock

FINE = {"answers": True, "is_migrated": True}


def _ask(services: Services, path: str) -> tuple[int, dict[str, object]]:
    answer = api_application(services).test_client().get(path)
    body: dict[str, object] = answer.get_json()
    return answer.status_code, body


def test_a_fresh_clinic_is_alive_and_ready(services: Services) -> None:
    assert _ask(services, "/healthz") == (200, {"status": "alive"})
    assert _ask(services, "/readyz") == (
        200,
        {
            "status": "ready",
            "database": FINE,
            "queue": {"pending": 0, "failed": 0, "oldest_pending_s": 0, "is_stale": False},
            "last_event_at": None,
            "last_sweep_at": None,
            "square": {"mode": "polling", "since": None, "last_asked_at": None},
        },
    )


@pytest.mark.parametrize(("minutes", "is_stale"), [(5, False), (6, True)])
def test_a_queue_that_stands_still_is_said(
    services: Services, clock: HandMovedClock, minutes: int, is_stale: bool
) -> None:
    receive(services.store, event_id="e1", event_type="payment.created", body="{}", now=clock())
    clock.advance(minutes=minutes)
    status, body = _ask(services, "/readyz")
    assert (status, body["status"], body["last_event_at"]) == (200, "ready", "2026-11-22T18:00:00Z")
    assert body["queue"] == {
        "pending": 1,
        "failed": 0,
        "oldest_pending_s": minutes * 60,
        "is_stale": is_stale,
    }


def test_the_last_sweep_that_ended_well_is_said(services: Services, clock: HandMovedClock) -> None:
    for hours, error in ((3, ""), (2, "Square was down."), (1, "")):
        started = clock() - timedelta(hours=hours)
        finished = started + timedelta(minutes=1) if hours > 1 else None
        row = Sweep(
            id=f"s{hours}", since=started, started_at=started, finished_at=finished, found=[], error=error
        )
        with services.store.writing() as session:
            session.add(row)
    assert _ask(services, "/readyz")[1]["last_sweep_at"] == "2026-11-22T15:01:00Z"


def test_it_says_how_sales_arrive(services: Services, clock: HandMovedClock) -> None:
    receive(services.store, event_id="e1", event_type="payment.created", body="{}", now=clock())
    assert _ask(services, "/readyz")[1]["square"] == {
        "mode": "events",
        "since": "2026-11-22T18:00:00Z",
        "last_asked_at": None,
    }


def test_a_database_that_was_never_migrated_is_not_ready(services: Services, empty_database_url: str) -> None:
    with Store(empty_database_url) as empty:
        bare = replace(services, store=empty)
        status, body = _ask(bare, "/readyz")
        assert (status, body["status"]) == (503, "not_ready")
        assert body["database"] == {"answers": True, "is_migrated": False}
        assert "coursekeeper db upgrade" in str(body["message"])
        assert _ask(bare, "/healthz")[0] == 200


def test_a_database_that_does_not_answer_is_not_ready(services: Services) -> None:
    with Store("postgresql://nobody@127.0.0.1:1/nowhere") as silent:
        deaf = replace(services, store=silent)
        status, body = _ask(deaf, "/readyz")
        assert (status, body["database"]) == (503, {"answers": False, "is_migrated": False})
        assert _ask(deaf, "/healthz")[0] == 200


def test_they_tell_no_address_and_no_name(services: Services) -> None:
    for path in ("/healthz", "/readyz"):
        said = str(_ask(services, path)[1])
        assert "sqlite" not in said
        assert "postgres" not in said
