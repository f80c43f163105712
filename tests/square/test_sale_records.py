"""A whole sale in Square POS, as recorded for its invoice: what Square computed, no one's name, to the cent."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from invoices.papers import CreditNote, Invoice, from_json
from invoices.papers.wire import from_plain, to_plain
from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.courses.clients.clients import change_client
from plugin.courses.documents.issuing import invoice_of_course
from plugin.courses.documents.sale_record import SoldSale, sale_in
from plugin.courses.refunds.desk_refunds import NewRefund, start_refund
from plugin.errors import InvalidField, Refused, SquareFailed
from plugin.square.inbox import SWEPT_ORDER, receive_synthetic
from plugin.square.models import Order, Payment
from plugin.square.sales import sales_recorded, sold_sale
from plugin.store.documents import Document, SaleRecord
from plugin.store.ledger import Course
from plugin.store.queues import Outbox
from tests.square.clinic import OWNER, Clinic, keep

Json = dict[str, Any]
OIL = {"name": "Facial oil", "amount": 5400, "quantity": "2"}


def _ana(clinic: Clinic) -> str:
    customer = clinic.till.add_customer(
        given_name="Ana", family_name="Souza", email_address="ana@example.org"
    )
    return str(customer["id"])


def _issued(clinic: Clinic, kind: str = "invoice") -> list[Any]:
    with clinic.services.store.reading() as session:
        rows = session.scalars(select(Document.content).where(Document.kind == kind).order_by(Document.place))
        return [from_json(content) for content in rows]


def _sold(clinic: Clinic, *names: str, **sale: Any) -> tuple[Json, Invoice]:
    """Sell with Ana named, and return the order and its invoice."""
    lines = [*(clinic.line(name) for name in names), *sale.pop("more", ())]
    order: Json = clinic.till.sell(lines, customer_id=_ana(clinic), **sale)["order"]
    clinic.catch_up()
    clinic.papers()
    [invoice] = _issued(clinic)
    return order, invoice


BERLIN = {
    "address_line_1": "Lindenstraße 8",
    "address_line_2": "Hinterhaus",
    "locality": "Berlin",
    "postal_code": "10969",
    "country": "DE",
}
SANTA_MONICA = {
    "address_line_1": "1180 Ocean Park Boulevard",
    "locality": "Santa Monica",
    "administrative_district_level_1": "CA",
    "postal_code": "90405",
    "country": "US",
}


@pytest.mark.parametrize(
    ("address", "lines"),
    [
        (BERLIN, ("Lindenstraße 8", "Hinterhaus", "10969 Berlin")),
        (SANTA_MONICA, ("1180 Ocean Park Boulevard", "Santa Monica, CA 90405")),
    ],
    ids=["Germany", "United States"],
)
def test_the_invoice_has_the_address_of_the_buyers_profile(
    lite_clinic: Clinic, address: Json, lines: tuple[str, ...]
) -> None:
    """Row 10 of the papers' findings."""
    ana = lite_clinic.till.add_customer(given_name="Ana", family_name="Souza", address=address)
    lite_clinic.till.sell([lite_clinic.line("ten")], customer_id=ana["id"])
    lite_clinic.catch_up()
    lite_clinic.papers()
    [invoice] = _issued(lite_clinic)
    assert (invoice.billed_to.address_lines, invoice.billed_to.country) == (lines, address["country"])


def test_an_address_changed_in_square_is_on_the_next_invoice_and_not_on_the_one_that_was_issued(
    lite_clinic: Clinic,
) -> None:
    """Row 10."""
    ana = lite_clinic.till.add_customer(given_name="Ana", family_name="Souza", address=BERLIN)
    for number in range(2):
        lite_clinic.till.sell([lite_clinic.line("ten")], customer_id=ana["id"])
        lite_clinic.catch_up()
        lite_clinic.papers()
        if number == 0:
            lite_clinic.till.forge("customer", ana["id"], {"address": SANTA_MONICA})
            lite_clinic.catch_up()
    first, second = _issued(lite_clinic)
    assert first.billed_to.address_lines[-1] == "10969 Berlin"
    assert second.billed_to.address_lines[-1] == "Santa Monica, CA 90405"


