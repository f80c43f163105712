"""Pages at one size and at a hundred times that, side by side: what grows with the clinic, and what must not.

Counted is the processor's time for the whole request, SQLite's work included: others on the machine don't add to it.
"""

import gc
import re
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median, quantiles

from flask import Flask

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.accounts.staff import staff_by_email
from plugin.courses.audit import audit
from plugin.store import Store
from tests.bench.big import CLIENTS, clinic_of
from tests.bench.figures import Aim, Figure, Rates, in_turns
from tests.budgets.counting import counted
from tests.courses.desk import Desk
from tests.web.conftest import open_house_on
from tests.web.visitor import Visitor, email_of, hire

SOMEBODY = f"client-{CLIENTS // 2:08d}"
FLAT, ROLL_FORWARD_MS, AUDIT_SCANS = Aim(1.2, is_at_most=True), 200, 3
ROLL_FORWARD = "deferred revenue, last month"
DESK_MS, DESK_REQUESTS = 25, 300
# Of a small clinic it lists a few courses, of a large one a whole page.
LISTS_MORE = "courses that expire, by client"
NAMED = {
    "client page": f"/clients/{SOMEBODY}",
    "Today": "/",
    "search by name": "/clients?q=mei+kwan",
    "search by phone": "/clients?q=5550123",
    "find anything, on a client page": f"/find?q=mei+kwan&at=/clients/{SOMEBODY}",
    "find a number": "/find?q=INV-0001",
    "sell": "/sell",
    "packages": "/packages",
    "documents": "/documents",
    "courses": "/courses",
    LISTS_MORE: "/courses?expires=30&sort=client",
    "courses not seen for long": "/courses?unseen=42&sort=-visit",
    "follow-ups": "/people",
    "attention": "/attention",
    "overview": "/overview",
    "how courses go": "/overview?by=practitioner",
    "owner's month": "/reports/month?month=2026-10",
    "deferred revenue, this month": "/reports/liability?from=2026-11-01&to=2026-11-30",
    ROLL_FORWARD: "/reports/liability?from=2026-10-01&to=2026-10-31",
    "deferred revenue, last year": "/reports/liability?from=2025-01-01&to=2025-12-31",
    "used this month": "/reports/usage?from=2026-11-01&to=2026-11-30",
    "pay of this month": "/reports/pay?from=2026-11-01&to=2026-11-30",
    "journal of this month": "/reports/journal?from=2026-11-01&to=2026-11-30",
    "year end": "/reports/year",
    "unused balances": "/reports/unused",
    "reserve": "/reports/reserve",
}
# What the front desk opens all day.
AT_THE_DESK = (
    *("client page", "Today", "search by name", "search by phone", "find anything, on a client page"),
    *("find a number", "sell", "packages", "documents", "courses", "follow-ups", "attention"),
)
# No pages of the clinic: what programs ask, and what is being set up.
_NO_PAGE = ("/api", "/static", "/metrics", "/first-steps", "/set-up", "/mf-", "/tf-")


def measure(folder: Path, rounds: int, size: int) -> Iterator[Figure]:
    """Yield each page of a clinic of `size` thousand clients, beside the same of one thousand."""
    began = time.monotonic()
    small, big = clinic_of(folder, 1), clinic_of(folder, size)
    yield Figure(f"a clinic of {size},000 clients ready", "s", [time.monotonic() - began])
    yield from side_by_side(small, big, rounds)
    yield from _audit(small.store)


def side_by_side(small: Desk, big: Desk, rounds: int) -> Iterator[Figure]:
    """Yield the named pages, and of all others the one that grows most."""
    visitors = [owner_of(desk) for desk in (small, big)]
    for name, address in NAMED.items():
        times = _times(visitors, address, rounds)
        aim = None if name == LISTS_MORE else FLAT
        yield Figure(name, "ms, large clinic", times["big"], "small clinic", times["small"], aim)
        if name == ROLL_FORWARD:
            aim = Aim(ROLL_FORWARD_MS, is_at_most=True, of="value")
            yield Figure("roll-forward of a month", "ms", times["big"], aim=aim)
    yield _others(visitors)


