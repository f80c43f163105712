"""Events about what Square no longer has, or what sells nothing: each ends in a sentence, and changes nothing."""

from typing import Any

import pytest

from plugin.core.acts import Act
from plugin.courses.base.outbox import Job
from plugin.courses.refunds.desk_refunds import NewRefund, refund_quote, start_refund
from plugin.square.inbox import SWEPT_MERGE, receive_synthetic
from plugin.square.refunds import run_refund
from tests.square.clinic import OWNER, keep
from tests.square.selling import Selling

Json = dict[str, Any]


def outcome(selling: Selling, kind: str, id_: str, **about: Any) -> tuple[str, str]:
    """Have Square tell of it; return the state of the event and what it came to."""
    event = {"event_id": f"{kind}-{id_}", "type": kind, "data": {"id": id_, **about}}
    keep(selling.clinic.services, event)
    selling.clinic.work()
    ((_kind, state, says),) = [row for row in selling.clinic.messages()[-1:] if row[0] == kind]
    return state, says


@pytest.mark.parametrize(
    ("kind", "id_", "thing", "says"),
    [
        (
            "payment.updated",
            "NO-ORDER",
            {"payment": {"id": "NO-ORDER", "status": "COMPLETED"}},
            "A payment without an order sells no package.",
        ),
        (
            "payment.updated",
            "APPROVED",
            {"payment": {"id": "APPROVED", "status": "APPROVED"}},
            "The payment is APPROVED; only a completed one counts.",
        ),
        (
            "refund.updated",
            "PENDING",
            {
                "refund": {
                    "id": "PENDING",
                    "status": "PENDING",
                    "amount_money": {"amount": 1, "currency": "USD"},
                }
            },
            "The refund is pending; waiting for its next event.",
        ),
        (
            "refund.updated",
            "ALONE",
            {
                "refund": {
                    "id": "ALONE",
                    "status": "COMPLETED",
                    "amount_money": {"amount": 1, "currency": "USD"},
                }
            },
            "The refund belongs to no sale.",
        ),
        (
            "refund.updated",
            "LOST-PAYMENT",
            {
                "refund": {
                    "id": "LOST-PAYMENT",
                    "payment_id": "LOST",
                    "status": "COMPLETED",
                    "amount_money": {"amount": 1, "currency": "USD"},
                }
            },
            "The refund belongs to no sale.",
        ),
    ],
)
def test_what_sells_and_gives_back_nothing_is_ignored_in_words(
    selling: Selling, kind: str, id_: str, thing: Json, says: str
) -> None:
    name = next(iter(thing))
    thing[name] |= {"created_at": "2026-11-22T18:00:00Z", "updated_at": "2026-11-22T18:00:00Z"}
    assert outcome(selling, kind, id_, object=thing) == ("ignored", says)


def test_an_invoice_that_nobody_has_paid_opens_nothing(selling: Selling) -> None:
    begun = selling.begin("invoice")
    selling.go()
    state, says = outcome(selling, "invoice.updated", selling.object_of(begun))
    assert (state, says) == ("ignored", "The invoice is UNPAID; nothing was paid yet.")
    assert selling.now(begun).state == "waiting"


def test_an_invoice_deleted_in_square_ends_its_sale(selling: Selling) -> None:
    begun = selling.begin("invoice")
    selling.go()
    assert selling.line is not None
    selling.line.faults["GET /v2/invoices/{id}"] = ["404"]
    state, _says = outcome(selling, "invoice.deleted", selling.object_of(begun))
    assert state == "done"
    ended = selling.now(begun)
    assert (ended.state, ended.problem) == ("canceled", "The invoice was deleted in Square.")


def test_a_merge_into_a_customer_whom_square_no_longer_has_keeps_the_client(selling: Selling) -> None:
    begun = selling.begin("cash")
    selling.go()
    profile = selling.square_id(begun.client_id)
    merge = {"from_customer_ids": [profile], "to_customer_id": "GONE0CUSTOMER"}
    about = {"customer": {}, "event_context": {"merge": merge}}
    state, _says = outcome(selling, "customer.updated", profile, object=about)
    assert state == "done"
    assert selling.square_id(begun.client_id) == "GONE0CUSTOMER"
    assert [one.client_id for one in selling.courses(begun)] == [begun.client_id]


def test_a_customer_found_merged_who_is_gone_again_changes_nothing(selling: Selling) -> None:
    receive_synthetic(selling.clinic.services, SWEPT_MERGE, "GONE0AGAIN", "1")
    selling.clinic.work()
    kind, state, _says = selling.clinic.messages()[-1]
    assert (kind, state) == (SWEPT_MERGE, "done")


def test_a_refund_that_has_ended_is_asked_for_once(selling: Selling) -> None:
    begun = selling.begin("cash")
    selling.go()
    (course,) = selling.courses(begun)
    today = selling.clinic.clock().date()
    quote = refund_quote(selling.store, course.id, today=today)
    wish = NewRefund(course.id, quote.most, "Moves away")
    act = Act(OWNER, selling.clinic.clock(), "refund-once")
    refund = start_refund(selling.store, act, wish)
    selling.go()
    selling.after(5)
    job = Job(id="1", kind="refund", subject=refund.id, payload={}, attempts=1)
    assert run_refund(selling.clinic.services, job) == "The refund has ended already."
    assert selling.line is not None
    assert selling.line.calls.count("POST /v2/refunds") == 1
