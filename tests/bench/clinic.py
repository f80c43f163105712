"""A clinic as it runs, web, worker and papers beside a practice Square: how soon, how large, how busy."""

import random
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

import httpx
import psutil
from sqlalchemy import exists, or_, select

from plugin.core.acts import OPERATOR, Act, Role
from plugin.core.opening_hours import Interval, OpeningHours
from plugin.courses.accounts.staff import staff_by_email
from plugin.courses.base.clinic import save_hours
from plugin.services import Services, wall_clock
from plugin.store import Store
from plugin.store.creation import upgrade
from plugin.store.queues import Inbox, Outbox
from practice_square.control import PracticeControl
from practice_square.serving import running_practice
from tests.bench.figures import Aim, Figure
from tests.bench.usage import family, memory_mib, processor_s, resident_mib
from tests.clock import HandMovedClock
from tests.servers import environment_of, free_port, running
from tests.square.clinic import KEY, TOKEN, Clinic, house_of, settings_for
from tests.web.page import Page
from tests.web.visitor import PASSWORD, email_of, hire

# An open page asks each second, and less often once nothing was new and nobody has touched it for twenty seconds;
# templates/static/desk/live.js.
ASKS_EVERY_S, ASKS_WHEN_QUIET_EVERY_S = 1.0, 5.0
PAPERS = "invoices.press.worker"
# As a clinic has it: httpx loads these two where they are installed, as they are for the tests.
AS_INSTALLED = (
    sys.executable,
    "-c",
    "import runpy, sys; sys.modules.update(dict.fromkeys(('pygments', 'rich')));"
    "runpy.run_module('plugin', run_name='__main__', alter_sys=True)",
)
STARTS, SALES, SALES_UNTOLD = 3, 5, 2
# As many pages are open at once, for so long: the answer to a question may cost less than the one before it.
OPEN_PAGES, OPEN_S = 100, 10.0
IDLE_S, QUIET_S, SOLD_WITHIN_S = 30.0, 3.0, 90.0
_numbers = count(1)


@dataclass(frozen=True)
class Running:
    """A clinic that is served, its register, and the owner's browser."""

    port: int
    till: PracticeControl
    process: psutil.Process
    browser: httpx.Client
    package: str
    environment: dict[str, str]

    def sell(self) -> str:
        """Ring up a package to a new client; return their family name, which nobody else has."""
        name = f"Bench-{next(_numbers)}"
        buyer = self.till.add_customer(given_name="Ana", family_name=name)["id"]
        self.till.sell([{"variation_id": self.package, "quantity": "1"}], customer_id=buyer)
        return name

    def processor_s(self) -> float:
        """Return the processor time that its processes have used; the practice Square is none of them."""
        return processor_s(family(self.process))


def measure(folder: Path, _rounds: int) -> Iterator[Figure]:
    """Yield what a clinic's owner notices; rounds are as many as their length allows."""
    with running_clinic(folder / "told", has_events=True) as clinic:
        yield Figure("sale at the register to course on the desk", "s", _sold(clinic, SALES), aim=_below(1))
        yield from _asking(clinic)
        _become_quiet(clinic)
        yield from _memory(clinic)
        yield Figure("idle", "% of a processor", [_idle(clinic)], aim=_below(1))
    with running_clinic(folder / "untold", has_events=False) as clinic:
        yield Figure("the same, where no event comes", "s", _sold(clinic, SALES_UNTOLD), aim=_below(30))
    yield Figure(
        "start to first answer", "s", [_start(folder / "told") for _ in range(STARTS)], aim=_below(2)
    )


def _memory(clinic: Running) -> Iterator[Figure]:
    processes = family(clinic.process)
    memory = [memory_mib(each) for each in processes]
    parts = " + ".join(f"{each:.0f}" for each in memory)
    yield Figure("memory of web, worker and papers", "MiB", [sum(memory)], aim=_below(250), note=parts)
    drawing = sum(memory_mib(each) for each in processes if PAPERS in each.cmdline())
    yield Figure("the same, ten minutes after the last paper", "MiB", [sum(memory) - drawing])
    resident = [resident_mib(each) for each in processes]
    parts = " + ".join(f"{each:.0f}" for each in resident)
    yield Figure("the same, what they share counted for each", "MiB", [sum(resident)], note=parts)


def _below(limit: float) -> Aim:
    return Aim(limit, is_at_most=True, of="value")


@contextmanager
def running_clinic(folder: Path, *, has_events: bool) -> Iterator[Running]:
    """Serve a clinic with a package in its practice Square, and sign its owner in."""
    folder.mkdir(exist_ok=True)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    told_at = f"{address}/square/webhooks"
    with running_practice(folder, seed="items", webhook_url=told_at if has_events else None) as practice:
        package = _furnish(folder, practice.base_url, practice.control)
        environment = _environment(
            folder, port, SQUARE_BASE_URL=practice.base_url, SQUARE_WEBHOOK_URL=told_at
        )
        command = [*AS_INSTALLED, "serve", "--port", str(port)]
        with running(command, f"{address}/readyz", environment=environment, folder=folder) as process:
            browser = httpx.Client(base_url=address, timeout=30)
            _sign_in(browser)
            yield Running(port, practice.control, psutil.Process(process.pid), browser, package, environment)
            browser.close()


