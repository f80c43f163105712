"""What a test does when a part of the machine is missing. Must not know which part."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip with the reason on a developer's machine; fail on the one that decides."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (never skipped when CI is set)", pytrace=False)
    pytest.skip(reason)
