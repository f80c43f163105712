"""Restored profiles: after a merge by an un-merge, after a deletion by a recovery.

Square names both only by their creation sources. That a profile is restored under its old id, and that the merged
one remains beside it, is this practice Square's reading; `has_new_ids` simulates the other one.
"""

from practice_square.customers import find_merged, name_of, read_customer
from practice_square.events import announce_customer
from practice_square.refusals import find, invalid
from practice_square.storage import Json, Work

REMOVED = "customer_removed"


def unmerge_customer(work: Work, id_: str, *, has_new_ids: bool = False) -> list[Json]:
    """Restore the profiles of a merge. The merged profile remains, with a note."""
    merged = read_customer(work, id_)
    old_ids = find_merged(work, merged["id"])
    if not old_ids:
        raise invalid("This profile did not come from a merge.", "customer_id")
    recovered = [_bring_back(work, old_id, "UNMERGE_RECOVERY", has_new_id=has_new_ids) for old_id in old_ids]
    _say_so(work, merged, recovered)
    return recovered


def recover_customer(work: Work, id_: str) -> Json:
    """Restore a deleted profile under its id."""
    return _bring_back(work, id_, "DELETION_RECOVERY", has_new_id=False)


def _bring_back(work: Work, id_: str, source: str, *, has_new_id: bool) -> Json:
    removed = find(work, REMOVED, id_, "Removed customer", "customer_id")
    work.remove(REMOVED, id_)
    now = work.now()
    profile = removed | {"creation_source": source, "updated_at": now, "version": removed["version"] + 1}
    if has_new_id:
        profile |= {"id": work.make_id() + "CUST", "created_at": now, "version": 0}
    else:
        work.forget_note(f"merged:{id_}")
    announce_customer(work, "created", work.put("customer", profile))
    return profile


def _say_so(work: Work, merged: Json, recovered: list[Json]) -> None:
    said = "Un-merged: " + ", ".join(name_of(one) for one in recovered)
    changed = merged | {
        "note": "\n".join(filter(None, [merged.get("note"), said])),
        "updated_at": work.now(),
        "version": merged["version"] + 1,
    }
    announce_customer(work, "updated", work.put("customer", changed))
