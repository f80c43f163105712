"""All settings as people see them, and saving one: checked, sealed where secret, and recorded.

The access token of Square is saved once Square has accepted it.
"""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.configuration.registry import DECLARED, Declaration, is_editable, is_secret
from plugin.configuration.stored import Row, opened, parsed, read_rows
from plugin.core.acts import Act, require
from plugin.courses.base.activity import Did, record_activity
from plugin.errors import ConfigurationError, CoursekeeperError, InvalidField, Refused
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client.asking import Transport
from plugin.square.connection.check import check_connection
from plugin.square.connection.trial import TokenTrial, try_square_token
from plugin.store.changes import Activity
from plugin.store.upkeep import StoredSetting
from plugin.stored_sentences import in_words
from plugin.vault import Vault
from plugin.wording import N_, Later, _, spoken_tag

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
        return self.name.upper()

    @property
    def label(self) -> str:
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


LONGEST_VALUE = 6000
SAVED, REMOVED = "saved", "removed"


def save_settings(
    services: Services, act: Act, changes: Mapping[str, str], *, seen: Mapping[str, int] | None = None
) -> tuple[str, ...]:
    """Save the settings by name, "" to remove one; return the names of those that differ now.

    They are in effect at once here, and within `REFRESH_S` in every other process. `seen`: the version of each that
    the person saw; another one since then refuses the change, unless it says the same. Raises Refused, InvalidField.
    """
    require(act.actor)
    typed = {name: checked(services, name, text) for name, text in sorted(changes.items())}

    def work(session: Session) -> tuple[str, ...]:
        changing = _Changing(session, services, act)
        return tuple(name for name, text in typed.items() if changing.save(name, text, seen))

    changed = services.store.transact(work)
    services.settings_source.refresh()
    return changed


def checked(services: Services, name: str, text: str) -> str:
    """Return the value as it is stored; raises Refused, InvalidField with the sentence of a wrong environment."""
    if not is_editable(name):
        raise Refused(_("{upper} is set on the server only.", upper=name.upper()), code="set_by_server")
    label = DECLARED[name].label
    if name in services.settings_source.set_by_server:
        raise Refused(
            _("{label} is set by the server, as {upper}.", label=label, upper=name.upper()),
            code="set_by_server",
        )
    plain = text.strip()
    if len(plain) > LONGEST_VALUE or not plain.isprintable():
        raise InvalidField(
            _("{label} is too long, or holds a character that is none.", label=label), field=name
        )
    try:
        return plain and _as_stored(name, plain)
    except ConfigurationError as error:
        raise InvalidField(_of_setting(error.message[:], name.upper(), label), field=name) from None


# What pydantic says of a number; the settings say the rest themselves.
WRONG_NUMBERS = (
    N_("should be greater than {least}", least=""),
    N_("should be greater than or equal to {least}", least=""),
    N_("should be less than {most}", most=""),
    N_("should be less than or equal to {most}", most=""),
    N_("should be a valid integer, unable to parse string as an integer"),
)


def _of_setting(sentence: str, variable: str, label: str) -> str:
    """Return what is wrong with a setting, which has its name on the page, in the language of whoever reads it."""
    english = sentence.replace(variable, label[:], 1)
    wrong = sentence.removeprefix(variable).strip().rstrip(".")

    def shown() -> str:
        translated = in_words(wrong, spoken_tag())
        return english if translated == wrong else f"{label}: {translated}."

    return Later.of(english, shown)


def _as_stored(name: str, plain: str) -> str:
    value = parsed(name, plain)
    return plain if is_secret(name) else str(value)


