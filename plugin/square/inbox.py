"""Events in the inbox: reading what a stored event is about, and adding events of our own.

What a sync finds, and what the desk begins, uses the same inbox as Square's webhooks, once for each state. An event
that could not be handled is retried, or an attention item is opened.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from square.utils.webhooks_helper import verify_signature

from plugin.core.acts import SQUARE, Act
from plugin.courses.base.attention import open_item
from plugin.courses.base.inbox import InboxEvent, complete_in, receive, retry_later
from plugin.courses.base.work import Work, transact
from plugin.courses.square_health import ABOUT_OUTAGES, outage_mark, read_connection, settle_in
from plugin.errors import BadSignature, ConfigurationError
from plugin.retry_policy import (
    MOST_TRIES,
    OUTAGES,
    TRIES_BEFORE_ASKING,
    Chance,
    error_code,
    error_sentence,
    is_no_fault,
    is_outage,
    is_permanent,
    wait_s,
)
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.parsing import Json, rfc3339, square_id, text
from plugin.wording import _

SWEPT_ORDER = "sweep.order"
SWEPT_REFUND = "sweep.refund"
SWEPT_INVOICE = "sweep.invoice"
SWEPT_CUSTOMER = "sweep.customer"
SWEPT_MERGE = "sweep.merge"
SWEPT_ITEM = "sweep.item"
SWEPT_BOOKING = "sweep.booking"
SWEPT_DISPUTE = "sweep.dispute"
_CARRY_AN_ORDER = ("payment", "order_updated", "order_created")


def receive_synthetic(
    services: Services, event_type: str, id_: str, state: str, carried: Json | None = None
) -> bool:
    """Add an event about an object of Square's; False where one about this state of it was added before.

    `carried` is the content of the event's `data.object`.
    """
    event_id = f"{event_type}:{id_[:180]}:{state}"
    body = {"event_id": event_id, "type": event_type, "data": {"id": id_, "object": carried or {}}}
    return receive(
        services.store,
        event_id=event_id,
        event_type=event_type,
        body=json.dumps(body),
        now=services.clock(),
    )


def receive_order(services: Services, order_id: str, updated_at: datetime) -> bool:
    """Add an event about an order as it is since `updated_at`."""
    return receive_synthetic(services, SWEPT_ORDER, order_id, rfc3339(updated_at))


def data_of(body: str) -> Json | None:
    """Return the event's `data`, None where the body is no event."""
    data = _event(body).get("data")
    return data if isinstance(data, dict) else None


def object_in(data: Json, name: str) -> Json | None:
    """Return the object of this name that the event carries, None where it carries none."""
    carried = data.get("object")
    found = carried.get(name) if isinstance(carried, dict) else None
    return found if isinstance(found, dict) else None


def order_named(body: str) -> str | None:
    """Return the id of the order that an event about a payment or an order names."""
    data = data_of(body) or {}
    if _event(body).get("type") == SWEPT_ORDER:
        return text(data.get("id")) or None
    named = [text((object_in(data, name) or {}).get("order_id")) for name in _CARRY_AN_ORDER]
    return next((one for one in named if one), None)


def refund_named(body: str) -> tuple[str, str]:
    """Return the id and status of the refund that an event carries, "" where it carries none."""
    carried = object_in(data_of(body) or {}, "refund") or {}
    return text(carried.get("id")), text(carried.get("status"))


def _event(body: str) -> Json:
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def fetch(ask: Callable[[str], Json], data: Json, name: str, *also_called: str) -> Json:
    """Return the object as Square has it now, or as the event carries it where Square no longer has it.

    Raises SquareNotFound where the event carries none either, SquareFailed.
    """
    object_id = square_id(data.get("id"), f"{name} id")
    try:
        return ask(object_id)
    except SquareNotFound:
        # The event was signed, so the object that it carries is authentic as well.
        found = [object_in(data, one) for one in (name, *also_called)]
        carried = next(filter(None, found), found[-1])
        if carried is None:
            raise
        return carried


# What a person must repair opens an item at once; the rest may pass by itself.
_ASKED_AT_ONCE = ("square_sign_in", "square_scope")


