"""A page as a person meets it: its words, its forms with what stands in them, its links. Knows no address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

_UNREAD = frozenset({"script", "style", "template", "title"})


@dataclass
class Form:
    """One form: where it goes, and its fields as they would be sent; `buttons` are (name, value, text)."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)

    def filled(self, **typed: str) -> dict[str, str]:
        return {**self.fields, **typed}


@dataclass
class Element:
    """One start tag."""

    tag: str
    attributes: dict[str, str]


class Page:
    """Read the HTML once; ask it afterwards."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.elements: list[Element] = []
        self.forms: list[Form] = []
        self._words: list[str] = []
        self._form: Form | None = None
        self._button: tuple[str, str] | None = None
        self._select = ""
        self._text_area = ""
        self._run: list[str] = []
        self._unread = 0
        # Where a word may break it is read as one.
        if html:
            etree.fromstring(html.replace("<wbr>", ""), etree.HTMLParser(target=self))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    def form(self, action_ends: str) -> Form:
        return next(
            form for form in self.forms if form.action.split("#")[0].split("?")[0].endswith(action_ends)
        )

    def with_id(self, name: str) -> Element | None:
        return next((each for each in self.elements if each.attributes.get("id") == name), None)

    def links(self) -> list[str]:
        return [each.attributes["href"] for each in self.elements if each.tag == "a"]

    def start(self, tag: str, attrs: Mapping[str, str]) -> None:
        self._end_run()
        attributes = dict(attrs)
        self.elements.append(Element(tag, attributes))
        self._unread += tag in _UNREAD
        if tag == "form":
            self._form = Form(attributes.get("action", ""), attributes.get("method", "get"))
            self.forms.append(self._form)
        elif self._form is not None:
            self._part_of(self._form, tag, attributes)

    def _part_of(self, form: Form, tag: str, attributes: dict[str, str]) -> None:
        name, value = attributes.get("name", ""), attributes.get("value", "")
        if (tag == "input" and name and attributes.get("type") not in ("radio", "checkbox")) or (
            tag == "input" and "checked" in attributes
        ):
            form.fields[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "textarea":
            self._text_area = name
            form.fields[name] = ""
        elif tag == "option" and (self._select not in form.fields or "selected" in attributes):
            form.fields[self._select] = value
        elif tag == "button":
            self._button = (name, value)

    def end(self, tag: str) -> None:
        self._end_run()
        self._unread -= tag in _UNREAD
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "textarea":
            self._text_area = ""

    def data(self, data: str) -> None:
        if not self._unread:
            self._run.append(data)

    def close(self) -> None:
        self._end_run()

    def _end_run(self) -> None:
        """Take what was written between two tags."""
        data = "".join(self._run)
        self._run.clear()
        if not (words := data.strip()):
            return
        self._words.append(words)
        if self._text_area and self._form is not None:
            self._form.fields[self._text_area] = data
        if self._button is not None and self._form is not None:
            self._form.buttons.append((*self._button, words))


def has_word(text: str, word: str) -> bool:
    """Return whether the word stands by itself: the random letters of a token may hold any short one."""
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None
