"""One unit of work: an open write transaction, the act it belongs to, and new ids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.courses.base.idempotency import Answered, digest, run_once
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.base import Base

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


def require_row(
    session: Session, model: type[Model], key: object, missing: str, *, is_locked: bool = False
) -> Model:
    """Return the row with this key, optionally locked and refreshed; raises NotFound with this sentence."""
    row = session.get(model, key, with_for_update=is_locked, populate_existing=is_locked)
    if row is None:
        raise NotFound(missing)
    return row
