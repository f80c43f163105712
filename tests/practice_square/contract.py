"""Checks traffic against Square's published OpenAPI document and the SDK's own models.

The document is the part of Square's that concerns this project, in tests/square_contract.

    contract = Contract()
    httpx.Client(event_hooks=contract.httpx_hooks())            # on the caller's side
    running_practice(tmp_path, middleware=contract.middleware)  # on the server's side
    contract.assert_kept()
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pydantic

Json = dict[str, Any]
DOCUMENT = Path(__file__).resolve().parents[1] / "square_contract" / "square-openapi.json"

# In Square's own published samples, missing in the OpenAPI document's schemas or the SDK's models.
KNOWN_FIELDS = frozenset(
    {
        "CatalogObject.created_at",
        "CustomerDeletedEventData.deleted",
        "CatalogVersionUpdatedEventData.id",
        "DisputeCreatedEventObject.dispute",
        "DisputeStateUpdatedEventObject.dispute",
        # Newer than the document, or on orders alone: what a card cost the client above the sale.
        "CardPaymentDetails.applied_card_surcharge_details",
        "Order.total_card_surcharge_money",
        "OrderLineItem.total_card_surcharge_money",
        "OrderReturnLineItem.total_card_surcharge_money",
        "OrderMoneyAmounts.card_surcharge_money",
    }
)
# The document states string and shows one; the SDK's model states map.
KNOWN_TYPES = frozenset({"TestWebhookSubscriptionResponse: subscription_test_result.payload"})
KNOWN_CODES = frozenset({"VERSION_MISMATCH", "DIGITAL"})

DEFINITIONS, DEFINITION = (
    "/v2/customers/custom-attribute-definitions",
    "/v2/customers/custom-attribute-definitions/{key}",
)
ATTRIBUTES, ATTRIBUTE = (
    "/v2/customers/{customer_id}/custom-attributes",
    "/v2/customers/{customer_id}/custom-attributes/{key}",
)
# what surrounds a sale: appointments, the directory's attributes, disputes, access
CLINIC_CALLS: dict[tuple[str, str], str] = {
    ("GET", "/v2/bookings"): "ListBookingsResponse",
    ("POST", "/v2/bookings"): "CreateBookingResponse",
    ("POST", "/v2/bookings/availability/search"): "SearchAvailabilityResponse",
    ("POST", "/v2/bookings/bulk-retrieve"): "BulkRetrieveBookingsResponse",
    ("GET", "/v2/bookings/business-booking-profile"): "GetBusinessBookingProfileResponse",
    ("GET", "/v2/bookings/team-member-booking-profiles"): "ListTeamMemberBookingProfilesResponse",
    ("GET", "/v2/bookings/{booking_id}"): "GetBookingResponse",
    ("PUT", "/v2/bookings/{booking_id}"): "UpdateBookingResponse",
    ("POST", "/v2/bookings/{booking_id}/cancel"): "CancelBookingResponse",
    ("POST", "/v2/team-members/search"): "SearchTeamMembersResponse",
    ("GET", "/v2/team-members/{team_member_id}"): "GetTeamMemberResponse",
    ("GET", DEFINITIONS): "ListCustomerCustomAttributeDefinitionsResponse",
    ("POST", DEFINITIONS): "CreateCustomerCustomAttributeDefinitionResponse",
    ("GET", DEFINITION): "GetCustomerCustomAttributeDefinitionResponse",
    ("PUT", DEFINITION): "UpdateCustomerCustomAttributeDefinitionResponse",
    ("DELETE", DEFINITION): "DeleteCustomerCustomAttributeDefinitionResponse",
    ("POST", "/v2/customers/custom-attributes/bulk-upsert"): "BatchUpsertCustomerCustomAttributesResponse",
    ("GET", ATTRIBUTES): "ListCustomerCustomAttributesResponse",
    ("GET", ATTRIBUTE): "GetCustomerCustomAttributeResponse",
    ("POST", ATTRIBUTE): "UpsertCustomerCustomAttributeResponse",
    ("DELETE", ATTRIBUTE): "DeleteCustomerCustomAttributeResponse",
    ("GET", "/v2/disputes"): "ListDisputesResponse",
    ("GET", "/v2/disputes/{dispute_id}"): "GetDisputeResponse",
    ("POST", "/v2/disputes/{dispute_id}/accept"): "AcceptDisputeResponse",
    ("POST", "/oauth2/token"): "ObtainTokenResponse",
    ("POST", "/oauth2/revoke"): "RevokeTokenResponse",
    ("POST", "/oauth2/token/status"): "RetrieveTokenStatusResponse",
}
# method and path of each call this project makes or simulates, with the SDK's model of its answer
CALLS: dict[tuple[str, str], str] = CLINIC_CALLS | {
    ("GET", "/v2/locations"): "ListLocationsResponse",
    ("GET", "/v2/locations/{location_id}"): "GetLocationResponse",
    ("GET", "/v2/merchants"): "ListMerchantsResponse",
    ("GET", "/v2/merchants/{merchant_id}"): "GetMerchantResponse",
    ("POST", "/v2/customers"): "CreateCustomerResponse",
    ("GET", "/v2/customers"): "ListCustomersResponse",
    ("POST", "/v2/customers/search"): "SearchCustomersResponse",
    ("POST", "/v2/customers/bulk-retrieve"): "BulkRetrieveCustomersResponse",
    ("GET", "/v2/customers/{customer_id}"): "GetCustomerResponse",
    ("PUT", "/v2/customers/{customer_id}"): "UpdateCustomerResponse",
    ("DELETE", "/v2/customers/{customer_id}"): "DeleteCustomerResponse",
    ("POST", "/v2/catalog/batch-upsert"): "BatchUpsertCatalogObjectsResponse",
    ("POST", "/v2/catalog/batch-retrieve"): "BatchGetCatalogObjectsResponse",
    ("POST", "/v2/catalog/object"): "UpsertCatalogObjectResponse",
    ("GET", "/v2/catalog/object/{object_id}"): "GetCatalogObjectResponse",
    ("DELETE", "/v2/catalog/object/{object_id}"): "DeleteCatalogObjectResponse",
    ("GET", "/v2/catalog/list"): "ListCatalogResponse",
    ("GET", "/v2/catalog/info"): "CatalogInfoResponse",
    ("POST", "/v2/catalog/search"): "SearchCatalogObjectsResponse",
    ("POST", "/v2/catalog/search-catalog-items"): "SearchCatalogItemsResponse",
    ("POST", "/v2/orders"): "CreateOrderResponse",
    ("POST", "/v2/orders/calculate"): "CalculateOrderResponse",
    ("POST", "/v2/orders/batch-retrieve"): "BatchGetOrdersResponse",
    ("POST", "/v2/orders/search"): "SearchOrdersResponse",
    ("GET", "/v2/orders/{order_id}"): "GetOrderResponse",
    ("PUT", "/v2/orders/{order_id}"): "UpdateOrderResponse",
    ("POST", "/v2/orders/{order_id}/pay"): "PayOrderResponse",
    ("POST", "/v2/payments"): "CreatePaymentResponse",
    ("GET", "/v2/payments"): "ListPaymentsResponse",
    ("GET", "/v2/payments/{payment_id}"): "GetPaymentResponse",
    ("POST", "/v2/payments/{payment_id}/cancel"): "CancelPaymentResponse",
    ("POST", "/v2/payments/{payment_id}/complete"): "CompletePaymentResponse",
    ("POST", "/v2/refunds"): "RefundPaymentResponse",
    ("GET", "/v2/refunds"): "ListPaymentRefundsResponse",
    ("GET", "/v2/refunds/{refund_id}"): "GetPaymentRefundResponse",
    ("GET", "/v2/devices"): "ListDevicesResponse",
    ("GET", "/v2/devices/{device_id}"): "GetDeviceResponse",
    ("POST", "/v2/devices/codes"): "CreateDeviceCodeResponse",
    ("GET", "/v2/devices/codes"): "ListDeviceCodesResponse",
    ("GET", "/v2/devices/codes/{id}"): "GetDeviceCodeResponse",
    ("POST", "/v2/terminals/checkouts"): "CreateTerminalCheckoutResponse",
    ("POST", "/v2/terminals/checkouts/search"): "SearchTerminalCheckoutsResponse",
    ("GET", "/v2/terminals/checkouts/{checkout_id}"): "GetTerminalCheckoutResponse",
    ("POST", "/v2/terminals/checkouts/{checkout_id}/cancel"): "CancelTerminalCheckoutResponse",
    ("POST", "/v2/terminals/checkouts/{checkout_id}/dismiss"): "DismissTerminalCheckoutResponse",
    ("POST", "/v2/online-checkout/payment-links"): "CreatePaymentLinkResponse",
    ("GET", "/v2/online-checkout/payment-links"): "ListPaymentLinksResponse",
    ("GET", "/v2/online-checkout/payment-links/{id}"): "GetPaymentLinkResponse",
    ("PUT", "/v2/online-checkout/payment-links/{id}"): "UpdatePaymentLinkResponse",
    ("DELETE", "/v2/online-checkout/payment-links/{id}"): "DeletePaymentLinkResponse",
    ("POST", "/v2/invoices"): "CreateInvoiceResponse",
    ("GET", "/v2/invoices"): "ListInvoicesResponse",
    ("POST", "/v2/invoices/search"): "SearchInvoicesResponse",
    ("GET", "/v2/invoices/{invoice_id}"): "GetInvoiceResponse",
    ("PUT", "/v2/invoices/{invoice_id}"): "UpdateInvoiceResponse",
    ("POST", "/v2/invoices/{invoice_id}/publish"): "PublishInvoiceResponse",
    ("POST", "/v2/invoices/{invoice_id}/cancel"): "CancelInvoiceResponse",
    ("DELETE", "/v2/invoices/{invoice_id}"): "DeleteInvoiceResponse",
    ("GET", "/v2/webhooks/event-types"): "ListWebhookEventTypesResponse",
    ("GET", "/v2/webhooks/subscriptions"): "ListWebhookSubscriptionsResponse",
    ("POST", "/v2/webhooks/subscriptions"): "CreateWebhookSubscriptionResponse",
    ("GET", "/v2/webhooks/subscriptions/{subscription_id}"): "GetWebhookSubscriptionResponse",
    ("PUT", "/v2/webhooks/subscriptions/{subscription_id}"): "UpdateWebhookSubscriptionResponse",
    ("DELETE", "/v2/webhooks/subscriptions/{subscription_id}"): "DeleteWebhookSubscriptionResponse",
    (
        "POST",
        "/v2/webhooks/subscriptions/{subscription_id}/signature-key",
    ): "UpdateWebhookSubscriptionSignatureKeyResponse",
    ("POST", "/v2/webhooks/subscriptions/{subscription_id}/test"): "TestWebhookSubscriptionResponse",
    ("POST", "/v2/events"): "SearchEventsResponse",
    ("GET", "/v2/events/types"): "ListEventTypesResponse",
}


@cache
def document() -> Json:
    read: Json = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    return read


def event_schema(event_type: str) -> str:
    """Return the schema's name of a webhook event: `payment.created` is `PaymentCreatedEvent`."""
    return "".join(part.title() for part in re.split("[._]", event_type)) + "Event"


