"""What a command works on, opened and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from plugin.house import House, open_house
from plugin.settings import read_settings
from plugin.store import Store


@contextmanager
def opened_store() -> Iterator[Store]:
    """Open the database of the settings, brought up to date; raises ConfigurationError."""
    from plugin.serving import ready_database

    settings = read_settings()
    ready_database(settings)
    with Store(settings.database_url) as store:
        yield store


@contextmanager
def connected_house() -> Iterator[House]:
    """Open the house of a clinic that is let into Square; raises ConfigurationError."""
    from plugin.square.connection.row import read_connection

    with opened_house() as house:
        if not read_connection(house.store).has_permission:
            house.settings.needing("square_access_token")
        yield house


@contextmanager
def opened_house() -> Iterator[House]:
    """Open the house of the settings; raises ConfigurationError."""
    from plugin.serving import ready_database

    settings = read_settings()
    ready_database(settings)
    house = open_house(settings)
    try:
        yield house
    finally:
        house.close()
