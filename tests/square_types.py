"""Reads the field types of each of the SDK's models once for all calls of a run.

For each object in an answer the SDK evaluates all annotations of its model again: a quarter of what the tests with a
Square take. The types of a class never change.
"""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

from square.core import serialization


def read_types_once() -> None:
    """Keep what the SDK reads of a model's types from now on."""
    read = vars(serialization)["typing_extensions"]
    kept = cache(read.get_type_hints)
    vars(serialization)["typing_extensions"] = SimpleNamespace(**{**vars(read), "get_type_hints": kept})
