"""Selling from the desk: whom, what, how, each asked once; then the page that says what happens now."""

import pytest
from sqlalchemy import select

from plugin.core.money import Money
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import list_checkouts
from plugin.services import Services
from plugin.store.queues import Outbox
from plugin.store.selling import Checkout, Terminal
from tests.courses.desk import OLGA, Desk
from tests.web.page import Form, Page
from tests.web.visitor import Visitor

URL = "https://sandbox.square.link/u/abc"
WAYS = ["till", "terminal", "link", "cash", "cash", "cash", "other", "other", "invoice"]


@pytest.fixture
def client_id(small_desk: Desk) -> str:
    return small_desk.client("Ana Souza", email="ana@example.org")


@pytest.fixture
def package_id(small_desk: Desk) -> str:
    return small_desk.package()


def ways_page(deb: Visitor, client_id: str, package_id: str) -> Page:
    return deb.page(f"/sell?client_id={client_id}&package_id={package_id}")


def way_form(page: Page, way: str, *, typed: str = "") -> Form:
    """Return the form that sells this way; of several, the one that has the named field."""
    forms = [form for form in page.forms if form.fields.get("way") == way]
    return next(form for form in forms if not typed or typed in form.fields)


def begun(services: Services) -> CheckoutView:
    return list_checkouts(services.store)[0]


def become(services: Services, **values: object) -> None:
    """Have the sale stand as Square's answers would make it."""
    with services.store.writing() as session:
        row = session.scalars(select(Checkout)).one()
        for name, value in values.items():
            setattr(row, name, value)


def test_a_known_client_needs_three_taps(small_deb: Visitor, client_id: str, package_id: str) -> None:
    page = small_deb.page(f"/clients/{client_id}")
    first = next(link for link in page.links() if link == f"/sell?client_id={client_id}")
    second = next(link for link in small_deb.page(first).links() if package_id in link)
    shown = small_deb.after(way_form(small_deb.page(second), "till"))
    assert "Charge Facial acupuncture, course of 12 at Square POS, with Ana Souza on the sale." in shown.text
    assert "Waiting for Square POS" in shown.text
    # B21.
    assert "A sale with 100% off has no payment: it can take up to 15 minutes to show here." in shown.text


def test_it_begins_with_whom(small_deb: Visitor, small_desk: Desk, client_id: str, package_id: str) -> None:
    page = small_deb.page("/sell")
    assert "Find a client" in page.text
    assert f"/sell?client_id={client_id}" in page.links()
    typed = small_deb.get("/sell/clients?q=ana", headers={"HX-Request": "true"})
    assert "Ana Souza" in typed.text
    assert "<html" not in typed.text
    assert "No clients match “zzz”" in small_deb.page("/sell?q=zzz").text


def test_a_new_client_is_made_on_the_way(small_deb: Visitor, package_id: str) -> None:
    form = small_deb.page(f"/sell?package_id={package_id}").form("/sell/clients")
    refused = small_deb.send(form, name="", email="tia@example.org")
    assert refused.status_code == 422
    assert Page(refused.text).form("/sell/clients").fields["email"] == "tia@example.org"
    page = small_deb.after(form, name="Tia Moore")
    assert "to Tia Moore" in page.text
    assert way_form(page, "till").fields["package_id"] == package_id


def test_the_ways_are_all_there_and_each_form_carries_whom_and_what(
    small_deb: Visitor, small_house: Services, client_id: str, package_id: str
) -> None:
    with small_house.store.writing() as session:
        session.add(Terminal(square_device_id="T1", name="Front desk", seen_at=small_house.clock()))
    page = ways_page(small_deb, client_id, package_id)
    forms = [form for form in page.forms if "way" in form.fields]
    assert [form.fields["way"] for form in forms] == WAYS
    assert {(form.fields["client_id"], form.fields["package_id"]) for form in forms} == {
        (client_id, package_id)
    }
    assert "Card at Front desk" in page.text
    assert [button[2] for button in forms[4].buttons] == ["$2,000.00"]


BEGUN = [
    ("till", {}, "Waiting for Square POS"),
    ("link", {}, "Making the payment link"),
    ("cash", {}, "Recording $1,980.00 in cash"),
    ("cash", {"supplied": "2,000"}, "$20.00 change, of $2,000.00"),
    ("other", {"tender": "Bank transfer"}, "Recording $1,980.00, Bank transfer"),
    ("invoice", {"deposit": "500", "mail_to": "ana@example.org"}, "Making the invoice"),
]


