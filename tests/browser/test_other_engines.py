"""The desk's main jobs in Firefox and in WebKit, the engine of every iPad: all other tests of screens use Chromium."""

from collections.abc import Iterator

import pytest

from practice_square.demo.clinic import OWNER_EMAIL
from tests.browser.clinic import Clinic
from tests.webdriver import Window, firefox, webkit

NOTICE = "//*[@id='notices']"
FIGURE = "//*[contains(@class,'client-card')]//*[contains(@class,'figure')]"
USE = "//*[contains(@class,'client-side')]//form[contains(@class,'use')]//button"


def heading(text: str) -> str:
    return f"//h1[contains(normalize-space(), {_quoted(text)})]"


def said(place: str, text: str) -> str:
    """Return the path to the place once it says this."""
    return f"{place}[contains(normalize-space(), {_quoted(text)})]"


def named(kind: str, text: str, within: str = "") -> str:
    return f"{within}//{kind}[contains(normalize-space(), {_quoted(text)})]"


def _quoted(text: str) -> str:
    return f'"{text}"'


@pytest.fixture(scope="module", params=[firefox, webkit], ids=["firefox", "webkit"])
def window(
    request: pytest.FixtureRequest, clinic: Clinic, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Window]:
    """A browser in which the owner has signed in with her password."""
    with request.param(tmp_path_factory.mktemp("browser")) as opened:
        opened.open(clinic.desk)
        opened.type("//input[@name='email']", OWNER_EMAIL)
        opened.type("//input[@name='password']", clinic.password)
        opened.tap(named("button", "Sign in", "//main"))
        opened.find(heading("Today"))
        yield opened


def open_page(window: Window, address: str) -> None:
    """Open the page, and wait until its scripts listen."""
    window.open(address)
    window.find("//html[contains(@class, 'scripted')]")


def open_client(window: Window, clinic: Clinic, typed: str, name: str) -> None:
    """Search on Today, and take the first match by Enter."""
    open_page(window, clinic.desk)
    window.type("//input[@id='q']", typed)
    window.find(named("*[@role='option']", name))
    window.type("//input[@id='q']", "\ue007")
    window.find(f"{heading(name)}[ancestor::html[contains(@class, 'scripted')]]")


def new_client(window: Window, clinic: Clinic, name: str) -> None:
    """Create a client and sell them a course of ten for cash."""
    open_page(window, f"{clinic.desk}/clients#new")
    window.type("//*[@id='new']//input[@name='name']", name)
    window.tap(named("button", "Create client"))
    window.find(heading(name))
    window.tap(named("a", "Sell a package", "//main"))
    window.tap(named("a", "course of 10", "//main"))
    window.tap(named("button", "Cash, ", "//main"))
    window.tap(named("button", "Record cash", "//dialog[@open]"))
    window.find(named("*[self::h1 or self::h2]", "Paid. 10 of 10 left."))
    window.tap(named("a", f"Open {name}"))
    window.find(heading(name))


def test_sell_for_cash_use_and_undo_by_key(window: Window, clinic: Clinic) -> None:
    # Both engines have the same clinic: no two clients of one name.
    new_client(window, clinic, {"firefox": "Fenna Fox", "webkit": "Wilma Webb"}[window.engine])
    window.tap(USE)
    window.find(said(NOTICE, "Session 1 used. 9 of 10 left."))
    window.press("z")
    window.find(said(NOTICE, "Session restored."))
    window.find(said(FIGURE, "10 of 10 left"))
    open_page(window, window.run("return location.href"))
    window.find(said(FIGURE, "10 of 10 left"))


def test_search_by_keyboard_from_any_page(window: Window, clinic: Clinic) -> None:
    open_page(window, f"{clinic.desk}/attention")
    window.press("/")
    window.type("//dialog[@open]//input[@role='combobox']", "hohenberg\ue007")
    window.find(heading("Alexandrina Wilhelmina"))


def test_check_in_an_arrival(window: Window, clinic: Clinic) -> None:
    open_page(window, clinic.desk)
    name = "Thu Hà Nguyễn"
    arrival = f"//*[contains(concat(@class, ' '), 'arrival ')][.//a[contains(., '{name}')]]"
    window.tap(named("button", "Use a session", arrival))
    window.find(said(NOTICE, "of 10 left."))
    window.find(said(arrival, "Checked in"))
    window.press("z")
    window.find(said(NOTICE, "Undone. The visit is expected again."))
    window.find(said(arrival, "Booked"))


def test_one_tap_prints_a_paper_or_opens_it(window: Window, clinic: Clinic) -> None:
    open_client(window, clinic, "grace", "Grace Kim")
    window.tap(
        "//*[contains(@class,'client-side')]//*[contains(@class,'papers')]//a[contains(., 'Course summary')]"
    )
    if window.engine == "firefox":
        window.find("//iframe[contains(@class,'print-frame')][contains(@src,'summary.pdf')]")
        assert window.count_windows() == 1
    else:
        # Safari prints the page around a frame, so the paper opens by itself.
        assert window.count_windows() == 2
    assert window.run("return document.querySelector('#notices').innerText") == ""
