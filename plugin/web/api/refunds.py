"""The calls about refunds: a quote by both formulas, and starting one."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from plugin.core.terms import RefundFormula
from plugin.courses.refunds import desk_refunds
from plugin.courses.refunds.desk_refunds import refund_quote
from plugin.web.api.calls import THE_OWNER, Key, Reply, Request, call
from plugin.web.api.inputs import Answer, Formula, Id, Input, Money, Price, Reason, example_id, shown, usd


class RefundQuote(Answer):
    """The amount of a refund of the course by both formulas."""

    formula: Annotated[Formula, Field(description="The one of the course’s own terms.")]
    prorated: Money = shown(usd(82500))
    discount_forfeited: Money = shown(usd(82500))
    refundable: Money = shown(description="The most that can be refunded, tax included.")
    paid: Money = shown(description="What the client paid for the course, tax included, tips apart.")
    tax: Money = shown(usd(0), "How much of `paid` is tax; 0 where the tax is not known.")
    change_of_mind_until: date | None = Field(
        None, description="The last day of the period to change one’s mind; left out where none runs."
    )
    working: list[str] = shown(
        [
            "Prorated: Facial acupuncture, 60 min: 5 of 12 unused.",
            "Prorated: $1,980.00 × 5 ÷ 12 = $825.00.",
        ]
    )


class Refund(Answer):
    """A refund that was started."""

    id: Id = shown(example_id(6))
    status: Literal["pending"] = shown("pending")
    amount: Money = shown(usd(82500))


class RefundBegun(Answer):
    """The refund in its initial state."""

    refund: Refund


class NewRefund(
    Input,
    json_schema_extra={
        "examples": [
            {"amount": usd(82500), "formula": "prorated", "reason": "Moved away"},
            {"amount": usd(50000), "reason": "As agreed with the client"},
        ]
    },
):
    """The refund to start."""

    amount: Price
    """At most what the client paid for the course, tax included, less earlier refunds."""
    formula: Formula | None = Field(None, description="The formula that gave the sum, for the history.")
    reason: Reason = Field(description="Kept in the history and sent to Square.")


@call("GET", "/courses/{course_id}/refund-quote", RefundQuote, refusals=(409,))
def quote_refund(request: Request, course_id: str) -> Reply:
    """Quote a refund of the course by both formulas, tax included, with the working."""
    key = request.services.settings.change_of_mind
    quote = refund_quote(request.store, course_id, today=request.today, change_of_mind=key)
    said = {
        "formula": quote.formula,
        **{formula.value: quote.values[formula].amount for formula in RefundFormula},
        "refundable": quote.most,
        "paid": quote.course.gross_paid,
        "tax": quote.tax,
        "change_of_mind_until": quote.window.until if quote.window else None,
        "working": quote.working,
    }
    return Reply(RefundQuote.of(said))


@call("POST", "/courses/{course_id}/refunds", RefundBegun, status=202, roles=THE_OWNER, key=Key.REQUIRED)
def start_refund(request: Request, body: NewRefund, course_id: str) -> Reply:
    """Start a refund in Square; the sessions are removed when Square confirms it."""
    wish = desk_refunds.NewRefund(course_id, body.amount.money, body.reason, body.formula or "")
    begun = desk_refunds.start_refund(request.store, request.act, wish)
    refund = {"id": begun.id, "status": "pending", "amount": begun.amount}
    return Reply(RefundBegun.of({"refund": refund}), begun.is_repeat)
