"""Compiles each statement once for all stores of a run: hundreds of tests open one of their own, and each would compile
again what the others have. The compiled form depends on nothing but the statement and the kind of database."""

from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Mapper
from sqlalchemy.util import LRUCache

_MOST = 4000


class _Shared:
    """Stands in for the cache that each engine and each mapper makes for itself."""

    def __init__(self) -> None:
        self._kept: LRUCache[Any, Any] = LRUCache(_MOST)

    def __get__(self, _owner: object, _type: type) -> "_Shared":
        return self

    def __set__(self, _owner: object, _own: object) -> None:
        """Leave out the one that an engine made."""

    def get(self, key: tuple[Any, ...]) -> Any:
        """Return what is compiled for SQLAlchemy's key: the dialect of an engine, the statement, and more."""
        return self._kept.get(_of_any_engine(key))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        self._kept[_of_any_engine(key)] = compiled


def _of_any_engine(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return key[0].name, *key[1:]


def compile_statements_once() -> None:
    """Let all engines and mappers share what they compile from now on."""
    shared: Any = _Shared()
    Engine._compiled_cache = shared
    Mapper._compiled_cache = shared  # type: ignore[method-assign]
