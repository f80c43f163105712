"""A real Chromium for tests that look at pages. Independent of any page."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, sync_playwright

from tests.prerequisites import missing

# Without what paints windows it takes half the processor's time; it shows no PDF, though.
SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--in-process-gpu",
    "--renderer-process-limit=1",
    "--disable-features=IsolateOrigins,site-per-process,Translate,MediaRouter,OptimizationHints,PaintHolding",
    "--disable-software-rasterizer",
    "--disable-smooth-scrolling",
    "--disable-extensions",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)

# A service worker fetches all it keeps in each new window, which is a quarter of the processor's time of a page;
# what it does is tested where it is allowed.
WINDOW: dict[str, Any] = {
    "service_workers": "block",
    "viewport": {"width": 1180, "height": 820},
    "locale": "en-US",
    "timezone_id": "UTC",
}


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; take `page` unless a test needs several windows."""
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@contextmanager
def browser_with_pdf(browser: Browser) -> Iterator[Browser]:
    """Start a Chromium that shows PDF files, beside the one that runs."""
    path = _first_that_starts(NAMES, APPLICATIONS)
    if path is None and shutil.which(SHELL):
        missing(f"{SHELL} shows no PDF; install Chromium or Google Chrome")
    with browser.browser_type.launch(executable_path=path, args=list(ARGUMENTS)) as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh window with its own cookies. A script error or a refused resource fails the test."""
    context = browser.new_context(**WINDOW)
    with watched_page(context) as opened:
        yield opened
    context.close()


_LOADING = "Failed to fetch dynamically imported module"


@contextmanager
def watched_page(context: BrowserContext) -> Iterator[Page]:
    """Open a page in this window and close it again; a script error or a refused resource is an AssertionError."""
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    complaints: list[str] = []
    is_closing = False

    def complain(error: Error) -> None:
        # What is still loading as the page is closed is cut off by that.
        if not (is_closing and _LOADING in error.message):
            complaints.append(f"script error: {error.stack or error}")

    opened.on("pageerror", complain)
    opened.on("console", lambda said: complaints.append(said.text) if _is_refusal(said.text) else None)
    try:
        yield opened
    finally:
        is_closing = True
        for each in context.pages:
            each.close()
    assert not complaints, complaints


def _is_refusal(text: str) -> bool:
    return "Content Security Policy" in text or "net::ERR_NAME_NOT_RESOLVED" in text


def launch(playwright: Playwright) -> Browser:
    """Start Chromium; fails the test, or skips it outside CI, where there is none."""
    try:
        return playwright.chromium.launch(executable_path=_executable(), args=list(ARGUMENTS))
    except Error as error:
        missing(f"Chromium does not start here: {error.message.splitlines()[0]}; `make test` installs it")


@contextmanager
def camera_showing(browser: Browser, picture: Image.Image, folder: Path) -> Iterator[BrowserContext]:
    """Start another Chromium whose camera shows this gray picture; its windows may use it without being asked."""
    film = folder / "camera.y4m"
    width, height = picture.size
    color = bytes([128]) * (width * height // 2)
    film.write_bytes(
        b"YUV4MPEG2 W%d H%d F5:1\n" % picture.size + (b"FRAME\n" + picture.tobytes() + color) * 2
    )
    arguments = [
        *ARGUMENTS,
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    with browser.browser_type.launch(executable_path=_executable(), args=arguments) as opened:
        yield opened.new_context(**WINDOW)


def _executable() -> str | None:
    """Return the browser to start, or None for the one Playwright may have installed itself."""
    named = os.environ.get("CHROMIUM")
    return _first_that_starts([named]) if named else _first_that_starts([SHELL, *NAMES], APPLICATIONS)


def _first_that_starts(names: Sequence[str], paths: Sequence[str] = ()) -> str | None:
    candidates = [*filter(None, map(shutil.which, names)), *paths]
    return next((path for path in candidates if _tells_its_version(path)), None)


def _tells_its_version(path: str) -> bool:
    # Ubuntu's chromium-browser without snap is a script that only prints what to do.
    try:
        return subprocess.run([path, "--version"], capture_output=True).returncode == 0
    except OSError:
        return False
