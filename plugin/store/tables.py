"""Every table under one roof, for migrations and for their comparison with the models."""

from __future__ import annotations

from plugin.store import (
    books,
    changes,
    documents,
    imports,
    ledger,
    offers,
    papers,
    people,
    queues,
    selling,
    square_side,
)
from plugin.store.base import Base

METADATA = Base.metadata

__all__ = [
    "METADATA",
    "books",
    "changes",
    "documents",
    "imports",
    "ledger",
    "offers",
    "papers",
    "people",
    "queues",
    "selling",
    "square_side",
]
