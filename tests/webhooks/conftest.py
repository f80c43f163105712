"""The desk of the ledger's tests."""

from tests.courses.conftest import desk

__all__ = ["desk"]
