"""The page of the delivery queue: deliveries, attempts, answers; sending again."""

import json

from practice_square.events import event_as_told, queue_delivery
from practice_square.refusals import find
from practice_square.storage import Json, Work


def queue_as_told(work: Work, most: int, *, has_bodies: bool = False) -> list[Json]:
    """List deliveries, the newest first."""
    rows = work.sql.execute("SELECT * FROM deliveries ORDER BY n DESC LIMIT ?", (most,))
    return [_told(dict(row), has_bodies=has_bodies) for row in rows]


def release_withheld(work: Work) -> None:
    """Release withheld deliveries, late."""
    work.sql.execute(
        "UPDATE deliveries SET state = 'waiting', due_at = ? WHERE state = 'withheld'", (work.now(),)
    )


def resend(work: Work, event_id: str) -> None:
    """Queue an event again for all its receivers, with its old event id."""
    kept = find(work, "event", event_id, "Event")
    rows = work.sql.execute("SELECT DISTINCT subscription_id FROM deliveries WHERE event_id = ?", (event_id,))
    for row in rows.fetchall():
        queue_delivery(work, row["subscription_id"], event_as_told(kept))


def _told(row: Json, *, has_bodies: bool) -> Json:
    told = {name: row[name] for name in ("event_id", "type", "state", "attempts", "due_at", "last_answer")}
    body = json.loads(row["body"])
    told |= {"created_at": body["created_at"], "about": body["data"].get("id")}
    if has_bodies:
        told["body"] = row["body"]
    return told
