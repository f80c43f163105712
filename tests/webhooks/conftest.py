"""The desk of the ledger's tests."""

from __future__ import annotations

from tests.courses.conftest import desk

__all__ = ["desk"]
