"""What is told of a course beside its sessions: who may use it too, and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ShareView:
    """A client who may use the course, to the day `until` or until it is ended."""

    id: str
    client_id: str
    client_name: str
    until: date | None
    shared_at: datetime
    by: str

    def holds_on(self, day: date) -> bool:
        """Say whether a visit of that day may be theirs."""
        return self.until is None or day <= self.until


@dataclass(frozen=True, slots=True)
class OriginView:
    """The course that the sessions of this one were transferred from, and who has it; no client: nobody."""

    course_id: str
    client_id: str | None
    client_name: str
    transferred_at: datetime
