"""The command `coursekeeper`: a command parses its arguments, calls one function and prints one sentence.

Exit codes: 0 done, 1 refused, 2 wrong usage or settings. What a command needs is imported inside its function, so that
`coursekeeper --help` and shell completion answer without loading the use cases, the web, Square and the papers.
"""

from plugin.cli import database, import_export, papers, people, running, settings
from plugin.cli.root import main

__all__ = ["main"]
