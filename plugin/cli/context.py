"""What a command works on, opened and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plugin.bootstrap import open_services
from plugin.services import Services
from plugin.settings import read_settings
from plugin.store import Store


@contextmanager
def opened_store() -> Iterator[Store]:
    """Open the database of the settings, brought up to date; raises ConfigurationError."""
    from plugin.serving import migrate_on_start

    settings = read_settings()
    migrate_on_start(settings)
    with Store(settings.database_url) as store:
        yield store


@contextmanager
def connected_services() -> Iterator[Services]:
    """Open the house of a clinic that is let into Square; raises ConfigurationError."""
    from plugin.square.connection.row import read_connection

    with opened_services() as services:
        if not read_connection(services.store).has_permission:
            services.settings.needing("square_access_token")
        yield services


@contextmanager
def opened_services() -> Iterator[Services]:
    """Open the house of the settings; raises ConfigurationError."""
    from plugin.serving import migrate_on_start

    settings = read_settings()
    migrate_on_start(settings)
    services = open_services(settings)
    try:
        yield services
    finally:
        services.close()
