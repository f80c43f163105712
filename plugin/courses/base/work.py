"""One unit of work: an open write transaction, the act it belongs to, and new ids."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy.orm import Session

from plugin.core.acts import Act, Role, require
from plugin.courses.base.idempotency import Answered, digest, run_once
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.base import Base

P = ParamSpec("P")
R = TypeVar("R")
Model = TypeVar("Model", bound=Base)


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