def test_each_way_is_begun_and_says_what_happens(small_deb: Visitor, client_id: str, package_id: str) -> None:
    page = ways_page(small_deb, client_id, package_id)
    for way, typed, said in BEGUN:
        form = way_form(page, way, typed=next(iter(typed), ""))
        assert said in small_deb.after(form, **typed).text, (way, typed)


def test_a_round_sum_in_cash_is_one_tap(
    small_deb: Visitor, small_house: Services, client_id: str, package_id: str
) -> None:
    forms = ways_page(small_deb, client_id, package_id).forms
    form = next(form for form in forms if any(name == "supplied_minor" for name, _, _ in form.buttons))
    name, value, _ = form.buttons[0]
    small_deb.after(form, **{name: value})
    change = begun(small_house).change
    assert change is not None
    assert change.amount == 2000


REFUSED = [
    ("cash", {"supplied": "all of it"}, "supplied"),
    ("other", {"tender": "  "}, "tender"),
    ("invoice", {"deposit": "5,000"}, "deposit"),
    ("invoice", {"deposit": "x"}, "deposit"),
    ("invoice", {"balance_due_on": "2026-01-01"}, "balance_due_on"),
    ("invoice", {"balance_due_on": "soon"}, "balance_due_on"),
    ("invoice", {"mail_to": "ana at home"}, "mail_to"),
]


@pytest.mark.usefixtures("post")
def test_a_refused_form_comes_back_filled_in(
    small_deb: Visitor, small_house: Services, client_id: str, package_id: str
) -> None:
    page = ways_page(small_deb, client_id, package_id)
    for way, typed, field in REFUSED:
        answer = small_deb.send(way_form(page, way, typed=field), **typed)
        assert answer.status_code == 422, (way, typed)
        again = Page(answer.text)
        assert way_form(again, way, typed=field).fields[field] == typed[field]
        wrong = next(each for each in again.elements if each.attributes.get("aria-invalid") == "true")
        assert wrong.attributes["name"] == field
    assert list_checkouts(small_house.store) == ()


def test_a_package_that_is_not_on_the_till_can_not_be_chosen(
    small_deb: Visitor, small_desk: Desk, client_id: str
) -> None:
    new = NewPackage("Only in the book", Money(1000, "USD"), [NewContent("Facial", 1, Money(1000, "USD"))])
    package_id = create_package(small_desk.store, small_desk.act(OLGA), new).id
    page = small_deb.page(f"/sell?client_id={client_id}")
    assert "Not in Square yet" in page.text
    assert not [link for link in page.links() if package_id in link]
    form = way_form(ways_page(small_deb, client_id, package_id), "till")
    refused = small_deb.send(form)
    assert refused.status_code == 409
    assert "is not in Square yet" in refused.text


def test_sent_twice_it_is_one_sale(
    small_deb: Visitor, small_house: Services, client_id: str, package_id: str
) -> None:
    form = way_form(ways_page(small_deb, client_id, package_id), "cash")
    first, again = small_deb.send(form), small_deb.send(form)
    assert first.headers["Location"] == again.headers["Location"]
    assert len(list_checkouts(small_house.store)) == 1


@pytest.fixture
def link(small_deb: Visitor, small_house: Services, client_id: str, package_id: str) -> str:
    """A payment link that Square has made; return the address of its page."""
    small_deb.after(way_form(ways_page(small_deb, client_id, package_id), "link"))
    become(small_house, state="waiting", url=URL, square_object_id="LINK", square_order_id="ORDER")
    return f"/checkouts/{begun(small_house).id}"


@pytest.mark.usefixtures("post")
def test_a_payment_link_shows_a_code_to_scan_its_address_and_a_letter(small_deb: Visitor, link: str) -> None:
    page = small_deb.page(link)
    assert "Scan to pay $1,980.00" in page.text
    assert any(each.tag == "svg" for each in page.elements)
    address = page.with_id("pay-url")
    assert address is not None
    assert address.attributes["value"] == URL
    assert page.form("/letter").fields["mail_to"] == "ana@example.org"


