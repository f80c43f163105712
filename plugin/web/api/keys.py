"""What an Idempotency-Key means for calls whose deed is repeatable by nature, and whether a key has come before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import IntegrityError

from plugin.courses.base.idempotency import answered_before, digest, remember
from plugin.store.ledger import Operation
from plugin.web.api.calls import Answer, Asked


def is_known(asked: Asked) -> bool:
    """Say whether the key has come before; the use case decides whether with the same request."""
    if not asked.has_key:
        return False
    with asked.services.store.reading() as session:
        return session.get(Operation, asked.act.key) is not None


def once(asked: Asked, deed: str, request: dict[str, Any], work: Callable[[], dict[str, Any]]) -> Answer:
    """Answer what `work` answers, or what it answered first under this key; raises KeyReused.

    The answer is kept after the deed, not with it: a crash between the two does the deed again, so only for
    deeds that change nothing the second time.
    """
    if not asked.has_key:
        return Answer(work())
    wanted = digest(deed, {**asked.ids, **request})
    with asked.services.store.reading() as session:
        first = answered_before(session, asked.act, wanted)
    return Answer(first if first is not None else _keep(asked, wanted, work()))


def _keep(asked: Asked, wanted: str, answer: dict[str, Any]) -> dict[str, Any]:
    try:
        with asked.services.store.writing() as session:
            remember(session, asked.act, wanted, answer)
    except IntegrityError:
        with asked.services.store.reading() as session:
            return answered_before(session, asked.act, wanted) or answer
    return answer
