"""The command `coursekeeper`: a command reads its words, calls one function, says one sentence. Exit code 0, 1 or 2."""

from __future__ import annotations

from plugin.cli import database, import_export, papers, people, running, square
from plugin.cli.root import main

__all__ = ["database", "import_export", "main", "papers", "people", "running", "square"]