@dataclass
class Exchange:
    """One call as it went over the wire."""

    method: str
    url: str
    request_body: bytes
    status: int
    response_body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path


@dataclass
class Contract:
    """Collects every breach; `seen` counts the calls that were checked, by method and template.

    `checks_answers`: False where answers are forged, so that only what is asked can be held against it.
    """

    breaches: list[str] = field(default_factory=list)
    seen: dict[tuple[str, str], int] = field(default_factory=dict)
    checks_answers: bool = True

    def check(self, exchange: Exchange) -> list[str]:
        """Check one exchange against both halves. A refused request is not checked: the refusal is the check."""
        if not is_call(exchange.path):
            return []
        call = find_call(exchange.method, exchange.path)
        if call is None:
            found = [] if exchange.status == 404 else ["not a call of this project's contract"]
        else:
            self.seen[call] = self.seen.get(call, 0) + 1
            found = list(_check_request(call, exchange)) if exchange.status < 400 else []
            found += list(_check_answer(call, exchange)) if self.checks_answers else []
        named = [f"{exchange.method} {exchange.path} -> {exchange.status}: {breach}" for breach in found]
        self.breaches.extend(named)
        return named

    def check_event(self, body: bytes | str) -> list[str]:
        """Check a webhook body against the event's schema and the SDK's event model."""
        event = json.loads(body)
        found = [f"event {event['type']}: {breach}" for breach in _check_event(event)]
        self.breaches.extend(found)
        return found

    def assert_kept(self) -> None:
        assert not self.breaches, "\n".join(self.breaches)

    def httpx_hooks(self) -> dict[str, list[Callable[..., Any]]]:
        """Return event hooks for an httpx.Client that calls Square or the practice Square."""

        def on_response(response: httpx.Response) -> None:
            response.read()
            request = response.request
            self.check(
                Exchange(
                    request.method, str(request.url), request.content, response.status_code, response.content
                )
            )

        return {"response": [on_response]}

    def middleware(self, app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        """Wrap a WSGI app so that all its traffic is checked. Answers spoiled by a requested fault are not checked."""

        def checked_app(environ: Json, start_response: Callable[..., Any]) -> Iterable[bytes]:
            if not is_call(environ["PATH_INFO"]):
                return app(environ, start_response)
            length = int(environ.get("CONTENT_LENGTH") or 0)
            body = environ["wsgi.input"].read(length) if length else b""
            environ["wsgi.input"] = _Replayed(body)
            told: list[int] = []

            def start(status: str, headers: Any, error: Any = None) -> Any:
                told.append(int(status.split()[0]))
                return start_response(status, headers, error) if error else start_response(status, headers)

            pieces = app(environ, start)
            try:
                answer = b"".join(pieces)
            finally:
                if hasattr(pieces, "close"):
                    pieces.close()
            if not environ.get("practice.fails"):
                url = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
                self.check(Exchange(environ["REQUEST_METHOD"], url, body, told[-1], answer))
            return [answer]

        return checked_app


class _Replayed:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def read(self, size: int = -1) -> bytes:
        end = len(self._body) if size is None or size < 0 else self._at + size
        part, self._at = self._body[self._at : end], min(end, len(self._body))
        return part

    def readline(self, size: int = -1) -> bytes:
        end = self._body.find(b"\n", self._at)
        return self.read(len(self._body) - self._at if end < 0 else end + 1 - self._at)

    def __iter__(self) -> Iterator[bytes]:
        while line := self.readline():
            yield line


def is_call(path: str) -> bool:
    """Return whether a path belongs to the API; the page where a seller decides does not."""
    return path.startswith(("/v2/", "/oauth2/")) and path != "/oauth2/authorize"


@cache
def _templates() -> list[tuple[tuple[str, str], re.Pattern[str]]]:
    """Return each call with the pattern of its paths; a fixed segment wins over a placeholder."""
    ordered = sorted(CALLS, key=lambda call: call[1].count("{"))
    return [(call, re.compile(re.sub(r"\{\w+\}", "[^/]+", call[1]))) for call in ordered]


def find_call(method: str, path: str) -> tuple[str, str] | None:
    """Find the call whose template a path fits."""
    return next(
        (call for call, path_of in _templates() if call[0] == method and path_of.fullmatch(path)), None
    )


def _operation(call: tuple[str, str]) -> Json:
    operation: Json = document()["paths"][call[1]][call[0].lower()]
    return operation


def _check_request(call: tuple[str, str], exchange: Exchange) -> Iterator[str]:
    operation = _operation(call)
    known = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
    for name, _ in parse_qsl(urlsplit(exchange.url).query):
        if name not in known:
            yield f"query parameter `{name}` is not in the contract"
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema and exchange.request_body:
        yield from walk(json.loads(exchange.request_body), schema, "request")


def _check_answer(call: tuple[str, str], exchange: Exchange) -> Iterator[str]:
    try:
        body = json.loads(exchange.response_body)
    except ValueError:
        yield "the answer is not JSON"
        return
    if exchange.status >= 400:
        yield from _check_errors(body)
        return
    schema = _operation(call)["responses"]["200"]["content"]["application/json"]["schema"]
    yield from walk(body, schema, "answer", is_answer=True)
    yield from check_model(sdk_model(CALLS[call]), body)


def _check_errors(body: Any) -> Iterator[str]:
    errors = body.get("errors") if isinstance(body, dict) else None
    if not errors:
        yield "an error answer without errors[]"
        return
    for error in errors:
        yield from walk(error, {"$ref": "#/components/schemas/Error"}, "errors[]", is_answer=True)
        yield from check_model(sdk_model("Error"), error)


def _check_event(event: Json) -> Iterator[str]:
    name = event_schema(event["type"])
    yield from walk(event, {"$ref": f"#/components/schemas/{name}"}, name, is_answer=True)
    yield from check_model(sdk_model(name), event)


@cache
def sdk_model(name: str) -> type[pydantic.BaseModel]:
    """Find a model of the SDK by its class name; each has a module of its own."""
    module = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    found: type[pydantic.BaseModel] = getattr(import_module(f"square.types.{module}"), name)
    return found


def check_model(model: type[pydantic.BaseModel], body: Any) -> Iterator[str]:
    """Validate against an SDK model, as strictly as pydantic can, and name fields the model does not have."""
    try:
        built = model.model_validate(body)
    except pydantic.ValidationError as error:
        for one in error.errors():
            place = f"{model.__name__}: {'.'.join(map(str, one['loc']))}"
            if place not in KNOWN_TYPES:
                yield f"SDK {place}: {one['msg']}"
        return
    yield from (f"SDK: unknown field {name}" for name in _extras(built) if name not in KNOWN_FIELDS)


def _extras(value: Any) -> Iterator[str]:
    if isinstance(value, pydantic.BaseModel):
        owner = "CatalogObject" if type(value).__name__.startswith("CatalogObject") else type(value).__name__
        yield from (f"{owner}.{name}" for name in value.model_extra or {})
        for name in type(value).model_fields:
            yield from _extras(getattr(value, name))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _extras(one)
    elif isinstance(value, dict):
        for one in value.values():
            yield from _extras(one)


def walk(value: Any, schema: Json, where: str, *, is_answer: bool = False) -> Iterator[str]:
    """Check a value against an OpenAPI 3.0 schema. Own walker: `nullable` beside `$ref` is what Square relies on."""
    told = document()
    owner, is_nullable = where, schema.get("nullable", False)
    while "$ref" in schema:
        owner = schema["$ref"].rsplit("/", 1)[1]
        schema = told["components"]["schemas"][owner]
        is_nullable = is_nullable or schema.get("nullable", False)
    if value is None:
        if is_answer or not is_nullable:
            yield f"{where} is null"
        return
    yield from _walk_type(value, schema, where, owner, is_answer)


_TYPES: dict[str, type | UnionType] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": int | float,
}


