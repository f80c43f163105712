"""The overview of the settings: each page with how it stands, in a few words."""

from dataclasses import dataclass

from flask import url_for

from plugin.configuration.email import MailAccount
from plugin.configuration.registry import Group, names_of
from plugin.courses.base.opening_hours import read_hours
from plugin.services import Services
from plugin.web import pages
from plugin.web.format import language_name
from plugin.web.translations import N_, _, ngettext

ENVIRONMENTS = {
    "production": N_("Production"),
    "sandbox": N_("Sandbox, no real money"),
    "practice": N_("Practice Square, no real money"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """A page of settings; `is_open`: something is still to be done there."""

    title: str
    address: str
    standing: str
    is_open: bool = False


def sections(services: Services) -> list[Section]:
    """Return the pages that there are."""
    return [
        Section(_("Name and letterhead"), url_for("letterhead.show"), pages.clinic().name),
        _clinic(),
        _hours(services),
        _square(services),
        _email(services),
        _appointments(services),
        Section(
            _("Retention"),
            url_for("settings.page", group=Group.RETENTION),
            ngettext("{n} day", "{n} days", services.settings.retention_days),
        ),
        *(
            Section(title, url_for("settings.page", group=group), about)
            for group, title, about in DECLARED_ONLY
            if names_of(group)
        ),
    ]


# Pages made from their declarations alone: the group, its title, what it is about.
DECLARED_ONLY = (
    (Group.CHECK_IN, N_("Check-in screen"), N_("Clients check in by themselves")),
    (Group.ONLINE, N_("Clients online"), N_("What clients can buy by themselves")),
    (Group.LETTERS, N_("Hours for e-mails"), N_("When e-mails about courses go out")),
    (Group.WALLET, N_("Apple and Google Wallet"), N_("A pass that shows what is left")),
    (Group.ANSWERS, N_("Before a visit"), N_("What clients answer about themselves")),
    (Group.AGREEMENTS, N_("Course agreements"), N_("Signed before a sale")),
    (Group.BACKUPS, N_("Backups"), N_("Copies of everything")),
    (Group.ALARMS, N_("Alarms"), N_("Who is notified when something is wrong")),
    (Group.ADVANCED, N_("Advanced"), N_("Address of the desk, and what the server sets")),
)


def _clinic() -> Section:
    clinic = pages.clinic()
    language = language_name(clinic.language, clinic)
    standing = f"{clinic.time_zone.replace('_', ' ')} · {clinic.currency} · {language}"
    return Section(_("Time zone, currency, language"), url_for("clinic_settings.show"), standing)


def _hours(services: Services) -> Section:
    hours = read_hours(services.store)
    open_days = sum(bool(day) for day in hours.week)
    standing = (
        _("Not entered yet")
        if hours.is_assumed
        else ngettext("Open on {n} day of the week", "Open on {n} days of the week", open_days)
    )
    return Section(_("Opening hours"), url_for("hours.show"), standing, is_open=hours.is_assumed)


def _square(services: Services) -> Section:
    settings = services.settings
    where = ENVIRONMENTS[settings.square_environment]
    has_token = bool(settings.square_access_token.get_secret_value())
    standing = str(where) if has_token else f"{where} · {_('no access token')}"
    return Section(_("Square"), url_for("square_settings.show"), standing, is_open=not has_token)


def _appointments(services: Services) -> Section:
    books = services.settings.book_appointments
    standing = _("Planned visits are booked in Square") if books else _("Plans are not booked in Square")
    return Section(_("Appointments"), url_for("appointment_settings.show"), standing)


def _email(services: Services) -> Section:
    settings = services.settings
    account = MailAccount.of(settings.mail_url.get_secret_value())
    if account is None or not settings.mail_from:
        return Section(
            _("E-mail"), url_for("email_settings.show"), _("Not set up: no e-mail is sent"), is_open=True
        )
    return Section(_("E-mail"), url_for("email_settings.show"), f"{settings.mail_from} · {account.host}")
