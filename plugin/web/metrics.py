"""`/metrics` for Prometheus: off unless METRICS_TOKEN is set, and then only with this bearer token.

Requests are counted by the processes that serve the web, together where there are several. Everything else is read
from the database at each request, so it is the same whichever process answers. Nothing here names a person or a row.
"""

import hmac
import os
from collections.abc import Iterator
from datetime import datetime
from functools import cache

from flask import Blueprint, Response, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from plugin.alarms.registry import active_alarms, conditions
from plugin.backups.folder import last_copy_at
from plugin.courses.health_facts import HealthFacts, health_facts
from plugin.job_registry import JOBS
from plugin.services import Services
from plugin.version import VERSION
from plugin.web import current_services

INBOX = "inbox"
# Where several processes serve, each writes its numbers into this folder (prometheus_client reads the variable).
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

blueprint = Blueprint("metrics", __name__)
# When each series began interests nobody here, and doubles their number.
disable_created_metrics()  # type: ignore[no-untyped-call]

_PROCESS = CollectorRegistry()
_REQUESTS = Counter(
    "coursekeeper_http_requests",
    "Requests served since the web started.",
    ("endpoint", "method", "status"),
    registry=_PROCESS,
)
_DURATIONS = Histogram(
    "coursekeeper_http_request_seconds",
    "Seconds until the response of a request was ready.",
    ("endpoint",),
    buckets=_SECONDS,
    registry=_PROCESS,
)


def count_request(endpoint: str | None, method: str, status: int, seconds: float) -> None:
    """Count a request; `endpoint` None: at an address that leads nowhere.

    `method`: one of a few names, so that a sender can't add series at will.
    """
    requests, durations = _series(endpoint or "none", method, status)
    requests.inc()
    durations.observe(seconds)


@cache
def _series(endpoint: str, method: str, status: int) -> tuple[Counter, Histogram]:
    return _REQUESTS.labels(endpoint, method, status), _DURATIONS.labels(endpoint)


@blueprint.get("/metrics")
def show() -> Response:
    """Return all metrics in Prometheus' text format."""
    services = current_services()
    wanted = services.settings.metrics_token.get_secret_value()
    if not wanted:
        raise NotFound
    scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(sent.strip().encode(), wanted.encode()):
        return _refusal()
    facts = CollectorRegistry(auto_describe=False)
    facts.register(_Facts(services))
    return Response(generate_latest(_processes()) + generate_latest(facts), content_type=CONTENT_TYPE_LATEST)


def _refusal() -> Response:
    said = "Send the token of METRICS_TOKEN in a header: Authorization: Bearer TOKEN.\n"
    return Response(said, 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")


def _processes() -> CollectorRegistry:
    if SHARED_FOLDER not in os.environ:
        return _PROCESS
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return together


class _Facts(Collector):
    """What the database says now."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Yield each metric; without a database only that it does not answer."""
        engine = "sqlite" if self._services.store.is_sqlite else "postgresql"
        yield _gauge("build_info", "The running version.", {(VERSION, engine): 1}, ("version", "database"))
        try:
            facts = health_facts(self._services.store, self._services.clock())
        except SQLAlchemyError:
            yield _gauge("database_up", "Whether the database answers.", {(): 0})
            return
        yield _gauge("database_up", "Whether the database answers.", {(): 1})
        yield from _of_queues(facts)
        yield from _of_work(facts)
        seen = conditions(self._services, self._services.clock())
        wrong: dict[tuple[str, ...], float] = {(each.name,): each.is_wrong for each in seen}
        yield _gauge(
            "condition_is_wrong", "Whether what raises an alarm is wrong now.", wrong, ("condition",)
        )
        alarms = active_alarms(self._services.store)
        copied = _stamp(_last_copy_at(self._services))
        yield _gauge("last_backup_timestamp_seconds", "When the last good copy was begun.", copied)
        yield _gauge("alarms_active", "Alarms that have begun and not ended.", {(): len(alarms)})


def _of_queues(facts: HealthFacts) -> Iterator[Metric]:
    pending: dict[tuple[str, ...], float] = {(INBOX,): facts.inbox.pending}
    ages: dict[tuple[str, ...], float] = {(INBOX,): facts.inbox_age_s}
    for loop in sorted({each.loop for each in JOBS.values()}):
        jobs = [facts.jobs[kind] for kind, each in JOBS.items() if each.loop == loop and kind in facts.jobs]
        pending[loop,] = sum(each.pending for each in jobs)
        ages[loop,] = max((each.overdue_s for each in jobs), default=0)
    yield _gauge(
        "queue_pending", "Events (inbox) and jobs that wait, by the loop of the worker.", pending, ("loop",)
    )
    yield _gauge("queue_overdue_seconds", "Since when the oldest that is due has been due.", ages, ("loop",))
    failed: dict[tuple[str, ...], float] = {
        (kind,): each.failed for kind, each in sorted(facts.jobs.items()) if kind in JOBS
    }
    yield _gauge("jobs_failed", "Jobs that were given up, as far as they are kept.", failed, ("kind",))
    yield _gauge("events_failed", "Events of Square that were given up.", {(): facts.inbox.failed})


def _of_work(facts: HealthFacts) -> Iterator[Metric]:
    papers = CounterMetricFamily(
        "coursekeeper_papers", "Papers issued (documents) and handed out.", labels=("kind",)
    )
    for kind, many in sorted(facts.papers.items()):
        papers.add_metric((kind,), many)
    yield papers
    yield _gauge("attention_open", "Attention items that wait for a person.", {(): facts.open_items})
    for name, moment in facts.moments.items():
        yield _gauge(
            f"last_{name}_timestamp_seconds", f"When the last {name.replace('_', ' ')} was.", _stamp(moment)
        )


def _last_copy_at(services: Services) -> datetime | None:
    try:
        return last_copy_at(services.settings)
    except OSError:
        # A folder that can't be read is a condition of its own.
        return None


def _stamp(moment: datetime | None) -> dict[tuple[str, ...], float]:
    return {} if moment is None else {(): moment.timestamp()}


def _gauge(
    name: str, about: str, values: dict[tuple[str, ...], float], labels: tuple[str, ...] = ()
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(f"coursekeeper_{name}", about, labels=labels)
    for each, value in values.items():
        gauge.add_metric(each, value)
    return gauge
