"""Calls about Square's customer directory and the custom attributes on its profiles."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from plugin.square.client.asking import ANSWER_TIMEOUT_S, Asking
from plugin.square.parsing import Json, listed, record, rfc3339

MOST_ON_A_PAGE = 100
# Square names no limit for a request by ids; this is that of its other calls of the kind.
MOST_BY_ID = 100


class CustomerCalls(Asking):
    """The seller's customers."""

    def customer(self, customer_id: str) -> Json:
        """Return a customer; an id from before a merge returns the new profile. Raises SquareNotFound."""
        return self._one("customer", "GET v2/customers/{}", customer_id)

    def customers_with(
        self,
        field: str,
        value: str,
        *,
        is_exact: bool = True,
        most: int = 20,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> list[Json]:
        """Return the first profiles whose phone_number, email_address or reference_id is, or contains, the value.

        Square has no filter by name.
        """
        answer = self._ask(
            "POST v2/customers/search",
            query={"filter": {field: {"exact" if is_exact else "fuzzy": value}}},
            limit=most,
            timeout_s=timeout_s,
        )
        return listed(answer.get("customers"), "customers")[:most]

    def customers_updated(self, since: datetime | None) -> Iterator[list[Json]]:
        """Yield the profiles changed since then, page by page; all of them for None."""
        query = {"filter": {"updated_at": {"start_at": rfc3339(since)}}} if since is not None else {}
        return self._pages("customers", "POST v2/customers/search", query=query, limit=MOST_ON_A_PAGE)

    def customers_by_id(self, customer_ids: Sequence[str]) -> dict[str, Json]:
        """Return those of these profiles that Square has, by the id asked for; at most a hundred."""
        answer = self._ask("POST v2/customers/bulk-retrieve", customer_ids=customer_ids)
        responses = record(answer.get("responses") or {}, "responses")
        found = {id_: one.get("customer") for id_, one in responses.items() if isinstance(one, dict)}
        return {id_: profile for id_, profile in found.items() if isinstance(profile, dict)}

    def create_customer(self, key: str, profile: Mapping[str, str]) -> Json:
        return self._one("customer", "POST v2/customers", idempotency_key=key, **profile)

    def update_customer(self, customer_id: str, changes: Mapping[str, str | None], version: int) -> Json:
        """Change fields of a profile, None clearing one; returns it. Only the current id is accepted."""
        return self._one("customer", "PUT v2/customers/{}", customer_id, **changes, version=version)

    def customer_attribute_definition(self, attribute: str) -> Json:
        """Return how a custom attribute is defined; raises SquareNotFound."""
        return self._one(
            "custom_attribute_definition", "GET v2/customers/custom-attribute-definitions/{}", attribute
        )

    def define_customer_attribute(self, key: str, definition: Mapping[str, Any]) -> Json:
        """Define a custom attribute for profiles; refused where its key is taken."""
        return self._one(
            "custom_attribute_definition",
            "POST v2/customers/custom-attribute-definitions",
            custom_attribute_definition=definition,
            idempotency_key=key,
        )

    def set_customer_attribute(self, key: str, customer_id: str, attribute: str, value: str) -> Json:
        """Write one custom attribute of a profile, whatever it was; raises SquareNotFound."""
        return self._one(
            "custom_attribute",
            "POST v2/customers/{}/custom-attributes/{}",
            customer_id,
            attribute,
            custom_attribute={"value": value},
            idempotency_key=key,
        )

    def delete_customer_attribute(self, customer_id: str, attribute: str) -> None:
        """Delete one custom attribute of a profile; raises SquareNotFound."""
        self._ask("DELETE v2/customers/{}/custom-attributes/{}", customer_id, attribute)
