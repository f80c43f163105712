"""Forms of settings, made from their declarations: text, number, choice, yes or no, and secrets never shown again.

And the overview of the settings: each page with how it stands, in a few words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from flask import request, url_for

from plugin.configuration.email import MailAccount
from plugin.configuration.registry import DECLARED, Group, is_secret, names_of
from plugin.configuration.save import LONGEST_VALUE, checked, text_of, versions_of
from plugin.core.change_of_mind import profiles
from plugin.courses.base.clinic import read_hours
from plugin.services import Services
from plugin.settings import Settings
from plugin.web import current_services, pages
from plugin.web.format import language_name
from plugin.web.forms import Choice, Choices, Form, Hidden, Text
from plugin.web.refusals import Refusal
from plugin.web.translations import N_, _, ngettext

# Chosen from a list that the page makes; the view checks it.
_LISTED = ("square_location_id", "booking_team_member_id")
_YES_NO = (("true", N_("Yes")), ("false", N_("No")))


class SettingText(Text):
    """A setting as it is typed; what is wrong with it is said as for a variable of the environment."""

    def read(self, text: str) -> str:
        """Return the value as it is stored."""
        return checked(current_services(), self.short_name, text)


class SecretText(Text):
    """A secret: typed, sent, and never written into a page. Left empty, the saved one stays."""

    is_kept = False
    usual = {"type": "password", "spellcheck": "false", "maxlength": LONGEST_VALUE}


class SettingSecret(SecretText, SettingText):
    """A setting that is a secret."""


class SettingsForm(Form):
    """Settings of one page; `seen`: which version of each the person saw."""

    seen = Hidden()

    @classmethod
    def of(cls, names: Iterable[str], refusal: Refusal | None = None, *, suffix: str = "") -> SettingsForm:
        """Return the form of these settings, filled in with their values, or as it was refused."""
        form_class = form_class_of(tuple(names))
        form = form_class.shown_beside_others(refusal, suffix=suffix, **form_class.values())
        form.say_seen()
        return form

    @classmethod
    def names(cls) -> list[str]:
        return [name for name in vars(cls) if name in DECLARED]

    @classmethod
    def values(cls) -> dict[str, str]:
        settings = current_services().settings
        return {name: text_of(getattr(settings, name)) for name in cls.names()}

    def say_seen(self) -> None:
        """Write down which versions the page shows, also where the form itself was sent before the last change."""
        self.seen.data = seen_now(self.names())

    def changes(self) -> dict[str, str]:
        """Return what was typed: secrets only where something was, and "" where it is the default."""
        typed = {name: self[name].data or "" for name in self.names()}
        return {
            name: "" if text == text_of(Settings.model_fields[name].default) else text
            for name, text in typed.items()
            if text or not is_secret(name)
        }

    def versions(self) -> dict[str, int]:
        """Return the version of each setting that the person saw."""
        return seen_versions(self.seen.data)

    def validate(self, extra_validators: Any = None) -> bool:
        """Parse all fields; refuse an address of the desk that would lock everybody out."""
        is_right = bool(super().validate(extra_validators))
        if "public_url" not in self or self["public_url"].errors:
            return is_right
        if why := _why_locked_out(self["public_url"].data):
            self["public_url"].errors = [why]
        return is_right and not why


@cache
def form_class_of(names: tuple[str, ...]) -> type[SettingsForm]:
    """Return the form with a field for each of these settings."""
    return type("DeclaredForm", (SettingsForm,), {name: _field_of(name) for name in names})


def seen_now(names: Iterable[str]) -> str:
    """Return what a form carries to show which version of each setting its person saw."""
    versions = versions_of(current_services(), names)
    return " ".join(f"{name}={number}" for name, number in versions.items())


def seen_versions(carried: str) -> dict[str, int]:
    """Return the versions a form carries; a setting that it does not name was not seen."""
    pairs = (part.partition("=") for part in carried.split())
    return {name: int(number) for name, _other, number in pairs if number.isdecimal() and len(number) < 10}


def _field_of(name: str) -> Any:
    declared = DECLARED[name]
    label, hint = declared.label, declared.hint
    if is_secret(name):
        return SettingSecret(label, hint=hint)
    if name in _LISTED:
        return Choice(label, hint=hint)
    if choices := choices_of(name):
        return Choice(label, choices, hint=hint, default=text_of(Settings.model_fields[name].default))
    more = {"inputmode": "numeric"} if Settings.model_fields[name].annotation is int else {}
    return SettingText(label, hint=hint, maxlength=LONGEST_VALUE, spellcheck="false", **more)


def choices_of(name: str) -> Choices:
    """Return what a setting can be, none where it is typed."""
    annotation = Settings.model_fields[name].annotation
    if annotation is bool:
        return _YES_NO
    if name == "change_of_mind":
        return (("none", N_("None")), *((key, each.title) for key, each in profiles().items()))
    if name == "course_agreements":
        return (("off", N_("Off")), ("offered", N_("Offered")), ("required", N_("Required")))
    if get_origin(annotation) is Literal:
        return tuple((each, each.replace("_", " ").capitalize()) for each in get_args(annotation))
    return ()


def _why_locked_out(address: str) -> str:
    """Return why nobody could sign in any more with this address: over TLS alone, but opened without."""
    wanted, opened = urlsplit(address), urlsplit(request.headers.get("Origin", ""))
    if wanted.scheme != "https" or (wanted.scheme, wanted.netloc) == (opened.scheme, opened.netloc):
        return ""
    if address == current_services().settings.public_url:
        return ""
    origin = f"https://{wanted.netloc}"
    return _(
        "Open Coursekeeper at {origin} and change it there, so that nobody is locked out if that does not work.",
        origin=origin,
    )


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
    return [
        Section(_("Name and letterhead"), url_for("letterhead.show"), pages.clinic().name),
        _clinic(),
        _hours(services),
        _square(services),
        _email(services),
        _appointments(services),
        *(
            Section(page.title, url_for("settings.page", group=group), _standing(services, group))
            for group, page in GROUP_PAGES.items()
            if names_of(group)
        ),
    ]


@dataclass(frozen=True, slots=True)
class GroupPage:
    """A page made from the declarations of its settings. `about`: in the overview; `lead`: under its heading."""

    title: str
    about: str
    lead: str


GROUP_PAGES = {
    Group.RETENTION: GroupPage(
        N_("Retention"),
        N_("How long finished records are kept"),
        N_("How long finished records are kept before they are deleted."),
    ),
    Group.CHECK_IN: GroupPage(
        N_("Check-in screen"),
        N_("Clients check in by themselves"),
        N_("Clients check in on a screen of their own."),
    ),
    Group.ONLINE: GroupPage(
        N_("Clients online"),
        N_("What clients can buy by themselves"),
        N_("What clients can do without the desk. All of it is off at first."),
    ),
    Group.LETTERS: GroupPage(
        N_("Hours for e-mails"),
        N_("When e-mails about courses go out"),
        N_("When e-mails about courses are sent, and who counts as not seen."),
    ),
    Group.WALLET: GroupPage(
        N_("Apple and Google Wallet"),
        N_("A pass that shows what is left"),
        N_(
            "Clients keep “7 of 12 left” on their phone: on an iPhone by your own certificate, on Android by your "
            "own service account. docs/operate.md says how to get them."
        ),
    ),
    Group.ANSWERS: GroupPage(
        N_("Before a visit"),
        N_("What clients answer about themselves"),
        N_("What clients answer about themselves: on their private page, or on a device that you hand them."),
    ),
    Group.AGREEMENTS: GroupPage(
        N_("Course agreements"),
        N_("Signed before a sale"),
        N_("What clients agree to before they pay, and until when they can change their mind."),
    ),
    Group.BACKUPS: GroupPage(
        N_("Backups"), N_("Copies of everything"), N_("Copies of everything, and where they go.")
    ),
    Group.ALARMS: GroupPage(
        N_("Alarms"),
        N_("Who is notified when something is wrong"),
        N_("Who is notified when something is wrong. Settings, Health sends a test."),
    ),
    Group.ADVANCED: GroupPage(
        N_("Advanced"),
        N_("Address of the desk, and what the server sets"),
        N_("How browsers reach Coursekeeper, and what the server sets."),
    ),
}


def _standing(services: Services, group: Group) -> str:
    if group is Group.RETENTION:
        return ngettext("{n} day", "{n} days", services.settings.retention_days)
    return GROUP_PAGES[group].about


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
    return Section(_("Opening hours"), url_for("hours.show_hours"), standing, is_open=hours.is_assumed)


def _square(services: Services) -> Section:
    settings = services.settings
    where = ENVIRONMENTS[settings.square_environment]
    has_token = bool(settings.square_access_token.get_secret_value())
    standing = str(where) if has_token else f"{where} · {_('no access token')}"
    return Section(_("Square"), url_for("square_settings.show_settings"), standing, is_open=not has_token)


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
