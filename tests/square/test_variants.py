"""Section G in Square: a busy day, merges, refunds and disputes where Square answers less kindly, one ledger."""

import random
from typing import Any

import pytest

from plugin.courses.sales.checkout_views import CheckoutView
from plugin.square.sync import sync
from tests.square.clinic import Clinic, keep
from tests.square.selling import Selling
from tests.square.test_any_order import _a_busy_day, _as_told, _expected
from tests.square.test_bookings import swept
from tests.square.test_disputes import course, sold

VARIANTS: dict[str, dict[str, Any]] = {
    "instant profiles": {"makes_instant_profiles": True},
    "returns without refunds": {"hides_return_refunds": True},
    "seconds": {"times": "seconds"},
    "mixed times": {"times": "mixed"},
    "merged profile not told": {"lost_merge_events": "created"},
    "first old profile not told": {"lost_merge_events": "first deleted"},
    "last old profile not told": {"lost_merge_events": "last deleted"},
    "no old profile told": {"lost_merge_events": "all deleted"},
    "no merge told": {"lost_merge_events": "all"},
}
ALL = {
    "makes_instant_profiles": True,
    "hides_return_refunds": True,
    "times": "mixed",
    "lost_merge_events": "all",
}


def _swept(clinic: Clinic) -> None:
    for _ in range(3):
        clinic.clock.advance(minutes=20)
        sync(clinic.services)
        clinic.work()


@pytest.mark.parametrize("way", ["shuffled twice", "swept alone"])
@pytest.mark.parametrize("switches", [*VARIANTS.values(), ALL], ids=[*VARIANTS, "all at once"])
def test_a_busy_day_ends_in_one_ledger(lite_clinic: Clinic, switches: dict[str, Any], way: str) -> None:
    """G."""
    lite_clinic.till.set_faults(**switches)
    events = _a_busy_day(lite_clinic)
    if way == "shuffled twice":
        events = random.Random(5).sample(events * 2, 2 * len(events))
    for event in events if way != "swept alone" else []:
        keep(lite_clinic.services, event)
    lite_clinic.work()
    _swept(lite_clinic)
    assert _as_told(lite_clinic) == _expected()
    assert lite_clinic.is_sound()
    assert {state for _, state, _ in lite_clinic.messages()} <= {"done", "ignored"}


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "looked for"])
def test_a_sparse_dispute_flags_the_course_and_ends(lite_clinic: Clinic, is_told: bool) -> None:
    """G10."""
    payment = sold(lite_clinic)
    lite_clinic.till.set_faults(has_sparse_disputes=True, has_withheld_events=not is_told)
    dispute = lite_clinic.till.open_dispute(payment)
    _heard(lite_clinic, is_told)
    flag = course(lite_clinic).dispute
    assert flag is not None
    assert (flag.state, flag.due_at) == ("EVIDENCE_REQUIRED", None)
    assert [item.kind for item in lite_clinic.attention()] == ["dispute"]
    for state in ("PROCESSING", "WON"):
        lite_clinic.till.move_dispute(dispute["id"], state)
        _heard(lite_clinic, is_told)
    assert (course(lite_clinic).dispute, lite_clinic.attention()) == (None, [])


@pytest.mark.parametrize("kept", [False, True], ids=["key freed", "key kept"])
@pytest.mark.parametrize("is_400", [False, True], ids=["409", "400"])
def test_an_invoice_that_was_edited_before_it_was_published_is_published(
    selling: Selling, is_400: bool, kept: bool
) -> None:
    """G5, G6."""
    begun = _drafted(selling)
    till = selling.clinic.till
    till.forge("invoice", selling.object_of(begun), {"version": 7})
    till.set_faults(is_mismatch_400=is_400, keeps_refused_keys=kept)
    _until_waiting(selling, begun)
    till.set_faults(is_mismatch_400=False, keeps_refused_keys=False)
    selling.pay(begun)
    selling.after(5)
    assert (selling.now(begun).state, len(selling.courses(begun))) == ("paid", 1)


def test_an_invoice_that_somebody_published_in_square_is_waited_for(selling: Selling) -> None:
    """G5."""
    begun = _drafted(selling)
    invoice_id = selling.object_of(begun)
    selling.clinic.services.square.publish_invoice("by hand", invoice_id, 0)
    _until_waiting(selling, begun)
    assert selling.now(begun).url


def _drafted(selling: Selling) -> CheckoutView:
    """Begin a sale by invoice whose publishing failed at first."""
    assert selling.line is not None
    selling.line.faults["POST /v2/invoices/{id}/publish"] = ["500"]
    begun = selling.begin("invoice")
    selling.go()
    assert selling.now(begun).state == "asking"
    return begun


def _until_waiting(selling: Selling, begun: CheckoutView) -> None:
    for _ in range(4):
        selling.after(10)
    assert selling.now(begun).state == "waiting"


def _heard(clinic: Clinic, is_told: bool) -> None:
    clinic.clock.advance(hours=1)
    if is_told:
        clinic.catch_up()
    else:
        swept(clinic, "dispute")
