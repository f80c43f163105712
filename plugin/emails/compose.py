"""Filling in the templates of letters: plain text and HTML of the same words."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_PACKAGE = Path(__file__).parents[1]
# Beside the package in a checkout, within it where it is installed.
_PLACES = [str(_PACKAGE / "templates"), str(_PACKAGE.parent / "templates")]


def plain_of(name: str, said: object) -> str:
    """Return the letter as plain text."""
    return _templates().get_template(f"mail/{name}.txt").render(said=said)


def html_of(name: str, said: object) -> str:
    """Return the letter as HTML, whatever was typed into it as text."""
    return _templates().get_template(f"mail/{name}.html").render(said=said)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(_PLACES),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
