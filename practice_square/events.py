"""Square's webhook events: the envelope, its receivers, the signature. sender.py sends them."""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import timedelta

from practice_square.faults import read_faults
from practice_square.storage import Json, Work
from practice_square.times import with_times

EVENT_TYPES = (
    "booking.created",
    "booking.updated",
    "catalog.version.updated",
    "customer.created",
    "customer.deleted",
    "customer.updated",
    "device.code.paired",
    "dispute.created",
    "dispute.state.updated",
    "invoice.canceled",
    "invoice.created",
    "invoice.deleted",
    "invoice.payment_made",
    "invoice.published",
    "invoice.refunded",
    "invoice.updated",
    "oauth.authorization.revoked",
    "order.created",
    "order.updated",
    "payment.created",
    "payment.updated",
    "refund.created",
    "refund.updated",
    "terminal.checkout.created",
    "terminal.checkout.updated",
)
SHUFFLE_HOLD = timedelta(milliseconds=400)
SECOND_COPY_DELAY = timedelta(milliseconds=200)


def sign(signature_key: str, notification_url: str, body: str) -> str:
    """Make the x-square-hmacsha256-signature: HMAC-SHA256 over address and body, base64."""
    digest = hmac.new(signature_key.encode(), (notification_url + body).encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def announce_payment(work: Work, payment: Json, *, is_new: bool, is_withheld: bool = False) -> None:
    event = "payment.created" if is_new else "payment.updated"
    _announce(work, event, _about("payment", payment), is_withheld=is_withheld)


def announce_refund(work: Work, refund: Json, *, is_new: bool, is_withheld: bool = False) -> None:
    event = "refund.created" if is_new else "refund.updated"
    _announce(work, event, _about("refund", refund), is_withheld=is_withheld)


def announce_order(work: Work, order: Json, *, is_new: bool) -> None:
    """Queue order events, only for orders made through the API: the register's own orders send none."""
    name = "order_created" if is_new else "order_updated"
    said = {"order_id": order["id"]} | {
        key: order[key] for key in ("version", "location_id", "state", "created_at") if key in order
    }
    if not is_new:
        said["updated_at"] = order["updated_at"]
    _announce(work, name.replace("_", "."), {"type": name, "id": order["id"], "object": {name: said}})


def announce_merge(work: Work, merged: Json, old: list[Json]) -> None:
    """Queue the events of the new profile and of each merged one, without those that a fault drops."""
    lost = read_faults(work).lost_merge_events
    context = {"from_customer_ids": [one["id"] for one in old], "to_customer_id": merged["id"]}
    if lost not in ("created", "all"):
        announce_customer(work, "created", merged, context)
    losing = {"all": old, "all deleted": old, "first deleted": old[:1], "last deleted": old[-1:]}.get(
        lost, []
    )
    for one in old:
        if one not in losing:
            announce_customer(work, "deleted", one, context)


def announce_customer(work: Work, what: str, customer: Json, merge: Json | None = None) -> None:
    said: Json = {"customer": dict(customer)}
    if merge is not None:
        said["event_context"] = {"merge": merge}
    data: Json = {"type": "customer", "id": customer["id"], "object": said}
    if what == "deleted":
        data["deleted"] = True
        said["customer"].pop("group_ids", None)
    _announce(work, f"customer.{what}", data)


def announce_catalog(work: Work, updated_at: str) -> None:
    said = {"catalog_version": {"updated_at": updated_at}}
    _announce(
        work, "catalog.version.updated", {"type": "catalog_version", "id": str(uuid.uuid4()), "object": said}
    )


def announce_booking(work: Work, booking: Json, *, is_new: bool) -> None:
    """Queue a booking event. As in Square's own sample, `data.id` is not the booking's id but id and version."""
    data = {"type": "booking", "id": f"{booking['id']}:{booking['version']}", "object": {"booking": booking}}
    _announce(work, "booking.created" if is_new else "booking.updated", data)


def announce_dispute(work: Work, dispute: Json, *, is_new: bool) -> None:
    event = "dispute.created" if is_new else "dispute.state.updated"
    _announce(work, event, _about("dispute", dispute))


def announce_revocation(work: Work, revoker_type: str) -> None:
    said = {"revocation": {"revoked_at": work.now(), "revoker_type": revoker_type}}
    data = {"type": "revocation", "id": str(uuid.uuid4()), "object": said}
    _announce(work, "oauth.authorization.revoked", data)


def announce_checkout(work: Work, checkout: Json, *, is_new: bool) -> None:
    event = "terminal.checkout.created" if is_new else "terminal.checkout.updated"
    _announce(work, event, _about("checkout", checkout))


def announce_pairing(work: Work, code: Json) -> None:
    _announce(work, "device.code.paired", _about("device_code", code))


def announce_invoice(work: Work, what: str, invoice: Json) -> None:
    gone = {"type": "invoice", "id": invoice["id"], "deleted": True}
    _announce(work, f"invoice.{what}", gone if what == "deleted" else _about("invoice", invoice))


def _about(name: str, changed: Json) -> Json:
    return {"type": name, "id": changed["id"], "object": {name: changed}}


def envelope(work: Work, type_: str, data: Json) -> Json:
    """Wrap an event's data in Square's envelope, with an id of its own."""
    return {
        "merchant_id": work.note("merchant_id"),
        "type": type_,
        "event_id": str(uuid.uuid4()),
        "created_at": work.now(),
        "data": data,
    }


def _announce(work: Work, type_: str, data: Json, *, is_withheld: bool = False) -> None:
    event = envelope(work, type_, data)
    work.put("event", event | {"id": event["event_id"], "updated_at": event["created_at"]})
    for subscription in work.all("subscription"):
        if subscription["enabled"] and type_ in subscription["event_types"]:
            queue_delivery(work, subscription["id"], event, is_withheld=is_withheld)


def queue_delivery(work: Work, subscription_id: str, event: Json, *, is_withheld: bool = False) -> None:
    """Store what must be delivered, in the same transaction as the change."""
    faults = read_faults(work)
    state = "withheld" if is_withheld or faults.has_withheld_events else "waiting"
    hold = SHUFFLE_HOLD if faults.has_shuffled_events else timedelta()
    body = json.dumps(with_times(event, faults.times), ensure_ascii=False, separators=(",", ":"))
    copies = [hold, hold + SECOND_COPY_DELAY] if faults.has_duplicate_events else [hold]
    for delay in copies:
        work.sql.execute(
            "INSERT INTO deliveries (event_id, type, body, subscription_id, state, due_at, newest_first)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                event["event_id"],
                event["type"],
                body,
                subscription_id,
                state,
                work.ago(-delay),
                int(faults.has_shuffled_events),
            ),
        )


def event_as_told(kept: Json) -> Json:
    """Return the event without the fields that only the file needs."""
    return {name: value for name, value in kept.items() if name not in ("id", "updated_at")}
