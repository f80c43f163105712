"""A sale that is rung up on the till: Square is looked through for it while a screen waits, webhooks or not."""

from __future__ import annotations

from datetime import timedelta

from plugin.courses.sales.checkout_views import LONGEST_AT_TILL
from plugin.jobs import RunAgain
from plugin.services import Services
from plugin.square.checkout.saving import end
from plugin.square.sync import sync_orders
from plugin.store.selling import Checkout

_LOOKED_FOR = timedelta(minutes=10)
_SOON_S = 10.0
# A till's clock need not agree with ours.
_BEFORE = timedelta(minutes=2)


def go_on(services: Services, row: Checkout) -> str | RunAgain:
    """Look for the sale while somebody waits; afterwards event or sweep bring it, up to twelve hours."""
    waited = services.clock() - row.created_at
    if waited >= LONGEST_AT_TILL:
        end(services, row, "timed_out", "It was not rung up within twelve hours.")
        return "It was not rung up."
    if waited > _LOOKED_FOR:
        return RunAgain((LONGEST_AT_TILL - waited).total_seconds(), "It was not rung up so far.")
    for _ in sync_orders(services, row.created_at - _BEFORE):
        continue
    return RunAgain(_SOON_S, "It was not rung up so far.")
