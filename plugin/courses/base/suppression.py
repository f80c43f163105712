"""Suppression list of Square customers whose data was erased: a hash of each id, to recognize without naming.

Square continues to send events about them. None of that is stored, and no client is created from it.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from sqlalchemy import String, bindparam, delete, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.store import Store
from plugin.store.people import ErasedProfile
from plugin.store.prepared import Prepared

# Replaces a message from Square whose content was dropped: an empty object.
NO_BODY = "{}"
# The fields of Square's messages that contain a customer id.
_NAMES_A_CUSTOMER = ("id", "customer_id", "to_customer_id", "from_customer_ids")


def remember_erased_in(session: Session, act: Act, square_customer_ids: Collection[str]) -> None:
    """Add these customers to the suppression list: they must not be stored again."""
    for one in square_customer_ids:
        key = _hash(one)
        if session.get(ErasedProfile, key) is None:
            session.add(ErasedProfile(square_customer_sha256=key, erased_at=act.now))
    session.flush()


def welcome_back_in(session: Session, square_customer_ids: Collection[str]) -> None:
    """Remove these customers from the suppression list: a person has made them clients again."""
    keys = [_hash(one) for one in square_customer_ids]
    session.execute(delete(ErasedProfile).where(ErasedProfile.square_customer_sha256.in_(keys)))


def erased_in(session: Session, square_customer_ids: Collection[str]) -> set[str]:
    by_hash = {_hash(one): one for one in square_customer_ids}
    rows = _ERASED.all(session.connection(), {"hashes": list(by_hash)})
    return {by_hash[row.square_customer_sha256] for row in rows}


def is_erased(store: Store, *square_customer_ids: str) -> bool:
    return bool(store.rows(_ERASED, {"hashes": hashes(square_customer_ids)}))


def hashes(square_customer_ids: Iterable[str]) -> list[str]:
    return [_hash(one) for one in square_customer_ids]


def is_anyone_erased_in(session: Session) -> bool:
    """Return whether any Square customer was erased: most clinics need no further check."""
    return _ANYONE.first(session.connection(), {}) is not None


_HASH = ErasedProfile.square_customer_sha256
# Its parameter is `hashes`.
IS_ERASED = _HASH.in_(bindparam("hashes", type_=String, expanding=True))
_ERASED = Prepared(select(_HASH).where(IS_ERASED))
_ANYONE = Prepared(select(_HASH).limit(1))


def names_erased_in(session: Session, body: str) -> bool:
    """Return whether a message from Square names a customer whose data was erased."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return bool(erased_in(session, set(_ids_in(content))))


def _ids_in(content: Any) -> Iterator[str]:
    if isinstance(content, list):
        for one in content:
            yield from _ids_in(one)
    elif isinstance(content, dict):
        for name, value in content.items():
            if name in _NAMES_A_CUSTOMER:
                yield from (
                    one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)
                )
            yield from _ids_in(value)


def _hash(square_customer_id: str) -> str:
    return hashlib.sha256(f"square customer {square_customer_id}".encode()).hexdigest()