def test_an_address_typed_here_is_on_the_invoice_instead_and_frozen_with_it(lite_clinic: Clinic) -> None:
    ana = lite_clinic.till.add_customer(given_name="Ana", family_name="Souza", address=BERLIN)
    lite_clinic.till.sell([lite_clinic.line("ten")], customer_id=ana["id"])
    lite_clinic.catch_up()
    store, act = lite_clinic.services.store, Act(OWNER, lite_clinic.clock(), "typed")
    with store.reading() as session:
        client_id = session.scalars(select(Course.client_id)).one() or ""
    typed = "Front desk, Ana\r\n12 Elm Street\n\nLos Angeles, CA 90012"
    change_client(store, act, client_id, name="Ana Souza", postal_address=typed)
    lite_clinic.papers()
    [invoice] = _issued(lite_clinic)
    lines = ("Front desk, Ana", "12 Elm Street", "Los Angeles, CA 90012")
    assert (invoice.billed_to.address_lines, invoice.billed_to.country) == (lines, "")
    assert change_client(store, replace(act, key="name"), client_id, name="Ana S.").postal_address
    with pytest.raises(InvalidField, match="at most 4 lines"):
        change_client(store, replace(act, key="long"), client_id, name="Ana", postal_address="1\n2\n3\n4\n5")


def _adds_up(paper: Invoice | CreditNote) -> bool:
    """Every sum of the paper from its parts."""
    beside = paper.tip.amount + paper.service_charge.amount if isinstance(paper, Invoice) else 0
    return (
        paper.net.amount == sum(line.net.amount for line in paper.lines)
        and all(line.total.amount == line.net.amount + line.tax.amount for line in paper.lines)
        and sum(tax.amount.amount for tax in paper.taxes) == sum(line.tax.amount for line in paper.lines)
        and paper.total.amount == paper.net.amount + sum(tax.amount.amount for tax in paper.taxes) + beside
    )


def test_a_sale_with_tax_discount_and_tip_is_invoiced_as_square_computed_it(clinic: Clinic) -> None:
    order, invoice = _sold(
        clinic,
        "ten",
        more=[{**OIL, "discount": {"percent": "10"}}],
        tax_percent="8.375",
        discount={"amount": 10000},
        tenders=[{"type": "cash", "amount": 50000}, {"type": "card", "tip": 2500}],
    )
    assert invoice.total.amount == order["total_money"]["amount"]
    assert _adds_up(invoice)
    assert (invoice.number, invoice.billed_to.name, invoice.reference) == (
        "INV-0001",
        "Ana Souza",
        order["id"],
    )
    assert (invoice.tip.amount, invoice.paid, invoice.balance_due.amount) == (2500, invoice.total, 0)
    assert [(line.description, line.quantity) for line in invoice.lines] == [
        ("Facial acupuncture, course of 10", "1"),
        ("Facial oil", "2"),
    ]
    assert invoice.lines[0].detail == "10 × Facial acupuncture, 60 min"
    for line, square in zip(invoice.lines, order["line_items"], strict=True):
        assert line.total.amount == square["total_money"]["amount"]
        assert line.tax.amount == square["total_tax_money"]["amount"]
        assert line.discount.amount == square["total_discount_money"]["amount"]
    [tax] = invoice.taxes
    assert (tax.name, tax.percentage, tax.amount.amount) == (
        "Sales tax",
        "8.375",
        order["total_tax_money"]["amount"],
    )
    assert [(each.how, each.amount.amount) for each in invoice.payments] == [
        ("cash", 50000),
        ("card", order["total_money"]["amount"] - 50000),
    ]
    assert clinic.is_sound()


def test_an_included_tax_stands_in_the_lines_and_changes_no_total(lite_clinic: Clinic) -> None:
    order, invoice = _sold(lite_clinic, "ten", more=[OIL], tax_percent="19", tax_included=True)
    assert invoice.total.amount == order["total_money"]["amount"] == 165000 + 10800
    assert _adds_up(invoice)
    assert [tax.is_included for tax in invoice.taxes] == [True]


