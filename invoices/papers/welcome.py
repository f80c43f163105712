"""The welcome sheet that a client takes home with a course, the visit planner, and guides for the clinic's people."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

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


# A sheet with all visits, or the next one alone on a card to cut out.
PlannerForm = Literal["sheet", "card"]


@dataclass(frozen=True, kw_only=True)
class PlannerVisit:
    """One visit to come; `at` is aware. `minutes`: how long it takes, 0 where that is not known."""

    at: datetime
    is_booked: bool
    minutes: int = 0
    treatment: str = ""
    practitioner: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitPlanner:
    """`calendar_url`: where a phone adds the visits to its calendar."""

    clinic: Clinic
    client_name: str
    issued_on: date
    package_name: str
    visits: tuple[PlannerVisit, ...] = ()
    language: str = "en"
    calendar_url: str | None = None
    form: PlannerForm = "sheet"
    arrival: Arrival = NOTHING_SAID


@dataclass(frozen=True, kw_only=True)
class Guide:
    """How the front desk or the owner works with Coursekeeper; `title` heads it."""

    clinic: Clinic
    title: str
    issued_on: date
    sections: tuple[Section, ...]
    language: str = "en"
