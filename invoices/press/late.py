"""Modules that another module loads and hardly ever uses: loaded once it calls something of theirs."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Late(ModuleType):
    """Stands for a module of which functions and classes are called, and nothing else is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: Any, **named: Any) -> Any:
            return getattr(import_module(self.__name__), name)(*args, **named)

        return call


@contextmanager
def loaded_late(*names: str) -> Iterator[None]:
    """Give what is imported within the block stand-ins for these modules, unless they are loaded already."""
    stand_ins = {name: _Late(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
