"""Asking Square about the people in its directory, and writing to their profiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from square.core.request_options import RequestOptions

from plugin.square.client.asking import ONCE, Asking
from plugin.square.parsing import Json, listed, record, rfc3339

MOST_ON_A_PAGE = 100
# Square names no limit for a request by ids; this is that of its other calls of the kind.
MOST_BY_ID = 100


class CustomerCalls(Asking):
    """The seller's customers."""

    def customer(self, customer_id: str) -> Json:
        """Return a customer; an id from before a merge answers as the new one. Raises SquareNotFound."""
        return self._one("customer", lambda: self._square.customers.get(customer_id, request_options=ONCE))

    def customers_with(
        self, field: str, value: str, *, is_exact: bool = True, most: int = 20, timeout_s: float | None = None
    ) -> list[Json]:
        """Return the first profiles whose phone_number, email_address or reference_id is, or holds, the value.

        Square has no filter by name.
        """
        query: Any = {"filter": {field: {"exact" if is_exact else "fuzzy": value}}}
        options = ONCE if timeout_s is None else RequestOptions(max_retries=0, timeout_in_seconds=timeout_s)  # type: ignore[typeddict-item]  # httpx takes fractions
        answer = self._ask(
            lambda: self._square.customers.search(query=query, limit=most, request_options=options)
        )
        return listed(answer.get("customers"), "customers")[:most]

    def customers_updated(self, since: datetime | None) -> Iterator[list[Json]]:
        """Yield the profiles changed since then, page by page; all of them for None."""
        query: Any = {"filter": {"updated_at": {"start_at": rfc3339(since)}}} if since is not None else {}

        def page(cursor: Json) -> Any:
            return self._square.customers.search(
                query=query, limit=MOST_ON_A_PAGE, request_options=ONCE, **cursor
            )

        return self._pages("customers", page)

    def customers_by_id(self, customer_ids: Sequence[str]) -> dict[str, Json]:
        """Return those of these profiles that Square has, by the id asked for; at most a hundred."""
        answer = self._ask(
            lambda: self._square.customers.bulk_retrieve_customers(
                customer_ids=customer_ids, request_options=ONCE
            )
        )
        responses = record(answer.get("responses") or {}, "responses")
        found = {id_: one.get("customer") for id_, one in responses.items() if isinstance(one, dict)}
        return {id_: profile for id_, profile in found.items() if isinstance(profile, dict)}

    def create_customer(self, key: str, profile: Mapping[str, str]) -> Json:
        """Make a profile and return it."""
        sent: Any = dict(profile)
        return self._one(
            "customer",
            lambda: self._square.customers.create(idempotency_key=key, **sent, request_options=ONCE),
        )

    def update_customer(self, customer_id: str, changes: Mapping[str, str | None], version: int) -> Json:
        """Change fields of a profile, None clearing one; returns it. Takes the id in force alone."""
        sent: Any = dict(changes)
        return self._one(
            "customer",
            lambda: self._square.customers.update(customer_id, **sent, version=version, request_options=ONCE),
        )

    def customer_attribute_definition(self, attribute: str) -> Json:
        """Return how a custom attribute is defined; raises SquareNotFound."""
        return self._one(
            "custom_attribute_definition",
            lambda: self._square.customers.custom_attribute_definitions.get(attribute, request_options=ONCE),
        )

    def define_customer_attribute(self, key: str, definition: Mapping[str, Any]) -> Json:
        """Make a custom attribute that profiles can carry; refused where its key is taken."""
        sent: Any = definition
        return self._one(
            "custom_attribute_definition",
            lambda: self._square.customers.custom_attribute_definitions.create(
                custom_attribute_definition=sent, idempotency_key=key, request_options=ONCE
            ),
        )

    def set_customer_attribute(self, key: str, customer_id: str, attribute: str, value: str) -> Json:
        """Write one custom attribute of a profile, whatever stands there; raises SquareNotFound."""
        return self._one(
            "custom_attribute",
            lambda: self._square.customers.custom_attributes.upsert(
                customer_id,
                attribute,
                custom_attribute={"value": value},
                idempotency_key=key,
                request_options=ONCE,
            ),
        )

    def delete_customer_attribute(self, customer_id: str, attribute: str) -> None:
        """Take one custom attribute off a profile; raises SquareNotFound."""
        self._ask(
            lambda: self._square.customers.custom_attributes.delete(
                customer_id, attribute, request_options=ONCE
            )
        )

    def customer_attribute(self, customer_id: str, attribute: str) -> Json:
        """Return one custom attribute of a profile; raises SquareNotFound."""
        return self._one(
            "custom_attribute",
            lambda: self._square.customers.custom_attributes.get(
                customer_id, attribute, request_options=ONCE
            ),
        )
