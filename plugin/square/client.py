"""Asking Square over HTTP with its own SDK. The only place that opens connections to Square.

Never retries and never sleeps: the inbox waits instead (the SDK would block on 409, 429 and 5xx). Must not
know what the answers are used for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import httpx
from square import Square
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from plugin.errors import SquareFailed
from plugin.settings import Settings
from plugin.square.fields import Json, record, records, rfc3339, text, unreadable

CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 8.0
MOST_PAGES = 2000
MOST_LOCATIONS = 10
_ORDERS_A_PAGE = 200
_REFUNDS_A_PAGE = 100
_ONCE = RequestOptions(max_retries=0)
_SENDABLE = re.compile(r"[!-~]+\Z")


class SquareNotFound(SquareFailed):
    """Square knows no such object (any more)."""


class SquareClient:
    """One pool of connections to one Square. Every method raises SquareFailed; answers are plain dicts."""

    def __init__(self, settings: Settings, *, transport: httpx.BaseTransport | None = None) -> None:
        self._has_token = bool(_SENDABLE.match(settings.square_access_token.get_secret_value()))
        self._http = httpx.Client(
            transport=transport,
            timeout=ANSWER_TIMEOUT_S,
            event_hooks={"request": [_connect_sooner]},
            trust_env=httpx.URL(settings.square_address).host not in ("127.0.0.1", "localhost", "::1"),
        )
        self._square = Square(
            base_url=settings.square_address,
            # Given always: left out, the SDK takes SQUARE_TOKEN from the environment.
            token=settings.square_access_token.get_secret_value(),
            httpx_client=self._http,
        )

    def close(self) -> None:
        """Give back the connections."""
        self._http.close()

    def location(self, location_id: str) -> Json:
        """Return a location; "main" is the merchant's first."""
        return self._one("location", lambda: self._square.locations.get(location_id, request_options=_ONCE))

    def locations(self) -> list[Json]:
        """Return all locations of the merchant."""
        answer = self._ask(lambda: self._square.locations.list(request_options=_ONCE))
        return records(answer.get("locations"), "locations")

    def order(self, order_id: str) -> Json:
        """Return an order as it stands; raises SquareNotFound."""
        return self._one("order", lambda: self._square.orders.get(order_id, request_options=_ONCE))

    def payment(self, payment_id: str) -> Json:
        """Return a payment as it stands; raises SquareNotFound."""
        return self._one("payment", lambda: self._square.payments.get(payment_id, request_options=_ONCE))

    def refund(self, refund_id: str) -> Json:
        """Return a refund as it stands; raises SquareNotFound."""
        return self._one("refund", lambda: self._square.refunds.get(refund_id, request_options=_ONCE))

    def customer(self, customer_id: str) -> Json:
        """Return a customer; an id from before a merge answers as the new one. Raises SquareNotFound."""
        return self._one("customer", lambda: self._square.customers.get(customer_id, request_options=_ONCE))

    def orders_updated(self, location_ids: Sequence[str], since: datetime) -> Iterator[list[Json]]:
        """Yield pages of the orders touched since then, of at most ten locations."""
        query: Any = {
            "filter": {"date_time_filter": {"updated_at": {"start_at": rfc3339(since)}}},
            "sort": {"sort_field": "UPDATED_AT", "sort_order": "ASC"},
        }

        def page(cursor: Json) -> Any:
            return self._square.orders.search(
                location_ids=location_ids, query=query, limit=_ORDERS_A_PAGE, request_options=_ONCE, **cursor
            )

        return self._pages("orders", page)

    def refunds_updated(self, since: datetime) -> Iterator[list[Json]]:
        """Yield pages of the refunds touched since then, of all locations."""

        def page(cursor: Json) -> Any:
            pager = self._square.refunds.list(
                updated_at_begin_time=rfc3339(since),
                sort_field="UPDATED_AT",
                sort_order="ASC",
                limit=_REFUNDS_A_PAGE,
                request_options=_ONCE,
                **cursor,
            )
            # The pager itself ends at an empty page that has a cursor; its raw answer does not.
            return pager.response

        return self._pages("refunds", page)

    def catalog_object(self, object_id: str) -> Json:
        """Return a catalog object with its current version; raises SquareNotFound, also for a deleted one."""
        found = self._one("object", lambda: self._square.catalog.object.get(object_id, request_options=_ONCE))
        if found.get("is_deleted") is True:
            raise SquareNotFound("Square has deleted that item.", permanent=True, code="square_not_found")
        return found

    def catalog_items_named(self, name: str) -> list[Json]:
        """Return the live items of exactly this name."""
        query: Any = {"exact_query": {"attribute_name": "name", "attribute_value": name}}

        def page(cursor: Json) -> Any:
            return self._square.catalog.search(
                object_types=["ITEM"], query=query, request_options=_ONCE, **cursor
            )

        return [one for objects in self._pages("objects", page) for one in objects]

    def upsert_catalog_object(self, key: str, wanted: Mapping[str, Any]) -> Json:
        """Write one catalog object; returns Square's whole answer, with the new ids in `id_mappings`."""
        sent: Any = wanted
        return self._ask(
            lambda: self._square.catalog.object.upsert(
                idempotency_key=key, object=sent, request_options=_ONCE
            )
        )

    def _one(self, name: str, ask: Callable[[], Any]) -> Json:
        return record(self._ask(ask).get(name), name)

    def _pages(self, name: str, page: Callable[[Json], Any]) -> Iterator[list[Json]]:
        # An empty page may carry a cursor; only a missing cursor is the end.
        cursor: Json = {}
        for _ in range(MOST_PAGES):
            answer = self._ask(lambda: page(cursor))  # noqa: B023 asked at once
            yield records(answer.get(name), name)
            if not text(answer.get("cursor")):
                return
            cursor = {"cursor": answer["cursor"]}
        raise unreadable(f"more than {MOST_PAGES} pages")

    def _ask(self, ask: Callable[[], Any]) -> Json:
        if not self._has_token:
            raise _sign_in_failed("SQUARE_ACCESS_TOKEN is missing or holds characters a token never has.")
        try:
            # `warnings`: the SDK keeps values of a wrong type as they came, and would warn of each.
            return cast(Json, ask().dict(warnings=False))
        except ApiError as error:
            raise _refusal(error) from error
        except httpx.TimeoutException as error:
            raise _unreachable("did not answer in time") from error
        except httpx.HTTPError as error:
            raise _unreachable("can't be reached") from error
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            # An answer of another shape than the SDK's models breaks inside it.
            raise unreadable("another shape than agreed") from error


