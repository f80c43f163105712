"""The desk without a connection: what stays readable, what waits and is sent once, and what is left on the device."""

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from plugin import create_app
from plugin.core.acts import Act, Role
from plugin.courses.accounts.shared_devices import set_pin
from plugin.courses.accounts.staff import staff_by_email
from plugin.courses.attention.items import list_attention
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.base.views import CourseView
from plugin.courses.clients.contacts import Buyer
from plugin.services import Services
from plugin.store import Store
from plugin.web.account.lock import hash_pin
from practice_square.serving import local_server
from tests.browser.clinic import until
from tests.browser.line import Line, line_to
from tests.chromium import WINDOW, watched_page
from tests.clock import HandMovedClock
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import open_house_on
from tests.web.page import has_word
from tests.web.visitor import PASSWORD, email_of, hire

PIN = "2580"


@dataclass
class House:
    """A clinic with one client, behind a line that can be cut."""

    services: Services
    desk: Desk
    line: Line
    course_id: str

    @property
    def course(self) -> CourseView:
        return self.desk.course(self.course_id)

    def pin(self, role: Role) -> None:
        staff = staff_by_email(self.services.store, email_of(role))
        assert staff is not None
        hashed = hash_pin(self.services.settings, staff.id, PIN)
        set_pin(self.services.store, Act(staff.actor, self.services.clock(), f"pin of {role}"), hashed)


@pytest.fixture
def house(lite_store: Store, clock: HandMovedClock) -> Iterator[House]:
    services = open_house_on(lite_store, clock, own_ratings="yes", course_agreements="offered")
    for role in Role:
        hire(services, role)
    desk = Desk(lite_store, clock)
    course_id = desk.sell()
    server = local_server(create_app(services=services))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    with line_to(f"http://127.0.0.1:{server.port}") as line:
        yield House(services, desk, line, course_id)
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def tablet(browser: Browser) -> Iterator[Callable[[], BrowserContext]]:
    """Return what makes another device."""
    made: list[BrowserContext] = []

    def make() -> BrowserContext:
        made.append(browser.new_context(**{**WINDOW, "service_workers": "allow"}))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def page(house: House, tablet: Callable[[], BrowserContext]) -> Iterator[Page]:
    """Deb's tablet at the front desk, with Today and the client's page kept on it."""
    with watched_page(tablet()) as opened:
        sign_in(opened, house)
        open_client(opened, house)
        yield opened


def sign_in(page: Page, house: House, role: Role = Role.DESK) -> None:
    page.goto(f"{house.line.address}/sign-in")
    fill_sign_in(page, role)
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    is_kept(page, "/")


def fill_sign_in(page: Page, role: Role) -> None:
    page.get_by_label("E-mail").fill(email_of(role))
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def open_client(page: Page, house: House) -> None:
    page.goto(f"{house.line.address}/clients/{house.course.client_id}")
    expect(page.get_by_role("heading", name="Ana Souza", level=1)).to_be_visible()
    is_kept(page, f"/clients/{house.course.client_id}")


PATHS = """async () => {
  const found = [];
  for (const name of await caches.keys()) {
    if (!name.startsWith("pages:")) continue;
    for (const { url } of await (await caches.open(name)).keys()) found.push(url.slice(location.origin.length));
  }
  return found;
}"""
# As long ago as no device stays unlocked.
AGED = """async () => {
  await (await caches.open("notes")).put("/touched", new Response("1"));
  const cache = await caches.open((await caches.keys()).find((name) => name.startsWith("pages:")));
  for (const key of await cache.keys()) {
    const kept = await cache.match(key, { ignoreVary: true });
    const headers = new Headers(kept.headers);
    if (headers.has("X-Kept-At")) headers.set("X-Kept-At", "1");
    await cache.put(key, new Response(await kept.text(), { headers }));
  }
}"""
# All that is readable of what waits, the sealed part byte for byte.
WAITING = """() => new Promise((done) => {
  indexedDB.open("coursekeeper-waiting").onsuccess = ({ target }) => {
    target.result.transaction("acts").objectStore("acts").getAll().onsuccess = ({ target: { result } }) => {
      done(JSON.stringify(result) + String.fromCharCode(...new Uint8Array(result[0].box)));
    };
  };
})"""


