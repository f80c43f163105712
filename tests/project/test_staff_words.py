"""The words of the screens: all of them in the catalog, each translated with the same blanks, none outside gettext."""

import ast
import re
import string
from collections.abc import Iterator, Mapping
from functools import cache
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from plugin.staff_languages import STAFF_LANGUAGES, read_catalog

ROOT = Path(__file__).parents[2]
with (ROOT / "invoices" / "locale" / "es.po").open("rb") as clients:
    CLIENTS_SPANISH = [each for each in read_po(clients, locale="es") if each.id]
TRANSLATED = [tag for tag in STAFF_LANGUAGES if tag != "en"]
Key = tuple[str | None, str]

# Their words are the clients', whose language is another matter (invoices/locale).
_OF_CLIENTS = ("client/", "mail/visit.", "mail/letter.", "mail/payment_link.")
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
_ENVIRONMENT = Environment()
_READ = ("aria-label", "title", "placeholder", "alt", "data-print")
# Names, and what is typed as it stands.
_NOT_WORDS = re.compile(
    r"Coursekeeper|Square|PIN|data-\w+=|PDF|CSV|XLSX|developer\.squareup\.com/apps|https?://\S+"
)
_VERBATIM = ("code", "kbd", "style", "script")


@cache
def messages_of_the_code() -> frozenset[Key]:
    with (ROOT / "babel-staff.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = extract_from_dir(ROOT, methods, options, directory_filter=_is_ours)
    return frozenset((context, _first(message)) for _, _, message, _, context in found)


def _is_ours(folder: str) -> bool:
    path = Path(folder)
    return path == ROOT or path.relative_to(ROOT).parts[0] in {"plugin", "templates", "invoices"}


def _first(message: str | tuple[str, ...] | list[str]) -> str:
    return message if isinstance(message, str) else message[0]


def messages(tag: str) -> list[Message]:
    return [each for each in read_catalog(tag) if each.id]


def forms(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


def blanks(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("tag", TRANSLATED)
def test_a_catalog_holds_the_words_of_the_screens_and_no_others(tag: str) -> None:
    kept = {(each.context, _first(each.id)) for each in messages(tag)}
    assert len(kept) > 1000
    assert kept == messages_of_the_code(), "run `make messages` and translate what is new"
    assert not read_catalog(tag).obsolete


@pytest.mark.parametrize("tag", TRANSLATED)
def test_every_message_is_translated_with_its_blanks(tag: str) -> None:
    plurals = read_catalog(tag).num_plurals
    for message in messages(tag):
        wanted = blanks(message.id if isinstance(message.id, str) else message.id[1])
        assert not message.fuzzy, message.id
        assert len(forms(message)) == (1 if isinstance(message.id, str) else plurals)
        for form in forms(message):
            # A singular may write its number in words, or omit it.
            may_lack = {"n"} if message.pluralizable else set()
            assert form.strip(), message.id
            assert wanted - may_lack <= blanks(form) <= wanted | may_lack, message.id


def test_spanish_says_usted() -> None:
    for message in messages("es"):
        for form in forms(message):
            assert not re.search(r"\b(tú|tu|tus|te|contigo|vosotros|vuestr\w+)\b", form.casefold()), form


def test_a_number_in_spanish_that_may_be_one_has_no_verb_in_the_plural() -> None:
    # An amount is no count; the number of a plural form is known.
    many = re.compile(r"\b[Qq]uedan \{(?!amount\}|free\})(\w+)\}")
    found = [
        form
        for message in chain(messages("es"), CLIENTS_SPANISH)
        for place, form in enumerate(forms(message))
        for blank in many.findall(form)
        if place == 0 or blank != "n"
    ]
    assert found == []


def test_spanish_has_one_word_for_one_thing() -> None:
    # A course is “un plan”, papers are “documentos”, an amount is “un monto”, planned is “planificada”.
    other = re.compile(
        r"(?<!\ben )\bcursos?\b|\bpapeles\b|\bimportes\b|\b(un|el|ese) importe\b|\bplanead|\bplanea\b|\bañad|[«»]"
    )
    found = [
        form
        for message in chain(messages("es"), CLIENTS_SPANISH)
        for form in forms(message)
        if other.search(re.sub(r"\bdañad\w+", "", form.casefold()))
    ]
    assert found == []


def test_a_plan_of_visits_is_not_called_as_a_course_is_in_spanish() -> None:
    found = [
        form
        for message in messages("es")
        if re.search(r"\bplans?\b(?! of Square)", _first(message.id)) and "ourse" not in _first(message.id)
        for form in forms(message)
        if re.search(r"\bplan(es)?\b", form.casefold())
    ]
    assert found == []


class _Words(HTMLParser):
    """Collects the text and the attributes that people read, where they hold a word."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # What is marked as English is a name, such as that of a button of Square's.
        self._within.append((tag, tag in _VERBATIM or ("lang", "en") in attrs))
        for name, value in attrs:
            if name in _READ:
                self._add(value or "")

    def handle_endtag(self, tag: str) -> None:
        opened = [place for place, (name, _) in enumerate(self._within) if name == tag]
        if opened:
            del self._within[opened[-1] :]

    def handle_data(self, data: str) -> None:
        if not any(is_verbatim for _, is_verbatim in self._within):
            self._add(data)

    def _add(self, text: str) -> None:
        if re.search(r"[^\W\d_]{2}", _NOT_WORDS.sub("", text)):
            self.found.append(" ".join(text.split()))


def words_outside_gettext(source: str) -> list[str]:
    words = _Words()
    words.feed(_JINJA.sub(_printed, source))
    words.close()
    return words.found


def _printed(block: re.Match[str]) -> str:
    if not block[0].startswith("{{"):
        return " "
    outputs = _ENVIRONMENT.parse(block[0]).find_all(nodes.Output)
    return f" {' '.join(text for each in outputs for one in each.nodes for text in _constants(one))} "


def _constants(node: nodes.Node) -> Iterator[str]:
    """Yield the strings that an expression may write as they stand in the source."""
    match node:
        case nodes.Const(value=str() as text):
            yield text
        case nodes.CondExpr():
            yield from _constants(node.expr1)
            yield from _constants(node.expr2 or nodes.Const(None))
        case nodes.BinExpr():
            yield from _constants(node.left)
            yield from _constants(node.right)
        case nodes.Concat():
            yield from chain.from_iterable(map(_constants, node.nodes))
        case nodes.Getitem(node=nodes.Dict() as choices):
            yield from chain.from_iterable(_constants(each.value) for each in choices.items)
        case nodes.Filter(node=nodes.Node() as filtered):
            yield from _constants(filtered)


def _templates() -> Iterator[Path]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        if not path.relative_to(ROOT / "templates").as_posix().startswith(_OF_CLIENTS):
            yield path


def test_no_word_of_a_staff_page_stands_outside_gettext() -> None:
    found = {path.name: left for path in _templates() if (left := words_outside_gettext(path.read_text()))}
    assert not found, f"write {{{{ _(“…”) }}}} around them: {found}"


def test_the_check_finds_text_and_attributes_and_leaves_names() -> None:
    page = (
        '<p title="A word">{{ _("Said") }} and {% if x %}more{% endif %}</p><code>run me</code>Coursekeeper'
    )
    assert words_outside_gettext(page) == ["A word", "and more"]


@pytest.mark.parametrize(
    "written",
    [
        '"ended" if x else _("until")',
        '"ended " ~ day',
        '{"a": "ended"}[x]',
        'rows or "ended"',
        '"ended" | upper',
    ],
)
def test_the_check_finds_text_in_expressions(written: str) -> None:
    assert words_outside_gettext("<p>{{ " + written + " }}</p>") == ["ended"]
    assert not words_outside_gettext('<p class="{{ ' + written + ' }}"><b lang="en">{{ \'Show\' }}</b></p>')


# What stops a start or a command is read by whoever runs it, in English, as the API is.
_FOR_OPERATORS = {"BadSignature", "ConfigurationError", "LedgerBroken", "UnreadableEvent", "UpgradeFailed"}
_ENGLISH = (
    *("plugin/cli/", "plugin/doctor/", "plugin/web/api/", "plugin/backups/anchors.py", "plugin/listening.py"),
    *("plugin/courses/imports/run.py", "plugin/courses/handouts/batch_run.py", "plugin/store/migrations/"),
)


def _errors(sources: Mapping[str, ast.Module]) -> set[str]:
    """Return the names of all errors that a person may be shown."""
    found = {"CoursekeeperError"}
    classes = [each for tree in sources.values() for each in ast.walk(tree) if isinstance(each, ast.ClassDef)]
    while more := {
        each.name
        for each in classes
        if each.name not in found and found & {ast.unparse(b) for b in each.bases}
    }:
        found |= more
    return found - _FOR_OPERATORS


def _written_out(tree: ast.Module, errors: set[str]) -> list[int]:
    """Return the lines that make an error, a line of a history or an attention item of plain text."""
    calls = [each for each in ast.walk(tree) if isinstance(each, ast.Call)]
    said = [call.args[0] for call in calls if ast.unparse(call.func) in errors and call.args]
    said += [
        call.args[3]
        for call in calls
        if ast.unparse(call.func).endswith("add_history") and len(call.args) > 3
    ]
    said += [each.value for call in calls for each in call.keywords if each.arg == "summary"]
    return [
        each.lineno
        for each in said
        if isinstance(each, ast.JoinedStr | ast.BinOp)
        or (isinstance(each, ast.Constant) and isinstance(each.value, str))
    ]


def test_nothing_that_is_said_or_kept_for_the_staff_is_written_outside_gettext() -> None:
    sources = {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in (ROOT / "plugin").rglob("*.py")
    }
    errors = _errors(sources)
    assert {"Refused", "InvalidField", "SquareFailed", "DamagedCopy"} <= errors
    found = {
        name: lines
        for name, tree in sources.items()
        if not name.startswith(_ENGLISH) and (lines := _written_out(tree, errors))
    }
    assert not found, f"write _(“…”) around them: {found}"


@pytest.mark.parametrize("written", ['"No."', 'f"No {x}."', '"No" + x'])
def test_the_check_finds_what_is_not_translated(written: str) -> None:
    assert _written_out(ast.parse(f"raise Refused({written}, code='no')"), {"Refused"}) == [1]
    assert _written_out(ast.parse(f"raise Refused(_({written}), code='no')"), {"Refused"}) == []
    assert _written_out(ast.parse(f"chain.add_history(work, 1, 'no', {written}, reason='')"), set()) == [1]
    assert _written_out(ast.parse(f"open_item(work, summary={written})"), set()) == [1]