def test_a_line_given_back_is_credited_as_square_reckons_it(lite_clinic: Clinic) -> None:
    order, invoice = _sold(
        lite_clinic, "ten", more=[OIL], tax_percent="8.375", discount={"percent": "7"}, tenders=[{"tip": 900}]
    )
    uid = order["line_items"][1]["uid"]
    [refund] = lite_clinic.till.refund_lines(order["id"], {uid: "1"}, "cap broken")["refunds"]
    lite_clinic.catch_up()
    lite_clinic.papers()
    [note] = _issued(lite_clinic, "credit_note")
    assert note.total.amount == -refund["amount_money"]["amount"]
    assert _adds_up(note)
    [line] = note.lines
    assert (line.description, line.quantity, line.position) == ("Facial oil", "1", 2)
    assert (note.invoice_number, note.number, note.reason) == (invoice.number, "CN-0001", "cap broken")
    assert [(each.how, each.amount.amount) for each in note.returned] == [("card", -note.total.amount)]
    with lite_clinic.services.store.reading() as session:
        assert "cap broken" not in json.dumps(session.scalars(select(SaleRecord.content)).one())
    assert lite_clinic.is_sound()


def test_what_is_given_back_bit_by_bit_adds_up_to_the_invoice(lite_clinic: Clinic) -> None:
    tenders = [{"type": "cash", "amount": 70001}, {"type": "card", "tip": 777}]
    order, invoice = _sold(lite_clinic, "ten", more=[OIL], tax_percent="8.375", tenders=tenders)
    lite_clinic.till.refund_lines(order["id"], {order["line_items"][1]["uid"]: "1"})
    lite_clinic.catch_up()
    rest = invoice.total.amount
    for amount in (33333, 1):
        lite_clinic.till.refund_amount(amount, order_id=order["id"])
        lite_clinic.catch_up()
    lite_clinic.papers()
    rest += sum(note.total.amount for note in _issued(lite_clinic, "credit_note"))
    lite_clinic.till.refund_amount(rest, order_id=order["id"])
    lite_clinic.catch_up()
    lite_clinic.papers()
    notes = _issued(lite_clinic, "credit_note")
    assert sum(note.total.amount for note in notes) == -invoice.total.amount
    assert all(_adds_up(note) for note in notes)
    credited = {tax.name: 0 for tax in invoice.taxes}
    for tax in (tax for note in notes for tax in note.taxes):
        credited[tax.name] += tax.amount.amount
    assert credited == {tax.name: -tax.amount.amount for tax in invoice.taxes}
    assert lite_clinic.is_sound()


def test_a_refund_before_the_invoice_is_credited_after_it(lite_clinic: Clinic) -> None:
    order = lite_clinic.till.sell([lite_clinic.line("ten")], customer_id=_ana(lite_clinic))["order"]
    lite_clinic.till.refund_amount(165000, order_id=order["id"])
    lite_clinic.catch_up()
    lite_clinic.papers()
    [invoice], [note] = _issued(lite_clinic), _issued(lite_clinic, "credit_note")
    assert (note.invoice_number, note.total.amount) == (invoice.number, -165000)


def test_a_refund_that_failed_is_not_credited(lite_clinic: Clinic) -> None:
    order, _ = _sold(lite_clinic, "ten")
    lite_clinic.till.set_faults(refund_outcome="PENDING")
    [refund] = lite_clinic.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})["refunds"]
    lite_clinic.catch_up()
    lite_clinic.papers()
    assert _issued(lite_clinic, "credit_note") == []
    lite_clinic.till.end_refund(refund["id"], "FAILED")
    lite_clinic.catch_up()
    lite_clinic.papers()
    assert _issued(lite_clinic, "credit_note") == []


