"""Every call about terminals, payment links and invoices, made with the real SDK against a running practice Square."""

from square import Square

from practice_square.serving import PracticeServer
from tests.practice_square.counter import money


def play_terminals(sdk: Square, practice: PracticeServer) -> None:
    seeded = next(iter(sdk.devices.list(location_id=practice.location_id)))
    assert sdk.devices.get(seeded.id).device.attributes.name == "Practice terminal"
    code = sdk.devices.codes.create(
        idempotency_key="dc1", device_code={"product_type": "TERMINAL_API", "name": "Room 2"}
    ).device_code
    practice.control.pair_terminal(code.code)
    paired = sdk.devices.codes.get(code.id).device_code
    assert paired.id in [one.id for one in sdk.devices.codes.list(status="PAIRED")]
    order = sdk.orders.create(order=order_of(practice), idempotency_key="to1").order
    options = {"device_id": paired.device_id, "tip_settings": {"allow_tipping": True}}
    checkout = {"amount_money": money(9000), "order_id": order.id, "device_options": options}
    sent = sdk.terminal.checkouts.create(idempotency_key="tc1", checkout=checkout).checkout
    assert practice.control.show_at_terminal(paired.device_id)["status"] == "IN_PROGRESS"
    done = practice.control.pay_terminal(sent.id, tip=500)
    read = sdk.terminal.checkouts.get(sent.id).checkout
    assert (read.status, read.payment_ids) == ("COMPLETED", done["payment_ids"])
    sdk.terminal.dismiss_terminal_checkout(sent.id)
    checkout = {"amount_money": money(100), "device_options": {"device_id": paired.device_id}}
    waiting = [
        sdk.terminal.checkouts.create(idempotency_key=f"tc{n}", checkout=checkout).checkout for n in (2, 3, 4)
    ]
    assert sdk.terminal.checkouts.cancel(waiting[0].id).checkout.cancel_reason == "SELLER_CANCELED"
    assert practice.control.cancel_at_terminal(waiting[1].id)["cancel_reason"] == "BUYER_CANCELED"
    assert practice.control.leave_terminal(waiting[2].id)["cancel_reason"] == "TIMED_OUT"
    found = sdk.terminal.checkouts.search(query={"filter": {"status": "CANCELED"}}, limit=2)
    assert [one.id for one in found.checkouts] == [waiting[2].id, waiting[1].id]


def play_links(sdk: Square, practice: PracticeServer) -> None:
    made = sdk.checkout.payment_links.create(
        idempotency_key="pl1",
        order=order_of(practice),
        checkout_options={"redirect_url": "https://clinic.example.org/thanks", "allow_tipping": True},
        pre_populated_data={"buyer_email": "ines@example.org"},
    )
    link = made.payment_link
    assert made.related_resources.orders[0].id == link.order_id
    paid = practice.control.pay_link(link.id, email="ines@example.org", tip=100)
    assert sdk.payments.get(paid["payment"]["id"]).payment.order_id == link.order_id
    quick = {"name": "Visit", "price_money": money(16500), "location_id": practice.location_id}
    other = sdk.checkout.payment_links.create(idempotency_key="pl2", quick_pay=quick).payment_link
    changed = sdk.checkout.payment_links.update(other.id, payment_link={"version": 1, "description": "Ana"})
    assert sdk.checkout.payment_links.get(other.id).payment_link == changed.payment_link
    assert [one.id for one in sdk.checkout.payment_links.list()] == [other.id, link.id]
    assert sdk.checkout.payment_links.delete(other.id).cancelled_order_id == other.order_id


def play_invoices(sdk: Square, practice: PracticeServer) -> None:
    client = sdk.customers.create(given_name="Ines", email_address="ines@example.org").customer.id
    deposit = {"request_type": "DEPOSIT", "due_date": "2099-03-10", "percentage_requested": "25"}
    balance = {"request_type": "BALANCE", "due_date": "2099-04-01"}
    made = [
        sdk.invoices.create(
            idempotency_key=f"in{n}",
            invoice={
                "order_id": sdk.orders.create(order=order_of(practice), idempotency_key=f"io{n}").order.id,
                "primary_recipient": {"customer_id": client},
                "payment_requests": [deposit, balance],
                "delivery_method": "EMAIL",
                "accepted_payment_methods": {"card": True},
            },
        ).invoice
        for n in (1, 2, 3)
    ]
    kept = sdk.invoices.update(made[0].id, invoice={"version": 0, "title": "Your course"}).invoice
    sent = sdk.invoices.publish(kept.id, version=1, idempotency_key="ip1").invoice
    assert sent.public_url == f"{practice.base_url}/invoice/{sent.id}"
    practice.control.pay_invoice(sent.id)
    paid = practice.control.pay_invoice(sent.id, tender="cash")
    assert sdk.invoices.get(sent.id).invoice.status == "PAID"
    practice.control.refund_amount(100, payment_id=paid["payment"]["id"])
    sdk.invoices.publish(made[1].id, version=0)
    assert sdk.invoices.cancel(made[1].id, version=1).invoice.status == "CANCELED"
    sdk.invoices.delete(made[2].id, version=0)
    assert len(list(sdk.invoices.list(location_id=practice.location_id))) == 2
    query = {"filter": {"location_ids": [practice.location_id], "customer_ids": [client]}}
    assert len(sdk.invoices.search(query=query, limit=1).invoices) == 1


def order_of(practice: PracticeServer) -> dict[str, object]:
    line = {"name": "Course of 12", "quantity": "1", "base_price_money": money(9000)}
    return {"location_id": practice.location_id, "line_items": [line]}
