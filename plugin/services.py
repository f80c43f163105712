"""`Services`: the dependencies passed to all parts in place of globals. Wired in bootstrap.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from plugin.mail import Mailer, SmtpMailer
from plugin.settings import Settings, SettingsSource
from plugin.square.response_cache import ResponseCache
from plugin.store import Store
from plugin.vault import Vault

if TYPE_CHECKING:
    from invoices.papers import Paper
    from plugin.square.client import SquareClient

Clock = Callable[[], datetime]


class Render(Protocol):
    """Renders a paper; `assets`: the PNG of its logo by SHA-256. Raises PaperRefused, PaperFailed."""

    def __call__(self, paper: Paper, assets: Mapping[str, bytes] = ..., /) -> bytes: ...


def wall_clock() -> datetime:
    """Return the current time, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Services:
    """The services of one running Coursekeeper. `close` releases what was opened.

    `settings` may change while the program runs: read a setting at the moment of use, and never keep it.

    The defaults for the vault and the mailer refuse every request with an explanation.
    """

    settings_source: SettingsSource
    store: Store
    clock: Clock
    render: Render
    square: SquareClient
    close: Callable[[], None]
    vault: Vault = field(default_factory=Vault)
    mail: Mailer = field(default_factory=SmtpMailer)
    response_cache: ResponseCache = field(default_factory=ResponseCache)

    @property
    def settings(self) -> Settings:
        return self.settings_source.current()