def measure_desk(folder: Path, size: int) -> Iterator[Figure]:
    """Yield half and the slowest of each page of the desk, in a clinic of `size` thousand clients."""
    yield from at_the_desk(clinic_of(folder, size), DESK_REQUESTS)


def at_the_desk(desk: Desk, requests: int) -> Iterator[Figure]:
    """Yield the processor's time of the desk's pages, beside the time by the clock, in which others work too."""
    visitor = owner_of(desk)
    for name in AT_THE_DESK:
        visitor.get(NAMED[name])
    # As a server does once all is loaded, so that what is loaded is not searched for garbage.
    gc.collect()
    gc.freeze()
    for name in AT_THE_DESK:
        spent, took = zip(*(_spent_ms(visitor, NAMED[name]) for _ in range(requests)), strict=True)
        yield Figure(f"{name}, half", "ms", [median(spent)], "by the clock", [median(took)])
        slowest = [quantiles(spent, n=100)[-1]]
        aim = Aim(DESK_MS, is_at_most=True, of="value")
        yield Figure(f"{name}, slowest 1 %", "ms", slowest, "by the clock", [quantiles(took, n=100)[-1]], aim)


def owner_of(desk: Desk) -> Visitor:
    """Return the owner of a clinic, signed in."""
    services = open_house_on(desk.store, desk.clock)
    visitor = Visitor(create_app(services=services))
    if staff_by_email(desk.store, email_of(Role.OWNER)) is None:
        hire(services, Role.OWNER)
    assert visitor.sign_in(email_of(Role.OWNER)).status_code == 302
    return visitor


def _times(visitors: list[Visitor], address: str, rounds: int) -> Rates:
    small, big = (partial(_processor_ms, visitor, address) for visitor in visitors)
    return in_turns({"small": small, "big": big}, rounds)


def _processor_ms(visitor: Visitor, address: str) -> float:
    return _spent_ms(visitor, address)[0]


def _spent_ms(visitor: Visitor, address: str) -> tuple[float, float]:
    """Return the milliseconds of a request: of the processor, and by the clock."""
    began, began_at = time.process_time(), time.perf_counter()
    answer = visitor.get(address)
    spent, took = time.process_time() - began, time.perf_counter() - began_at
    assert answer.status_code < 500, address
    return spent * 1000, took * 1000


def _others(visitors: list[Visitor]) -> Figure:
    """Return the page that grows most of those that have no name here."""
    app = visitors[0].client.application
    found = {
        address: _times(visitors, address, 3) for address in _addresses(app) if address not in NAMED.values()
    }
    worst = max(found, key=lambda each: median(found[each]["big"]) / median(found[each]["small"]))
    what = f"{worst}, which grows most of {len(found)} other pages"
    return Figure(what, "ms, large clinic", found[worst]["big"], "small clinic", found[worst]["small"], FLAT)


def _addresses(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        is_asked = "GET" in (rule.methods or ()) and not rule.arguments
        if is_asked and not rule.rule.startswith(_NO_PAGE) and "logout" not in rule.endpoint:
            yield rule.rule


def _audit(store: Store) -> Iterator[Figure]:
    began = time.process_time()
    with counted(store.engine) as statements:
        assert audit(store) == ()
    yield Figure("audit of the small clinic", "s of processor", [time.process_time() - began])
    with store.engine.connect() as connection:
        plans = [
            (each.sql, connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each.sql}", each.values).all())
            for each in statements
            if each.is_query
        ]
    scans = sum(scans_of("entry", sql, [row.detail for row in plan]) for sql, plan in plans)
    aim = Aim(AUDIT_SCANS, is_at_most=True, of="value")
    yield Figure("audit", "readings of the whole ledger", [scans], aim=aim)


def scans_of(table: str, sql: str, plan: list[str]) -> int:
    """Return how often a query reads a table from end to end, also under another name."""
    names = {table, *re.findall(rf"\b{table} AS (\w+)", sql)}
    return sum(bool(found := re.match(r"SCAN (\w+)", line)) and found[1] in names for line in plan)