def _walk_type(value: Any, schema: Json, where: str, owner: str, is_answer: bool) -> Iterator[str]:
    kind = schema.get("type")
    if kind in _TYPES and (
        not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")
    ):
        yield f"{where} should be {kind}, is {type(value).__name__}"
        return
    if kind == "object":
        yield from _walk_object(value, schema, where, owner, is_answer)
    elif kind == "array":
        for place, one in enumerate(value):
            yield from walk(one, schema["items"], f"{where}[{place}]", is_answer=is_answer)
    else:
        yield from _walk_limits(value, schema, where)


def _walk_object(value: Json, schema: Json, where: str, owner: str, is_answer: bool) -> Iterator[str]:
    for name in schema.get("required", []):
        if name not in value and not (name == "status" and owner == "RiskEvaluation"):
            yield f"{where}.{name} is missing"
    if isinstance(each := schema.get("additionalProperties"), dict):
        for name, one in value.items():
            yield from walk(one, each, f"{where}[{name}]", is_answer=is_answer)
        return
    properties = schema.get("properties", {})
    if not properties:
        return
    for name, one in value.items():
        if name not in properties:
            if f"{owner}.{name}" not in KNOWN_FIELDS:
                yield f"{where}.{name} is not in {owner}"
        elif not is_answer and properties[name].get("readOnly") and not _is_returned_whole(owner):
            yield f"{where}.{name} is read-only"
        else:
            yield from walk(one, properties[name], f"{where}.{name}", is_answer=is_answer)


def _is_returned_whole(owner: str) -> bool:
    """Catalog objects are changed by sending back what was read, read-only fields included."""
    return owner.startswith("Catalog")


def _walk_limits(value: Any, schema: Json, where: str) -> Iterator[str]:
    if "enum" in schema and value not in schema["enum"] and value not in KNOWN_CODES:
        yield f"{where}: {value!r} is not one of the enum"
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{where} is too short"
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{where} is too long: {len(value)}"
    elif not isinstance(value, bool) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        yield f"{where}: {value} is out of range"
