"""The welcome sheet: what a client takes home on the day they buy a course."""

from dataclasses import dataclass
from datetime import date

from invoices.papers.course import AllowanceKind, Section
from invoices.papers.shared import NOTHING_SAID, Arrival, Clinic, NextVisit, OpenHours


@dataclass(frozen=True, kw_only=True)
class WelcomeContent:
    """The sessions of one treatment; `usable_from_session`: the main session that opens them."""

    treatment: str
    sessions: int
    kind: AllowanceKind = "main"
    usable_from_session: int | None = None


@dataclass(frozen=True, kw_only=True)
class WelcomeSheet:
    """`sections`: how the course runs and what to do before the first visit, of the treatment's text."""

    clinic: Clinic
    client_name: str
    issued_on: date
    package_name: str
    contents: tuple[WelcomeContent, ...]
    sections: tuple[Section, ...]
    language: str = "en"
    expires_on: date | None = None
    suggested_interval: str | None = None
    next_visit: NextVisit | None = None
    terms: tuple[str, ...] = ()
    phone_hours: tuple[OpenHours, ...] = ()
    balance_url: str | None = None
    arrival: Arrival = NOTHING_SAID
