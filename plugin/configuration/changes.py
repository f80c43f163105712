"""Who changed which setting when, for the owner to read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.configuration.registry import DECLARED
from plugin.core.acts import Act
from plugin.services import Services
from plugin.store.configuration import SettingChange

# What the pages of settings change and other tables hold.
ELSEWHERE = {
    "clinic.time_zone": "Time zone",
    "clinic.currency": "Currency",
    "clinic.language": "Language",
    "clinic.sends_papers": "Papers by e-mail after each visit",
}


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change of a setting; of a secret only whether it was saved or removed."""

    name: str
    before: str
    after: str
    changed_at: datetime
    changed_by: str

    @property
    def label(self) -> str:
        """Return the setting as the pages call it."""
        declared = DECLARED.get(self.name)
        return declared.label if declared else ELSEWHERE.get(self.name, self.name)


def record_change(
    session: Session, services: Services, act: Act, name: str, *, before: str, after: str
) -> None:
    """Record a change in the transaction that makes it."""
    session.add(
        SettingChange(
            id=services.store.new_id(),
            name=name,
            before=before,
            after=after,
            changed_at=act.now,
            changed_by=act.actor.name,
        )
    )


def recent_changes(services: Services, *, limit: int = 20) -> list[ChangeView]:
    """Return the last changes, the newest first."""
    newest = select(SettingChange).order_by(SettingChange.id.desc()).limit(limit)
    with services.store.reading() as session:
        return [
            ChangeView(each.name, each.before, each.after, each.changed_at, each.changed_by)
            for each in session.scalars(newest)
        ]
