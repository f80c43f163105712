"""Every screen of a running clinic, found by following links as a person does: a new page is looked at by itself."""

import os
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.clinic import Clinic
from tests.chromium import WINDOW

OWNER, DESK, PRACTITIONER = "june@example.org", "desk@example.org", "kim@example.org"
STAFF = (OWNER, DESK, PRACTITIONER)
WIDTHS = (320, 390, 512, 600, 768, 1024, 1440)
NARROWEST, PHONE, TABLET = 320, 390, 1024
EVERY_WIDTH = bool(os.environ.get("EVERY_WIDTH"))
# What fits these fits the others, as a rule.
MEASURED = WIDTHS if EVERY_WIDTH else (NARROWEST, TABLET)

# One client's page stands for that of any other.
_ID = re.compile(r"(?<=/)(?:[0-9a-f]{32}|[A-Z0-9]{10,}|[\w-]{22,})(?=/|$)")
_NO_PAGE = re.compile(r"\.(?:pdf|csv|xlsx|json|html|zip|txt)$|/file$|/preview$|^/sign-in|^/export")
# The clients of the demo with the most to show: five courses, a long name, a gift.
_CLIENTS = ("Denise", "Alexandrina", "Maribel", "Grace")
_NOT_LINKED = (
    "/clients?q=a",
    "/account/ways",
    "/first-steps/clinic",
    "/first-steps/mail",
    "/first-steps/staff",
    "/no-such-page",
)
# Menus of the header are the same on every page: they are opened on the first.
_OF_HEADER = ("menu", "person")

_LINKS = "() => [...document.querySelectorAll('a[href]')].map((link) => link.href)"
_KINDS = "() => [...new Set([...document.querySelectorAll('details')].map((each) => each.className))]"
# What stands in the flow of the page; what floats covers the rest and is opened alone.
_OPEN_ALL = """() => document.querySelectorAll("details").forEach((each) => {
  const floating = each.querySelector(":scope > .floating");
  each.open = !floating || getComputedStyle(floating).position === "static";
})"""
_OPEN = """(kind) => {
  const all = [...document.querySelectorAll("details")];
  const wanted = kind === null ? null : all.find((each) => each.className === kind);
  all.forEach((each) => { each.open = Boolean(wanted) && each.contains(wanted); });
  return Boolean(wanted?.querySelector(":scope > .floating"));
}"""


def shape(address: str) -> str:
    """Return the path without what names one of many: `/clients/*`."""
    return _ID.sub("*", urlsplit(address).path)


def walk(page: Page, desk: str) -> Iterator[str]:
    """Show each kind of page that a signed-in person can get to, one after the other, and yield its shape."""
    waiting, seen = deque([desk + "/", *(desk + each for each in _NOT_LINKED)]), set[str]()
    while waiting:
        address = waiting.popleft()
        if (kind := shape(address)) in seen or _NO_PAGE.search(kind) or not _shows(page, address):
            continue
        seen.add(kind)
        waiting.extend(each for each in page.evaluate(_LINKS) if each.startswith(desk))
        yield kind
    for name in _CLIENTS:
        page.goto(f"{desk}/clients?q={name}")
        page.locator("main .row").first.click()
        page.wait_for_url("**/clients/*")
        yield f"/clients/{name}"


def _shows(page: Page, address: str) -> bool:
    try:
        answer = page.goto(address)
    except Error:  # A download.
        return False
    return answer is not None and "text/html" in answer.headers.get("content-type", "")


def kinds_of_menus(page: Page, *, with_header: bool) -> list[str]:
    """Return the kinds of menus and forms that can be opened on the page: eight forms to undo a session are one."""
    kinds: list[str] = page.evaluate(_KINDS)
    return [each for each in kinds if with_header or each not in _OF_HEADER]


def open_menu(page: Page, kind: str | None) -> bool:
    """Open the first of this kind and close all others; return whether it floats over the page."""
    floats: bool = page.evaluate(_OPEN, kind)
    return floats


def open_everything(page: Page) -> None:
    """Open every menu and form that stands in the flow of the page."""
    page.evaluate(_OPEN_ALL)


@contextmanager
def signed_in(browser: Browser, clinic: Clinic, email: str, **window: object) -> Iterator[Page]:
    """Open a window in which this person is signed in."""
    context = browser.new_context(**{**WINDOW, **window})
    page = context.new_page()
    page.goto(clinic.desk)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(clinic.password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    yield page
    context.close()


def speak(page: Page, desk: str, language: str) -> None:
    """Choose the language of the screens, as the signed-in person does."""
    page.goto(f"{desk}/account")
    page.locator("select[name=language]").select_option(language)
    with page.expect_navigation():
        page.locator("form:has(select[name=language]) button").click()
    expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))
