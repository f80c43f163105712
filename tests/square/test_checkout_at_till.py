"""A sale that the desk waits for while it is rung up on Square POS: it turns to paid by itself, or is claimed."""

from typing import Any

import pytest

from plugin.courses.sales.checkouts import claim_sale, waiting_of_client
from plugin.errors import Refused
from tests.square.selling import Selling


def ring_up(selling: Selling, **sale: Any) -> str:
    return str(selling.clinic.sell("ten", **sale)["id"])


def known_to_square(selling: Selling) -> tuple[str, str]:
    """Return a client and the id Square knows them by."""
    client_id = selling.client()
    selling.go()
    return client_id, selling.square_id(client_id)


def test_it_turns_to_paid_by_itself_without_any_webhook(selling: Selling) -> None:
    client_id, customer_id = known_to_square(selling)
    begun = selling.begin("till", client_id)
    assert begun.state == "waiting"
    selling.go()
    ring_up(selling, customer_id=customer_id)
    selling.after(10)
    assert (selling.now(begun).state, len(selling.courses(begun))) == ("paid", 1)
    assert waiting_of_client(selling.store, client_id) == ()


def test_one_that_cost_nothing_is_found_while_the_desk_waits(selling: Selling) -> None:
    """B21: it has no event, so the desk's own check finds it."""
    client_id, customer_id = known_to_square(selling)
    begun = selling.begin("till", client_id)
    line = selling.clinic.line("ten", discount={"percent": "100"})
    selling.clinic.till.sell([line], customer_id=customer_id, customer_on="order")
    selling.after(10)
    (course,) = selling.courses(begun)
    assert (selling.now(begun).state, course.paid.amount, course.left) == ("paid", 0, 10)


def test_of_two_that_wait_one_sale_ends_the_newer(selling: Selling) -> None:
    client_id, customer_id = known_to_square(selling)
    older = selling.begin("till", client_id)
    selling.clinic.clock.advance(seconds=1)
    newer = selling.begin("till", client_id)
    ring_up(selling, customer_id=customer_id)
    selling.sync()
    selling.sync()
    assert (selling.now(older).state, selling.now(newer).state) == ("waiting", "paid")


def test_word_of_an_older_sale_does_not_end_it(selling: Selling) -> None:
    client_id, customer_id = known_to_square(selling)
    told = selling.events(lambda: ring_up(selling, customer_id=customer_id))
    selling.hear(told)
    selling.clinic.clock.advance(minutes=1)
    begun = selling.begin("till", client_id)
    selling.hear([{**event, "event_id": f"again-{event['event_id']}"} for event in told])
    assert selling.now(begun).state == "waiting"


def test_a_sale_without_a_client_is_offered_and_claimed_with_one_tap(selling: Selling) -> None:
    begun = selling.begin("till")
    order_id = ring_up(selling)
    selling.sync()
    (offered,) = [one for one in selling.now(begun).offered if one.order_id == order_id]
    assert offered.paid == begun.amount
    claimed = claim_sale(selling.store, selling.act(), begun.id, offered.course_ids)
    assert (claimed.state, claimed.course_ids, claimed.offered) == ("paid", offered.course_ids, ())
    assert [one.client_id for one in selling.courses(begun)] == [begun.client_id]
    assert [one for one in selling.clinic.attention() if one.square_order_id == order_id] == []
    assert claim_sale(selling.store, selling.act(), begun.id, offered.course_ids).state == "paid"


def test_a_course_of_somebody_else_can_not_be_claimed(selling: Selling) -> None:
    _, customer_id = known_to_square(selling)
    order_id = ring_up(selling, customer_id=customer_id)
    selling.sync()
    begun = selling.begin("till", selling.client("Bea Wong"))
    courses = [one.id for one in selling.courses_of(order_id)]
    assert selling.now(begun).offered == ()
    with pytest.raises(Refused, match="belongs to a client already"):
        claim_sale(selling.store, selling.act(), begun.id, courses)


def test_it_is_called_off_at_once_and_ends_by_itself_after_twelve_hours(selling: Selling) -> None:
    begun, forgotten = selling.begin("till"), selling.begin("till")
    assert selling.cancel(begun).state == "canceled"
    selling.after(601)
    selling.after(12 * 3600)
    assert selling.now(forgotten).state == "timed_out"
