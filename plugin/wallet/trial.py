"""Trying what the owner enters for passes before it is saved."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pydantic import SecretStr

from plugin.courses.handouts.google_pass import google_account
from plugin.courses.handouts.pkpass import pass_signer
from plugin.errors import ConfigurationError, InvalidField, WalletFailed
from plugin.settings import Settings
from plugin.wallet.google import GOOGLE, Endpoints, GoogleWallet

CERTIFICATE = ("wallet_certificate", "wallet_private_key", "wallet_intermediate")
ACCOUNT = ("google_wallet_issuer_id", "google_wallet_account")


def try_wallet(
    settings: Settings, changes: Mapping[str, str], now: datetime, endpoints: Endpoints = GOOGLE
) -> None:
    """Try what the changes make of the settings, once it is whole; raises InvalidField with the reason in words."""
    if certificate := _changed(settings, changes, CERTIFICATE):
        _try(CERTIFICATE[0], lambda: pass_signer(*certificate))
    if account := _changed(settings, changes, ACCOUNT):
        _try(ACCOUNT[1], lambda: GoogleWallet(google_account(*account), now, endpoints).has_class())


def _changed(settings: Settings, changes: Mapping[str, str], names: Sequence[str]) -> list[str]:
    """Return the values as they would be; none where one is missing, or nothing changes."""
    before = [_plain(getattr(settings, name)) for name in names]
    after = [changes.get(name, value) for name, value in zip(names, before, strict=True)]
    return after if all(after) and after != before else []


def _plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def _try(field: str, do: Callable[[], object]) -> None:
    try:
        do()
    except (ConfigurationError, WalletFailed) as error:
        raise InvalidField(error.message, field=field) from None
