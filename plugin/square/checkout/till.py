"""A sale that is rung up on the till: Square is looked through for it while a screen waits, webhooks or not."""

from __future__ import annotations

from datetime import timedelta

from plugin.courses.selling.checkout_views import LONGEST_AT_TILL
from plugin.house import House
from plugin.square.checkout.keeping import end
from plugin.square.errand import Later
from plugin.square.sweep import look_at_orders
from plugin.store.selling import Checkout

_LOOKED_FOR = timedelta(minutes=10)
_SOON_S = 10.0
# A till's clock need not agree with ours.
_BEFORE = timedelta(minutes=2)


def go_on(house: House, row: Checkout) -> str | Later:
    """Look for the sale while somebody waits; afterwards event or sweep bring it, up to twelve hours."""
    waited = house.clock() - row.created_at
    if waited >= LONGEST_AT_TILL:
        end(house, row, "timed_out", "It was not rung up within twelve hours.")
        return "It was not rung up."
    if waited > _LOOKED_FOR:
        return Later((LONGEST_AT_TILL - waited).total_seconds(), "It was not rung up so far.")
    for _ in look_at_orders(house, row.created_at - _BEFORE):
        continue
    return Later(_SOON_S, "It was not rung up so far.")
