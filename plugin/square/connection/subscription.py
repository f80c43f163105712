"""The webhook subscription: created for the owner where the token permits it, and tested."""

import json

from sqlalchemy.orm import Session

from plugin.core.acts import Act, require
from plugin.courses.square_health import connection_in, read_connection
from plugin.errors import Refused, SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.events import event_types
from plugin.square.parsing import Json, square_id, text
from plugin.wording import _

_SUBSCRIPTION = "Coursekeeper"
# Our calls are written against this version of Square's API.
API_VERSION = "2025-08-20"
# A sample of it has no effect: it is not about a sale.
TEST_EVENT = "catalog.version.updated"


def wanted_events() -> tuple[str, ...]:
    """Return the types of events that Square must send."""
    return tuple(sorted({*event_types(), TEST_EVENT}))


def why_not_made(services: Services) -> str:
    """Return why Coursekeeper can't create the subscription, in words for the owner; "" where it can."""
    if not services.settings.square_access_token.get_secret_value():
        return _(
            "Square lets only your application’s own token make subscriptions, not the permission of a seller."
            " Add it by hand in the Square Developer Console, under Webhooks."
        )
    if not services.vault.has_keys:
        return "ENCRYPTION_KEYS is missing: the key of the subscription could not be saved; docs/operate.md says how."
    return ""


def make_subscription(services: Services, act: Act) -> str:
    """Create the subscription, or update the one for our address; return the outcome. Raises Refused."""
    require(act.actor)
    if reason := why_not_made(services):
        raise Refused(reason, code="cannot_subscribe")
    address = services.settings.webhook_address
    try:
        found = _updated(services, address) or _created(services, act, address)
    except SquareFailed as error:
        raise Refused(
            _("The subscription was not made. {message_}", message_=error.message), code=error.code
        ) from error
    key = text(found.get("signature_key"))
    if not key:
        raise Refused(
            _("Square did not send the key of the subscription. Copy it from the Square Developer Console.")
        )
    _keep(services, square_id(found.get("id"), "subscription id"), address, key)
    return _("Square sends {n} kinds of events to {address}.", n=len(wanted_events()), address=address)


def send_test(services: Services, act: Act) -> None:
    """Have Square send a sample event now, and save how we answered it. Raises Refused."""
    require(act.actor)
    if not services.settings.square_access_token.get_secret_value():
        raise Refused(
            _("Send the test from the Square Developer Console: this permission does not allow it.")
        )
    try:
        subscription_id = _known_id(services) or _id_at(services, services.settings.webhook_address)
        if subscription_id is None:
            raise Refused(_("Square has no subscription for this address yet. Make it first."))
        result = services.square.test_subscription(subscription_id, TEST_EVENT)
    except SquareFailed as error:
        raise Refused(
            _("The test was not sent. {message_}", message_=error.message), code=error.code
        ) from error
    services.store.transact(lambda session: _note_test_in(session, act, result))


def _updated(services: Services, address: str) -> Json | None:
    subscription_id = _known_id(services) or _id_at(services, address)
    if subscription_id is None:
        return None
    try:
        known = services.square.subscription(subscription_id)
        events = sorted({*_events(known), *wanted_events()})
        services.square.change_subscription(subscription_id, url=address, event_types=events)
        return known
    except SquareNotFound:
        # Deleted in the Developer Console: another one is created.
        return None


def _created(services: Services, act: Act, address: str) -> Json:
    return services.square.create_subscription(
        act.key[:45], name=_SUBSCRIPTION, url=address, event_types=wanted_events(), api_version=API_VERSION
    )


def _known_id(services: Services) -> str | None:
    return read_connection(services.store).square_subscription_id


def _id_at(services: Services, address: str) -> str | None:
    for one in services.square.subscriptions():
        if one.get("notification_url") == address:
            return square_id(one.get("id"), "subscription id")
    return None


def _events(subscription: Json) -> list[str]:
    events = subscription.get("event_types")
    return [text(one) for one in events] if isinstance(events, list) else []


def _keep(services: Services, subscription_id: str, address: str, key: str) -> None:
    def work(session: Session) -> None:
        row = connection_in(session)
        row.square_subscription_id, row.subscription_url = subscription_id, address
        row.signature_key_sealed = services.vault.seal(key)

    services.store.transact(work)


def _note_test_in(session: Session, act: Act, result: Json) -> None:
    row = connection_in(session)
    row.test_asked_at = act.now
    row.test_event_id = _event_sent(result) or None
    status = result.get("status_code")
    row.test_said = f"{status}" if isinstance(status, int) else ""


def _event_sent(result: Json) -> str:
    # A string in Square's OpenAPI document, an object in its SDK.
    payload = result.get("payload")
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            return ""
    return text(payload.get("event_id"))[:255] if isinstance(payload, dict) else ""
