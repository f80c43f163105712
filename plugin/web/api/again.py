"""The call that sells the package of a course once more, by payment link."""

from __future__ import annotations

from typing import Literal

from plugin.courses.sales.buy_again import buy_again
from plugin.web.agreement_rules import agreements_are_required
from plugin.web.api.answers import Answer, Id, Money, example_id, shown
from plugin.web.api.calls import THE_DESK, Reply, Request, call


class LinkedSale(Answer):
    """A sale that waits for its payment at Square, or has ended."""

    id: Id = shown(example_id(1))
    client_id: Id = shown(example_id(2))
    package_id: Id = shown(example_id(3))
    state: Literal["asking", "waiting", "paid", "canceled", "timed_out", "failed"] = shown(
        "waiting", "`asking`: Square has not made the link yet; ask again in a moment."
    )
    amount: Money = shown(description="What is due, tax included, once Square has computed it.")
    url: str | None = shown("https://square.link/u/abc", "Where it is paid; null until Square has made it.")


@call("POST", "/courses/{course_id}/again", LinkedSale, roles=THE_DESK, refusals=(404, 409, 422))
def sell_course_again(request: Request, *, course_id: str) -> Reply:
    """Begin the sale of the same package at today's price, or return the one begun from this course."""
    needs = agreements_are_required()
    begun = buy_again(request.store, request.act, course_id, needs_agreement=needs)
    return Reply(LinkedSale.of(begun))
