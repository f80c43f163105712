"""The visit planner: the booked and the planned visits of a course."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from invoices.papers.shared import NOTHING_SAID, Arrival, Clinic

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