def test_a_refund_at_the_desk_over_two_tenders_has_one_credit_note(lite_clinic: Clinic) -> None:
    tenders = [{"type": "card", "amount": 65000}, {"type": "cash"}]
    _, invoice = _sold(lite_clinic, "ten", more=[OIL], tenders=tenders)
    with lite_clinic.services.store.reading() as session:
        course_id = session.scalars(select(Course.id)).one()
    wish = NewRefund(course_id, Money(100000, "USD"), "Moved away")
    start_refund(lite_clinic.services.store, Act(OWNER, lite_clinic.clock(), "refund"), wish)
    lite_clinic.errands()
    lite_clinic.catch_up()
    lite_clinic.papers()
    [note] = _issued(lite_clinic, "credit_note")
    assert (note.total.amount, note.reason) == (-100000, "Moved away")
    assert [line.position for line in note.lines] == [1]
    assert sorted((each.how, each.amount.amount) for each in note.returned) == [
        ("card", 65000),
        ("cash", 35000),
    ]
    assert note.invoice_number == invoice.number
    assert lite_clinic.is_sound()


def test_of_an_exchange_both_papers_tell(lite_clinic: Clinic) -> None:
    order, _ = _sold(lite_clinic, "ten")
    back = {order["line_items"][0]["uid"]: "1"}
    customer = order.get("customer_id") or _ana(lite_clinic)
    lite_clinic.till.exchange(order["id"], back, [lite_clinic.line("twelve")], customer_id=customer)
    lite_clinic.catch_up()
    lite_clinic.papers()
    _, second = _issued(lite_clinic)
    [note] = _issued(lite_clinic, "credit_note")
    assert note.total.amount == -165000
    assert [(each.how, each.label) for each in note.returned] == [("other", "Exchange")]
    assert (second.total.amount, second.balance_due.amount) == (198000, 0)
    assert [(each.label, each.amount.amount) for each in second.payments][1] == ("Exchange", 165000)


def test_a_sale_from_before_is_asked_of_square_when_its_invoice_is_wanted(lite_clinic: Clinic) -> None:
    store, clock = lite_clinic.services.store, lite_clinic.clock
    lite_clinic.till.sell([lite_clinic.line("ten")], customer_id=_ana(lite_clinic))
    lite_clinic.catch_up()
    with store.writing() as session:
        session.delete(session.scalars(select(SaleRecord)).one())
        for row in session.scalars(select(Outbox).where(Outbox.kind == "issue_invoice")):
            session.delete(row)
        course_id = session.scalars(select(Course.id)).one()
    for key in ("first", "second"):
        with pytest.raises(Refused, match="a few seconds") as refusal:
            invoice_of_course(store, Act(OWNER, clock(), key), course_id)
        assert refusal.value.code == "invoice_not_ready"
    with store.reading() as session:
        assert len(session.scalars(select(Outbox).where(Outbox.kind == "record_sale")).all()) == 1
    lite_clinic.papers()
    document_id = invoice_of_course(store, Act(OWNER, clock(), "third"), course_id)
    with store.reading() as session:
        assert session.get_one(Document, document_id).number == "INV-0001"


def test_the_record_follows_square_until_its_invoice_is_issued(lite_clinic: Clinic) -> None:
    order = lite_clinic.till.sell([lite_clinic.line("ten")], customer_id=_ana(lite_clinic))["order"]
    lite_clinic.catch_up()
    tip = {"total_tip_money": {"amount": 500, "currency": "USD"}}
    for changed, expected in ((tip, 500), ({"total_tip_money": {"amount": 900, "currency": "USD"}}, 500)):
        lite_clinic.till.forge("order", order["id"], changed)
        told = {"event_id": str(changed), "type": "sweep.order", "data": {"id": order["id"]}}
        keep(lite_clinic.services, told)
        lite_clinic.work()
        with lite_clinic.services.store.reading() as session:
            kept = sale_in(session, order["id"])
        assert kept is not None
        assert kept.tip == expected
        lite_clinic.papers()


