"""The calls about attention items: listing open ones, and resolving one."""

from pydantic import Field, StrictInt

from plugin.courses.attention import items
from plugin.courses.attention.items import KINDS, resolve
from plugin.courses.attention.kind import Resolution as Decided
from plugin.courses.base.clinic import read_clinic
from plugin.errors import InvalidField
from plugin.web.access import DESK
from plugin.web.api.calls import Reply, Request, call
from plugin.web.api.inputs import (
    Answer,
    Cursor,
    GivenId,
    Id,
    Input,
    Moment,
    Paging,
    Position,
    Price,
    Reason,
    VisibleText,
    example_id,
    shown,
)

_KINDS = "; ".join(f"`{each.kind}`: {each.title}" for each in KINDS.values())


class AttentionItem(Answer):
    """An item that only a person can decide."""

    id: Id = shown(example_id(5))
    kind: str = shown("unassigned_sale", f"{_KINDS}; more may come.")
    summary: str = shown("A course of 12 was sold without a client.")
    square_order_id: str | None = shown("CAISENgvlJ6jLWAzERDzjyHVybY")
    square_refund_id: str | None
    proposal: str | None
    opened_at: Moment = shown("2026-11-22T18:00:00Z")
    resolved_at: Moment | None
    decisions: list[str] = shown(["assign"], "The words a resolution takes.")
    proposed_decision: str | None = shown(
        None, "The decision that `proposal` stands for, where it is plain for one course."
    )
    proposed_sessions: Position | None
    proposed_course_id: str | None
    proposed_package_id: str | None
    free_times: list[Moment] = shown(
        [], "What `book_1`, `book_2`, … stand for: times at which a visit could be booked."
    )
    client_ids: list[Id] = shown([], "The clients it asks about, the oldest first.")
    answer: str | None = shown(None, "What was decided, in a few words; null while it waits.")


class AttentionList(Answer):
    """A page of attention items."""

    items: list[AttentionItem] = shown(at="rows")
    cursor: Cursor


class Resolution(
    Input,
    json_schema_extra={"examples": [{"client_id": example_id(0), "reason": "She was at the front desk"}]},
):
    """The decision, and the reason."""

    decision: VisibleText | None = Field(None, max_length=40)
    """One of the item's `decisions`; needed where it has several."""
    client_id: GivenId | None = Field(None, description="Whose sale it was.")
    course_id: GivenId | None = Field(None, description="Which course is meant.")
    package_id: GivenId | None = None
    """Which package was sold; the proposed one where left out."""
    sessions: StrictInt | None = Field(None, ge=0, le=999)
    """How many sessions leave with a refund, or are kept of a canceled invoice."""
    amount: Price | None = None
    """How much of a refund they are worth, or how much to refund, in the clinic's currency."""
    reason: Reason


@call("GET", "/attention", AttentionList)
def list_attention(request: Request, query: Paging) -> Reply:
    """List open attention items, newest first."""
    page = items.list_attention(request.store, limit=query.limit, cursor=query.cursor)
    return Reply(AttentionList.of(page))


@call("POST", "/attention/{item_id}/resolution", AttentionItem, roles=DESK)
def resolve_attention(request: Request, body: Resolution, item_id: str) -> Reply:
    """Resolve an attention item."""
    wish = Decided(**{**body.given(), "amount": _amount(request, body.amount)})
    return Reply(AttentionItem.of(resolve(request.store, request.act, item_id, wish)))


def _amount(request: Request, price: Price | None) -> int | None:
    if price is None:
        return None
    currency = read_clinic(request.store).currency
    if price.currency != currency:
        raise InvalidField(f"The clinic’s currency is {currency}.", field="amount.currency")
    return price.amount
