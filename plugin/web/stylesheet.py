"""The stylesheet of all screens: every file of a folder joined into one text, a cascade layer per sub-folder.

Which rule goes where: docs/screens.md.
"""

import re
from functools import cache
from pathlib import Path

# A later layer wins, however specific the rules of an earlier one are.
LAYERS = ("tokens", "base", "layout", "components", "pages", "modes")

_COMMENT_OR_INDENT = re.compile(r"/\*.*?\*/\n?|^\s+", re.DOTALL | re.MULTILINE)


@cache
def joined(folder: Path) -> str:
    """Return the whole stylesheet, without comments. Read once: files change only with a new version."""
    layers = (f"@layer {name} {{\n{_layer(folder / name)}}}\n" for name in LAYERS)
    return f"@layer {', '.join(LAYERS)};\n" + "".join(layers)


def _layer(folder: Path) -> str:
    rules = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.css")))
    return _COMMENT_OR_INDENT.sub("", rules)
