"""The customer directory: profiles, and merges, after which the old ids answer with the new one."""

import re

from practice_square.events import announce_customer, announce_merge
from practice_square.refusals import Refusal, find, invalid, not_found
from practice_square.shapes import Record, Shape, Text, Whole, checked
from practice_square.storage import Json, Work

ADDRESS: dict[str, Shape] = {
    "address_line_1": Text(most=500),
    "address_line_2": Text(most=500),
    "address_line_3": Text(most=500),
    "locality": Text(most=500),
    "administrative_district_level_1": Text(most=500),
    "postal_code": Text(most=500),
    "country": Text(most=2),
}
PROFILE: dict[str, Shape] = {
    "given_name": Text(most=300),
    "family_name": Text(most=300),
    "company_name": Text(most=500),
    "nickname": Text(most=100),
    "email_address": Text(most=254),
    "phone_number": Text(most=20),
    "reference_id": Text(most=100),
    "note": Text(),
    "birthday": Text(most=10),
    "address": Record(required=False, **ADDRESS),
    "tax_ids": Record(),
}
ONE_NEEDED = ("given_name", "family_name", "company_name", "email_address", "phone_number")
CREATE = Record(required=False, **{**PROFILE, "idempotency_key": Text(most=128)})
UPDATE = Record(required=False, **{**PROFILE, "version": Whole()})
# The creation source of a profile that Square makes of a payment.
INSTANT = "INSTANT_PROFILE"


def create_customer(work: Work, body: Json, source: str = "THIRD_PARTY") -> Json:
    """Add a profile. Raises Refusal when nothing names the person."""
    given = {name: body[name] for name in PROFILE if checked(body, CREATE).get(name)}
    if not any(name in given for name in ONE_NEEDED):
        raise Refusal(
            "BAD_REQUEST",
            "At least one of `given_name`, `family_name`, `company_name`, `email_address`"
            " or `phone_number` is required for a customer.",
        )
    _check_contact(given)
    return {"customer": _added(work, given, source)}


def make_instant_profile(work: Work) -> Json:
    """Add the profile that Square makes of a card payment without a customer: it has no data of the person."""
    return _added(work, {}, INSTANT)


def read_customer(work: Work, id_: str) -> Json:
    """Return the profile; an id from before a merge returns the new one."""
    customer = work.get("customer", current_id(work, id_))
    if customer is None:
        raise not_found("Customer", id_, "customer_id")
    return customer


def read_one_of_many(work: Work, id_: str) -> Json:
    """Return the profile, or why there is none. Square does not document that merged ids are followed here."""
    customer = work.get("customer", id_)
    return {"customer": customer} if customer else not_found("Customer", id_, "customer_id").body()


def current_id(work: Work, id_: str) -> str:
    """Follow merges to the current id."""
    while (newer := work.note(f"merged:{id_}")) is not None:
        id_ = newer
    return id_


def find_merged(work: Work, id_: str) -> list[str]:
    """List the ids that were merged into this one, as far as their profiles can be restored."""
    removed = [one["id"] for one in work.all("customer_removed")]
    return [old_id for old_id in removed if work.note(f"merged:{old_id}") == id_]


def find_deleted(work: Work) -> list[Json]:
    """List profiles that were deleted, not merged, and can be restored."""
    return [one for one in work.all("customer_removed") if work.note(f"merged:{one['id']}") is None]


def update_customer(work: Work, id_: str, body: Json) -> Json:
    """Change the fields given; null clears one. Only the current id is accepted (Square's rule after a merge)."""
    checked(body, UPDATE)
    customer = _for_change(work, id_, body.get("version"))
    changed = dict(customer)
    for name in PROFILE:
        if name in body:
            changed.pop(name, None)
            if body[name] not in (None, ""):
                changed[name] = body[name]
    _check_contact(changed)
    if changed != customer:
        changed |= {"updated_at": work.now(), "version": customer["version"] + 1}
        announce_customer(work, "updated", work.put("customer", changed))
    return {"customer": changed}


