"""Which tests share a worker: those of a file, for what it set up, and all that drive a browser."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

# A Chromium and a demo clinic cost more than most tests that use them: one worker has both.
_WITH_A_BROWSER = (
    "tests/browser/",
    "tests/project/test_base.py",
    "tests/practice_square/test_clinic_pages.py",
    "tests/practice_square/test_screens.py",
)
# About half of what the desk's browser tests take; what is not named here is the other half.
_FIRST_HALF = (
    "test_accessibility",
    "test_codes",
    "test_import_screens",
    "test_keys",
    "test_offline",
    "test_screens",
)
# The wheel is built, and each paper drawn, once for all its tests.
_TOGETHER = ("tests/project/", "tests/invoices/")


def drives_a_browser(nodeid: str) -> bool:
    """Return whether the test lies where tests may take a browser."""
    return nodeid.startswith(_WITH_A_BROWSER)


def begins_after(nodeid: str) -> int:
    """Return the place in the queue: the longest groups first, so that no worker waits for them in the end."""
    return 0 if drives_a_browser(nodeid) else 1 if nodeid.startswith(_TOGETHER) else 2


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Hands out whole files, in the order they were collected in."""

    def _split_scope(self, nodeid: str) -> str:
        if drives_a_browser(nodeid):
            return _half(nodeid)
        return next((folder for folder in _TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])


def _half(nodeid: str) -> str:
    if not nodeid.startswith("tests/browser/"):
        return "pages"
    return "browser 1" if nodeid.rpartition("/")[2].startswith(_FIRST_HALF) else "browser 2"
