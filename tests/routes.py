"""Compiles the address of each route once for all applications of a run.

Hundreds of tests create an application, and nine tenths of that is werkzeug compiling the same three hundred
addresses again. A builder depends on nothing but the rule.
"""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


def compile_once() -> None:
    """Keep the builders of all rules that are compiled from now on."""
    compiled: dict[tuple[object, ...], Callable[..., Any]] = {}
    compile_one = Rule._compile_builder

    def kept(rule: Rule, append_unknown: bool = True) -> Callable[..., Any]:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in compiled:
            compiled[key] = compile_one(rule, append_unknown)
        return compiled[key]

    Rule._compile_builder = kept  # type: ignore[assignment, method-assign]
