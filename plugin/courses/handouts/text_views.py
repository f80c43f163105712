"""Aftercare texts as plain values for the owner's screens."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One saved version. `is_starting`: the clinic returned to the starting text with it."""

    version: int
    is_starting: bool
    is_reviewed: bool
    written_at: datetime
    by: str
    reviewer: str = ""


@dataclass(frozen=True, slots=True)
class StandingText:
    """The state of a treatment's text in one language; without a version it is the starting one."""

    language: str
    newest: Version | None = None

    @property
    def is_starting(self) -> bool:
        """Return whether clients get the text that comes with the program."""
        return self.newest is None or self.newest.is_starting

    @property
    def is_reviewed(self) -> bool:
        """Return whether the clinic's practitioner has approved it."""
        return self.newest is not None and self.newest.is_reviewed


@dataclass(frozen=True, slots=True)
class TreatmentTexts:
    """A treatment, its text in each language, and the suggested days between its visits."""

    treatment_id: str
    treatment: str
    kind: str
    suggested_days: int | None
    texts: tuple[StandingText, ...]


@dataclass(frozen=True, slots=True)
class TextView:
    """A text to edit. `shown` is the version whose words are in `markdown`, 0 for the starting text."""

    treatment_id: str
    treatment: str
    kind: str
    language: str
    markdown: str
    is_reviewed: bool
    shown: int
    versions: tuple[Version, ...]

    @property
    def newest(self) -> int:
        """Return the number of the newest version, 0 if none was saved."""
        return self.versions[0].version if self.versions else 0
