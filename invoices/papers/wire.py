"""A paper as canonical JSON, the form in which it is stored, hashed and sent to be drawn; without loss."""

import hashlib
import json
import re
import types
from collections.abc import Hashable
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from invoices.papers.account import AccountStatement, CourseAgreement, CourseQuote, CreditNote, Invoice
from invoices.papers.course import (
    AftercareSheet,
    CourseSummary,
    GiftVoucher,
    Guide,
    ShopPoster,
    VisitPlanner,
    VoucherLetter,
    WelcomeSheet,
)
from invoices.papers.receipt import OwnersMonth, PrepaidBalance, Receipt, YearEnd
from invoices.papers.shared import PaperRefused

T = TypeVar("T")


def to_plain(value: Any) -> Any:
    """Convert a dataclass of dataclasses, tuples, dates and plain values into JSON values."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"{type(value).__name__} has no place on a paper")


def from_plain(made: type[T], plain: Any) -> T:
    """Rebuild a dataclass; a field that is missing takes its default, so that old papers stay readable.

    Raises ValueError, naming the field, when a value is not of the annotated kind.
    """
    if not isinstance(plain, dict):
        raise ValueError(f"{made.__name__} is not an object")
    hints = _hints(made)  # type: ignore[arg-type]  # a class can always be hashed
    unknown = plain.keys() - hints.keys()
    if unknown:
        raise ValueError(f"{made.__name__} has no {min(unknown)}")
    values = {name: _read(hints[name], value, f"{made.__name__}.{name}") for name, value in plain.items()}
    for field in fields(made):  # type: ignore[arg-type]  # T is a dataclass by contract
        if field.name not in values and field.default is MISSING:
            raise ValueError(f"{made.__name__}.{field.name} is missing")
    return made(**values)


@cache
def _hints(made: Hashable) -> dict[str, Any]:
    return get_type_hints(made)


def _read(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        (some,) = (arg for arg in get_args(hint) if arg is not type(None))
        return None if value is None else _read(some, value, where)
    if origin is tuple:
        items: list[Any] = _expect(isinstance(value, list), value, where)
        return tuple(_read(get_args(hint)[0], item, where) for item in items)
    if origin is Literal:
        return _expect(value in get_args(hint), value, where)
    if is_dataclass(hint):
        return from_plain(hint, value)  # type: ignore[arg-type]  # is_dataclass leaves an instance possible
    if hint in (date, datetime):
        return hint.fromisoformat(_expect(isinstance(value, str), value, where))
    if hint is type(None):
        return _expect(value is None, value, where)
    return _expect(type(value) is hint, value, where)


def _expect(is_right: bool, value: Any, where: str) -> Any:
    if not is_right:
        raise ValueError(f"{where} can’t be {str(value)[:40]!r}")
    return value


Paper = (
    CourseSummary
    | AftercareSheet
    | Invoice
    | CreditNote
    | AccountStatement
    | Receipt
    | PrepaidBalance
    | GiftVoucher
    | OwnersMonth
    | YearEnd
    | Guide
    | CourseAgreement
    | WelcomeSheet
    | VisitPlanner
    | CourseQuote
    | VoucherLetter
    | ShopPoster
)


def kind_of(paper: Paper) -> str:
    """Return the paper's kind in its JSON, such as course_summary."""
    return _kind(type(paper))


def _kind(made: type[Paper]) -> str:
    # What is stored has the name of its class: a class that is renamed keeps its kind here.
    return "_".join(re.findall(r"[A-Z][a-z]+", made.__name__)).lower()


_KINDS: dict[str, type[Paper]] = {_kind(made): made for made in get_args(Paper)}


def to_json(paper: Paper) -> str:
    """Write the paper as canonical JSON: sorted keys, no spaces, ASCII only."""
    content = {"kind": kind_of(paper), "paper": to_plain(paper)}
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def from_json(text: str) -> Paper:
    """Read what `to_json` wrote. Raises PaperRefused if it is not a paper."""
    try:
        content = json.loads(text)
        return from_plain(_KINDS[content["kind"]], content["paper"])
    except (KeyError, TypeError, ValueError) as error:
        raise PaperRefused(f"This is not the content of a paper: {error}.") from error


def content_sha256(paper: Paper) -> str:
    """Hash the canonical JSON: the same content always has the same name."""
    return hashlib.sha256(to_json(paper).encode("ascii")).hexdigest()