def _order(**changed: Any) -> Json:
    money = {"amount": 10700, "currency": "USD"}
    line = {
        "uid": "L",
        "name": "Facial",
        "quantity": "1",
        "base_price_money": {"amount": 10000, "currency": "USD"},
        "total_tax_money": {"amount": 700, "currency": "USD"},
        "total_money": money,
        "applied_taxes": [{"tax_uid": "T", "applied_money": {"amount": 700, "currency": "USD"}}],
        "note": "for Zoe",
    }
    order = {
        "id": "O",
        "location_id": "LOCATION",
        "created_at": "2026-11-22T18:00:00Z",
        "ticket_name": "Zoe",
        "customer_id": "CUSTOMER-ZOE",
        "total_money": money,
        "line_items": [line],
        "taxes": [{"uid": "T", "name": "Tax", "percentage": "7", "type": "ADDITIVE"}],
        "tenders": [
            {
                "id": "P",
                "type": "CARD",
                "amount_money": money,
                "customer_id": "CUSTOMER-ZOE",
                "note": "4111 1111 1111 1111",
                "card_details": {
                    "status": "CAPTURED",
                    "card": {"card_brand": "VISA", "last_4": "4242", "cardholder_name": "ZOE QUILL"},
                },
            }
        ],
    }
    return {**order, **changed}


def test_it_keeps_no_name_and_no_digit_of_a_card() -> None:
    sale = sold_sale(Order.read(_order()))
    assert [(each.how, each.label) for each in sale.tenders] == [("card", "Visa")]
    assert not [one for one in ("zoe", "4242", "4111") if one in repr(sale).casefold()]


def test_a_card_that_is_only_authorized_has_paid_nothing() -> None:
    order = _order()
    order["tenders"][0]["card_details"]["status"] = "AUTHORIZED"
    assert sold_sale(Order.read(order)).tenders == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"total_money": None},
        {"total_money": {"amount": 1.5, "currency": "USD"}},
        {"line_items": [{"uid": "L", "quantity": "many"}]},
        {"line_items": [{"uid": "L", "quantity": "1", "total_money": {"amount": 1, "currency": "EUR"}}]},
        {"tenders": "cash"},
    ],
    ids=str,
)
def test_a_strange_order_is_unreadable(changed: Json) -> None:
    with pytest.raises(SquareFailed):
        sold_sale(Order.read(_order(**changed)))


def test_a_sale_with_an_unreadable_line_of_retail_is_not_recorded() -> None:
    order = Order.read(_order(line_items=[{"uid": "L", "quantity": "many"}]))
    assert sales_recorded(order) == ()


def test_it_reads_back_as_it_was_kept() -> None:
    sale = sold_sale(
        Order.read(_order(rounding_adjustment={"amount_money": {"amount": -2, "currency": "USD"}}))
    )
    assert from_plain(SoldSale, json.loads(json.dumps(to_plain(sale)))) == sale


def test_the_receipt_of_a_payment_links_squares_own_and_keeps_it_when_the_order_is_read_again(
    lite_clinic: Clinic,
) -> None:
    order, _invoice = _sold(lite_clinic, "ten")
    [receipt] = _issued(lite_clinic, "receipt")
    payment = order["tenders"][0]["payment_id"]
    assert receipt.receipt_url == f"https://squareup.com/receipt/preview/{payment}"
    receive_synthetic(lite_clinic.services, SWEPT_ORDER, order["id"], "again")
    lite_clinic.catch_up()
    lite_clinic.papers()
    with lite_clinic.services.store.reading() as session:
        kept = sale_in(session, order["id"])
    assert kept is not None
    assert kept.tenders[0].receipt_url == receipt.receipt_url
    assert _issued(lite_clinic, "receipt") == [receipt]


@pytest.mark.parametrize(
    "url", ["", "http://squareup.com/receipt/x", "https://squareup.com.evil.example/x", "javascript:alert(1)"]
)
def test_a_link_to_elsewhere_is_no_receipt(lite_clinic: Clinic, url: str) -> None:
    order, _invoice = _sold(lite_clinic, "ten")
    read = Order.read(order)
    payment = Payment.read({"id": read.tenders[0].payment_id, "receipt_url": url})
    [sale] = sales_recorded(read, payment)
    assert sale.tenders[0].receipt_url == ""
