"""Disputes over the wire: reported by an event or a sync, and matched to the courses of their payment."""

from plugin.courses.base.read import courses_of_client, recent_sales
from plugin.courses.base.views import CourseView
from tests.square.clinic import Clinic
from tests.square.test_bookings import swept


def sold(clinic: Clinic) -> str:
    """Ring up a course on a card and return its payment."""
    ana = clinic.till.add_customer(given_name="Ana", family_name="Souza")
    sale = clinic.till.sell([clinic.line("twelve")], customer_id=ana["id"])
    clinic.catch_up()
    payment: str = sale["payments"][0]["id"]
    return payment


def course(clinic: Clinic) -> CourseView:
    today = clinic.clock().date()
    (row,) = recent_sales(clinic.services.store, limit=5, today=today)
    return courses_of_client(clinic.services.store, row.client_id or "", today=today)[0]


def test_the_events_flag_the_course_and_ask_once(lite_clinic: Clinic) -> None:
    lite_clinic.till.set_faults(has_duplicate_events=True, has_shuffled_events=True)
    dispute = lite_clinic.till.open_dispute(sold(lite_clinic))
    lite_clinic.till.move_dispute(dispute["id"], "PROCESSING")
    lite_clinic.catch_up()
    flag = course(lite_clinic).dispute
    assert flag is not None
    assert (flag.state, flag.amount.amount) == ("PROCESSING", dispute["amount_money"]["amount"])
    assert [item.kind for item in lite_clinic.attention()] == ["dispute"]
    lite_clinic.till.move_dispute(dispute["id"], "WON")
    lite_clinic.catch_up()
    assert (course(lite_clinic).dispute, lite_clinic.attention()) == (None, [])


def test_without_webhooks_the_look_brings_each_state_once(lite_clinic: Clinic) -> None:
    payment = sold(lite_clinic)
    lite_clinic.till.set_faults(has_withheld_events=True, has_empty_pages=True)
    dispute = lite_clinic.till.open_dispute(payment)
    assert [swept(lite_clinic, "dispute") for _ in range(2)] == [[dispute["id"]], []]
    lite_clinic.till.move_dispute(dispute["id"], "LOST")
    assert [swept(lite_clinic, "dispute") for _ in range(2)] == [[dispute["id"]], []]
    assert [item.proposed_decision for item in lite_clinic.attention()] == ["close_course"]


def test_a_dispute_seen_before_its_sale_is_asked_about_after_it(lite_clinic: Clinic) -> None:
    lite_clinic.till.set_faults(has_withheld_events=True)
    sale = lite_clinic.till.sell([lite_clinic.line("twelve")])
    dispute = lite_clinic.till.open_dispute(sale["payments"][0]["id"])
    # One sync finds both; whichever is handled first, the next sync opens the item.
    assert swept(lite_clinic, "dispute") == [dispute["id"]]
    lite_clinic.clock.advance(hours=1)
    swept(lite_clinic, "dispute")
    assert sorted(item.kind for item in lite_clinic.attention()) == ["dispute", "unassigned_sale"]


def test_retail_that_is_disputed_asks_nobody(lite_clinic: Clinic) -> None:
    sale = lite_clinic.till.sell([{"name": "Jade roller", "amount": 3800, "quantity": "1"}])
    lite_clinic.till.open_dispute(sale["payments"][0]["id"])
    lite_clinic.catch_up()
    assert lite_clinic.attention() == []
