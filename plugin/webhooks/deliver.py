"""The loop that delivers events: documents of new ones, then each due delivery in turn."""

from collections.abc import Callable

from plugin.configuration.stored import sealing
from plugin.courses.webhooks.deliveries import (
    Claimed,
    Outcome,
    claim_delivery,
    fan_out,
    finish_delivery,
    note_expiring,
)
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.webhooks.post import post


def deliver_due(services: Services, should_stop: Callable[[], bool] = lambda: False) -> int:
    """Deliver what is due; return how many calls were made."""
    while fan_out(services.store, services.clock()) and not should_stop():
        pass
    made = 0
    while not should_stop() and (claimed := claim_delivery(services.store, services.clock())) is not None:
        finish_delivery(services.store, services.clock(), claimed, _sent(services, claimed))
        made += 1
    return made


def note_what_expires(services: Services) -> int:
    """Note the courses that expire soon; return how many."""
    return note_expiring(services.store, services.clock())


def allows_http(services: Services) -> bool:
    """Return whether receivers may be called without TLS: only where no real money moves."""
    return services.settings.square_environment == "practice"


def _sent(services: Services, claimed: Claimed) -> Outcome:
    vault = sealing(services.settings)
    try:
        keys = tuple(map(vault.open, claimed.sealed_keys))
    except ConfigurationError:
        return Outcome(is_delivered=False, said="The key that signs can’t be opened; make a new one.")
    return post(
        claimed.url,
        claimed.document,
        keys,
        now=services.clock(),
        may_be_private=claimed.may_be_private,
        allows_http=allows_http(services),
    )
