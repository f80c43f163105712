"""What templates call and write is as Jinja has it, by fewer steps."""

import pytest
from flask import Flask
from jinja2 import DictLoader, UndefinedError, pass_context
from markupsafe import Markup, escape

from plugin.web.templating import Environment, shown

MACROS = """
{% macro row(name, size=2, end="") %}<b>{{ name }}{{ size }}{{ end }}</b>{% endmacro %}
{% macro box() %}[{{ caller() }}]{% endmacro %}
{% macro any_of() %}{{ varargs | join }}{{ kwargs | join }}{% endmacro %}
"""


@pytest.fixture
def environment() -> Environment:
    made = Environment(Flask(__name__), loader=DictLoader({"macros": MACROS}), autoescape=True)
    made.globals["plain"] = lambda *of, **named: f"<{of}{named}>"
    made.globals["seen"] = pass_context(lambda context, name: context[name])
    return made


@pytest.mark.parametrize(
    ("source", "written"),
    [
        ("{{ m.row('<') }}", "<b>&lt;2</b>"),
        ("{{ m.row('a', end='c') }}", "<b>a2c</b>"),
        ("{{ m.row('a', 3, 'c') }}", "<b>a3c</b>"),
        ("{{ m.row(size=1, name=m.row('x')) }}", "<b><b>x2</b>1</b>"),
        ("{% for each in [1, 2] %}{{ m.row(each) }}{% endfor %}", "<b>12</b><b>22</b>"),
        ("{% call m.box() %}&{{ '&' }}{% endcall %}", "[&&amp;]"),
        ("{{ m.any_of(1, '<', a=3) }}", "1&lt;a"),
        ("{{ plain(1, a='&') }}", "&lt;(1,){&#39;a&#39;: &#39;&amp;&#39;}&gt;"),
        ("{{ plain(*[1, 2]) }}", "&lt;(1, 2){}&gt;"),
        ("{% set plain = ['x', 'y'].index %}{{ plain('y') }}", "1"),
        ("{% for each in 'ab' %}{% set it = each %}{{ seen('it') }}{% endfor %}", "ab"),
        ("{% autoescape false %}{{ '<' }}{{ plain() }}{% endautoescape %}", "<<(){}>"),
        ("{{ none }}{{ 1.5 }}{{ '<' | safe }}", "None1.5<"),
    ],
)
def test_is_written(environment: Environment, source: str, written: str) -> None:
    page = environment.from_string("{% import 'macros' as m %}" + source)
    assert page.render() == written


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ m.row('a', color=1) }}", "takes no keyword argument 'color'"),
        ("{{ m.row(1, 2, 3, 4) }}", "takes not more than 3"),
    ],
)
def test_a_macro_refuses(environment: Environment, source: str, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        environment.from_string("{% import 'macros' as m %}" + source).render()


def test_what_is_not_there_is_not_called(environment: Environment) -> None:
    with pytest.raises(UndefinedError, match="'nowhere' is undefined"):
        environment.from_string("{{ nowhere(1) }}").render()


@pytest.mark.parametrize("value", ["<&>\"'", Markup("<b>"), 7, None, ["<"], type("Sub", (str,), {})("<")])
def test_shown_is_what_escape_writes(value: object) -> None:
    assert shown(value) == str(escape(value))