def kept(page: Page) -> list[str]:
    """Return the addresses of all that this device keeps of pages."""
    found: list[str] = page.evaluate(PATHS)
    return found


def is_kept(page: Page, path: str) -> None:
    until(page, lambda: path in kept(page))


def nothing_is_kept(page: Page) -> None:
    until(page, lambda: not kept(page))


def tap(page: Page) -> None:
    page.get_by_role("button", name="Use a session", exact=True).click()


def away(page: Page) -> None:
    expect(page.locator("#away")).to_contain_text(re.compile(r"Offline, as of \d+:\d\d.[AP]M\."))


def back(page: Page, house: House) -> None:
    """Let the server answer again, and spare the page its patience."""
    house.line.up()
    page.evaluate("dispatchEvent(new Event('online'))")


def waiting(page: Page, n: int) -> None:
    button = page.locator("#away [data-waiting]")
    if n:
        expect(button).to_have_text(f"{n} waiting to be sent")
    else:
        expect(button).to_be_hidden()


def test_without_a_network_pages_stay_readable_and_a_tap_waits(page: Page, house: House) -> None:
    page.context.set_offline(True)
    away(page)
    # By the clinic's clock, as all times on the page: this device has another.
    now = datetime.now(ZoneInfo(read_clinic(house.services.store).time_zone))
    minutes = [f"{now - timedelta(minutes=n):%-I:%M %p}" for n in range(5)]
    assert any(each in page.locator("#away").inner_text().replace("\u202f", " ") for each in minutes)
    tap(page)
    expect(page.locator("#notices")).to_contain_text("Kept on this device: Use a session, Ana Souza.")
    waiting(page, 1)
    # A reload, another page and the way back lose nothing.
    page.reload()
    away(page)
    expect(page.locator(".waits-beside")).to_contain_text("Waiting to be sent:")
    expect(page.locator(".client-card .figure strong")).to_have_text("12")
    page.get_by_role("link", name="Today", exact=True).click()
    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    away(page)
    waiting(page, 1)
    page.context.set_offline(False)
    expect(page.locator("#notices")).to_contain_text("Ana Souza: Session 1 used. 11 of 12 left.")
    waiting(page, 0)
    expect(page.locator("#away")).to_be_hidden()
    assert house.course.left == 11


def test_a_page_that_is_not_kept_says_what_works(page: Page, house: House) -> None:
    house.line.down()
    page.goto(f"{house.line.address}/clients")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    page.get_by_role("link", name=re.compile("Ana Souza")).click()
    expect(page.get_by_role("heading", name="Ana Souza", level=1)).to_be_visible()
    page.go_back()
    house.line.up()
    # The page that was wanted opens by itself.
    expect(page.get_by_role("heading", name="Clients", level=1)).to_be_visible()


def test_a_page_that_is_not_kept_leaves_nothing(page: Page, house: House) -> None:
    with page.expect_response(lambda answer: "/attention/" in answer.url and answer.status == 204):
        page.goto(f"{house.line.address}/attention")
    page.wait_for_timeout(500)
    assert not [path for path in kept(page) if path.startswith("/attention")]


def test_the_clients_of_today_are_asked_for_once_though_the_page_changes(page: Page, house: House) -> None:
    names = ("Bea Lima", "Cleo Rosa", "Dora Reis", "Eva Dias")
    package = house.desk.package()
    for name in names:
        buyer = Buyer(f"CUSTOMER-{name}", name=name)
        house.desk.use(house.desk.sell(package, order=name, buyer=buyer))
    asked: list[str] = []
    # The service worker passes each of them on.
    page.on("request", lambda sent: asked.append(sent.url) if "x-keep" in sent.headers else None)
    page.goto(f"{house.line.address}/")
    for _ in range(2):
        house.desk.use(house.course_id)
        page.wait_for_timeout(1100)

    def clients() -> list[str]:
        return [address for address in asked if "/clients/" in address]

    until(page, lambda: len(set(clients())) >= len(names))
    page.wait_for_timeout(1100)
    assert len(clients()) == len(set(clients()))


