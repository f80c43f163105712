"""Idempotency: a request runs once under its key; the same request again gets the first result."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.digest import sha256_hex
from plugin.errors import KeyReused
from plugin.store import Store
from plugin.store.ledger import Operation
from plugin.store.prepared import Prepared
from plugin.store.tables import METADATA
from plugin.wording import _


class Answered(NamedTuple):
    """The result of a request; `is_repeat`: its key was used before, and nothing ran now."""

    answer: dict[str, Any]
    is_repeat: bool


def run_once(session: Session, act: Act, request_sha256: str, do: Callable[[], dict[str, Any]]) -> Answered:
    """Run `do` unless the act's key was used before, and store its result (JSON) in the same transaction.

    Lock the row that `do` changes first: of two requests racing under one key, the second then finds the
    result of the first. Raises KeyReused where the key belongs to another request.
    """
    first = first_answer(session, act, request_sha256)
    if first is not None:
        return Answered(first, is_repeat=True)
    answer = do()
    keep_answer(session, act, request_sha256, answer)
    return Answered(answer, is_repeat=False)


def digest(what: str, request: dict[str, Any]) -> str:
    """Return the SHA-256 of a request, independent of the order of its fields."""
    return sha256_hex(_CANONICAL.encode([what, request]))


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=str)


def first_answer(session: Session, act: Act, request_sha256: str) -> dict[str, Any] | None:
    """Return the first result under this key, None for a new key; raises KeyReused for another request."""
    known = _ANSWER.first(session.connection(), {"key": act.key})
    if known is None:
        return None
    if known.request_sha256 != request_sha256:
        raise KeyReused(_("This Idempotency-Key was used for another request. Make a new one."))
    answer: dict[str, Any] = known.answer
    return answer


def keep_answer(session: Session, act: Act, request_sha256: str, answer: dict[str, Any]) -> None:
    """Store the result under the key; in a race the unique constraint decides, and the second runs again."""
    session.flush()
    kept = {"key": act.key, "request_sha256": request_sha256, "answer": answer, "at": act.now}
    _KEEP.run(session.connection(), kept)


_ANSWER = Prepared(
    select(Operation.request_sha256, Operation.answer).where(Operation.key == bindparam("key"))
)
_KEEP = Prepared(insert(METADATA.tables[Operation.__tablename__]))


def is_answered(store: Store, key: str) -> bool:
    """Return whether a request was completed under this key."""
    with store.reading() as session:
        return session.get(Operation, key) is not None
