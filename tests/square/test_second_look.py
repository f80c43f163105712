"""What a person decides though Square is plain: a used course refunded, a sale changed after it was booked."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.core.moments import day_at
from plugin.courses.attention.items import list_attention, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.audit import audit
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.read import read_course
from plugin.courses.base.views import AttentionView, CourseView
from plugin.courses.visits.use import UseSession, use_session
from plugin.store.ledger import Course
from tests.square.clinic import OWNER, Clinic, keep

Json = dict[str, Any]


def _bought(clinic: Clinic, name: str = "ten", quantity: str = "1") -> Json:
    customer = clinic.till.add_customer(given_name="Ana", family_name="López", phone_number="+13105550199")
    order: Json = clinic.till.sell([clinic.line(name, quantity)], customer_id=customer["id"])["order"]
    clinic.catch_up()
    return order


def _courses(clinic: Clinic) -> list[CourseView]:
    today = day_at(clinic.clock(), read_clinic(clinic.services.store).zone)
    return [read_course(clinic.services.store, course_id, today=today) for course_id in _course_ids(clinic)]


def _course_ids(clinic: Clinic) -> list[str]:
    with clinic.services.store.reading() as session:
        return list(session.scalars(select(Course.id).order_by(Course.unit)))


def _tell_of(clinic: Clinic, order_id: str) -> None:
    """Have Square report that the order was touched."""
    data = {"id": order_id, "object": {"order_updated": {"order_id": order_id}}}
    keep(clinic.services, {"event_id": clinic.services.store.new_id(), "type": "order.updated", "data": data})


def _use(clinic: Clinic, many: int) -> None:
    [course] = _courses(clinic)
    for number in range(many):
        act = Act(OWNER, clinic.clock(), f"use-{number}")
        use_session(clinic.services.store, act, UseSession(course.id), known_charges=number)


def _items(clinic: Clinic, kind: str) -> list[AttentionView]:
    return [item for item in list_attention(clinic.services.store).rows if item.kind == kind]


def _decide(clinic: Clinic, item: AttentionView, decision: str) -> None:
    act = Act(OWNER, clinic.clock(), f"decide-{item.id}")
    resolve(clinic.services.store, act, item.id, Resolution("So it was meant", decision=decision))


def _give_back(clinic: Clinic, order: Json) -> Json:
    return clinic.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})


def test_an_untouched_course_that_is_given_back_asks_nobody(lite_clinic: Clinic) -> None:
    _give_back(lite_clinic, _bought(lite_clinic))
    lite_clinic.catch_up()
    assert _items(lite_clinic, "refunded_used_course") == []


def test_a_used_course_that_is_given_back_is_closed_and_asked_about(lite_clinic: Clinic) -> None:
    order = _bought(lite_clinic)
    _use(lite_clinic, 3)
    _give_back(lite_clinic, order)
    lite_clinic.catch_up()
    [item] = _items(lite_clinic, "refunded_used_course")
    assert "after 3 sessions of it had been used" in item.summary
    assert item.proposal is not None
    assert "$495.00" in item.proposal
    assert _courses(lite_clinic)[0].status == "refunded"
    _decide(lite_clinic, item, "keep_closed")
    assert _items(lite_clinic, "refunded_used_course") == []
    assert _courses(lite_clinic)[0].status == "refunded"


def test_opened_again_it_has_all_it_had_and_the_same_return_closes_it_no_more(lite_clinic: Clinic) -> None:
    order = _bought(lite_clinic)
    _use(lite_clinic, 3)
    _give_back(lite_clinic, order)
    lite_clinic.catch_up()
    _decide(lite_clinic, _items(lite_clinic, "refunded_used_course")[0], "reopen")
    for event in lite_clinic.till.events():
        if event["type"].startswith("refund."):
            body = json.loads(event["body"]) if isinstance(event["body"], str) else event["body"]
            keep(lite_clinic.services, {**body, "event_id": f"again-{event['event_id']}"})
    lite_clinic.work()
    [course] = _courses(lite_clinic)
    assert (course.status, course.left, course.value_left.amount) == ("open", 7, 165000 - 3 * 16500)
    assert audit(lite_clinic.services.store) == ()


def test_a_refund_that_fails_takes_its_question_away(lite_clinic: Clinic) -> None:
    order = _bought(lite_clinic)
    _use(lite_clinic, 1)
    lite_clinic.till.set_faults(refund_outcome="PENDING")
    [refund] = _give_back(lite_clinic, order)["refunds"]
    lite_clinic.catch_up()
    assert len(_items(lite_clinic, "refunded_used_course")) == 1
    lite_clinic.till.end_refund(refund["id"], "FAILED")
    lite_clinic.catch_up()
    assert _items(lite_clinic, "refunded_used_course") == []
    assert _courses(lite_clinic)[0].left == 9


def _edited(clinic: Clinic, order: Json, **line: Any) -> None:
    """Have the sale's only line read otherwise from now on, as an edit in Square would."""
    lines = [{**order["line_items"][0], **line}]
    clinic.till.forge("order", order["id"], {"line_items": lines})
    _tell_of(clinic, order["id"])
    clinic.catch_up()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (
            {"total_money": {"amount": 150000, "currency": "USD"}},
            "is on its sale in Square at $1,500.00 now",
        ),
        ({"catalog_object_id": "SOMETHING-ELSE"}, "is no longer on its sale in Square"),
        ({"uid": "another-uid", "catalog_object_id": "OTHER"}, "is no longer on its sale in Square"),
    ],
    ids=["price", "another item", "line gone"],
)
def test_a_sale_changed_after_it_was_booked_is_asked_about_and_not_obeyed(
    lite_clinic: Clinic, line: Json, says: str
) -> None:
    order = _bought(lite_clinic)
    _edited(lite_clinic, order, **line)
    [item] = _items(lite_clinic, "changed_sale")
    assert says in item.summary
    assert _courses(lite_clinic)[0].paid.amount == 165000
    _edited(lite_clinic, order)
    assert _items(lite_clinic, "changed_sale") == []


def test_a_line_that_has_fewer_of_them_asks_about_the_one_that_is_gone(lite_clinic: Clinic) -> None:
    order = _bought(lite_clinic, quantity="2")
    _edited(lite_clinic, order, quantity="1", total_money={"amount": 165000, "currency": "USD"})
    items = _items(lite_clinic, "changed_sale")
    assert len(items) == 2
    _decide(lite_clinic, next(one for one in items if "no longer" in one.summary), "close_course")
    assert sorted(course.status for course in _courses(lite_clinic)) == ["open", "refunded"]
