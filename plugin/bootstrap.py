"""Wiring of a running Coursekeeper: store, vault, Square, mail and the paper workers."""

from __future__ import annotations

from invoices.press.workers import PaperWorkers
from plugin.mail import SmtpMailer
from plugin.services import Clock, Services, wall_clock
from plugin.settings import Settings
from plugin.square.connection.client_factory import open_square
from plugin.store import Store
from plugin.vault import Vault


def open_services(settings: Settings, *, clock: Clock = wall_clock) -> Services:
    """Open the store, the paper workers (started at the first paper) and the Square client.

    Raises ConfigurationError for a key or a mail address that can't be parsed.
    """
    vault = Vault(settings.encryption_keys.get_secret_value())
    mail = SmtpMailer(settings.mail_url.get_secret_value(), settings.mail_from, clock=clock)
    store = Store(settings.database_url)
    workers = PaperWorkers()
    square = open_square(settings, store, vault, clock)

    def close() -> None:
        workers.close()
        square.close()
        store.close()

    return Services(settings, store, clock, workers.render, square, close, vault, mail)
