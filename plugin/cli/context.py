"""Services for the commands, opened and closed around each; and the act of the command-line user."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager

from plugin.core.acts import OPERATOR, Act
from plugin.services import Services, wall_clock
from plugin.settings import read_settings
from plugin.store import Store


def operator_act() -> Act:
    """Return the act of the person at the command line, with an owner's rights."""
    return Act(OPERATOR, wall_clock(), secrets.token_hex(16))


@contextmanager
def opened_store() -> Iterator[Store]:
    """Open the database of the settings, creating tables in an empty one; raises ConfigurationError."""
    from plugin.start import prepare

    settings = prepare(read_settings())
    with Store(settings.database_url) as store:
        yield store


@contextmanager
def opened_services() -> Iterator[Services]:
    """Open all services of the settings; raises ConfigurationError."""
    from plugin.bootstrap import open_services
    from plugin.start import prepare

    with closing(open_services(prepare(read_settings()))) as services:
        yield services


@contextmanager
def connected_services() -> Iterator[Services]:
    """Open all services, Square included; raises ConfigurationError where Square is not connected."""
    from plugin.square.connection.row import read_connection

    with opened_services() as services:
        if not read_connection(services.store).has_permission:
            services.settings.needing("square_access_token")
        yield services
