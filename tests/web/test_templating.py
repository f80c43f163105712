"""What templates call and write is as Jinja has it, by fewer steps."""

import pytest
from flask import Flask
from jinja2 import DictLoader, UndefinedError, pass_context
from markupsafe import Markup, escape
from werkzeug.datastructures import MultiDict

from invoices.language import language_for
from plugin.core.acts import Role
from plugin.staff_languages import staff_language
from plugin.web.forms import Choice, Form, Paragraph, Text
from plugin.web.templating import Environment, shown
from plugin.wording import speaking
from tests.web.visitor import NAMES, Visitor

MACROS = """
{% macro row(name, size=2, end="") %}<b>{{ name }}{{ size }}{{ end }}</b>{% endmacro %}
{% macro box() %}[{{ caller() }}]{% endmacro %}
{% macro any_of() %}{{ varargs | join }}{{ kwargs | join }}{% endmacro %}
"""


ABOVE = """[{% block part %}{{ "&" }}{% endblock %}{% block other %}{% endblock %}]{% include "macros" %}"""
BELOW = """{% extends "above" %}{% block part %}{{ super() }}
{%- for each in "<b" %}{% block one scoped %}{{ each }}{% endblock %}{% endfor %}{% endblock %}
"""


PART = """{% macro of(name) %}{{ noted(name) }}{% endmacro %}
{% macro of_person() %}{{ person.name }}{% endmacro %}"""


@pytest.fixture
def environment() -> Environment:
    made = Environment(
        Flask(__name__),
        loader=DictLoader({"macros": MACROS, "macros/part.html": PART, "above": ABOVE, "below": BELOW}),
        autoescape=True,
    )
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


def test_blocks_are_written_in_their_place(environment: Environment) -> None:
    assert environment.get_template("below").render().strip() == "[&amp;&lt;b]"


def test_a_part_is_drawn_once_for_what_it_is_given(environment: Environment) -> None:
    drawn: list[str] = []

    def noted(name: str) -> str:
        drawn.append(name)
        return f"<{name}>"

    environment.globals["noted"] = noted
    with Flask(__name__).test_request_context():
        names = [environment.part("part", "of", name) for name in ("Ana", "Bea", "Ana")]
        assert names == ["&lt;Ana&gt;", "&lt;Bea&gt;", "&lt;Ana&gt;"]
        assert drawn == ["Ana", "Bea"]
        # The words of staff and of clients are in two catalogs of one tag.
        for language in (staff_language("es"), language_for("es")) * 2:
            with speaking(language):
                environment.part("part", "of", "Ana")
    with Flask(__name__).test_request_context("/", base_url="http://localhost/clinic"):
        environment.part("part", "of", "Ana")
    assert drawn == ["Ana", "Bea", "Ana", "Ana", "Ana"]


def test_a_part_sees_nothing_but_what_it_is_given(environment: Environment) -> None:
    page = environment.from_string("{{ part('part', 'of_person') }}")
    with Flask(__name__).test_request_context(), pytest.raises(UndefinedError, match="'person' is undefined"):
        page.render(person="Ana")


def test_the_frame_is_that_of_who_reads_it(small_olga: Visitor, small_deb: Visitor) -> None:
    for reader, role in ((small_olga, Role.OWNER), (small_deb, Role.DESK)) * 2:
        page = reader.page("/")
        assert [name for name in NAMES.values() if name in page.text] == [NAMES[role]]
        assert ("/reports/liability" in page.links()) == (role is Role.OWNER)


def test_a_field_is_drawn_with_escaped_attributes(small_app: Flask) -> None:
    class Drawn(Form):
        line = Text("Line", placeholder='a "b" <c>', data_so_on="1", required=True, disabled=False)
        lines = Paragraph("Lines")
        one = Choice("One", [("<1>", "<b>"), ("2", "two")])

    with small_app.test_request_context():
        form = Drawn(MultiDict({"line": "<'\">", "lines": "\n<x>", "one": "2"}))
        assert form.line(class_="wide") == (
            '<input autocomplete="off" class="wide" data-so-on="1" id="line" name="line"'
            ' placeholder="a &#34;b&#34; &lt;c&gt;" required type="text" value="&lt;&#39;&#34;&gt;">'
        )
        assert form.lines() == '<textarea autocomplete="off" id="lines" name="lines">\n\n&lt;x&gt;</textarea>'
        assert form.one() == (
            '<select id="one" name="one"><option value="&lt;1&gt;">&lt;b&gt;</option>'
            '<option value="2" selected>two</option></select>'
        )
