"""The calls about events for other programs, for the owner: deliveries, and sending them again."""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from plugin.courses.webhooks.deliveries import (
    DeliveryRow,
    delivery_number,
    list_deliveries,
    read_delivery,
    replay_delivery,
    replay_span,
)
from plugin.courses.webhooks.receivers import list_receivers, public_id
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import (
    BY_VALUE,
    Answer,
    Count,
    Cursor,
    GivenId,
    GivenMoment,
    Id,
    Input,
    Moment,
    Paging,
    example_id,
    page_of,
    shown,
    words,
)


class DeliveryState(StrEnum):
    """The state of a delivery."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Receiver(Answer):
    """A program that receives events."""

    id: Id = shown(example_id(1))
    name: str = shown("n8n")
    url: str = shown("https://n8n.example.org/webhook/coursekeeper")
    kinds: list[str] = shown(["session.used"])
    has_names: bool = shown(False)


class Receivers(Answer):
    """A page of the receivers that were not ended."""

    receivers: list[Receiver] = shown(at="rows")
    cursor: Cursor


class Delivery(Answer):
    """One event to one receiver."""

    id: int = shown(812)
    event_id: str = shown("evt_407", "As in the document and in the header `webhook-id`.")
    type: str = shown("session.used", at="kind")
    receiver_id: Id = shown(example_id(1))
    state: str = shown("delivered", "`pending`, `delivered` or `failed`.")
    attempts: Count = shown(1)
    status: int | None = shown(200, "The HTTP status of the last answer.")
    said: str = shown("ok", "The first line of it, or what went wrong.")
    noted_at: Moment = shown("2026-11-22T18:00:00Z")
    due_at: Moment = shown("2026-11-22T18:00:00Z", "While pending: when it is sent next.")


class Deliveries(Answer):
    """A page of deliveries, the newest first."""

    deliveries: list[Delivery] = shown(at="rows")
    cursor: Cursor


class DeliveriesQuery(Paging):
    """The options of the list."""

    state: Annotated[DeliveryState, BY_VALUE, words(DeliveryState)] | None = None
    receiver_id: GivenId | None = None


class Span(Input):
    """A span of time, from its beginning until before its end."""

    first: GivenMoment = Field(alias="from", examples=["2026-11-22T00:00:00Z"])
    last: GivenMoment = Field(alias="to", examples=["2026-11-23T00:00:00Z"])
    only_failed: bool = False
    """Only those that were given up."""


class Replayed(Answer):
    """How many events are being sent again."""

    events: Count = shown(12)


@call("GET", "/events/receivers", Receivers, roles=THE_OWNER)
def list_event_receivers(request: Request, query: Paging) -> Reply:
    """List the programs that receive events."""
    rows = list_receivers(request.store)
    return Reply(Receivers.of(page_of(rows, query, lambda row: row.id)))


@call("GET", "/events/deliveries", Deliveries, roles=THE_OWNER)
def list_event_deliveries(request: Request, query: DeliveriesQuery) -> Reply:
    """List deliveries of events."""
    page = list_deliveries(
        request.store,
        state=query.state.value if query.state else "",
        receiver_id=query.receiver_id or "",
        limit=query.limit,
        cursor=query.cursor,
    )
    rows = [_shown(row) for row in page.rows]
    return Reply(Deliveries.of({"rows": rows, "cursor": page.cursor}))


@call("POST", "/events/deliveries/{delivery_id}/replay", Delivery, roles=THE_OWNER)
def replay_event_delivery(request: Request, delivery_id: str) -> Reply:
    """Send one event again, with the same id."""
    store, number = request.store, delivery_number(delivery_id)
    replay_delivery(store, request.act, number)
    return Reply(Delivery.of(_shown(read_delivery(store, number))))


@call("POST", "/events/receivers/{receiver_id}/replay", Replayed, roles=THE_OWNER)
def replay_events(request: Request, body: Span, receiver_id: str) -> Reply:
    """Send the events of a span of time again, in their order and with their ids."""
    many = replay_span(
        request.store, request.act, receiver_id, body.first, body.last, only_failed=body.only_failed
    )
    return Reply(Replayed.of({"events": many}))


def _shown(row: DeliveryRow) -> dict[str, Any]:
    names = ("id", "kind", "receiver_id", "state", "attempts", "status", "said", "noted_at", "due_at")
    return {**{name: getattr(row, name) for name in names}, "event_id": public_id(row.event_id)}