def test_a_session_and_its_note_are_sent_once_in_their_order_after_a_restart(
    page: Page, house: House
) -> None:
    house.desk.use(house.course_id)
    house.services.clock.advance(days=1)  # type: ignore[attr-defined]
    page.reload()
    fill_sign_in(page, Role.DESK)
    expect(page.locator("section.history")).to_contain_text("Session 1")
    page.goto(f"{house.line.address}/")
    is_kept(page, "/")
    open_client(page, house)
    house.line.down()
    tap(page)
    waiting(page, 1)
    note = page.locator("section.history details.describe").first
    note.locator("summary").click()
    note.get_by_label("Focus").fill("Jawline")
    note.get_by_role("button", name="Save").click()
    waiting(page, 2)
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(f"{house.line.address}/")
    waiting(again, 2)
    again.locator("#away [data-waiting]").click()
    expect(again.locator("#waiting li b")).to_have_text(["Use a session", "Visit note"])
    again.get_by_role("button", name="Close", exact=True).click()
    back(again, house)
    expect(again.locator("#notices")).to_contain_text("Sent what was waiting: 2 saved.")
    again.reload()
    waiting(again, 0)
    assert house.course.left == 10
    assert house.course.visits[0].focus == "Jawline"


def test_what_waits_can_be_canceled(page: Page, house: House) -> None:
    page.context.set_offline(True)
    away(page)
    tap(page)
    page.locator("#notices").get_by_role("button", name="Cancel").click()
    waiting(page, 0)
    page.wait_for_timeout(1300)
    tap(page)
    waiting(page, 1)
    # The same client once more is asked about.
    page.wait_for_timeout(1300)
    tap(page)
    expect(page.locator("#review")).to_contain_text("The same is waiting to be sent since")
    page.locator("#review").get_by_role("button", name="Use another session").click()
    waiting(page, 2)
    page.locator("#away [data-waiting]").click()
    page.locator("#waiting li").last.get_by_role("button", name="Cancel").click()
    waiting(page, 1)
    page.locator("#waiting").get_by_role("button", name="Close", exact=True).click()
    page.context.set_offline(False)
    expect(page.locator("#notices")).to_contain_text("Session 1 used.")
    assert house.course.left == 11


def test_what_may_have_been_sent_from_the_device_is_asked_about_before_it_is_canceled(
    page: Page, house: House
) -> None:
    def lose_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    house.line.down()
    away(page)
    tap(page)
    waiting(page, 1)
    page.context.route("**/late-acts", lose_answer)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/late-acts")):
        back(page, house)
    assert house.course.left == 11
    page.locator("#away [data-waiting]").click()
    page.locator("#waiting li").get_by_role("button", name="Cancel").click()
    expect(page.locator("#notices")).to_contain_text("had reached the server before you canceled it.")
    waiting(page, 0)


def test_what_had_no_answer_once_is_sent_again_by_itself(page: Page, house: House) -> None:
    page.clock.install()
    house.line.down()
    away(page)
    tap(page)
    waiting(page, 1)
    page.context.route("**/late-acts", lambda route: route.abort(), times=1)
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/late-acts")):
        back(page, house)
    expect(page.locator("#away")).not_to_contain_text("Offline")
    page.wait_for_timeout(500)
    assert house.course.left == 12
    page.clock.fast_forward(60_000)
    expect(page.locator("#notices")).to_contain_text("Session 1 used. 11 of 12 left.")
    waiting(page, 0)
    assert house.course.left == 11