def _connect_sooner(request: httpx.Request) -> None:
    # The SDK sends one number for all phases; a host that is gone need not take that long to show.
    request.extensions["timeout"] = {**request.extensions["timeout"], "connect": CONNECT_TIMEOUT_S}


def _unreachable(how: str) -> SquareFailed:
    said = f"Square {how}. It is asked again by itself."
    return SquareFailed(said, permanent=False, code="square_unreachable")


def _sign_in_failed(why: str) -> SquareFailed:
    said = f"Square does not let Coursekeeper in: {why} Put a valid token in; what waits is then done."
    return SquareFailed(said, permanent=False, code="square_sign_in")


def _refusal(error: ApiError) -> SquareFailed:
    status = error.status_code or 0
    code, detail = _first_error(error)
    if status in (401, 403):
        return _sign_in_failed(_SIGN_IN.get(code, "The access token is not valid."))
    if status == 404:
        return SquareNotFound("Square knows no such object.", permanent=True, code="square_not_found")
    if code == "VERSION_MISMATCH":
        said = "It was changed in Square meanwhile. Try again."
        return SquareFailed(said, permanent=False, code="square_version_mismatch")
    if status == 429:
        said = "Square asks for fewer requests. It is asked again by itself."
        return SquareFailed(said, permanent=False, code="square_busy")
    if status >= 500 or status in (408, 409):
        said = f"Square has trouble of its own (HTTP {status}). It is asked again by itself."
        return SquareFailed(said, permanent=False, code="square_down")
    if status < 400:
        return unreadable("no JSON" if status < 300 else "another address")
    said = f"Square refused: {detail or code} (HTTP {status})."
    return SquareFailed(said, permanent=True, code="square_refused")


def _first_error(error: ApiError) -> tuple[str, str]:
    first = error.errors[0] if error.errors else None
    return text(getattr(first, "code", "")), text(getattr(first, "detail", ""))[:200]


_SIGN_IN = {
    "ACCESS_TOKEN_EXPIRED": "The access token has expired.",
    "ACCESS_TOKEN_REVOKED": "The access token was revoked.",
    "INSUFFICIENT_SCOPES": "The access token lacks a permission it needs.",
    "FORBIDDEN": "The access token lacks a permission it needs.",
}
