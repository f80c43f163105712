"""The register in a real browser: six taps to a sale, nothing cut off, every control named."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from practice_square.serving import PracticeServer
from practice_square.settings import DEFAULT_APPLICATION_ID

SIZES = [(1024, 768), (390, 844), (1440, 900)]
AUTHORIZE = f"/oauth2/authorize?client_id={DEFAULT_APPLICATION_ID}&redirect_uri=https://desk.example.org/"
PAGES = [
    "/",
    "/ticket/client",
    "/receipts",
    "/clients",
    "/appointments",
    "/events",
    "/faults",
    "/applications",
    AUTHORIZE,
]

UNNAMED = """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, summary')]
  .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || (e.labels && e.labels.length)))
  .map(e => e.outerHTML)"""
SMALL = """() => [...document
  .querySelectorAll('button, nav a, select, summary, input:not([type=hidden], [type=checkbox])')]
  .filter(e => e.checkVisibility())
  .map(e => [e.getBoundingClientRect(), e.outerHTML.slice(0, 80)])
  .filter(([box]) => box.height < 43.5)
  .map(([box, html]) => `${box.height} ${html}`)"""


@pytest.fixture
def till(serve: Callable[..., PracticeServer], page: Page) -> Page:
    practice = serve()
    page.goto(practice.base_url)
    return page


def test_a_sale_and_its_refund_by_label_and_role(till: Page) -> None:
    till.get_by_role("button", name="Single visit, facial acupuncture, 60 min, $165.00").click()
    till.get_by_role("button", name="One more Single visit").click()
    till.get_by_role("link", name="Add a client").click()
    till.get_by_label("Find a client").fill("whitf")
    till.get_by_role("button", name="Denise Whitfield").click()
    till.get_by_text("Discount and tax", exact=True).click()
    till.get_by_label("Discount on everything").fill("10%")
    till.get_by_role("button", name="Set discount and tax").click()
    till.get_by_role("link", name="Charge $297.00").click()
    till.get_by_role("button", name="Card $297.00").click()
    till.get_by_text("$297.00 paid.").wait_for()
    till.get_by_label("Single visit, facial acupuncture, 60 min").fill("1")
    till.get_by_role("button", name="Refund these lines").click()
    till.get_by_text("$148.50 refunded.").wait_for()


def test_typing_narrows_the_list_of_clients(till: Page) -> None:
    till.get_by_role("link", name="Clients").click()
    till.get_by_label("Find a client").fill("lópez")
    expect(till.locator("#found li:visible")).to_have_count(1)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_no_page_is_wider_than_the_screen_and_every_control_has_a_name(
    serve: Callable[..., PracticeServer], browser: Browser, width: int, height: int
) -> None:
    practice = serve()
    practice.control.sell(
        [{"name": "A very long name of something sold once and never again", "amount": 500}]
    )
    window = browser.new_page(viewport={"width": width, "height": height})
    window.goto(practice.base_url)
    window.get_by_role("button", name="Jade roller").click()
    for path in [*PAGES, pay_page(practice)]:
        window.goto(practice.base_url + path)
        assert window.evaluate("document.documentElement.scrollWidth") <= width, path
        assert window.evaluate(UNNAMED) == [], path
        assert window.evaluate(SMALL) == [], path
    window.close()


def pay_page(practice: PracticeServer) -> str:
    line = {
        "name": "A course with a long name",
        "quantity": "12",
        "base_price_money": {"amount": 1, "currency": "USD"},
    }
    body = {
        "order": {"location_id": practice.location_id, "line_items": [line]},
        "checkout_options": {"allow_tipping": True},
    }
    link = practice.control.call("POST", "/v2/online-checkout/payment-links", body)["payment_link"]
    return str(link["url"]).removeprefix(practice.base_url)


def test_the_terminal_takes_up_a_payment_while_its_page_is_open(
    serve: Callable[..., PracticeServer], page: Page
) -> None:
    practice = serve()
    page.goto(practice.base_url + "/terminal")
    page.get_by_text("Ready").wait_for()
    device = practice.control.call("GET", "/v2/devices/codes")["device_codes"][0]["device_id"]
    wanted = {"amount_money": {"amount": 5000, "currency": "USD"}, "device_options": {"device_id": device}}
    practice.control.call("POST", "/v2/terminals/checkouts", {"idempotency_key": "k", "checkout": wanted})
    page.get_by_role("button", name="Tap card, $50.00").click()
    page.get_by_text("Paid. Thank you.").wait_for()


def test_the_charge_button_stays_in_sight_on_a_tablet(
    serve: Callable[..., PracticeServer], browser: Browser
) -> None:
    practice = serve()
    window = browser.new_page(viewport={"width": 1024, "height": 768})
    window.goto(practice.base_url)
    for name in ("Jade roller", "Facial oil", "Gua sha", "Silk", "Touch-up"):
        window.locator(f".tile[aria-label^='{name}']").click()
    window.locator("summary", has_text="Discount and tax").click()
    box = window.get_by_role("link", name="Charge").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 768
    window.close()


def test_it_works_without_script(serve: Callable[..., PracticeServer], browser: Browser) -> None:
    practice = serve()
    window = browser.new_context(java_script_enabled=False).new_page()
    window.goto(practice.base_url)
    window.get_by_role("button", name="Jade roller").click()
    window.get_by_role("link", name="Charge $38.00").click()
    window.get_by_role("button", name="Cash $38.00").click()
    window.get_by_text("$38.00 paid.").wait_for()
    window.context.close()
