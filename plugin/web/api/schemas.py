"""The shapes of answers in JSON Schema's words, with an example of each. What the document promises."""

from __future__ import annotations

from typing import Any

from plugin.core.ledger import Kind
from plugin.core.status import Status
from plugin.core.terms import ExpiresFrom, NoShow, RefundFormula
from plugin.courses.attention.registry import KINDS

Schema = dict[str, Any]


def _object(example: dict[str, Any], **properties: Schema) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "examples": [example],
    }


def _with_optional(schema: Schema, **properties: Schema) -> Schema:
    return {**schema, "properties": {**schema["properties"], **properties}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(name: str, of: str) -> Schema:
    rows: Schema = {"type": "array", "items": _ref(of)}
    example = {name: [SCHEMAS[of]["examples"][0]], "cursor": None}
    return _object(example, **{name: rows, "cursor": _CURSOR})


def _words(*words: str) -> Schema:
    return {"type": "string", "enum": list(words)}


_ID: Schema = {"type": "string", "description": "Opaque."}
_ID_OR_NULL: Schema = {"type": ["string", "null"]}
_TEXT: Schema = {"type": "string"}
_TEXT_OR_NULL: Schema = {"type": ["string", "null"]}
_WHOLE: Schema = {"type": "integer"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_COUNT_OR_NULL: Schema = {"type": ["integer", "null"], "minimum": 1}
_DAY_OR_NULL: Schema = {"type": ["string", "null"], "format": "date"}
_MOMENT: Schema = {"type": "string", "format": "date-time", "pattern": "Z$"}
_MOMENT_OR_NULL: Schema = {"type": ["string", "null"], "format": "date-time"}
_CURSOR: Schema = {"type": ["string", "null"], "description": "Fetches the next page; null at the end."}
_MONEY = _ref("Money")
_USABLE_NOW: Schema = {**_COUNT, "description": "How many can be used today."}
_LOCKED: Schema = {**_COUNT, "description": "How many of those left wait for payment."}
_WHY_NOT = (
    "unassigned",
    "waits_as_gift",
    "refunded",
    "transferred",
    "expired",
    "frozen",
    "none_left",
    "not_paid_for",
)

_PRICE = {"amount": 198000, "currency": "USD"}
_SINGLE = {"amount": 16500, "currency": "USD"}
_CLIENT_EXAMPLE = {
    "id": "019abf2e8c00a1b2c3d4e5f60718293a",
    "name": "Ana Souza",
    "phone": "+14155552671",
    "email": "ana@example.org",
    "language": "en",
    "square_customer_id": None,
}
_TERMS_EXAMPLE = {
    "expires_after_months": None,
    "expires_on": None,
    "refund_formula": "prorated",
    "no_show": "ask",
    "forgiven_no_shows": 0,
    "expires_from": "sale",
}
_CONTENT_EXAMPLE = {
    "treatment": "Facial acupuncture, 60 min",
    "sessions": 12,
    "single_price": _SINGLE,
    "usable_from_session": None,
}
_PACKAGE_EXAMPLE = {
    "id": "019abf2e8c01a1b2c3d4e5f60718293a",
    "name": "Facial acupuncture, course of 12",
    "price": _PRICE,
    "contents": [_CONTENT_EXAMPLE],
    "terms": _TERMS_EXAMPLE,
    "version": 1,
    "active": True,
    "square_variation_id": None,
}
_ENTRY_EXAMPLE = {
    "id": "019abf2e8c04a1b2c3d4e5f60718293a",
    "allowance_id": "019abf2e8c03a1b2c3d4e5f60718293a",
    "seq": 3,
    "kind": "used",
    "sessions_delta": -1,
    "sessions_after": 11,
    "value_delta": {"amount": -16500, "currency": "USD"},
    "value_after": {"amount": 181500, "currency": "USD"},
    "happened_at": "2026-11-22T18:00:00Z",
    "written_at": "2026-11-22T18:00:00Z",
    "by": "Front desk",
    "source": "api",
    "reason": "",
    "reverses": None,
    "session_number": 1,
}
_EARLIER_EXAMPLE = {
    "entry_id": "019abf2e8c07a1b2c3d4e5f60718293a",
    "happened_at": "2026-11-22T17:02:00Z",
    "by": "A. Kim",
    "session_number": 1,
}
_ALLOWANCE_EXAMPLE = {
    "id": "019abf2e8c03a1b2c3d4e5f60718293a",
    "treatment": "Facial acupuncture, 60 min",
    "kind": "main",
    "granted": 12,
    "used": 1,
    "left": 11,
    "usable_now": 11,
    "locked": 0,
    "usable_from_session": None,
    "value_left": {"amount": 181500, "currency": "USD"},
}
_COURSE_EXAMPLE = {
    "id": "019abf2e8c02a1b2c3d4e5f60718293a",
    "client_id": _CLIENT_EXAMPLE["id"],
    "package_id": _PACKAGE_EXAMPLE["id"],
    "package_name": _PACKAGE_EXAMPLE["name"],
    "status": "open",
    "sold_at": "2026-11-20T17:03:11Z",
    "expires_on": None,
    "paid": _PRICE,
    "paid_with_tax": _PRICE,
    "value_left": _ALLOWANCE_EXAMPLE["value_left"],
    "square_order_id": "CAISENgvlJ6jLWAzERDzjyHVybY",
    "price": _PRICE,
    "due": {"amount": 0, "currency": "USD"},
    "due_on": None,
    "granted": 12,
    "used": 1,
    "left": 11,
    "usable_now": 11,
    "locked": 0,
    "next_session": 2,
    "not_usable_because": None,
    "on_hold_since": None,
    "expired_on": None,
    "waiting_gift": None,
    "allowances": [_ALLOWANCE_EXAMPLE],
    "entries": [_ENTRY_EXAMPLE],
}
_QUOTE_EXAMPLE = {
    "formula": "prorated",
    "prorated": {"amount": 82500, "currency": "USD"},
    "discount_forfeited": {"amount": 82500, "currency": "USD"},
    "refundable": _PRICE,
    "paid": _PRICE,
    "tax": {"amount": 0, "currency": "USD"},
    "working": [
        "Prorated: Facial acupuncture, 60 min: 5 of 12 unused.",
        "Prorated: $1,980.00 × 5 ÷ 12 = $825.00.",
    ],
}
_REFUND_EXAMPLE = {
    "id": "019abf2e8c06a1b2c3d4e5f60718293a",
    "status": "pending",
    "amount": {"amount": 82500, "currency": "USD"},
}
_KINDS = "; ".join(f"`{each.kind}`: {each.title}" for each in KINDS.values())
_ITEM_EXAMPLE = {
    "id": "019abf2e8c05a1b2c3d4e5f60718293a",
    "kind": "unassigned_sale",
    "summary": "A course of 12 was sold without a client.",
    "square_order_id": "CAISENgvlJ6jLWAzERDzjyHVybY",
    "square_refund_id": None,
    "proposal": None,
    "opened_at": "2026-11-22T18:00:00Z",
    "resolved_at": None,
    "decisions": ["assign"],
    "proposed_decision": None,
    "proposed_sessions": None,
    "proposed_course_id": None,
    "proposed_package_id": None,
    "client_ids": [],
    "answer": None,
}

SCHEMAS: dict[str, Schema] = {
    "Money": {
        **_object(_PRICE, amount=_WHOLE, currency={"type": "string", "pattern": "^[A-Z]{3}$"}),
        "description": "In the smallest unit of the currency: 198000 is $1,980.00.",
    },
    "Error": _object(
        {"error": {"code": "none_left", "message": "No session is left.", "field": None}},
        error={
            "type": "object",
            "properties": {"code": _TEXT, "message": _TEXT, "field": _TEXT_OR_NULL},
            "required": ["code", "message", "field"],
        },
    ),
    "Client": _object(
        _CLIENT_EXAMPLE,
        id=_ID,
        name=_TEXT,
        phone={**_TEXT_OR_NULL, "description": "E.164."},
        email=_TEXT_OR_NULL,
        language=_TEXT,
        square_customer_id=_ID_OR_NULL,
    ),
    "Terms": _with_optional(
        _object(
            _TERMS_EXAMPLE,
            expires_after_months=_COUNT_OR_NULL,
            expires_on=_DAY_OR_NULL,
            refund_formula=_words(*RefundFormula),
            no_show=_words(*NoShow),
            forgiven_no_shows=_COUNT,
            expires_from={**_words(*ExpiresFrom), "description": "What the months are counted from."},
        ),
        notice_hours={
            **_COUNT,
            "description": "How long before a visit it can be canceled; 24 where it is left out.",
        },
    ),
    "Content": _object(
        _CONTENT_EXAMPLE,
        treatment=_TEXT,
        sessions=_COUNT,
        single_price=_MONEY,
        usable_from_session=_COUNT_OR_NULL,
    ),
    "Package": _object(
        _PACKAGE_EXAMPLE,
        id=_ID,
        name=_TEXT,
        price=_MONEY,
        contents={"type": "array", "items": _ref("Content")},
        terms=_ref("Terms"),
        version=_COUNT,
        active={"type": "boolean"},
        square_variation_id=_ID_OR_NULL,
    ),
    "Entry": _object(
        _ENTRY_EXAMPLE,
        id=_ID,
        allowance_id=_ID,
        seq=_COUNT,
        kind=_words(*Kind),
        sessions_delta=_WHOLE,
        sessions_after=_COUNT,
        value_delta=_MONEY,
        value_after=_MONEY,
        happened_at=_MOMENT,
        written_at=_MOMENT,
        by=_TEXT,
        source=_TEXT,
        reason=_TEXT,
        reverses=_ID_OR_NULL,
        session_number={
            **_COUNT_OR_NULL,
            "description": "Which session a use was, main ones counted through the course; else null.",
        },
    ),
    "EntryWritten": _object(
        {"entry": _ENTRY_EXAMPLE, "sessions_left": 11}, entry=_ref("Entry"), sessions_left=_COUNT
    ),
    "SessionUsed": _object(
        {
            "entry": _ENTRY_EXAMPLE,
            "sessions_left": 11,
            "already_used_today": True,
            "earlier_entries": [_EARLIER_EXAMPLE],
        },
        entry=_ref("Entry"),
        sessions_left=_COUNT,
        already_used_today={
            "type": "boolean",
            "description": "Whether this client had been charged for this treatment on the visit's day before.",
        },
        earlier_entries={
            "type": "array",
            "items": _ref("EarlierEntry"),
            "description": "Those charges, oldest first. If this one was a mistake, undo it.",
        },
    ),
    "EarlierEntry": _object(
        _EARLIER_EXAMPLE, entry_id=_ID, happened_at=_MOMENT, by=_TEXT, session_number=_COUNT_OR_NULL
    ),
    "RefundQuote": _object(
        _QUOTE_EXAMPLE,
        formula={**_words(*RefundFormula), "description": "The one of the course's own terms."},
        prorated=_MONEY,
        discount_forfeited=_MONEY,
        refundable={**_MONEY, "description": "The most that can be refunded, tax included."},
        paid={**_MONEY, "description": "What the client paid for the course, tax included, tips apart."},
        tax={**_MONEY, "description": "How much of `paid` is tax; 0 where the tax is not known."},
        working={"type": "array", "items": _TEXT},
    ),
    "CourseReceived": _object({"course": _COURSE_EXAMPLE}, course=_ref("Course")),
    "RefundBegun": _object({"refund": _REFUND_EXAMPLE}, refund=_ref("Refund")),
    "Refund": _object(_REFUND_EXAMPLE, id=_ID, status=_words("pending"), amount=_MONEY),
    "Allowance": _object(
        _ALLOWANCE_EXAMPLE,
        id=_ID,
        treatment=_TEXT,
        kind=_words("main", "touch_up", "add_on"),
        granted=_COUNT,
        used=_COUNT,
        left=_COUNT,
        usable_now=_USABLE_NOW,
        locked=_LOCKED,
        usable_from_session={**_COUNT_OR_NULL, "description": "The main session that opens it."},
        value_left=_MONEY,
    ),
    "Course": _object(
        _COURSE_EXAMPLE,
        id=_ID,
        client_id={**_ID_OR_NULL, "description": "Null while nobody has said whose sale it was."},
        package_id=_ID,
        package_name=_TEXT,
        status=_words(*Status),
        sold_at=_MOMENT,
        expires_on=_DAY_OR_NULL,
        paid={**_MONEY, "description": "Without tax, as the ledger counts it."},
        paid_with_tax={**_MONEY, "description": "What the client paid for it, tax included, tips apart."},
        value_left=_MONEY,
        square_order_id=_ID_OR_NULL,
        price=_MONEY,
        due={**_MONEY, "description": "What of the price is not paid."},
        due_on={**_DAY_OR_NULL, "description": "The day it is due, where one was agreed."},
        granted={**_COUNT, "description": "Main sessions, as are the next five."},
        used=_COUNT,
        left=_COUNT,
        usable_now=_USABLE_NOW,
        locked=_LOCKED,
        next_session={**_COUNT_OR_NULL, "description": "The number the next use will have."},
        not_usable_because={
            "enum": [*_WHY_NOT, None],
            "description": "Why no session can be used today; null where one can.",
        },
        on_hold_since=_DAY_OR_NULL,
        expired_on=_DAY_OR_NULL,
        waiting_gift={
            "type": ["object", "null"],
            "properties": {"recipient_name": _TEXT},
            "required": ["recipient_name"],
            "description": "For whom it waits as a gift: until it is redeemed it can't be used.",
        },
        allowances={"type": "array", "items": _ref("Allowance")},
        entries={"type": "array", "items": _ref("Entry")},
    ),
    "AttentionItem": _object(
        _ITEM_EXAMPLE,
        id=_ID,
        kind={**_TEXT, "description": f"{_KINDS}; more may come."},
        summary=_TEXT,
        square_order_id=_ID_OR_NULL,
        square_refund_id=_ID_OR_NULL,
        proposal=_TEXT_OR_NULL,
        opened_at=_MOMENT,
        resolved_at=_MOMENT_OR_NULL,
        decisions={"type": "array", "items": _TEXT, "description": "The words a resolution takes."},
        proposed_decision={
            **_TEXT_OR_NULL,
            "description": "The decision that `proposal` stands for, where it is plain for one course.",
        },
        proposed_sessions=_COUNT_OR_NULL,
        proposed_course_id=_ID_OR_NULL,
        proposed_package_id=_ID_OR_NULL,
        client_ids={
            "type": "array",
            "items": _ID,
            "description": "The clients it asks about, the oldest first.",
        },
        answer={**_TEXT_OR_NULL, "description": "What was decided, in a few words; null while it waits."},
    ),
}
SCHEMAS |= {
    "ClientList": _list("clients", "Client"),
    "PackageList": _list("packages", "Package"),
    "CourseList": _list("courses", "Course"),
    "AttentionList": _list("items", "AttentionItem"),
}
