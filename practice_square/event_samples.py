"""Sample events for a subscription's test: of the right shape for their type, about objects that do not exist."""

from practice_square.events import EVENT_TYPES, envelope
from practice_square.merchant import money
from practice_square.refusals import invalid
from practice_square.storage import Json, Work

# Where the object is not named by the first word of the type.
OBJECT_NAMES = {
    "catalog.version.updated": "catalog_version",
    "device.code.paired": "device_code",
    "oauth.authorization.revoked": "revocation",
    "order.created": "order_created",
    "order.updated": "order_updated",
    "terminal.checkout.created": "checkout",
    "terminal.checkout.updated": "checkout",
}
WITHOUT_OBJECT = ("invoice.deleted",)


def sample_event(work: Work, type_: str) -> Json:
    """Make a test event. Raises Refusal for a type this practice Square does not send."""
    if type_ not in EVENT_TYPES:
        raise invalid(f"`{type_}` is not an event this practice Square sends.", "event_type")
    name = OBJECT_NAMES.get(type_, type_.split(".")[0])
    id_ = f"TEST{name.upper()}"
    data: Json = {"type": name, "id": id_}
    if type_ not in WITHOUT_OBJECT:
        data["object"] = {name: _sample(work, name, id_)}
    return envelope(work, type_, data)


def _sample(work: Work, name: str, id_: str) -> Json:
    match name:
        case "catalog_version":
            return {"updated_at": work.now()}
        case "revocation":
            return {"revoked_at": work.now(), "revoker_type": "SQUARE"}
        case "order_created" | "order_updated":
            return {"order_id": id_}
        case "refund":
            return {"id": id_, "amount_money": money(work, 100)}
        case "checkout":
            options = {"device_id": "TESTDEVICE"}
            return {"id": id_, "amount_money": money(work, 100), "device_options": options}
        case "device_code":
            return {"id": id_, "product_type": "TERMINAL_API"}
    return {"id": id_}
