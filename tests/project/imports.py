"""Which module imports which, read from source text; nothing is run. Independent of what is allowed."""

import ast
from collections.abc import Iterator
from functools import cache


def imports_in(module: str, source: str, *, is_package: bool = False) -> set[str]:
    """Return the dotted name of everything a module imports, also inside functions and for types only.

    `from a import b` counts as `a.b`: the text does not show whether b is a module.
    """
    found: set[str] = set()
    for node in _imports(source):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        else:
            origin = _origin(module, node, is_package=is_package)
            found.update(f"{origin}.{alias.name}" for alias in node.names)
    return found


@cache
def _imports(source: str) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """Return the statements that import; several rules read the same source."""
    return tuple(
        node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)
    )


def calls_in(source: str) -> Iterator[str]:
    """Yield the last name of whatever is called: `create_engine` for `sa.create_engine(...)`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                yield called.id
            elif isinstance(called, ast.Attribute):
                yield called.attr


def is_within(name: str, part: str) -> bool:
    """Return whether a dotted name is this part or lies in it."""
    return name == part or name.startswith(f"{part}.")


def _origin(module: str, node: ast.ImportFrom, *, is_package: bool) -> str:
    if not node.level:
        return node.module or ""
    above = module.split(".")
    kept = above[: len(above) - node.level + (1 if is_package else 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])
