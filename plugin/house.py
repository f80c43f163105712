"""What the parts are handed instead of reaching for globals: settings, store, clock, renderer, Square, mail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from plugin.mail import Mailer, SmtpMailer
from plugin.settings import Settings
from plugin.square.kept_answers import KeptAnswers
from plugin.square.vault import Vault
from plugin.store import Store

if TYPE_CHECKING:
    from invoices.papers import Paper
    from plugin.square.client import SquareClient

Clock = Callable[[], datetime]


class Render(Protocol):
    """Draws a paper; `assets`: the PNG of its logo by SHA-256. Raises PaperRefused, PaperFailed."""

    def __call__(self, paper: Paper, assets: Mapping[str, bytes] = ..., /) -> bytes:
        """Return the PDF."""
        ...


def wall_clock() -> datetime:
    """Return the time now, aware, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class House:
    """One running Coursekeeper. `close` gives back what was opened.

    A vault and a mailer that were not given refuse in words what they are asked for.
    """

    settings: Settings
    store: Store
    clock: Clock
    render: Render
    square: SquareClient
    close: Callable[[], None]
    vault: Vault = field(default_factory=Vault)
    mail: Mailer = field(default_factory=SmtpMailer)
    kept_answers: KeptAnswers = field(default_factory=KeptAnswers)


def open_house(settings: Settings, *, clock: Clock = wall_clock) -> House:
    """Open the store, the paper workers (started at the first paper) and the client to Square.

    Raises ConfigurationError for a key or a mail address that can't be read.
    """
    from invoices.press.workers import PaperWorkers
    from plugin.square.connection.opening import open_square

    vault = Vault(settings.encryption_keys.get_secret_value())
    mail = SmtpMailer(settings.mail_url.get_secret_value(), settings.mail_from, clock=clock)
    store = Store(settings.database_url)
    workers = PaperWorkers()
    square = open_square(settings, store, vault, clock)

    def close() -> None:
        workers.close()
        square.close()
        store.close()

    return House(settings, store, clock, workers.render, square, close, vault, mail)
