"""Idempotency of calls whose work can be repeated, and whether a key was used before."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import IntegrityError

from plugin.courses.base.work import digest, first_answer, is_answered, keep_answer
from plugin.web.api.calls import Reply, Request

Json = dict[str, Any]


def is_known(request: Request) -> bool:
    """Return whether the key was used before; the use case decides whether with the same request."""
    return request.has_key and is_answered(request.store, request.act.key)


def once(request: Request, operation: str, wanted: Json, work: Callable[[], Json]) -> Reply:
    """Return what `work` returns, or what it returned first under this key; raises KeyReused.

    The result is stored after the work, not with it: a crash between the two repeats the work, so use it
    only for work that changes nothing the second time.
    """
    if not request.has_key:
        return Reply(work())
    asked = digest(operation, wanted)
    with request.store.reading() as session:
        first = first_answer(session, request.act, asked)
    return Reply(first if first is not None else _stored(request, asked, work()))


def _stored(request: Request, asked: str, answer: Json) -> Json:
    try:
        with request.store.writing() as session:
            keep_answer(session, request.act, asked, answer)
    except IntegrityError:
        # Another request under the same key was faster.
        with request.store.reading() as session:
            return first_answer(session, request.act, asked) or answer
    return answer