def delete_customer(work: Work, id_: str, version: int | None = None) -> Json:
    customer = _for_change(work, id_, version)
    _remove(work, customer)
    announce_customer(work, "deleted", customer)
    return {}


def merge_customers(work: Work, ids: list[str]) -> Json:
    """Merge profiles into a new one with a new id; the old ids answer with it from now on."""
    if len(set(ids)) < 2:
        raise invalid("A merge needs two different customers.", "customer_ids")
    old = [_for_change(work, id_, None) for id_ in ids]
    now = work.now()
    kept = {name: one[name] for one in reversed(old) for name in PROFILE if name in one}
    merged = kept | {
        "id": work.make_id() + "CUST",
        "created_at": min(one["created_at"] for one in old),
        "updated_at": now,
        "preferences": {"email_unsubscribed": any(one["preferences"]["email_unsubscribed"] for one in old)},
        "creation_source": "MERGE",
        "version": 0,
    }
    lost = _not_kept(old, merged)
    if lost:
        merged["note"] = "\n".join(filter(None, [merged.get("note"), lost]))
    work.put("customer", merged)
    for one in old:
        _remove(work, one)
        work.keep_note(f"merged:{one['id']}", merged["id"])
    announce_merge(work, merged, old)
    return {"customer": merged}


def name_of(customer: Json) -> str:
    """Return a customer's name as the register shows it."""
    given, family = customer.get("given_name") or "", customer.get("family_name") or ""
    is_family_first = bool(re.fullmatch(r"[\u3400-\u9fff\uac00-\ud7a3\s]+", given + family))
    name = family + given if is_family_first else f"{given} {family}".strip()
    return (
        name
        or customer.get("company_name")
        or customer.get("email_address")
        or customer.get("phone_number")
        or "No name"
    )


def _added(work: Work, given: Json, source: str) -> Json:
    customer = given | {
        "id": work.make_id() + "CUST",
        **work.stamps(),
        "preferences": {"email_unsubscribed": False},
        "creation_source": source,
        "version": 0,
    }
    announce_customer(work, "created", work.put("customer", customer))
    return customer


def _for_change(work: Work, id_: str, version: int | None) -> Json:
    customer = find(work, "customer", id_, "Customer", "customer_id")
    if version is not None and version != customer["version"]:
        raise Refusal(
            "CONFLICT",
            "The customer was changed in between: version is not the current one.",
            status=409,
            field="version",
        )
    return customer


def _remove(work: Work, customer: Json) -> None:
    """Delete a profile with its custom attributes; its data is stored for a recovery."""
    work.remove("customer", customer["id"])
    work.remove("attributes", customer["id"])
    work.put("customer_removed", customer)


def _check_contact(given: Json) -> None:
    email, phone = given.get("email_address"), given.get("phone_number")
    if email is not None and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
        raise Refusal(
            "INVALID_EMAIL_ADDRESS",
            "Expected email_address to be a valid email address.",
            field="email_address",
        )
    if phone is not None and not 9 <= len(digits_of(phone)) <= 16:
        raise Refusal(
            "INVALID_PHONE_NUMBER", "Expected phone_number to be a valid phone number.", field="phone_number"
        )
    birthday = given.get("birthday")
    if birthday is not None and not re.fullmatch(r"(\d{4}-)?\d{2}-\d{2}", birthday):
        raise Refusal("INVALID_DATE", "Expected birthday as YYYY-MM-DD or MM-DD.", field="birthday")


def _not_kept(old: list[Json], merged: Json) -> str:
    lost = [
        f"{name.replace('_', ' ')}: {one[name]}"
        for one in old
        for name in ("given_name", "family_name", "email_address", "phone_number")
        if name in one and one[name] != merged.get(name)
    ]
    return "Merged from: " + "; ".join(lost) if lost else ""


def digits_of(text: str) -> str:
    return re.sub(r"\D", "", text)
