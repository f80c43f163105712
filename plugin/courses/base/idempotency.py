"""Doing a thing once: what was asked under a key, and what was answered, in the deed's own transaction."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.errors import KeyReused
from plugin.store import Store
from plugin.store.ledger import Operation


def digest(deed: str, request: dict[str, Any]) -> str:
    """Return the SHA-256 of what is asked, the same for the same request whatever the order of its fields."""
    canonical = json.dumps([deed, request], sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def answered_before(session: Session, act: Act, asked: str) -> dict[str, Any] | None:
    """Return the first answer given under this key, None for a new key; raises KeyReused for another request."""
    known = session.get(Operation, act.key)
    if known is None:
        return None
    if known.request_sha256 != asked:
        raise KeyReused("This Idempotency-Key was used for another request. Make a new one.")
    return known.answer


def remember(session: Session, act: Act, asked: str, answer: dict[str, Any]) -> None:
    """Keep the answer under the key. Two that race collide here, and the loser finds the winner's answer."""
    session.add(Operation(key=act.key, request_sha256=asked, answer=answer, at=act.now))
    session.flush()


def is_answered(store: Store, key: str) -> bool:
    """Say whether something was done under this key."""
    with store.reading() as session:
        return session.get(Operation, key) is not None
