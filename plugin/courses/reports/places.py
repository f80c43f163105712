"""The names of the Square locations, as last read from Square."""

from __future__ import annotations

from sqlalchemy.orm import Session

from plugin.store.square_side import Connection


def place_names_in(session: Session) -> dict[str, str]:
    """Return the names of the locations by their Square ids; those not read yet are absent."""
    row = session.get(Connection, 1)
    places = row.locations if row is not None else []
    return {place["id"]: place["name"] for place in places if place.get("id") and place.get("name")}
