"""The version of the papers: cached bytes of an older one are not used after an upgrade."""

import hashlib
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable


@cache
def papers_version() -> str:
    """Return a mark that changes with any template, style, font, word or line of code of the papers."""
    digest = hashlib.sha256()
    for name, content in sorted(_contents(files("invoices"), "")):
        digest.update(name.encode())
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()


def _contents(folder: Traversable, path: str) -> list[tuple[str, bytes]]:
    found = []
    for each in folder.iterdir():
        name = f"{path}/{each.name}"
        if each.is_dir():
            found += [] if each.name == "__pycache__" else _contents(each, name)
        else:
            found.append((name, each.read_bytes()))
    return found