def set_aside(services: Services, event: InboxEvent, error: Exception, chance: Chance) -> str:
    """Schedule a retry of a failed event, or give it up; return the state: retrying or failed."""
    if is_permanent(error) or (event.attempts >= MOST_TRIES and not is_no_fault(error)):
        _give_up(services, event, error)
        return "failed"
    if is_outage(error):
        _ask_about_outage(services, event, error_code(error))
    elif event.attempts >= TRIES_BEFORE_ASKING:
        _ask_about_event(services, event, error)
    wait = timedelta(seconds=wait_s(event.attempts, chance, is_outage=is_no_fault(error)))
    retry_later(services.store, event.id, due_at=services.clock() + wait, outcome=error_sentence(error))
    return "retrying"


def settle_asked_in(session: Session, act: Act, event: InboxEvent) -> None:
    """Close what was asked about an event that is handled after all, and about the outage it waited for."""
    if event.attempts > TRIES_BEFORE_ASKING:
        # Another worker's call may have ended the outage before it was asked about.
        settle_in(session, act, (f"event:{event.id}", *ABOUT_OUTAGES), _("It was handled after all."))


def _give_up(services: Services, event: InboxEvent, error: Exception) -> None:
    def do(work: Work) -> None:
        _open_item(work, event, _summary(error))
        complete_in(work.session, event.id, state="failed", outcome=error_sentence(error), now=work.now)

    transact(services.store, _act(services, event), do)


def _ask_about_event(services: Services, event: InboxEvent, error: Exception) -> None:
    summary = _summary(error)
    transact(services.store, _act(services, event), lambda work: _open_item(work, event, summary))


def _ask_about_outage(services: Services, event: InboxEvent, code: str) -> None:
    if code not in _ASKED_AT_ONCE and event.attempts < TRIES_BEFORE_ASKING:
        return
    # One item per outage, not one per pending event; it is resolved when Square answers.
    dedupe = outage_mark(code, read_connection(services.store).failing_since, services.clock())
    summary = _("{outages} Events from Square wait until it does.", outages=OUTAGES[code])
    transact(services.store, _act(services, event), lambda work: _open_item(work, event, summary, dedupe))


def _act(services: Services, event: InboxEvent) -> Act:
    return Act(SQUARE, services.clock(), f"inbox:{event.id}")


def _open_item(work: Work, event: InboxEvent, summary: str, dedupe: str = "") -> None:
    """Open the item of one event, or with `dedupe` the one of an outage."""
    about_one = not dedupe
    open_item(
        work,
        kind="failed_event",
        dedupe=dedupe or f"event:{event.id}",
        summary=summary,
        details={"inbox_id": event.id, "event_type": event.event_type},
        square_order_id=order_named(event.body) if about_one else None,
        square_refund_id=(refund_named(event.body)[0] or None) if about_one else None,
    )


def _summary(error: Exception) -> str:
    return _(
        "An event from Square could not be handled. {error_sentence}", error_sentence=error_sentence(error)
    )


HEADER = "x-square-hmacsha256-signature"


def check(services: Services, body: bytes, header: str | None) -> None:
    """Raise BadSignature unless the header signs exactly these bytes; ConfigurationError without any key."""
    if not header or not body:
        raise BadSignature("The message is not signed.")
    has_key = False
    for address, key in _keys(services):
        has_key = True
        if _is_signed(address, key, body, header):
            return
    if not has_key:
        raise ConfigurationError(
            "No webhook can be verified: enter the signature key under Settings, or make the subscription."
        )
    raise BadSignature("Not signed by Square for this address. Compare SQUARE_WEBHOOK_URL and the key.")


def _keys(services: Services) -> Iterator[tuple[str, str]]:
    """Yield each key with its notification address: that of the settings, then our own subscription's."""
    key = services.settings.square_webhook_signature_key.get_secret_value()
    if key:
        yield services.settings.webhook_address, key
    made = read_connection(services.store)
    if made.signature_key_sealed is not None:
        yield made.subscription_url, services.vault.open(made.signature_key_sealed)


def _is_signed(address: str, key: str, body: bytes, header: str) -> bool:
    try:
        # The helper takes text and encodes it again: for valid UTF-8 these are the same bytes.
        return verify_signature(
            request_body=body.decode("utf-8"),
            signature_header=header,
            signature_key=key,
            notification_url=address,
        )
    except UnicodeError:
        return False
