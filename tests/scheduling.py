"""Which tests share a worker: those of a file, for what it set up, and all that drive a browser."""

from xdist.scheduler import LoadScopeScheduling

# A Chromium costs more than most tests that use it.
_WITH_A_BROWSER = (
    "tests/browser/",
    "tests/project/test_base.py",
    "tests/practice_square/test_clinic_pages.py",
    "tests/practice_square/test_screens.py",
)
# They start servers of their own. All others share one demo clinic, so one worker has them.
_WITHOUT_THE_DEMO = ("test_first_run", "test_offline", "test_ways_to_sign_in")
# The wheel is built, and each paper drawn, once for all its tests.
_TOGETHER = ("tests/project/", "tests/invoices/")


def drives_a_browser(nodeid: str) -> bool:
    """Return whether the test lies where tests may take a browser."""
    return nodeid.startswith(_WITH_A_BROWSER)


def needs_the_demo(nodeid: str) -> bool:
    """Return whether the test lies where tests may use the demo clinic."""
    file = nodeid.rpartition("/")[2]
    return nodeid.startswith("tests/browser/") and not file.startswith(_WITHOUT_THE_DEMO)


def begins_after(nodeid: str) -> int:
    """Return the place in the queue: the longest groups first, so that no worker waits for them in the end."""
    if drives_a_browser(nodeid):
        return 0 if needs_the_demo(nodeid) else 1
    return 2 if nodeid.startswith(_TOGETHER) else 3


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it ships no types
    """Hands out whole files, in the order they were collected in."""

    def _split_scope(self, nodeid: str) -> str:
        if drives_a_browser(nodeid):
            return "demo clinic" if needs_the_demo(nodeid) else "browser"
        return next((folder for folder in _TOGETHER if nodeid.startswith(folder)), nodeid.partition("::")[0])
