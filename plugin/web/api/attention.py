"""The calls about attention items: what waits for a person, and what the person decided."""

from __future__ import annotations

from plugin.core.money import Money
from plugin.core.text import REASON_LENGTH
from plugin.courses.base.attention import list_attention
from plugin.courses.base.clinic import read_clinic
from plugin.courses.decisions import Resolution, resolve
from plugin.errors import InvalidField
from plugin.web.api import shapes
from plugin.web.api.calls import THE_DESK, Answer, Asked, Call, Key
from plugin.web.api.fields import identifier, money, record, text, whole
from plugin.web.api.lists import PAGING, limit_of, listed

_DECISION = record(
    {
        "decision": text(
            least=1, most=40, description="One of the item's `decisions`; needed where it has several."
        ),
        "client_id": identifier(description="Whose sale it was."),
        "course_id": identifier(description="Which course is meant."),
        "package_id": identifier(description="Which package was sold; the proposed one where left out."),
        "sessions": whole(
            least=0,
            most=999,
            description="How many sessions leave with a refund, or are kept of a canceled invoice.",
        ),
        "amount": money(
            description="How much of a refund they are worth, or how much to refund, in the clinic's currency."
        ),
        "reason": text(least=1, most=REASON_LENGTH),
    },
    required=("reason",),
    examples=[{"client_id": "019abf2e8c00a1b2c3d4e5f60718293a", "reason": "She was at the till"}],
)


def _list(asked: Asked) -> Answer:
    page = list_attention(asked.services.store, limit=limit_of(asked), cursor=asked.query.get("cursor"))
    return listed("items", page, shapes.attention_item)


def _resolve(asked: Asked) -> Answer:
    wish = {**asked.body}
    if "amount" in wish:
        wish["amount"] = _in_clinic_money(asked, wish["amount"])
    item = resolve(asked.services.store, asked.act, asked.ids["item_id"], Resolution(**wish))
    return Answer(shapes.attention_item(item))


def _in_clinic_money(asked: Asked, amount: Money) -> int:
    currency = read_clinic(asked.services.store).currency
    if amount.currency != currency:
        raise InvalidField(f"The clinic reckons in {currency}.", field="amount.currency")
    return amount.amount


CALLS = (
    Call(
        name="list_attention",
        method="GET",
        path="/attention",
        summary="List what waits for a person, newest first",
        view=_list,
        answer="AttentionList",
        query=PAGING,
    ),
    Call(
        name="resolve_attention",
        method="POST",
        path="/attention/{item_id}/resolution",
        summary="Resolve an attention item",
        view=_resolve,
        answer="AttentionItem",
        roles=THE_DESK,
        key=Key.ACCEPTED,
        body=_DECISION,
    ),
)
