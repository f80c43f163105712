"""The register page through its forms, without a browser: ringing up, refunds, clients, faults, and its guards."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from practice_square import PracticeSettings, create_practice
from practice_square.customers import name_of
from practice_square.figures import as_money, as_phone, read_amount, read_reduction
from practice_square.practice import Practice, practice_square_of
from practice_square.refusals import Refusal
from practice_square.sale import Reduction


class Till:
    """A person at the register: reads pages and sends their forms."""

    def __init__(self, client: FlaskClient, practice: Practice) -> None:
        self.client = client
        self.practice = practice

    def page(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_data(as_text=True)

    def send(self, path: str, from_page: str = "/", **form: Any) -> str:
        token = re.search(r'name="form_token" value="([^"]+)"', self.page("/"))
        assert token is not None
        answer = self.client.post(
            path,
            data={"form_token": token[1], **form},
            headers={"Referer": f"http://localhost{from_page}"},
            follow_redirects=True,
        )
        return answer.get_data(as_text=True)

    def tap(self, label: str) -> str:
        found = re.search(rf'value="(\w+)" aria-label="{re.escape(label)}', self.page("/"))
        assert found is not None, label
        return self.send("/ticket/items", variation_id=found[1])

    def orders(self) -> list[dict[str, Any]]:
        with self.practice.work() as work:
            return work.all("order")


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    file = tmp_path_factory.mktemp("register") / "practice.db"
    app = create_practice(PracticeSettings(file=file, access_token="t", signature_key="k"))
    yield app
    practice_square_of(app).close()


@pytest.fixture
def till(register: Flask) -> Till:
    """A register as on its first day, and a person with no cookie yet."""
    practice_square_of(register).reset()
    return Till(register.test_client(), practice_square_of(register))


def test_it_says_that_it_is_a_practice_till(till: Till) -> None:
    for path in ("/", "/receipts", "/clients", "/events", "/faults"):
        assert "Practice register, no real money" in till.page(path)


def test_a_sale_takes_three_taps(till: Till) -> None:
    assert "Charge $38.00" in till.tap("Jade roller")
    assert "Card $38.00" in till.page("/charge")
    assert "$38.00 paid." in till.send("/charge", pay="card")
    assert [order["state"] for order in till.orders()] == ["COMPLETED"]
    assert "Tap an item to begin" in till.page("/")


def test_tapping_an_item_again_adds_one_and_the_stepper_takes_it_off(till: Till) -> None:
    till.tap("Jade roller")
    assert "Charge $76.00" in till.tap("Jade roller")
    assert "Charge $38.00" in till.send("/ticket/lines/0", step="less")
    assert "Tap an item to begin" in till.send("/ticket/lines/0", step="less")


def test_discounts_and_tax_show_before_the_charge(till: Till) -> None:
    till.tap("Facial oil")
    till.tap("Jade roller")
    till.send("/ticket/lines/0", line_discount="50%")
    page = till.send("/ticket/adjustments", discount="5.00", tax_percent="10")
    assert "Charge $66.00" in page
    assert "-$32.00" in page


def test_a_second_tap_on_charge_sells_once(till: Till) -> None:
    till.tap("Jade roller")
    till.send("/charge", pay="card")
    assert "Sale of $38.00" in till.send("/charge", pay="card")
    assert len(till.orders()) == 1


def test_a_split_sale_and_a_tip(till: Till) -> None:
    till.tap("Facial oil")
    till.send("/charge", pay="split", card_part="20", tip="3.50")
    tenders = till.orders()[0]["tenders"]
    assert [(one["type"], one["amount_money"]["amount"]) for one in tenders] == [
        ("CARD", 2350),
        ("CASH", 3400),
    ]


def test_a_client_goes_onto_the_ticket_and_off_again(till: Till) -> None:
    page = till.page("/ticket/client?q=alexandrina")
    id_ = re.search(r'name="customer_id" value="(\w+)"', page)
    assert id_ is not None
    till.tap("Jade roller")
    assert "Take Alexandrina Wilhelmina" in till.send("/ticket/client", customer_id=id_[1])
    assert "Add a client" in till.send("/ticket/client", customer_id="")


def test_a_new_client_is_added_and_put_on_the_ticket(till: Till) -> None:
    page = till.send("/clients", given_name="Zoë", family_name="O'Hara <b>", onto_ticket="yes")
    assert "Zoë O&#39;Hara &lt;b&gt;" in page
    till.tap("Jade roller")
    till.send("/charge", pay="card", customer_on="tender")
    assert till.orders()[0]["tenders"][0]["customer_id"]


def test_a_refused_form_says_why_and_keeps_what_was_typed(till: Till) -> None:
    page = till.send("/clients", from_page="/clients", given_name="Ada", email_address="not an address")
    assert "valid email address" in page
    assert 'value="not an address"' in page
    page = till.send("/ticket/custom", custom_name="Gift", custom_amount="twelve")
    assert "is not an amount" in page
    assert 'value="twelve"' in page


def test_lines_are_refunded_and_then_no_longer_offered(till: Till) -> None:
    till.tap("Jade roller")
    till.tap("Jade roller")
    till.send("/charge", pay="card")
    order = till.orders()[0]
    path, uid = f"/receipts/{order['id']}", order["line_items"][0]["uid"]
    assert "$38.00 refunded." in till.send(f"{path}/refund-lines", **{f"quantity-{uid}": "1"})
    assert "Of this line 1 can still be refunded" in till.send(
        f"{path}/refund-lines", path, **{f"quantity-{uid}": "2"}
    )
    assert "$38.00 refunded." in till.send(f"{path}/refund-lines", everything="yes")
    assert "Refund everything" not in till.page(path)


def test_an_amount_is_refunded_up_to_what_is_left(till: Till) -> None:
    till.tap("Jade roller")
    till.send("/charge", pay="cash")
    path = f"/receipts/{till.orders()[0]['id']}"
    assert "$8.00 refunded" in till.send(f"{path}/refund-amount", amount="8")
    assert "do not hold that much" in till.send(f"{path}/refund-amount", path, amount="30.01")
    assert "Choose at least one line" in till.send(f"{path}/refund-lines", path)


def test_two_clients_are_merged(till: Till) -> None:
    ids = re.findall(r'name="customer_id" value="(\w+)"', till.page("/clients"))
    assert "Tick at least two" in till.send("/clients/merge", customer_id=ids[:1])
    assert "Merged 2 profiles" in till.send("/clients/merge", customer_id=ids[:2])
    assert len(re.findall(r'name="customer_id"', till.page("/clients"))) == 11


def test_faults_are_kept_counted_and_turned_off(till: Till) -> None:
    page = till.send("/faults", fail_next="3", fail_how="429", has_empty_pages="yes")
    assert "2 on." in page
    assert 'aria-label="2 on"' in till.page("/")
    assert "All faults are off." in till.send("/faults", all_off="yes")


def test_a_wrong_fault_is_refused_in_words(till: Till) -> None:
    assert "between 0 and 72" in till.send("/faults", from_page="/faults", offline_hours="73", fail_how="500")
    assert "is not a whole number" in till.send("/faults", from_page="/faults", slow_s="-1", fail_how="500")


def test_a_deleted_item_comes_off_the_ticket(till: Till) -> None:
    from practice_square.catalog import delete_object, items_for_sale

    till.tap("Jade roller")
    with till.practice.work() as work:
        jade = next(item for item in items_for_sale(work) if item["item_data"]["name"] == "Jade roller")
        delete_object(work, jade["id"])
    assert "can no longer be sold" in till.page("/")


@pytest.mark.parametrize(
    "path",
    ["/ticket/items", "/ticket/clear", "/charge", "/clients", "/clients/merge", "/faults", "/events/send"],
)
def test_a_form_without_its_token_is_refused(till: Till, path: str) -> None:
    till.page("/")
    assert till.client.post(path, data={"pay": "card"}).status_code == 403
    assert till.orders() == []


def test_every_page_forbids_inline_script_and_framing(till: Till) -> None:
    answer = till.client.get("/")
    assert "script-src 'self'; style-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    for path in ("/", "/receipts", "/clients", "/events", "/faults", "/ticket/client"):
        page = till.page(path)
        assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=|https?://(?!localhost)", page), path


def test_the_session_cookie_is_the_tills_own(till: Till) -> None:
    cookie = till.client.get("/").headers["Set-Cookie"]
    assert cookie.startswith("practice_till=")
    assert "SameSite=Strict" in cookie
    assert "HttpOnly" in cookie


def test_a_page_that_is_not_there_leads_back(till: Till) -> None:
    for path in ("/nowhere", "/receipts/UNKNOWN"):
        answer = till.client.get(path)
        assert answer.status_code == 404
        assert "Back to the register" in answer.get_data(as_text=True)


def test_a_refusal_never_leads_to_another_site(till: Till) -> None:
    token = re.search(r'name="form_token" value="([^"]+)"', till.page("/"))
    assert token is not None
    for before in ("https://elsewhere.example.org/x", "http://localhost//elsewhere.example.org"):
        answer = till.client.post(
            "/ticket/custom",
            data={"form_token": token[1], "custom_amount": "x"},
            headers={"Referer": before},
        )
        assert answer.headers["Location"] in ("/x", "/")


@pytest.mark.parametrize(
    ("text", "cents"), [("25", 2500), ("25.5", 2550), ("$1,650.00", 165000), (" 0.01 ", 1), ("0", 0)]
)
def test_it_reads_an_amount(text: str, cents: int) -> None:
    assert read_amount(text, "amount") == cents


@pytest.mark.parametrize("text", ["", "abc", "-5", "1.234", "1.2.3", "٣", "1e3"])
def test_it_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(Refusal):
        read_amount(text, "amount")


def test_a_currency_without_a_smaller_unit_is_read_whole() -> None:
    assert read_amount("1,000", "amount", "JPY") == 1000
    with pytest.raises(Refusal):
        read_amount("10.50", "amount", "JPY")


def test_it_reads_a_discount_either_way() -> None:
    assert read_reduction("10%", "d") == Reduction(percent="10")
    assert read_reduction(" 12.5 % ", "d") == Reduction(percent="12.5")
    assert read_reduction("25.00", "d") == Reduction(amount=2500)
    assert read_reduction("", "d") is None


def test_a_chinese_name_is_written_family_first() -> None:
    assert name_of({"given_name": "美玲", "family_name": "陳"}) == "陳美玲"
    assert name_of({"given_name": "Ana", "family_name": "López"}) == "Ana López"
    assert name_of({"email_address": "a@example.org"}) == "a@example.org"


def test_it_writes_money_and_phones() -> None:
    assert as_money({"amount": -165000, "currency": "USD"}) == "-$1,650.00"
    assert as_money({"amount": 1000, "currency": "JPY"}) == "¥1,000"
    assert as_phone("+13105550101") == "(310) 555-0101"
    assert as_phone("+442079460000") == "+442079460000"
