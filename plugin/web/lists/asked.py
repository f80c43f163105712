"""What both lists take from their address and from the clinic: the view, and the practitioners to filter by."""

from __future__ import annotations

from collections.abc import Iterable

from flask import request

from plugin.core.acts import Role
from plugin.courses.accounts.staff import list_all_staff
from plugin.store import Store


def asked_view(names: Iterable[str]) -> dict[str, str]:
    """Return what of the address makes a view: of these parameters, those that are not empty."""
    return {name: value for name in names if (value := request.args.get(name, "").strip())}


def practitioner_choices(store: Store) -> list[tuple[str, str]]:
    """Return who treats clients, by id and name."""
    treats = (Role.PRACTITIONER, Role.OWNER)
    return [(each.id, each.name) for each in list_all_staff(store) if each.role in treats]
