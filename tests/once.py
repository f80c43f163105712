"""What the processes of a test run share: made by the first that wants it, in a folder of the run."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest


def folder_of_run(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all processes of this run see."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def made_once(path: Path, make: Callable[[Path], object]) -> Path:
    """Return the path; where nothing is there yet, `make` makes it at the path it is given while the others wait."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            unfinished = path.with_suffix(".part")
            make(unfinished)
            unfinished.rename(path)
    return path