def test_a_server_that_hangs_counts_as_away_after_three_seconds(page: Page, house: House) -> None:
    house.line.hung()
    tap(page)
    expect(page.locator("#notices")).to_contain_text("No answer yet. Kept on this device")
    waiting(page, 1)
    page.reload()
    away(page)
    expect(page.get_by_role("heading", name="Ana Souza", level=1)).to_be_visible()
    house.line.down()
    back(page, house)
    expect(page.locator("#notices")).to_contain_text("Session 1 used.")
    assert house.course.left == 11


def test_a_tap_waits_while_the_server_has_no_database(page: Page, house: House) -> None:
    away_answer = {"X-Request-ID": "0123456789abcdef", "Retry-After": "5"}
    page.context.route(
        "**/uses", lambda route: route.fulfill(status=503, headers=away_answer, body="One moment")
    )
    page.context.route("**/late-acts", lambda route: route.fulfill(status=503, headers=away_answer))
    tap(page)
    waiting(page, 1)
    assert house.course.left == 12
    page.context.unroute("**/late-acts")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#notices")).to_contain_text("Session 1 used. 11 of 12 left.")
    waiting(page, 0)


def test_a_lost_answer_costs_no_second_session(page: Page, house: House) -> None:
    house.line.deaf()
    tap(page)
    waiting(page, 1)
    assert house.course.left == 11
    back(page, house)
    expect(page.locator("#notices")).to_contain_text("Session 1 used. 11 of 12 left.")
    waiting(page, 0)
    assert house.course.left == 11


def test_two_tablets_offline_on_the_same_last_session(
    house: House, tablet: Callable[[], BrowserContext]
) -> None:
    house.course_id = house.desk.sell(house.desk.package(sessions=1), order="LAST")
    house.desk.use(house.course_id)
    client = f"{house.line.address}/clients/{house.course.client_id}"
    house.desk.undo(house.course.entries[-1].id)
    pages = []
    for role in (Role.DESK, Role.PRACTITIONER):
        each = tablet().new_page()
        sign_in(each, house, role)
        each.goto(client)
        is_kept(each, f"/clients/{house.course.client_id}")
        each.context.set_offline(True)
        away(each)
        each.locator(f"form.use[action*='{house.course_id}'] button").first.click()
        waiting(each, 1)
        pages.append(each)
    first, second = pages
    first.context.set_offline(False)
    expect(first.locator("#notices")).to_contain_text("Session 1 used.")
    second.context.set_offline(False)
    expect(second.locator("#notices")).to_contain_text("It waits under Attention.")
    waiting(second, 0)
    item = list_attention(house.services.store).rows[0]
    assert "A session for Ana Souza, entered offline by A. Kim at" in item.summary
    assert house.course.left == 0


def test_the_sign_in_ended_meanwhile(page: Page, house: House) -> None:
    page.context.set_offline(True)
    away(page)
    tap(page)
    waiting(page, 1)
    page.context.clear_cookies()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    # Nothing of a client is left but what waits, sealed.
    expect(page.locator("#away")).to_contain_text("1 entry on this device waits to be sent.")
    assert not kept(page)
    assert not has_word(page.evaluate(WAITING), "Ana")
    # Somebody else does not send it unseen.
    fill_sign_in(page, Role.OWNER)
    waiting(page, 1)
    page.wait_for_timeout(500)
    assert house.course.left == 12
    page.locator("#away [data-waiting]").click()
    expect(page.locator("#waiting li")).to_contain_text("entered by someone else")
    page.get_by_role("button", name="Send all now").click()
    expect(page.locator("#notices")).to_contain_text("Session 1 used.")
    assert house.course.entries[-1].by == "Olga Ruiz"
    assert "tapped offline by Deb Lane" in house.course.happenings[-1].text


