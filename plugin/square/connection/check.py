"""Asking Square who we are to it: the business, its locations, the permissions we hold. Kept for the owner's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from plugin.core.acts import SQUARE, Act, require
from plugin.courses.square_health import connection_in, settle_in
from plugin.errors import Refused, SquareFailed
from plugin.services import Services
from plugin.square.client import SquareNotFound
from plugin.square.client.connection import granted_scopes
from plugin.square.connection.scopes import missing
from plugin.square.parsing import Json, optional_id, text, words

T = TypeVar("T")


def check_connection(services: Services) -> None:
    """Keep what Square says of us now; raises SquareFailed where it does not answer or does not let us in."""
    merchant = _if_told(services.square.merchant, Json())
    locations = _if_told(services.square.locations, list[Json]())
    scopes = granted_scopes(_if_told(services.square.token_status, Json()))

    def work(session: Session) -> None:
        row = connection_in(session)
        row.scopes, row.locations = list(scopes), [_place(one) for one in locations]
        row.merchant_name = words(merchant.get("business_name"), 120) or row.merchant_name
        row.square_merchant_id = optional_id(merchant.get("id"), "merchant id") or row.square_merchant_id
        row.checked_at = services.clock()
        if not missing(scopes):
            act = Act(SQUARE, services.clock(), "check-connection")
            settle_in(session, act, ("square_scope:",), "Square has given the permission.")

    services.store.transact(work)


def check_now(services: Services, act: Act) -> None:
    """Check for a person who waits; raises Refused with what Square's silence means."""
    require(act.actor)
    try:
        check_connection(services)
    except SquareFailed as error:
        raise Refused(error.message, code=error.code) from error


def _if_told(ask: Callable[[], T], otherwise: T) -> T:
    # A server that speaks only part of Square's interface, or a permission we lack, leaves the rest to be told.
    try:
        return ask()
    except SquareNotFound:
        return otherwise
    except SquareFailed as error:
        if error.code == "square_scope":
            return otherwise
        raise


def _place(location: Json) -> Json:
    return {
        "id": text(location.get("id"))[:192],
        "name": words(location.get("name"), 120),
        "is_active": location.get("status") != "INACTIVE",
    }