def _environment(folder: Path, port: int, **more: str) -> dict[str, str]:
    square = {"SQUARE_ACCESS_TOKEN": TOKEN, "SQUARE_WEBHOOK_SIGNATURE_KEY": KEY}
    return environment_of(f"sqlite:///{folder / 'clinic.db'}", port=port, **square, **more)


def _furnish(folder: Path, square_url: str, till: PracticeControl) -> str:
    """Make the clinic with an owner and its packages in Square; return the variation to sell."""
    url = f"sqlite:///{folder / 'clinic.db'}"
    upgrade(url)
    with Store(url) as store:
        services: Services = house_of(settings_for(square_url), store, HandMovedClock(wall_clock()))
        if staff_by_email(store, email_of(Role.OWNER)) is None:
            hire(services, Role.OWNER)
        clinic = Clinic(services, till, HandMovedClock(wall_clock()))
        clinic.open_shop()
        # At night a clinic is asked about more rarely.
        hours = OpeningHours(((Interval(0, 24 * 60),),) * 7)
        save_hours(store, Act(OPERATOR, wall_clock(), secrets.token_hex(16)), hours)
        services.close()
        return str(next(iter(clinic.packages.values())).square_variation_id)


def _sign_in(browser: httpx.Client) -> None:
    form = Page(browser.get("/sign-in").text).form("/sign-in")
    answer = browser.post(form.action, data=form.filled(email=email_of(Role.OWNER), password=PASSWORD))
    assert answer.status_code == 302, answer.text[:400]


def _today(clinic: Running) -> tuple[str, str]:
    """Return what an open page of today asks, and what it has seen."""
    page = Page(clinic.browser.get("/").text)
    body, live = next(each for each in page.elements if each.tag == "body"), page.with_id("live")
    assert live is not None
    return body.attributes["data-live"], live.attributes["data-seen"]


def _sold(clinic: Running, sales: int) -> list[float]:
    return [_until_shown(clinic) for _ in range(sales)]


def _until_shown(clinic: Running) -> float:
    """Sell while a page is open, and return the seconds until it shows the sale."""
    address, seen = _today(clinic)
    name = clinic.sell()
    sold_at = time.monotonic()
    # The page was opened at any moment of its second.
    time.sleep(random.uniform(0, ASKS_EVERY_S))
    while time.monotonic() - sold_at < SOLD_WITHIN_S:
        answer = _ask(clinic, address, seen)
        seen = answer.headers["X-Seen"]
        if name in answer.text:
            return time.monotonic() - sold_at
        time.sleep(ASKS_EVERY_S)
    raise AssertionError(f"{name}'s course was not on the desk within {SOLD_WITHIN_S:.0f} s.")


def _asking(clinic: Running) -> Iterator[Figure]:
    """Yield the milliseconds of processor that an open page takes a second."""
    what, unit = "an open page that hears nothing new", "ms of processor a second"
    yield Figure(what, unit, [_open_ms(clinic, ASKS_EVERY_S)], aim=_below(1))
    yield Figure("the same, untouched for 20 seconds", unit, [_open_ms(clinic, ASKS_WHEN_QUIET_EVERY_S)])


def _open_ms(clinic: Running, every_s: float) -> float:
    _become_quiet(clinic)
    address, seen = _today(clinic)
    seen = _ask(clinic, address, seen).headers["X-Seen"]
    began, before = time.monotonic(), clinic.processor_s()
    for each in range(round(OPEN_S / every_s)):
        time.sleep(max(0.0, began + each * every_s - time.monotonic()))
        for page in range(OPEN_PAGES):
            assert _ask(clinic, address, seen, page=str(page)).status_code == 204
    time.sleep(max(0.0, began + OPEN_S - time.monotonic()))
    asked_s, seconds = clinic.processor_s() - before, time.monotonic() - began
    return (asked_s - _busy(clinic, seconds)) * 1000 / OPEN_PAGES / OPEN_S


def _ask(clinic: Running, address: str, seen: str, **more: str) -> httpx.Response:
    return clinic.browser.get(address, params={"seen": seen, **more}, headers={"X-Live": "1"})


def _busy(clinic: Running, seconds: float) -> float:
    """Return the processor time it uses in so many seconds."""
    before = clinic.processor_s()
    time.sleep(seconds)
    return clinic.processor_s() - before


def _become_quiet(clinic: Running) -> None:
    """Wait until what was begun is done: papers, drawn with a niceness of 10, begin late on a busy machine."""
    deadline = time.monotonic() + SOLD_WITHIN_S
    while (_has_work(clinic) or _busy(clinic, QUIET_S) > 0.05 * QUIET_S) and time.monotonic() < deadline:
        time.sleep(0.1)


def _has_work(clinic: Running) -> bool:
    # What is being done is due again when its lease ends.
    soon = wall_clock() + timedelta(minutes=10)
    with Store(clinic.environment["DATABASE_URL"]) as store, store.reading() as session:
        due = [exists().where(queue.state == "pending", queue.due_at < soon) for queue in (Inbox, Outbox)]
        return bool(session.scalar(select(or_(*due))))


def _idle(clinic: Running) -> float:
    return 100 * _busy(clinic, IDLE_S) / IDLE_S


def _start(folder: Path) -> float:
    """Return the seconds from the command to the first page it answers."""
    port = free_port()
    command = [*AS_INSTALLED, "serve", "--port", str(port)]
    began = time.monotonic()
    address = f"http://127.0.0.1:{port}/sign-in"
    with running(command, address, environment=_environment(folder, port), folder=folder):
        return time.monotonic() - began
