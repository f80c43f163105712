"""A clinic's first day: from an empty folder to a sale, a used session and a printed paper, all in the browser."""

import re
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from practice_square.serving import PracticeServer, running_practice
from tests.browser.clinic import Till, environment_without_settings
from tests.chromium import WINDOW, watched_page
from tests.servers import free_port, running

CODE = re.compile(rb"[A-Z0-9]{4}-[A-Z0-9]{4}")
CLIENT = "Maribel Okonkwo-Reyes"


class NewClinic:
    """`coursekeeper serve` on an empty folder, with a practice Square as its Square."""

    def __init__(self, folder: Path, practice: PracticeServer) -> None:
        port = free_port()
        self.folder, self.practice = folder, practice
        self.address = f"http://127.0.0.1:{port}"
        self.command = [sys.executable, "-m", "plugin", "serve", "--port", str(port)]
        self.environment = {
            **environment_without_settings(),
            "DATABASE_URL": f"sqlite:///{folder / 'data' / 'clinic.db'}",
            "PUBLIC_URL": self.address,
            "SQUARE_BASE_URL": practice.base_url,
        }

    @property
    def code(self) -> str:
        """Return the code as it was printed where the server was started."""
        found = CODE.search((self.folder / "server.log").read_bytes())
        assert found is not None
        return found.group().decode()


@pytest.fixture(scope="module")
def new_clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NewClinic]:
    folder = tmp_path_factory.mktemp("first-run")
    with ExitStack() as stack:
        clinic = NewClinic(folder, stack.enter_context(running_practice(folder)))
        address = f"{clinic.address}/healthz"
        stack.enter_context(running(clinic.command, address, environment=clinic.environment, folder=folder))
        yield clinic


def _heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_from_an_empty_folder_to_a_printed_paper(new_clinic: NewClinic, browser: Browser) -> None:
    context = browser.new_context(**{**WINDOW, "timezone_id": "America/Los_Angeles"})
    register = browser.new_context(**WINDOW)
    with watched_page(context) as page:
        _account(page, new_clinic)
        _clinic(page)
        _later(page, "Protect your sign-in")
        _square(page, new_clinic)
        _packages(page)
        _later(page, "E-mail")
        _paper(page)
        _later(page, "Your team", "I work alone, or later")
        _today(page)
        Till(register.new_page(), new_clinic.practice.base_url).ring_up("course of 10", CLIENT)
        _use(page, new_clinic)
    for each in (context, register):
        each.close()


def _account(page: Page, clinic: NewClinic) -> None:
    page.goto(clinic.address)
    _heading(page, "Set up your clinic")
    page.get_by_label("Set-up code").fill(clinic.code.lower())
    page.get_by_role("button", name="Start").click()
    _heading(page, "Your account")
    page.get_by_label("Your name").fill("June Park")
    page.get_by_label("E-mail").fill("june@example.org")
    page.get_by_label("Password").fill("quiet willow seven")
    page.get_by_role("button", name="Create my account").click()


def _clinic(page: Page) -> None:
    _heading(page, "Your clinic")
    expect(page.get_by_label("Time zone")).to_have_value("America/Los_Angeles")
    page.get_by_label("Name of the clinic").fill("Lotus Facial Acupuncture")
    page.get_by_label("Sunday, opens").fill("")
    page.get_by_label("Sunday, closes").fill("")
    page.get_by_role("button", name="Save and continue").click()


def _square(page: Page, clinic: NewClinic) -> None:
    _heading(page, "Connect Square")
    page.get_by_label("Access token").fill(clinic.practice.access_token)
    page.get_by_role("radio", name="The practice Square").check()
    page.get_by_role("button", name="Connect").click()
    _heading(page, "Connected to Square")
    page.get_by_role("button", name="Let Square report sales at once").click()
    expect(page.get_by_text("kinds of events")).to_be_visible()
    page.get_by_role("button", name="Continue").click()


def _packages(page: Page) -> None:
    _heading(page, "Packages")
    page.get_by_role("checkbox", name="Single session").uncheck()
    page.get_by_role("button", name="Save and continue").click()


def _later(page: Page, heading: str, button: str = "Do this later") -> None:
    _heading(page, heading)
    page.get_by_role("button", name=button).click()


def _paper(page: Page) -> None:
    _heading(page, "Print a test page")
    link = page.get_by_role("link", name="Print a test page").get_attribute("href") or ""
    paper = page.request.get(
        link if link.startswith("http") else page.url.replace("/first-steps/paper", link)
    )
    assert paper.body().startswith(b"%PDF-")
    page.reload(timeout=30_000)
    page.get_by_role("link", name="Next step").click()


def _today(page: Page) -> None:
    _heading(page, "Today")
    started = page.get_by_role("region", name="Getting started")
    for name in ("Enter your clinic", "Connect Square", "Publish a package", "Print a test page"):
        expect(started).to_contain_text(f"{name}, done")
    expect(started.get_by_role("link", name="Set up e-mail")).to_be_visible()


def _use(page: Page, clinic: NewClinic) -> None:
    # The sale shows on the open page by itself.
    page.get_by_role("link", name=CLIENT).first.click()
    figure = page.locator(".client-card .figure")
    expect(figure).to_have_text("10 of 10 left")
    page.get_by_role("button", name="Use a session").click()
    expect(figure).to_have_text("9 of 10 left")
    summary = page.get_by_role("link", name="Course summary").get_attribute("href") or ""
    paper = page.request.get(clinic.address + summary, timeout=60_000)
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.body().startswith(b"%PDF-")
