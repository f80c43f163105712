"""One unit of work: an open write transaction, its act, new ids, and idempotency.

A request runs once under its key; the same request again gets the first result.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.core.fingerprint import sha256_hex
from plugin.errors import KeyReused, NotFound
from plugin.store import Store
from plugin.store.base import Base
from plugin.store.database import write
from plugin.store.ledger import Operation
from plugin.store.prepared import Prepared, prepared_insert
from plugin.wording import _

P = ParamSpec("P")
R = TypeVar("R")
Model = TypeVar("Model", bound=Base)


class Answered(NamedTuple):
    """The result of a request; `is_repeat`: its key was used before, and nothing ran now."""

    answer: dict[str, Any]
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Work:
    """What a use case writes with: the session of the open transaction, the store, and the act."""

    session: Session
    store: Store
    act: Act

    @property
    def now(self) -> datetime:
        """Return the time of the act."""
        return self.act.now

    def new_id(self) -> str:
        """Return an id that sorts after every earlier one."""
        return self.store.new_id()

    def add(self, row: Base) -> None:
        """Add a row to the session and insert it now, before what refers to it."""
        self.session.add(row)
        self.session.flush()

    def once(self, what: str, request: dict[str, Any], do: Callable[[], dict[str, Any]]) -> Answered:
        """Run `do` once under the act's key and store its result, which the same request gets again.

        Lock the row that `do` changes first. Raises KeyReused where the key belongs to another request.
        """
        return run_once(self.session, self.act, digest(what, request), do)


def transact(store: Store, act: Act, do: Callable[[Work], R]) -> R:
    """Run `do` in one write transaction of the act; commit all of it or nothing."""
    return store.transact(lambda session: do(Work(session, store, act)))


def in_transaction(do: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Store, Act, P], R]:
    """Make a function of open work a use case: called with a store and an act, it is one transaction of its own."""

    @wraps(do)
    def use_case(store: Store, act: Act, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return transact(store, act, lambda work: do(work, *args, **kwargs))

    return use_case


def in_session(do: Callable[Concatenate[Session, P], R]) -> Callable[Concatenate[Store, P], R]:
    """Make a function of an open session one of a store: it runs in one write transaction of its own."""

    @wraps(do)
    def with_store(store: Store, /, *args: P.args, **kwargs: P.kwargs) -> R:
        return store.transact(lambda session: do(session, *args, **kwargs))

    return with_store


def reading(do: Callable[Concatenate[Session, P], R]) -> Callable[Concatenate[Store, P], R]:
    """Make a function of an open session one of a store: it reads in a session of its own."""

    @wraps(do)
    def with_store(store: Store, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with store.reading() as session:
            return do(session, *args, **kwargs)

    return with_store


def allowed(
    *roles: Role,
) -> Callable[[Callable[Concatenate[Work, P], R]], Callable[Concatenate[Store, Act, P], R]]:
    """Make a use case (`in_transaction`) of the owner and of these roles; it raises NotAllowed for others."""

    def decorate(do: Callable[Concatenate[Work, P], R]) -> Callable[Concatenate[Store, Act, P], R]:
        run = in_transaction(do)

        @wraps(do)
        def use_case(store: Store, act: Act, /, *args: P.args, **kwargs: P.kwargs) -> R:
            require(act.actor, *roles)
            return run(store, act, *args, **kwargs)

        return use_case

    return decorate


def require_row(
    session: Session, model: type[Model], key: object, missing: str, *, is_locked: bool = False
) -> Model:
    """Return the row with this key, optionally locked and refreshed; raises NotFound with this sentence."""
    row = session.get(model, key, with_for_update=is_locked, populate_existing=is_locked)
    if row is None:
        raise NotFound(missing)
    return row


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
    return answer_in(ANSWER.all(session.connection(), {"key": act.key}), request_sha256)


def answer_in(known: Sequence[Any], request_sha256: str) -> dict[str, Any] | None:
    """Return the same from the rows of `ANSWER`, none or one."""
    if not known:
        return None
    if known[0].request_sha256 != request_sha256:
        raise KeyReused(_("This Idempotency-Key was used for another request. Make a new one."))
    answer: dict[str, Any] = known[0].answer
    return answer


def keep_answer(session: Session, act: Act, request_sha256: str, answer: dict[str, Any]) -> None:
    """Store the result under the key; in a race the unique constraint decides, and the second runs again."""
    session.flush()
    kept = {"key": act.key, "request_sha256": request_sha256, "answer": answer, "at": act.now}
    write(session, _KEEP, kept)


# The first result under a `key`.
ANSWER = Prepared(select(Operation.request_sha256, Operation.answer).where(Operation.key == bindparam("key")))
_KEEP = prepared_insert(Operation)


def is_answered(store: Store, key: str) -> bool:
    """Return whether a request was completed under this key."""
    with store.reading() as session:
        return session.get(Operation, key) is not None
