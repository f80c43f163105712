"""All settings with their values, where each is set, and what is wrong; secrets only as set or not."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from plugin.configuration.registry import DECLARED, Declaration, is_secret
from plugin.configuration.stored import read_rows
from plugin.services import Services
from plugin.settings import Settings
from plugin.wording import _

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
    """Return all settings as they are now."""
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
    """Return whether a secret is set."""
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
