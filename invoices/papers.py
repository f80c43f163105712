"""What each paper holds: frozen values, already in the client's and the clinic's own words.

Knows neither the ledger nor how a paper is drawn. A paper is kept as the canonical JSON of these values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from invoices.plain import from_plain, to_plain

PageSize = Literal["letter", "a4"]
StampState = Literal["used", "left", "expired", "gone"]
AllowanceKind = Literal["main", "touch_up", "add_on"]
CourseStatus = Literal["open", "finished", "refunded", "expired", "frozen", "part_paid", "transferred"]
SectionRole = Literal["tonight", "first_hours", "expect", "call_us", "get_help", "other"]


@dataclass(frozen=True, kw_only=True)
class Clinic:
    name: str
    address_lines: tuple[str, ...] = ()
    phone: str = ""
    email: str = ""
    website: str = ""
    accent: str = "#0F6B5C"
    logo: None = None
    page_size: PageSize = "letter"
    time_zone: str = "America/Los_Angeles"


@dataclass(frozen=True)
class Money:
    """An amount in minor units (cents; whole yen)."""

    amount: int
    currency: str


@dataclass(frozen=True)
class Stamp:
    """One session on the punch card. `on` is the day it was used."""

    state: StampState
    on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """The sessions of one treatment in the course; `usable_from_session`: the main session that opens it."""

    treatment: str
    granted: int
    used: int
    left: int
    kind: AllowanceKind = "main"
    usable_from_session: int | None = None
    stamps: tuple[Stamp, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SummaryVisit:
    """One used session. `focus` stays empty unless the clinic prints visit notes.

    `is_no_show`: a missed visit that was charged by the terms.
    """

    on: date
    treatment: str
    session_number: int | None = None
    kind: AllowanceKind = "main"
    practitioner: str = ""
    focus: str = ""
    is_no_show: bool = False


@dataclass(frozen=True, kw_only=True)
class NextVisit:
    """A booked appointment; `at` is aware and is shown in the clinic's time zone."""

    at: datetime
    treatment: str = ""
    practitioner: str = ""


@dataclass(frozen=True, kw_only=True)
class CourseSummary:
    """`status_on`: the day the course got its status. `balance_due`: what a part-paid course still owes.

    `earlier_visits`: how many visits came before the first one listed.
    """

    clinic: Clinic
    client_name: str
    issued_on: date
    package_name: str
    sessions_left: int
    sessions_total: int
    sold_on: date
    paid: Money
    language: str = "en"
    status: CourseStatus = "open"
    status_on: date | None = None
    allowances: tuple[Allowance, ...] = ()
    visits: tuple[SummaryVisit, ...] = ()
    earlier_visits: int = 0
    balance_due: Money | None = None
    refunded: Money | None = None
    expires_on: date | None = None
    terms: tuple[str, ...] = ()
    next_visit: NextVisit | None = None
    suggested_interval: str | None = None
    balance_url: str | None = None


@dataclass(frozen=True)
class Run:
    """A piece of text in one style."""

    text: str
    style: Literal["plain", "emphasis", "strong"] = "plain"


@dataclass(frozen=True)
class Block:
    """A paragraph (one item) or a list (an item per line)."""

    kind: Literal["paragraph", "list"]
    items: tuple[tuple[Run, ...], ...]


@dataclass(frozen=True)
class Section:
    role: SectionRole
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, kw_only=True)
class AftercareText:
    """A treatment's text in one language. `reviewed` once the clinic's practitioner has signed it off."""

    title: str
    sections: tuple[Section, ...]
    reviewed: bool = False


@dataclass(frozen=True, kw_only=True)
class AftercareSheet:
    clinic: Clinic
    client_name: str
    visited_on: date
    treatment: str
    text: AftercareText
    language: str = "en"
    session_number: int | None = None
    sessions_total: int | None = None
    kind: AllowanceKind = "main"
    practitioner: str = ""
    next_visit: NextVisit | None = None


Paper = CourseSummary | AftercareSheet

_KINDS: dict[str, type[CourseSummary] | type[AftercareSheet]] = {
    "course_summary": CourseSummary,
    "aftercare_sheet": AftercareSheet,
}


class PaperRefused(ValueError):
    """This content can't become a paper, however often it is tried. The message says what to change."""


class PaperFailed(RuntimeError):
    """The paper was not made this time; the same content may succeed later."""


def kind_of(paper: Paper) -> str:
    """Name the paper as its JSON does: course_summary or aftercare_sheet."""
    return next(kind for kind, made in _KINDS.items() if isinstance(paper, made))


def stamps(
    *,
    granted: int,
    used_on: Iterable[date],
    left: int,
    lost: Literal["expired", "gone"] = "gone",
    undated: int = 0,
) -> tuple[Stamp, ...]:
    """Lay out a punch card: the used ones by date, then those left, then those lost to expiry or refund.

    `undated` sessions were used before anything was kept of their days; they come first.
    """
    dated = tuple(Stamp("used", on) for on in sorted(used_on))
    used = (*(Stamp("used"),) * undated, *dated)
    return (*used, *(Stamp("left"),) * left, *(Stamp(lost),) * (granted - len(used) - left))


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
    """Hash the canonical JSON: the same content has the same name for ever."""
    return hashlib.sha256(to_json(paper).encode("ascii")).hexdigest()
