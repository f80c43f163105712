"""One demo clinic for all browser tests: real processes, real HTTP, a real browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.clinic import PATIENCE_MS, Clinic, DeskWindow, Till, open_clinic

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clinic]:
    with open_clinic(tmp_path_factory.mktemp("demo")) as opened:
        yield opened


@pytest.fixture
def desk(page: Page, clinic: Clinic) -> DeskWindow:
    return DeskWindow(page, clinic)


@pytest.fixture
def till(browser: Browser, clinic: Clinic) -> Iterator[Till]:
    context = browser.new_context(viewport={"width": 1180, "height": 820}, locale="en-US")
    yield Till(context.new_page(), clinic.till)
    context.close()
