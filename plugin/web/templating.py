"""Jinja that calls and escapes by fewer steps: a page has a thousand calls and as many escaped values.

What a template means is unchanged.
"""

from collections.abc import Hashable
from functools import lru_cache
from types import FunctionType, MethodType
from typing import Any

from flask import request
from flask.sansio.app import App
from flask.templating import Environment as FlaskEnvironment
from jinja2 import Template, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro
from jinja2.utils import missing
from markupsafe import Markup, escape
from markupsafe import _escape_inner as escaped  # type: ignore[attr-defined]  # has no public name

from plugin.wording import spoken

_PLAIN = (FunctionType, MethodType)


def shown(value: Any) -> str:
    """Return what `escape` writes; markup, such as a macro's, as it is."""
    kind = type(value)
    if kind is str:
        # Without the markup that `escape` makes of it, which would be joined with the rest and dropped.
        return escaped(value)
    return value if kind is Markup else escape(value)


def _takes_context(called: object) -> bool:
    return hasattr(called, "jinja_pass_arg")


class _Context(Context):
    """What a template sees. A function or a macro is called at once, where Jinja looks at it three times."""

    def call(__self, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja's
        kind = type(__obj)
        if kind is not Macro and (kind not in _PLAIN or _takes_context(__obj)):
            return super().call(__obj, *args, **kwargs)
        kwargs.pop("_block_vars", None)
        kwargs.pop("_loop_vars", None)
        return _call_macro(__obj, __self, args, kwargs) if kind is Macro else __obj(*args, **kwargs)


def _call_macro(macro: Macro, context: Context, args: tuple[Any, ...], named: dict[str, Any]) -> str:
    if macro.caller or macro.catch_kwargs or macro.catch_varargs or not context.eval_ctx.autoescape:
        return macro(context.eval_ctx, *args, **named)
    given = [*args, *[named.pop(name, missing) for name in macro.arguments[len(args) :]]]
    if named or len(given) > len(macro.arguments):
        # It says what is wrong.
        return macro(context.eval_ctx, *given, **named)
    return str.__new__(Markup, macro._func(*given))


class _Generator(CodeGenerator):
    def visit_Call(  # noqa: N802 - Jinja's name
        self, node: nodes.Call, frame: Frame, forward_caller: bool = False
    ) -> None:
        """Call a global function, such as gettext's, without asking at each call whether it takes the context."""
        if (
            forward_caller
            or node.dyn_args
            or node.dyn_kwargs
            or not self._is_global_function(node.node, frame)
        ):
            super().visit_Call(node, frame, forward_caller=forward_caller)
            return
        self.visit(node.node, frame)
        self.write("(")
        for each in (*node.args, *node.kwargs):
            self.visit(each, frame)
            self.write(", ")
        self.write(")")

    def writeline(self, x: str, node: nodes.Node | None = None, extra: int = 0) -> None:
        """Hand on what a block or the template above wrote as one text, not piece by piece through each of them."""
        inner = x.removeprefix("yield from ")
        is_part = x != inner and inner.startswith(("context.blocks[", "parent_template.root_render_func("))
        super().writeline(f"yield concat({inner})" if is_part else x, node, extra)

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802
        """Read an attribute at once; the environment is asked only where there is none, such as of a dictionary."""
        self.write("(_found if (_found := getattr((_of := ")
        self.visit(node.node, frame)
        self.write(
            f"), {node.attr!r}, missing)) is not missing else environment.getattr(_of, {node.attr!r}))"
        )

    def _is_global_function(self, called: nodes.Node, frame: Frame) -> bool:
        if not isinstance(called, nodes.Name):
            return False
        load = frame.symbols.find_load(frame.symbols.ref(called.name))
        known = self.environment.globals.get(called.name)
        is_looked_up = load is not None and load[0] == "resolve"
        return is_looked_up and type(known) in _PLAIN and not _takes_context(known)

    def _output_child_pre(
        self, node: nodes.Expr, frame: Frame, finalize: CodeGenerator._FinalizeInfo
    ) -> None:
        if frame.eval_ctx.volatile or not frame.eval_ctx.autoescape or finalize.src is not None:
            super()._output_child_pre(node, frame, finalize)
        else:
            self.write("environment.shown(")


class _Template(Template):
    def _get_default_module(self, ctx: Context | None = None) -> Any:  # noqa: ARG002 - as Jinja's
        """Return what an import without context imports. Ours have the environment's globals, none of a page's own."""
        return super()._get_default_module()


_KEPT_PARTS = 200


class Environment(FlaskEnvironment):
    """Flask's, with the above, and the parts of pages that are drawn once (`part`)."""

    code_generator_class = _Generator
    context_class = _Context
    template_class = _Template
    shown = staticmethod(shown)

    def __init__(self, app: App, **options: Any) -> None:
        super().__init__(app, **options)
        self._part = lru_cache(maxsize=_KEPT_PARTS)(self._new_part)
        self.globals["part"] = self.part

    def part(self, file: str, macro: str, *args: Hashable) -> str:
        """Return what a macro draws, once: it sees nothing but its arguments, the language and where we are mounted."""
        language = spoken()
        return self._part(language.tag, language.catalog, request.script_root, file, macro, args)

    def _new_part(
        self, _tag: str, _catalog: object, _root: str, file: str, macro: str, args: tuple[Hashable, ...]
    ) -> str:
        drawn: str = getattr(self.get_template(f"macros/{file}.html").make_module(), macro)(*args)
        return drawn
