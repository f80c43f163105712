"""Pages at one size and at a hundred times that, side by side: what grows with the clinic, and what must not."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.accounts.staff import staff_by_email
from tests.bench.big import CLIENTS
from tests.courses.desk import Desk
from tests.web.conftest import open_house_on
from tests.web.visitor import Visitor, email_of, hire

SOMEBODY = f"client-{CLIENTS // 2:08d}"
# What is asked, and the milliseconds wanted at a hundred times; None: no aim was set.
PAGES: dict[str, tuple[str, int | None]] = {
    "client page": (f"/clients/{SOMEBODY}", 100),
    "Today": ("/", 100),
    "search by name": ("/clients?q=mei+kwan", 100),
    "search by phone": ("/clients?q=5550123", 100),
    "find anything, on a client page": (f"/find?q=mei+kwan&at=/clients/{SOMEBODY}", 100),
    "find a number": ("/find?q=INV-0001", 100),
    "overview": ("/overview", 200),
    "deferred revenue, this month": ("/reports/liability?from=2026-11-01&to=2026-11-30", 200),
    "deferred revenue, last month": ("/reports/liability?from=2026-10-01&to=2026-10-31", 200),
    "deferred revenue, last year": ("/reports/liability?from=2025-01-01&to=2025-12-31", None),
    "attention": ("/attention", 100),
    "documents": ("/documents", 100),
    "courses": ("/courses", 200),
    "courses that expire, by client": ("/courses?expires=30&sort=client", 200),
    "courses not seen for long": ("/courses?unseen=42&sort=-visit", 200),
    "follow-ups": ("/people", None),
    "used this month": ("/reports/usage?from=2026-11-01&to=2026-11-30", None),
}


@dataclass(frozen=True)
class PageTimes:
    """Milliseconds of one page: median and the middle eight tenths, small and big; the ratio of the medians."""

    name: str
    small: float
    small_range: tuple[float, float]
    big: float
    big_range: tuple[float, float]
    ratio: float
    aim: int | None


def measure_pages(small: Desk, big: Desk, rounds: int) -> list[PageTimes]:
    """Time every page in turns on both clinics."""
    visitors = [owner_of(desk) for desk in (small, big)]
    return [_page(name, visitors, address, aim, rounds) for name, (address, aim) in PAGES.items()]


def measure_live(desk: Desk, rounds: int) -> tuple[float, float]:
    """Return the milliseconds of processor time of an open page's question, and of an empty view."""
    visitor = owner_of(desk)
    seen = visitor.get("/").headers["X-Seen"]
    questions = (f"/today/live?seen={seen}", "/healthz")
    assert visitor.get(questions[0], headers={"X-Live": "1"}).status_code == 204
    times = [[_processor_ms(partial(visitor.get, address)) for address in questions] for _ in range(rounds)]
    asked, empty = (median(each) for each in zip(*times, strict=True))
    return asked, empty


def owner_of(desk: Desk) -> Visitor:
    """Return the owner of a clinic, signed in."""
    services = open_house_on(desk.store, desk.clock)
    visitor = Visitor(create_app(services=services))
    if staff_by_email(desk.store, email_of(Role.OWNER)) is None:
        hire(services, Role.OWNER)
    assert visitor.sign_in(email_of(Role.OWNER)).status_code == 302
    return visitor


def _page(name: str, visitors: list[Visitor], address: str, aim: int | None, rounds: int) -> PageTimes:
    for visitor in visitors:
        assert visitor.get(address).status_code == 200, address
    times = [[_ms(partial(each.get, address)) for each in visitors] for _ in range(rounds)]
    small, big = zip(*times, strict=True)
    return PageTimes(
        name, median(small), _middle(small), median(big), _middle(big), median(big) / median(small), aim
    )


def _middle(times: tuple[float, ...]) -> tuple[float, float]:
    cuts = quantiles(times, n=10, method="inclusive")
    return round(cuts[0], 1), round(cuts[-1], 1)


def _ms(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _processor_ms(work: Callable[[], object], times: int = 20) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) * 1000 / times
