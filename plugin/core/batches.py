"""Batches of values, such as fit into one query or one request."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the values in lists of `size`, the last one shorter; read only as far as asked.

    `itertools.batched` of Python 3.12, which we don't require yet.
    """
    left = iter(values)
    while some := list(islice(left, size)):
        yield some
