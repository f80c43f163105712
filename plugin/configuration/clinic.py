"""The settings that the clinic's row holds: time zone, currency, language, papers by e-mail."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.configuration.save import record_change
from plugin.core.acts import Act, require
from plugin.courses.base.clinic import change_clinic_in, clinic_in
from plugin.courses.base.views import ClinicView
from plugin.errors import InvalidField, Refused
from plugin.services import Services
from plugin.store.tables import Clinic, Course, Package
from plugin.wording import _


@dataclass(frozen=True, slots=True)
class ClinicSettings:
    """Where the clinic's clock stands, what it is paid in, and the language of its papers."""

    time_zone: str
    currency: str
    language: str

    @classmethod
    def of(cls, clinic: ClinicView) -> ClinicSettings:
        return cls(clinic.time_zone, clinic.currency, clinic.language)

    @property
    def mark(self) -> str:
        """Return what a form carries to show which values its person saw."""
        return f"{self.time_zone} {self.currency} {self.language}"


def save_clinic_settings(
    services: Services, act: Act, wanted: ClinicSettings, *, seen: str | None = None
) -> ClinicSettings:
    """Save them; raises InvalidField, Refused where the currency is locked or others changed them meanwhile.

    `seen`: the `mark` of the values the person saw.
    """
    require(act.actor)

    def work(session: Session) -> ClinicSettings:
        # Of two who save at once, the second sees what the first has saved.
        session.execute(select(Clinic.id).with_for_update())
        before = ClinicSettings.of(clinic_in(session))
        if wanted == before:
            return before
        if seen is not None and seen != before.mark:
            raise Refused(
                _(
                    "Someone else changed these settings after you opened this page. Compare, then save again."
                ),
                code="changed_meanwhile",
            )
        if wanted.currency != before.currency and (why := _why_locked(session, before.currency)):
            raise InvalidField(why, field="currency")
        change_clinic_in(session, asdict(wanted))
        for name, value in asdict(wanted).items():
            if value != getattr(before, name):
                was = getattr(before, name)
                record_change(session, services, act, f"clinic.{name}", before=was, after=value)
        return wanted

    return services.store.transact(work)


def why_currency_locked(services: Services) -> str:
    """Return why the currency can't be changed any more, "" where it can."""
    with services.store.reading() as session:
        return _why_locked(session, clinic_in(session).currency)


def _why_locked(session: Session, currency: str) -> str:
    if session.scalar(select(Course.id).limit(1)):
        return _("Courses were sold in {currency}, so the currency stays.", currency=currency)
    if session.scalar(select(Package.id).limit(1)):
        return _("Packages have prices in {currency}, so the currency stays.", currency=currency)
    return ""


def switch_papers_by_email(services: Services, act: Act, *, is_on: bool) -> None:
    """Switch the e-mail after each visit on or off."""
    require(act.actor)

    def work(session: Session) -> None:
        was_on = clinic_in(session).sends_papers
        change_clinic_in(session, {"sends_papers": is_on})
        if was_on != is_on:
            before, after = ("off", "on") if is_on else ("on", "off")
            record_change(session, services, act, "clinic.sends_papers", before=before, after=after)

    services.store.transact(work)
