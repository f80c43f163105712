"""Card surcharges on an order: what a client paid for using a card, which is no part of what was sold. Pure; no I/O.

Square puts it beside the lines or apportions it to them (OrderCardSurchargeTreatmentType). Its published order names no
field for it; orders tell it as `total_card_surcharge_money`, or as a service charge of that name.
"""

from __future__ import annotations

from collections.abc import Collection

from plugin.square.parsing import Json, optional_money, records, text, unreadable

_FIELD = "total_card_surcharge_money"


def surcharge_uids(order: Json) -> frozenset[str]:
    """Return the uids of the order's service charges that are card surcharges; raises SquareFailed."""
    charges = records(order.get("service_charges"), "order service_charges")
    return frozenset(text(one.get("uid")) for one in charges if is_surcharge(one))


def is_surcharge(charge: Json) -> bool:
    """Say whether a service charge is a card surcharge, by its type or its name."""
    return any("surcharge" in text(charge.get(name)).casefold() for name in ("type", "name"))


def surcharge_on(line: Json, surcharges: Collection[str], currency: str) -> int:
    """Return what of a line's total is card surcharge, minor units; `surcharges` are its order's `surcharge_uids`."""
    applied = records(line.get("applied_service_charges"), "applied service charges")
    named = [one for one in applied if text(one.get("service_charge_uid")) in surcharges]
    return _amount(line, _FIELD, currency) + sum(_amount(one, "applied_money", currency) for one in named)


def surcharge_beside(order: Json, currency: str) -> int:
    """Return the card surcharge that stands beside the lines, minor units."""
    lines = records(order.get("line_items"), "order lines")
    apportioned = sum(_amount(line, _FIELD, currency) for line in lines)
    return max(0, _amount(order, _FIELD, currency) - apportioned)


def _amount(told: Json, name: str, currency: str) -> int:
    found = optional_money(told.get(name), name)
    if found is not None and found.currency != currency:
        raise unreadable(f"{name} in another currency")
    return found.amount if found is not None else 0
