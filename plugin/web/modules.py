"""The modules of a package, so that a page or a call is added by its module alone."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def modules_of(package: ModuleType) -> Iterator[ModuleType]:
    """Yield the modules of a package, imported, by name."""
    for each in iter_modules(package.__path__, f"{package.__name__}."):
        yield import_module(each.name)