def test_signing_out_without_a_connection_leaves_nothing_and_is_told_later(page: Page, house: House) -> None:
    house.line.down()
    away(page)
    page.locator("details.person > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.get_by_text("No client’s page is kept on this device")).to_be_visible()
    assert not kept(page)
    house.line.up()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_shared_tablet_that_has_locked_itself_shows_nothing(page: Page, house: House) -> None:
    house.pin(Role.DESK)
    page.goto(f"{house.line.address}/account/ways")
    page.get_by_label("Name of this device").fill("Front desk")
    page.get_by_role("button", name="Share this device").click()
    expect(page.get_by_text("is a shared device now")).to_be_visible()
    open_client(page, house)
    house.line.down()
    away(page)
    tap(page)
    waiting(page, 1)
    # A restart of the device within the time is no lock; after it, it is.
    page.reload()
    away(page)
    page.evaluate(AGED)
    page.reload()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    assert not kept(page)
    expect(page.get_by_role("heading", name="This device is locked")).to_be_visible()
    expect(page.locator("#away [data-waits-here]")).to_have_text("1 waiting to be sent")


def test_locking_a_shared_tablet_without_a_connection(page: Page, house: House) -> None:
    house.pin(Role.DESK)
    page.goto(f"{house.line.address}/account/ways")
    page.get_by_label("Name of this device").fill("Front desk")
    page.get_by_role("button", name="Share this device").click()
    open_client(page, house)
    house.line.down()
    away(page)
    tap(page)
    waiting(page, 1)
    page.locator("details.person > summary").click()
    page.get_by_role("button", name="Lock").click()
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    assert not kept(page)
    house.line.up()
    page.reload()
    expect(page.get_by_role("heading", name="Who is here?")).to_be_visible()
    expect(page.locator("#away")).to_contain_text("1 entry on this device waits to be sent.")
    page.get_by_text("Deb Lane").click()
    page.get_by_label("PIN").fill(PIN)
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("#notices")).to_contain_text("Session 1 used.")
    assert house.course.left == 11
    # From now on this device knows who can unlock it, and says so while the server can't.
    house.line.down()
    page.evaluate("dispatchEvent(new Event('offline'))")
    page.locator("details.person > summary").click()
    page.get_by_role("button", name="Lock").click()
    locked = page.get_by_role("region", name="This device is locked")
    expect(locked.get_by_role("listitem")).to_have_text(["Deb Lane"])
    expect(page.get_by_text("Ana Souza")).to_have_count(0)


@pytest.mark.parametrize("way", ["agreement", "questions"])
def test_a_device_handed_to_a_client_shows_no_page_of_the_desk(page: Page, house: House, way: str) -> None:
    if way == "agreement":
        page.goto(
            f"{house.line.address}/sell?client_id={house.course.client_id}&package_id={house.course.package_id}"
        )
        page.get_by_role("button", name="Sign on this device").click()
        expect(page.get_by_role("button", name="Sign the agreement")).to_be_visible()
    else:
        page.get_by_text("Let the client answer here").click()
        page.get_by_role("button", name="Start the client’s screen").click()
        expect(page.get_by_role("heading", name="Hello Ana")).to_be_visible()
    nothing_is_kept(page)
    house.line.down()
    page.goto(f"{house.line.address}/clients/{house.course.client_id}")
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()


def test_a_new_version_replaces_what_the_old_one_kept(page: Page, house: House) -> None:
    before = page.evaluate("caches.keys()")
    clinic = replace(read_clinic(house.desk.store), accent="#5B2A86")
    save_clinic(house.desk.store, house.desk.act(OLGA), clinic)
    page.reload()

    def files() -> list[str]:
        return [name for name in page.evaluate("caches.keys()") if name.startswith("files:")]

    until(page, lambda: len(files()) == 1 and files()[0] not in before)
    # The next page is kept anew, and styled.
    page.reload()
    is_kept(page, f"/clients/{house.course.client_id}")
    house.line.down()
    page.reload()
    away(page)
    assert page.evaluate("getComputedStyle(document.getElementById('away')).display") == "flex"


def test_it_can_be_installed(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    assert session.send("Page.getAppManifest")["errors"] == []
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A window without a profile of its own can't install anything.
    assert [each["errorId"] for each in errors if each["errorId"] != "in-incognito"] == []