def test_without_a_mail_server_an_invoice_asks_for_no_address(
    small_deb: Visitor, client_id: str, package_id: str
) -> None:
    page = ways_page(small_deb, client_id, package_id)
    assert "mail_to" not in way_form(page, "invoice", typed="deposit").fields
    assert "The owner sets it up under Settings, E-mail." in page.text
    assert "by e-mail" not in page.text


@pytest.mark.usefixtures("post")
def test_with_one_it_asks_for_the_address(small_deb: Visitor, client_id: str, package_id: str) -> None:
    form = way_form(ways_page(small_deb, client_id, package_id), "invoice", typed="deposit")
    assert form.fields["mail_to"] == "ana@example.org"


def test_without_a_mail_server_no_letter_is_offered(small_deb: Visitor, link: str) -> None:
    page = small_deb.page(link)
    assert "The owner sets it up under Settings, E-mail." in page.text
    assert f"{link}/letter" not in [each.action for each in page.forms]


@pytest.mark.usefixtures("post")
def test_the_letter_is_owed_once_and_a_wrong_address_comes_back(
    small_deb: Visitor, small_house: Services, link: str
) -> None:
    form = small_deb.page(link).form("/letter")
    refused = small_deb.send(form, mail_to="ana at home")
    assert refused.status_code == 422
    assert Page(refused.text).form("/letter").fields["mail_to"] == "ana at home"
    for _ in range(2):
        assert "On its way to ana@example.org." in small_deb.after(form).text
    with small_house.store.reading() as session:
        owed = session.scalars(select(Outbox).where(Outbox.kind == "mail_checkout")).all()
    assert len(owed) == 1


def test_it_is_called_off_and_says_so(small_deb: Visitor, link: str) -> None:
    form = small_deb.page(link).form("/cancel")
    page = small_deb.after(form)
    assert "Canceling" in page.text
    assert "/cancel" not in page.html


STANDING = [
    ({"state": "waiting", "problem": "Square can’t be reached."}, "Square can’t be reached."),
    ({"state": "canceled"}, "Nothing was charged."),
    ({"state": "timed_out"}, "Payment timed out"),
    ({"state": "failed", "problem": "The card was declined."}, "The card was declined."),
    ({"state": "paid"}, "Paid."),
]


def test_every_state_says_what_happens_and_what_now(
    small_deb: Visitor, small_house: Services, link: str
) -> None:
    for values, said in STANDING:
        ended = values["state"] != "waiting"
        become(small_house, **values, ended_at=small_house.clock() if ended else None)
        page = small_deb.page(link)
        assert said in page.text, values
        assert ("Cancel this sale" in page.text) == (not ended)
        assert ("Sell again" in page.text) == (values["state"] in ("canceled", "timed_out", "failed"))
        assert any(each.startswith("/clients/") for each in page.links()) == ended


def test_a_paid_sale_is_not_called_off(small_deb: Visitor, small_house: Services, link: str) -> None:
    form = small_deb.page(link).form("/cancel")
    become(small_house, state="paid", ended_at=small_house.clock())
    answer = small_deb.send(form)
    assert answer.status_code == 409
    assert "This sale is paid." in answer.text


def test_a_sale_rung_up_without_the_client_is_claimed_with_one_tap(
    small_deb: Visitor, small_desk: Desk, small_house: Services, client_id: str, package_id: str
) -> None:
    shown = small_deb.after(way_form(ways_page(small_deb, client_id, package_id), "till"))
    assert "Was it one of these?" not in shown.text
    address = f"/checkouts/{begun(small_house).id}"
    course_id = small_desk.sell(package_id, buyer=None)
    form = small_deb.page(address).form("/claim")
    assert "Paid. 12 of 12 left." in small_deb.after(form).text
    assert small_desk.course(course_id).client_id == client_id
    assert small_desk.questions() == ()


def test_sales_under_way_are_found_on_today_with_the_client_and_under_sell(
    small_deb: Visitor, client_id: str, link: str
) -> None:
    for address in ("/", f"/clients/{client_id}", "/sell"):
        assert link in small_deb.page(address).links()


def test_its_page_is_alive(small_deb: Visitor, small_house: Services, link: str) -> None:
    seen = small_deb.get(link).headers["X-Seen"]
    assert small_deb.get(f"{link}/live?seen={seen}").status_code == 204
    become(small_house, state="paid", ended_at=small_house.clock())
    news = small_deb.get(f"{link}/live?seen={seen}")
    assert (news.status_code, "Paid." in news.text) == (200, True)
