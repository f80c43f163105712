"""Webhook subscriptions: the one from the settings and those made through the API; the test event."""

from urllib.parse import urlsplit

from practice_square.events import EVENT_TYPES
from practice_square.refusals import find, invalid, missing
from practice_square.settings import SQUARE_VERSION, PracticeSettings
from practice_square.shapes import Flag, Many, Record, Shape, Text, checked
from practice_square.storage import Json, Work

DEFAULT_ID = "wbhk_practice"
SUBSCRIPTION: dict[str, Shape] = {
    "name": Text(most=64),
    "enabled": Flag(),
    "event_types": Many(Text()),
    "notification_url": Text(),
    "api_version": Text(),
}
CREATE = Record(idempotency_key=Text(most=45), subscription=Record(required=True, **SUBSCRIPTION))
UPDATE = Record(subscription=Record(required=True, **SUBSCRIPTION))


def keep_default(work: Work, settings: PracticeSettings) -> None:
    """Create the subscription of the settings' address; a later start with another address changes it."""
    if not settings.webhook_url:
        return
    _check_url(settings.webhook_url)
    now = work.now()
    before = work.get("subscription", DEFAULT_ID)
    work.put(
        "subscription",
        {
            "id": DEFAULT_ID,
            "name": "From the practice Square's settings",
            "enabled": True,
            "event_types": list(EVENT_TYPES),
            "notification_url": settings.webhook_url,
            "api_version": SQUARE_VERSION,
            "signature_key": settings.signature_key,
            "created_at": before["created_at"] if before else now,
            "updated_at": now,
        },
    )


def create_subscription(work: Work, body: Json) -> Json:
    checked(body, CREATE)
    given = body["subscription"]
    for name in ("name", "notification_url", "event_types"):
        if not given.get(name):
            raise missing(f"subscription.{name}")
    _check(given)
    subscription = {
        "id": "wbhk_" + work.make_id().lower(),
        "name": given["name"],
        "enabled": given.get("enabled") is not False,
        "event_types": given["event_types"],
        "notification_url": given["notification_url"],
        "api_version": given.get("api_version") or SQUARE_VERSION,
        "signature_key": work.make_id(),
        **work.stamps(),
    }
    return {"subscription": work.put("subscription", subscription)}


def read_subscription(work: Work, id_: str) -> Json:
    return find(work, "subscription", id_, "Webhook subscription", "subscription_id")


def list_subscriptions(work: Work, *, has_disabled: bool) -> Json:
    found = [one for one in work.all("subscription") if has_disabled or one["enabled"]]
    return {"subscriptions": found} if found else {}


def update_subscription(work: Work, id_: str, body: Json) -> Json:
    checked(body, UPDATE)
    subscription = read_subscription(work, id_)
    given = {
        name: value
        for name, value in body["subscription"].items()
        if name in SUBSCRIPTION and value is not None
    }
    _check(given)
    return {"subscription": work.put("subscription", subscription | given | {"updated_at": work.now()})}


def delete_subscription(work: Work, id_: str) -> Json:
    read_subscription(work, id_)
    work.remove("subscription", id_)
    return {}


def change_signature_key(work: Work, id_: str) -> Json:
    changed = read_subscription(work, id_) | {"signature_key": work.make_id(), "updated_at": work.now()}
    return {"signature_key": work.put("subscription", changed)["signature_key"]}


def event_types() -> Json:
    told = [
        {"event_type": name, "api_version_introduced": "2020-02-26", "release_status": "PUBLIC"}
        for name in EVENT_TYPES
    ]
    return {"event_types": list(EVENT_TYPES), "metadata": told}


def _check(given: Json) -> None:
    for place, name in enumerate(given.get("event_types") or []):
        if name not in EVENT_TYPES:
            field = f"subscription.event_types[{place}]"
            raise invalid(f"`{name}` is not an event this practice Square sends.", field)
    if "notification_url" in given:
        _check_url(given["notification_url"])


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid(f"`{url}` is not a web address.", "subscription.notification_url")
