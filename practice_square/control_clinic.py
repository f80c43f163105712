"""The control client's part about what surrounds a sale: calendar, directory, disputes, catalog, access."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from practice_square.control_call import ControlCaller, Json


class ClinicControl(ControlCaller):
    """What the seller does in the Dashboard and the bank does behind it."""

    def team(self) -> list[Json]:
        """List the team members, in the order they came."""
        members: list[Json] = self.call("GET", "/practice/team")["team_members"]
        return members

    def add_team_member(self, given_name: str, family_name: str) -> Json:
        body = {"given_name": given_name, "family_name": family_name}
        member: Json = self.call("POST", "/practice/team", body)["team_member"]
        return member

    def book(
        self,
        start_at: str,
        *,
        customer_id: str | None = None,
        variation_id: str | None = None,
        team_member_id: str | None = None,
        **booking: Any,
    ) -> Json:
        """Book as the seller does. Service and team member are the first there are unless told.

        Named besides: status, duration_minutes, customer_note, seller_note.
        """
        body = {
            "start_at": start_at,
            "customer_id": customer_id,
            "variation_id": variation_id,
            "team_member_id": team_member_id,
        }
        told: Json = self.call("POST", "/practice/bookings", body | booking)["booking"]
        return told

    def set_booking_status(self, booking_id: str, status: str) -> Json:
        """Accept, decline, cancel (by customer or seller), mark NO_SHOW, or take that back."""
        told: Json = self.call("POST", f"/practice/bookings/{booking_id}/status", {"status": status})[
            "booking"
        ]
        return told

    def define_attribute(
        self, key: str, name: str, *, visibility: str, owner: str = "square", kind: str = "String"
    ) -> Json:
        """Define a custom attribute of the seller's own ("square") or of another application."""
        body = {"key": key, "name": name, "visibility": visibility, "owner": owner, "kind": kind}
        told: Json = self.call("POST", "/practice/attribute-definitions", body)["custom_attribute_definition"]
        return told

    def set_attribute(self, customer_id: str, key: str, value: Any) -> Json:
        """Type a value as the seller: only where the definition lets others write."""
        path = f"/practice/customers/{customer_id}/attributes/{quote(key)}"
        told: Json = self.call("PUT", path, {"value": value})["custom_attribute"]
        return told

    def attributes(self, customer_id: str) -> list[Json]:
        """List what the directory shows on a profile: [{"name", "value"}]."""
        told: list[Json] = self.call("GET", f"/practice/customers/{customer_id}/attributes")["attributes"]
        return told

    def unmerge_customer(self, customer_id: str, *, has_new_ids: bool = False) -> list[Json]:
        """Bring back the profiles that were merged into this one, under their old ids unless told."""
        told: list[Json] = self.call(
            "POST", f"/practice/customers/{customer_id}/unmerge", {"has_new_ids": has_new_ids}
        )["customers"]
        return told

    def delete_customer(self, customer_id: str) -> None:
        self.call("DELETE", f"/practice/customers/{customer_id}")

    def recover_customer(self, customer_id: str) -> Json:
        """Bring back a deleted profile."""
        told: Json = self.call("POST", f"/practice/customers/{customer_id}/recover", {})["customer"]
        return told

    def open_dispute(self, payment_id: str, reason: str = "NOT_AS_DESCRIBED", **dispute: Any) -> Json:
        """Let the bank question a card payment. Named: amount (default all), state (default EVIDENCE_REQUIRED)."""
        told: Json = self.call(
            "POST", "/practice/disputes", {"payment_id": payment_id, "reason": reason, **dispute}
        )["dispute"]
        return told

    def move_dispute(self, dispute_id: str, state: str) -> Json:
        """Take a dispute on: PROCESSING, then WON or LOST; or ACCEPTED."""
        told: Json = self.call("POST", f"/practice/disputes/{dispute_id}/state", {"state": state})["dispute"]
        return told

    def edit_variation(self, id_: str, *, price: int | None = None, name: str | None = None) -> Json:
        """Change a variation in the Dashboard. Tells catalog.version.updated, as all edits here do."""
        told: Json = self.call("PUT", f"/practice/variations/{id_}", {"price": price, "name": name})["object"]
        return told

    def edit_item(self, id_: str, *, name: str | None = None, is_archived: bool | None = None) -> Json:
        told: Json = self.call("PUT", f"/practice/items/{id_}", {"name": name, "is_archived": is_archived})[
            "object"
        ]
        return told

    def delete_item(self, id_: str) -> list[str]:
        """Delete an item or a variation. Gives the ids that are gone."""
        told: list[str] = self.call("DELETE", f"/practice/items/{id_}")["deleted_object_ids"]
        return told

    def authorize(
        self, scopes: str, *, code_challenge: str | None = None, redirect_uri: str | None = None
    ) -> str:
        """Allow the application these scopes (space-separated) without the page. Gives the code."""
        body = {"scopes": scopes, "code_challenge": code_challenge, "redirect_uri": redirect_uri}
        return str(self.call("POST", "/practice/access", body)["code"])

    def revoke_access(self, revoker_type: str = "MERCHANT") -> None:
        """End the application's permission from the seller's side (MERCHANT) or Square's (SQUARE)."""
        self.call("POST", "/practice/access/revoke", {"revoker_type": revoker_type})
