"""The demo's clinic as people use it: a till to ring up at, a desk to sign in to. Knows no database."""

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Page as Window
from playwright.sync_api import expect

from plugin.settings import Settings
from practice_square.demo.clinic import OWNER_EMAIL
from tests.servers import free_port, running
from tests.web.page import Page

# The clinic's machine may be busy; what must be quick is asserted by what is shown, not by a clock.
PATIENCE_MS = 15_000
# A tap at this very moment, on what the browser finds there as for a finger: one that a test sends comes later, on a
# slow machine too late for what holds for a moment only.
TAP_NOW = """((x, y) => (document.elementFromPoint(x, y) ?? document.body).dispatchEvent(
  new MouseEvent("click", { bubbles: true, cancelable: true, clientX: x, clientY: y })))"""
# A line of a course's history that can be undone, and when it happened.
USED = re.compile(r'<li class="line" id="e-(\w+)">\s*<time class="line-day(?: same)?" datetime="([^"]+)"')
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Clinic:
    """A running demo: two addresses and a sign-in."""

    desk: str
    till: str
    password: str
    folder: Path
    # Of the first who signed in: signing in has tests of its own, and costs three pages.
    cookies: list[Any] = field(default_factory=list)


@contextmanager
def open_clinic(folder: Path) -> Iterator[Clinic]:
    """Start `coursekeeper demo` in the folder, and stop it at the end."""
    port, till_port = free_port(), free_port()
    data = folder / "demo"
    command = [sys.executable, "-m", "plugin", "demo", "--port", str(port), "--till-port", str(till_port)]
    command += ["--folder", str(data)]
    desk = f"http://127.0.0.1:{port}"
    with running(command, f"{desk}/readyz", environment=environment_without_settings(), folder=folder):
        password = json.loads((data / "demo.json").read_text(encoding="utf-8"))["password"]
        yield Clinic(desk, f"http://127.0.0.1:{till_port}", password, data)


def until(page: Window, is_so: Callable[[], bool]) -> None:
    """Wait as long as a slow machine takes; an AssertionError if it never is so."""
    for _ in range(PATIENCE_MS // 50):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it never came")


def environment_without_settings() -> dict[str, str]:
    """Return this machine's environment, without any setting of a Coursekeeper that may run here."""
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name.removesuffix("_FILE") not in ours}
    return {**kept, "PYTHONPATH": str(ROOT)}


class Till:
    """The practice register in a window of its own."""

    def __init__(self, page: Window, address: str) -> None:
        self.page, self.address = page, address

    def ring_up(self, item: str, client: str | None) -> None:
        """Sell one of the item, paid by card."""
        page = self.page
        page.goto(self.address)
        page.get_by_role("button", name=re.compile(item)).first.click()
        if client is not None:
            page.get_by_role("link", name="Add a client").click()
            page.get_by_role("button", name=client).click()
        page.get_by_role("link", name=re.compile("^Charge")).click()
        page.get_by_role("button", name=re.compile("^Card \\$")).click()
        expect(page.get_by_text("paid.")).to_be_visible()

    def refund_all(self, client: str) -> None:
        """Give back the whole of the client's last sale."""
        page = self.page
        page.goto(self.address)
        page.get_by_role("navigation").get_by_role("link", name="Receipts").click()
        page.get_by_role("link", name=re.compile(client)).first.click()
        page.get_by_role("button", name=re.compile("^Refund everything")).click()
        expect(page.get_by_role("heading", name=re.compile("^Refund of|^Sale of"))).to_be_visible()


class DeskWindow:
    """The desk in a window of its own, signed in."""

    def __init__(self, page: Window, clinic: Clinic) -> None:
        self.page, self.clinic = page, clinic
        self._began, self._opened = datetime.now(UTC), set[str]()
        page.context.add_cookies(clinic.cookies)
        page.goto(clinic.desk)
        # Signing out ends what the cookies name, also for the tests after it.
        if page.get_by_role("heading", name="Sign in").count():
            self._sign_in()
        expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
        clinic.cookies[:] = page.context.cookies()

    def _sign_in(self) -> None:
        self.page.get_by_label("E-mail").fill(OWNER_EMAIL)
        self.page.get_by_label("Password").fill(self.clinic.password)
        self.page.get_by_role("button", name="Sign in").click()

    def open_client(self, name: str) -> None:
        if self.page.url.rstrip("/") != self.clinic.desk:
            self.page.goto(self.clinic.desk)
        self.page.get_by_label("Find a client").fill(name)
        self.page.locator("#q-matches").get_by_role("option", name=name).click()
        expect(self.page.get_by_role("heading", name=name, level=1)).to_be_visible()
        # The keys listen only once the page's modules have run, which "load" waits for.
        self.page.wait_for_load_state("load")
        self._opened.add(self.page.url)

    def new_client(self, name: str, courses: int = 0) -> None:
        """Make a client, sell them this many courses of ten for cash, and show their page."""
        page = self.page
        page.goto(f"{self.clinic.desk}/clients#new")
        page.locator("#new").get_by_label("Name").fill(name)
        page.get_by_role("button", name="Create client").click()
        for _ in range(courses):
            page.get_by_role("link", name="Sell a package", exact=True).click()
            page.get_by_role("link", name=re.compile("course of 10")).click()
            page.get_by_role("button", name=re.compile("^Cash, ")).click()
            page.get_by_role("button", name="Record cash").click()
            expect(page.get_by_role("heading", name="Paid. 10 of 10 left.")).to_be_visible()
            page.get_by_role("link", name=f"Open {name}").click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()

    def give_back(self) -> None:
        """Undo what was used since this window opened: a second use on one day would be asked about."""
        context = self.page.context
        context.set_offline(False)
        context.add_cookies(self.clinic.cookies)
        for address in self._opened:
            html = context.request.get(address).text()
            forms = {form.action: form for form in Page(html).forms}
            for entry, at in USED.findall(html):
                form = forms.get(f"/entries/{entry}/reversal")
                if form and datetime.fromisoformat(at) >= self._began:
                    sent = context.request.post(
                        self.clinic.desk + form.action,
                        form=dict(form.fields),
                        headers={"Origin": self.clinic.desk},
                    )
                    assert sent.ok

    def expect_figure(self, text: str) -> None:
        expect(self.page.locator(".client-card .figure")).to_have_text(text)
