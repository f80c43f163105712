"""The content of a guide for the people of the clinic."""

from dataclasses import dataclass
from datetime import date

from invoices.papers.course import Section
from invoices.papers.shared import Clinic


@dataclass(frozen=True, kw_only=True)
class Guide:
    """How the front desk or the owner works with Coursekeeper; `title` heads it."""

    clinic: Clinic
    title: str
    issued_on: date
    sections: tuple[Section, ...]
    language: str = "en"
