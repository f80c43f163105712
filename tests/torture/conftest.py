"""Fixtures of more than one file here."""

from pathlib import Path

import pytest


@pytest.fixture
def place(_scratch_folder: Path, request: pytest.FixtureRequest) -> Path:
    """A folder in memory, where the machine has one."""
    folder = _scratch_folder / request.node.name
    folder.mkdir(exist_ok=True)
    return folder