class _Changing:
    """The changes of one person in one transaction."""

    def __init__(self, session: Session, services: Services, act: Act) -> None:
        self._session = session
        self._services = services
        self._act = act

    def save(self, name: str, text: str, seen: Mapping[str, int] | None) -> bool:
        """Save one setting; False where it says so already."""
        row = self._session.get(StoredSetting, name, with_for_update=True)
        before = _text_of(row, self._services.vault)
        if text == before:
            return False
        if seen is not None and seen.get(name, 0) != (row.version if row else 0):
            raise _changed_meanwhile(name, row)
        self._record(name, before or "", text)
        self._write(name, text, row)
        return True

    def _write(self, name: str, text: str, row: StoredSetting | None) -> None:
        if row is None:
            row = StoredSetting(name=name, version=0)
            self._session.add(row)
        row.value = text if text and not is_secret(name) else None
        row.sealed = _sealed(self._services.vault, text) if text and is_secret(name) else None
        row.version += 1
        row.changed_at, row.changed_by = self._act.now, self._act.actor.name

    def _record(self, name: str, before: str, after: str) -> None:
        if is_secret(name):
            before, after = "", SAVED if after else REMOVED
        record_change(self._session, self._services, self._act, name, before=before, after=after)


def _text_of(row: StoredSetting | None, vault: Vault) -> str | None:
    """Return what is stored, None where it can't be opened: whatever is typed then differs."""
    if row is None:
        return ""
    try:
        return opened(Row(row.name, row.value, row.sealed, row.version), vault)
    except ConfigurationError:
        return None


def _sealed(vault: Vault, text: str) -> str:
    try:
        return vault.seal(text)
    except ConfigurationError as error:
        raise Refused(error.message, code=error.code) from None


def _changed_meanwhile(name: str, row: StoredSetting | None) -> Refused:
    who = row.changed_by if row else _("Somebody")
    now = "" if is_secret(name) or row is None else _(" to “{value}”", value=row.value or "")
    return Refused(
        _(
            "{who} changed “{label}”{now} after you opened this page. Save again to replace that.",
            who=who,
            label=DECLARED[name].label,
            now=now,
        ),
        code="changed_meanwhile",
        field=name,
    )


def versions_of(services: Services, names: Iterable[str]) -> dict[str, int]:
    """Return how often each setting was changed, for a form that must not overwrite a later change."""
    known = {row.name: row.version for row in read_rows(services.store)}
    return {name: known.get(name, 0) for name in names}


TOKEN, ENVIRONMENT, LOCATION = "square_access_token", "square_environment", "square_location_id"


def try_and_save_token(
    services: Services,
    act: Act,
    *,
    token: str,
    environment: str,
    is_other_business: bool = False,
    seen: Mapping[str, int] | None = None,
    transport: Transport | None = None,
) -> TokenTrial:
    """Try the token, "" for the one in use, and save it with its environment; raises Refused, InvalidField.

    `is_other_business`: the person knows that it opens another business than the one connected so far.
    """
    require(act.actor)
    settings = services.settings_source.refresh()
    typed = token.strip() or settings.square_access_token.get_secret_value()
    if not typed:
        raise InvalidField(_("Access token is missing."), field=TOKEN)
    trial = try_square_token(typed, environment, base_url=settings.square_base_url, transport=transport)
    if trial.is_another_business(services) and not is_other_business:
        raise Refused(_another(trial), code="another_business", field="is_other_business")
    changes = {ENVIRONMENT: environment, **({TOKEN: token} if token.strip() else {})}
    fixed = services.settings_source.set_by_server
    if ENVIRONMENT in fixed and environment == settings.square_environment:
        del changes[ENVIRONMENT]
    if (
        settings.square_location_id not in ("", *(each.id for each in trial.locations))
        and LOCATION not in fixed
    ):
        changes[LOCATION] = ""
    save_settings(services, act, changes, seen=seen)
    # What Square has just told shows at once, not at the worker's next minute; the token is saved either way.
    with suppress(CoursekeeperError):
        check_connection(services)
    return trial


def _another(trial: TokenTrial) -> str:
    named = f"“{trial.business}”" if trial.business else _("another business")
    return _(
        "This token opens {named}, not the business connected so far. Its sales and clients "
        "would be mixed with those here. Tick the box below if that is right.",
        named=named,
    )
