"""Settings from the environment, or from the file that NAME_FILE points to. Wrong ones stop the start in words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from plugin.errors import ConfigurationError

SQUARE_PRODUCTION = "https://connect.squareup.com"
SQUARE_SANDBOX = "https://connect.squareupsandbox.com"
SHORTEST_SECRET = 32


class Settings(BaseSettings):
    """Every setting of Coursekeeper; docs/operate.md explains each one."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, case_sensitive=False)

    database_url: str = "sqlite:///var/coursekeeper.db"
    secret_key: SecretStr = SecretStr("")
    public_url: str = "http://127.0.0.1:8000"
    square_environment: Literal["practice", "sandbox", "production"] = "practice"
    square_base_url: str = ""
    square_access_token: SecretStr = SecretStr("")
    square_application_id: str = ""
    square_application_secret: SecretStr = SecretStr("")
    square_location_id: str = ""
    square_webhook_signature_key: SecretStr = SecretStr("")
    square_webhook_url: str = ""
    mail_url: SecretStr = SecretStr("")
    mail_from: str = ""
    encryption_keys: SecretStr = SecretStr("")

    @field_validator("public_url", "square_base_url", "square_webhook_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("is no web address; write it whole, such as https://desk.example.org")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic's
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values only as given: `read_settings` has looked into the environment and the files."""
        return (init_settings,)

    @property
    def square_address(self) -> str:
        """Return where Square is spoken to: `SQUARE_BASE_URL`, or the address of the environment."""
        if self.square_base_url:
            return self.square_base_url.rstrip("/")
        return {
            "practice": "http://127.0.0.1:9000",
            "sandbox": SQUARE_SANDBOX,
            "production": SQUARE_PRODUCTION,
        }[self.square_environment]

    @property
    def webhook_address(self) -> str:
        """Return the address Square signs for: `SQUARE_WEBHOOK_URL`, or the public one's."""
        return self.square_webhook_url or f"{self.public_url.rstrip('/')}/square/webhooks"

    def needing(self, *names: str) -> Settings:
        """Return self; raises ConfigurationError when one of these settings is empty or too weak to use."""
        for name in names:
            value = getattr(self, name)
            if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
                raise ConfigurationError(f"{name.upper()} is missing. {_MEND.get(name, _SET_IT)}")
        if "secret_key" in names and len(self.secret_key.get_secret_value()) < SHORTEST_SECRET:
            raise ConfigurationError(f"SECRET_KEY is too short to be secret. {_MEND['secret_key']}")
        return self


_SET_IT = "Set it in the environment; docs/operate.md lists all settings."
_MEND = {
    "secret_key": "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'",
    "square_access_token": "Copy it from the Square Developer Console, connect under Square at the desk,"
    " or start with: coursekeeper demo",
    "square_webhook_signature_key": "Copy it from the webhook subscription in the Square Developer Console.",
}


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read all settings; raises ConfigurationError that names the setting and the mend."""
    env = os.environ if environment is None else environment
    try:
        return Settings(**_given(env))
    except ValidationError as error:
        raise ConfigurationError(_sentence(error)) from None


def _given(env: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in Settings.model_fields:
        variable = name.upper()
        if f"{variable}_FILE" in env:
            if variable in env:
                raise ConfigurationError(f"{variable} and {variable}_FILE are both set; keep one.")
            found[name] = _from_file(variable, env[f"{variable}_FILE"])
        elif variable in env:
            found[name] = env[variable].strip()
    return {name: value for name, value in found.items() if value != ""}


def _from_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{variable}_FILE names a file that can't be read: {error}") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    name = str(first["loc"][0]).upper()
    said = first["msg"].removeprefix("Value error, ")
    if name == "SQUARE_ENVIRONMENT":
        said = "is practice, sandbox or production"
    return f"{name} {said}."
