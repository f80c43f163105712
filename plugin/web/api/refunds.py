"""The calls about giving money back: what a refund is worth by each formula, and beginning one."""

from __future__ import annotations

from plugin.core.terms import RefundFormula
from plugin.core.text import REASON_LENGTH
from plugin.courses.base.clinic import local_date, read_clinic
from plugin.courses.refunds.desk_refund_quote import refund_quote
from plugin.courses.refunds.desk_refunds import NewRefund, start_refund
from plugin.web.api import shapes
from plugin.web.api.calls import THE_OWNER, Answer, Asked, Call, Key
from plugin.web.api.fields import money, one_of, record, text

_REFUND = record(
    {
        "amount": money(
            description="At most what the client paid for the course, tax included, less earlier refunds."
        ),
        "formula": one_of(RefundFormula, description="The formula that gave the sum, for the history."),
        "reason": text(least=1, most=REASON_LENGTH, description="Kept in the history and sent to Square."),
    },
    required=("amount", "reason"),
    examples=[
        {"amount": {"amount": 82500, "currency": "USD"}, "formula": "prorated", "reason": "Moved away"},
        {"amount": {"amount": 50000, "currency": "USD"}, "reason": "As agreed with the client"},
    ],
)


def _quote(asked: Asked) -> Answer:
    store = asked.services.store
    today = local_date(read_clinic(store), asked.act.now)
    quote = refund_quote(store, asked.ids["course_id"], today=today)
    return Answer(shapes.refund_quote(quote))


def _start(asked: Asked) -> Answer:
    wish = NewRefund(
        course_id=asked.ids["course_id"],
        amount=asked.body["amount"],
        reason=asked.body["reason"],
        formula=asked.body.get("formula", ""),
    )
    begun = start_refund(asked.services.store, asked.act, wish)
    return Answer({"refund": shapes.refund(begun)}, is_repeat=begun.is_repeat)


CALLS = (
    Call(
        name="quote_refund",
        method="GET",
        path="/courses/{course_id}/refund-quote",
        summary="Quote a refund of the course by both formulas, tax included, with the working",
        view=_quote,
        answer="RefundQuote",
        refusals=(409,),
    ),
    Call(
        name="start_refund",
        method="POST",
        path="/courses/{course_id}/refunds",
        summary="Begin a refund in Square; the sessions leave when Square tells of it",
        view=_start,
        answer="RefundBegun",
        status=202,
        roles=THE_OWNER,
        key=Key.REQUIRED,
        body=_REFUND,
    ),
)
