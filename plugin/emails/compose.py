"""Rendering of the e-mail templates: the same text as plain text and as HTML."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from invoices.language import Language

_PACKAGE = Path(__file__).parents[1]
# Next to the package in a checkout, within it where it is installed.
_PLACES = [str(_PACKAGE / "templates"), str(_PACKAGE.parent / "templates")]


def plain_of(name: str, language: Language, **values: object) -> str:
    """Return the e-mail as plain text."""
    return _rendered(f"{name}.txt", language, values)


def html_of(name: str, language: Language, **values: object) -> str:
    """Return the e-mail as HTML, with all values escaped."""
    return _rendered(f"{name}.html", language, values)


def _rendered(file: str, language: Language, values: dict[str, object]) -> str:
    template = _templates().get_template(f"mail/{file}")
    return template.render(
        values,
        _=language.gettext,
        tag=language.tag,
        colon=language.colon.rstrip(),
        sentences=language.sentences,
    )


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_PLACES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
