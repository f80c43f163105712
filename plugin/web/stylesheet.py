"""The stylesheet of all screens: every file of a folder joined into one text, a cascade layer per sub-folder.

Which rule goes where: docs/screens.md.
"""

import re
from functools import cache
from pathlib import Path

# A later layer wins, however specific the rules of an earlier one are.
LAYERS = ("tokens", "base", "layout", "components", "pages", "modes")

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
# No string of ours has one of these signs with a space beside it.
_SPACE = re.compile(r"\s*([{};])\s*|(?<=:)\s+|\n\s*")


@cache
def joined(folder: Path) -> str:
    """Return the whole stylesheet, without comments and spaces. Read once: files change only with a new version."""
    layers = "".join(f"@layer {name} {{{_layer(folder / name)}}}" for name in LAYERS)
    return f"@layer {', '.join(LAYERS)};{tight(layers)}"


def tight(css: str) -> str:
    """Return rules without the spaces that mean nothing."""
    return _SPACE.sub(lambda space: space[1] or (" " if "\n" in space[0] else ""), css)


def _layer(folder: Path) -> str:
    rules = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.css")))
    return _COMMENT.sub("", rules)
