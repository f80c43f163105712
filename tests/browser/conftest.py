"""One demo clinic for all browser tests: real processes, real HTTP, a real browser.

It ends with these tests: its processes would take their share of the processor from those that follow.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.clinic import PATIENCE_MS, Clinic, DeskWindow, Till, open_clinic
from tests.chromium import WINDOW, watched_page

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="package")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with open_clinic(tmp_path_factory.mktemp("demo")) as opened:
        yield opened


@pytest.fixture(scope="package")
def _tablet(browser: Browser) -> Iterator[BrowserContext]:
    """The desk's own window: a new one costs as much as the test in it, and signs in again."""
    with browser.new_context(**WINDOW) as context:
        yield context


@pytest.fixture
def desk(_tablet: BrowserContext, clinic: Clinic) -> Iterator[DeskWindow]:
    """A page at the desk, signed in. A script error or a refused resource fails the test."""
    _tablet.set_offline(False)
    with watched_page(_tablet) as page:
        window = DeskWindow(page, clinic)
        yield window
        window.give_back()


@pytest.fixture(scope="package")
def _second_tablet(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(**WINDOW) as context:
        yield context


@pytest.fixture
def second(desk: DeskWindow, _second_tablet: BrowserContext) -> Iterator[DeskWindow]:
    """Another tablet at the same desk."""
    with watched_page(_second_tablet) as page:
        yield DeskWindow(page, desk.clinic)


@pytest.fixture(scope="package")
def _register(browser: Browser) -> Iterator[BrowserContext]:
    with browser.new_context(**WINDOW) as context:
        yield context


@pytest.fixture
def till(_register: BrowserContext, clinic: Clinic) -> Iterator[Till]:
    page = _register.new_page()
    yield Till(page, clinic.till)
    page.close()
