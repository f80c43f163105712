"""All settings: their values, where each is set, what is wrong, who changed which when; secrets only as set or not."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.configuration.registry import DECLARED, Declaration, is_secret
from plugin.configuration.stored import read_rows
from plugin.core.acts import Act
from plugin.courses.base.activity import Did, record_activity
from plugin.services import Services
from plugin.settings import Settings
from plugin.store.changes import Activity
from plugin.wording import N_, _

BY_SERVER, IN_BROWSER, NOWHERE = "environment", "database", "default"
# The address of a database may hold its password.
_LONGEST_SHOWN = 80
_CREDENTIALS = re.compile(r"//[^/]*@")


@dataclass(frozen=True, slots=True)
class SettingView:
    """A setting as it is now."""

    name: str
    declared: Declaration
    value: str
    set_in: str
    problem: str

    @property
    def variable(self) -> str:
        """Return its name in the environment."""
        return self.name.upper()

    @property
    def label(self) -> str:
        """Return its name on the pages."""
        return self.declared.label


def list_settings(services: Services) -> list[SettingView]:
    source = services.settings_source
    settings = source.refresh()
    stored = {
        row.name for row in read_rows(services.store) if row.value is not None or row.sealed is not None
    }

    def where(name: str) -> str:
        if name in source.set_by_server:
            return BY_SERVER
        return IN_BROWSER if name in stored else NOWHERE

    return [
        SettingView(name, declared, shown(settings, name), where(name), source.problems.get(name, ""))
        for name, declared in DECLARED.items()
    ]


def is_set(settings: Settings, name: str) -> bool:
    return bool(getattr(settings, name).get_secret_value())


def shown(settings: Settings, name: str) -> str:
    """Return the value for a person, of a secret only whether it is set."""
    if is_secret(name):
        return _("Saved") if is_set(settings, name) else _("Not set")
    value = getattr(settings, name)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    plain = _CREDENTIALS.sub("//…@", text_of(value)) or _("Not set")
    # A certificate is recognized by where it begins.
    return plain if len(plain) <= _LONGEST_SHOWN else f"{plain[:_LONGEST_SHOWN]}…"


def text_of(value: Any) -> str:
    """Return the value of a setting as it is typed; "" for a secret."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or isinstance(value, SecretStr) else str(value)


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
