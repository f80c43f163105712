"""Wiring of a running Coursekeeper: store, vault, Square, mail and the paper workers."""

from invoices.press.workers import PaperWorkers
from plugin.configuration.email import ConfiguredMailer
from plugin.configuration.stored import LiveSettings
from plugin.courses.health_facts import MailWatch
from plugin.services import Clock, Services, wall_clock
from plugin.settings import Settings
from plugin.square.connection.tokens import open_square
from plugin.store import Store
from plugin.store.database import KEPT_CONNECTIONS
from plugin.vault import Vault


def open_services(
    settings: Settings,
    *,
    clock: Clock = wall_clock,
    kept_connections: int = KEPT_CONNECTIONS,
    is_in_background: bool = False,
) -> Services:
    """Open the store, the paper workers (started at the first paper) and the Square client.

    `is_in_background`: nobody at the desk waits for its papers, which then leave the processor to others.
    Raises ConfigurationError for a key that can't be parsed.
    """
    vault = Vault(settings.encryption_keys.get_secret_value())
    store = Store(settings.database_url, settings.direct_url, kept_connections=kept_connections)
    live = LiveSettings(settings, store, vault)
    workers = PaperWorkers(niceness=10, timeout_s=30) if is_in_background else PaperWorkers()
    square = open_square(live, store, vault, clock)

    def close() -> None:
        workers.close()
        square.close()
        store.close()

    mail = ConfiguredMailer(live, clock, watch=MailWatch(store, clock))
    return Services(live, store, clock, workers.render, square, close, vault, mail)
