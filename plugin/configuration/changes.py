"""Who changed which setting when, for the owner to read."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.configuration.registry import DECLARED
from plugin.core.acts import Act
from plugin.courses.base.activity import Did, record_activity
from plugin.services import Services
from plugin.store.changes import Activity
from plugin.wording import N_

# What the pages of settings change and other tables hold.
ELSEWHERE = {
    "clinic": N_("Clinic details"),
    "clinic.time_zone": N_("Time zone"),
    "clinic.currency": N_("Currency"),
    "clinic.language": N_("Language"),
    "clinic.sends_papers": N_("Papers by e-mail after each visit"),
    "clinic.logo": N_("Logo"),
    "clinic.has_e_invoices": N_("E-invoices"),
    "series.invoice": N_("Numbers of invoices"),
    "series.credit_note": N_("Numbers of credit notes"),
    "series.receipt": N_("Numbers of receipts"),
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
        return setting_label(self.name)

    @property
    def lines(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the lines that differ, before and after."""
        return differing_lines(self.before, self.after)


def differing_lines(before: str, after: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the lines of each text that the other has not."""
    were, are = before.splitlines(), after.splitlines()
    return tuple(each for each in were if each not in are), tuple(each for each in are if each not in were)


def setting_label(name: str) -> str:
    """Return a setting as the pages call it."""
    declared = DECLARED.get(name)
    return declared.label if declared else ELSEWHERE.get(name, name)


def record_change(
    session: Session, services: Services, act: Act, name: str, *, before: str, after: str
) -> None:
    """Record a change in the transaction that makes it."""
    record_activity(
        session, services.store, act, Did.SETTING_CHANGED, subject_id=name, before=before, after=after
    )


def recent_changes(services: Services, *, limit: int = 20) -> list[ChangeView]:
    """Return the last changes, the newest first."""
    changes = select(Activity).where(Activity.kind == Did.SETTING_CHANGED.value)
    newest = changes.order_by(Activity.at.desc(), Activity.id.desc()).limit(limit)
    with services.store.reading() as session:
        return [
            ChangeView(each.subject_id, each.before, each.after, each.at, each.by)
            for each in session.scalars(newest)
        ]
