"""The paths of a checkout. Independent of the tests that use them."""

import os
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Made here and made again at will; .gitignore names the same ones. var/ is a clinic's data.
_MADE = {".git", ".venv", "__pycache__", "build", "dist", "var"}
# What `make papers` and `make mutants` write; deeper down, papers are a subject.
_MADE_ON_TOP = {"papers", "mutants"}


def files_below(folder: Path = ROOT) -> Iterator[Path]:
    """Yield every file that belongs to the project."""
    for parent, folders, names in os.walk(folder):
        made = _MADE_ON_TOP if Path(parent) == ROOT else set()
        folders[:] = sorted(name for name in folders if not _is_made(name) and name not in made)
        # In a second worktree .git is a file.
        kept = (name for name in sorted(names) if name not in _MADE and not name.endswith(".pyc"))
        yield from (Path(parent, name) for name in kept)


def modules_of(package: str) -> dict[str, str]:
    """Return the source of every module of a package by its dotted name."""
    return {_dotted(path): path.read_text() for path in files_below(ROOT / package) if path.suffix == ".py"}


def _is_made(name: str) -> bool:
    return name in _MADE or name.endswith((".egg-info", "_cache")) or name == ".hypothesis"


def _dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
