"""What in a checkout leads out of it: paths that climb above its root, places of one machine, links, skipped tests.

Read from the text, nothing is run. A depth is the number of folders below the root; below zero is outside.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.project.tree import files_below

# Parts of the operating system, which every machine has or lacks for reasons of its own.
_SYSTEM = (
    "/proc/",
    "/dev/",
    "/etc/",
    "/usr/",
    "/bin/",
    "/sbin/",
    "/opt/",
    "/System/",
    "/Library/",
    "/Applications/",
)
_SAME_PLACE = {
    "Path",
    "PurePath",
    "str",
    "fspath",
    "resolve",
    "absolute",
    "abspath",
    "realpath",
    "normpath",
    "as_posix",
}
_OPENING = {"Path", "PurePath", "open"}
_JOINING = {"join", "joinpath"}
_HERE = {"cwd", "getcwd"}
_HOME = {"home", "expanduser"}
_CLIMB = re.compile(r"(?<![\w.])(?:\.\./)*\.\.(?![\w.])")
_BESIDE = re.compile(r"(?<![\w.-])(?:shared|contract)/")
# A source without one of these makes no path and climbs none: it need not be parsed.
_NAMES_A_PATH = re.compile(
    r"__file__|[\"'/]\.\.[\"'/{]|\.parents?\b|\b(?:pardir|dirname|cwd|getcwd|home|expanduser)\b"
    r"|\b(?:Path|PurePath|open)\("
)
_SKIP = re.compile(r"\b(?:pytest\.skip|importorskip|skipif|mark\.skip|unittest\.skip\w*|SkipTest)\b")


@cache
def nodes_of(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return all nodes of a tree; several rules look at each of them."""
    return tuple(ast.walk(tree))


def paths_out(root: Path) -> Iterator[str]:
    """Yield every place in the files below a root that leads above it."""
    sources = {path: _text_of(path) for path in files_below(root)}
    python = {path: text for path, text in sources.items() if path.suffix == ".py"}
    trees = {path: ast.parse(text) for path, text in python.items() if _NAMES_A_PATH.search(text)}
    constants = {_dotted(root, path): _constants(root, path, tree) for path, tree in trees.items()}
    for path, text in sources.items():
        name = str(path.relative_to(root))
        if path.is_symlink() and not path.resolve().is_relative_to(root.resolve()):
            yield f"{name}: a link to outside"
        found = [*_in_text(text, _depth_of_folder(root, path))]
        if path in trees:
            found += _in_python(
                trees[path], _Names(_depth_of_file(root, path), _imported(trees[path], constants))
            )
        yield from (f"{name}:{line}: {what}" for line, what in sorted(set(found)))


def skips_in(text: str) -> list[str]:
    """Return every way a test is left out that this text uses."""
    return _SKIP.findall(text)


def _in_text(text: str, depth: int) -> Iterator[tuple[int, str]]:
    if not _CLIMB.search(text) and not _BESIDE.search(text):
        return
    for number, line in enumerate(text.splitlines(), 1):
        for found in _CLIMB.finditer(line):
            if found[0].count("..") > depth:
                yield number, f"{found[0]} climbs above the root"
        for found in _BESIDE.finditer(line):
            yield number, f"{found[0]} is no folder of this repository"


@dataclass
class _Names:
    """The values of a module's names, as depths; and what was found while computing them."""

    file: int
    depths: dict[str, int] = field(default_factory=dict)
    found: list[tuple[int, str]] = field(default_factory=list)

    def depth(self, node: ast.expr) -> int | None:
        """Return where an expression points to, None where the text does not show it."""
        depth = self._depth(node)
        if depth is not None and depth < 0:
            self.found.append((node.lineno, "climbs above the root"))
            return None
        return depth

    def _depth(self, node: ast.expr) -> int | None:
        match node:
            case ast.Name(id="__file__"):
                return self.file
            case ast.Name(id=name):
                return self.depths.get(name)
            case ast.Attribute(value=base, attr="parent"):
                return self._up(base, 1)
            case ast.Subscript(value=ast.Attribute(value=base, attr="parents"), slice=place):
                return self._up(base, 1 + _number(place))
            case ast.BinOp(left=base, op=ast.Div(), right=step):
                return self._joined(self.depth(base), [step])
            case ast.Call():
                return self._called(node)
        return None

    def _called(self, node: ast.Call) -> int | None:
        name, base = _name_and_base(node.func)
        if name in _HERE and not node.args:
            return 0
        if name == "dirname" and node.args:
            return self._up(node.args[0], 1)
        if name == "joinpath" and base is not None:
            return self._joined(self.depth(base), node.args)
        if name == "join" and len(node.args) > 1:
            return self._joined(self.depth(node.args[0]), node.args[1:])
        if name in _OPENING and node.args and _words(node.args[0]) is not None:
            return self._joined(0, node.args)
        if name in _SAME_PLACE:
            place = node.args[0] if node.args else base
            return None if place is None else self.depth(place)
        return None

    def _up(self, base: ast.expr, steps: int) -> int | None:
        depth = self.depth(base)
        return None if depth is None else depth - steps

    def _joined(self, depth: int | None, steps: list[ast.expr]) -> int | None:
        for step in steps:
            words = _words(step)
            if depth is None or words is None:
                return None
            if words.startswith("/"):
                return None if words.startswith(_SYSTEM) else -1
            for part in words.split("/"):
                depth += {"..": -1, ".": 0, "": 0}.get(part, 1)
                if depth < 0:
                    return depth
        return depth


def _in_python(tree: ast.Module, names: _Names) -> list[tuple[int, str]]:
    for node in nodes_of(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            depth = names.depth(node.value)
            if depth is not None:
                names.depths[node.targets[0].id] = depth
        elif isinstance(node, ast.For | ast.comprehension) and _is_walk_up(node.iter, names):
            names.found.append((node.iter.lineno, "walks up from here to the root of the machine"))
        elif isinstance(node, ast.Call) and _name_and_base(node.func)[0] == "home":
            names.found.append((node.lineno, "looks into somebody's home"))
        if isinstance(node, ast.expr):
            names.depth(node)
    return names.found


def _is_walk_up(node: ast.expr, names: _Names) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "parents" and names.depth(node.value) is not None


def _name_and_base(called: ast.expr) -> tuple[str, ast.expr | None]:
    if isinstance(called, ast.Attribute):
        return called.attr, called.value
    return (called.id if isinstance(called, ast.Name) else ""), None


def _words(node: ast.expr) -> str | None:
    """Return the text of a string, up to its first unknown part."""
    match node:
        case ast.Constant(value=str(words)):
            return words
        case ast.Attribute(attr="pardir"):
            return ".."
        case ast.JoinedStr(values=[ast.Constant(value=str(words)), *_]):
            return words
        case ast.JoinedStr():
            return "unknown"
    return None


def _number(node: ast.expr) -> int:
    """Return a constant index; one counted from the end leads to the root of the machine."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else 1_000


def _imported(tree: ast.Module, constants: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    return {
        alias.asname or alias.name: constants[node.module][alias.name]
        for node in nodes_of(tree)
        if isinstance(node, ast.ImportFrom) and node.module in constants
        for alias in node.names
        if alias.name in constants[node.module]
    }


def _constants(root: Path, path: Path, tree: ast.Module) -> dict[str, int]:
    names = _Names(_depth_of_file(root, path))
    _in_python(tree, names)
    return names.depths


def _depth_of_file(root: Path, path: Path) -> int:
    return len(path.relative_to(root).parts)


def _depth_of_folder(root: Path, path: Path) -> int:
    return _depth_of_file(root, path) - 1


def _dotted(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        return ""
