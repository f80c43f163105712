"""The wheel and the source archive, built once for the tests that read them."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.project.tree import ROOT, files_below


@dataclass(frozen=True)
class Archives:
    wheel: Path
    source: Path


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    """Build from a copy: setuptools writes beside the sources, and reads what an earlier build left."""
    copy = tmp_path_factory.mktemp("checkout")
    for path in files_below():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(copy / "dist"), str(copy)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = (copy / "dist").glob("*.whl")
    (source,) = (copy / "dist").glob("*.tar.gz")
    return Archives(wheel, source)
