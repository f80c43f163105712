"""Skipping or failing a test when a part of the machine is missing. Independent of the part."""

import os
from collections.abc import Mapping
from typing import NoReturn

import pytest


def missing(reason: str, environment: Mapping[str, str] = os.environ, *, is_needed: bool = True) -> NoReturn:
    """Skip with the reason on a developer's machine; fail on the one that decides.

    `is_needed`: False for programs that such a machine fetches where it can, and does without where it can't.
    """
    if is_needed and environment.get("CI"):
        pytest.fail(f"{reason} (never skipped when CI is set)", pytrace=False)
    pytest.skip(reason)
