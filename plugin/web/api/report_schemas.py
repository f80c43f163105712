"""The shapes of the reports in JSON Schema's words, with an example of each."""

from __future__ import annotations

from typing import Any

from plugin.courses.reports.lines import Line

Schema = dict[str, Any]

_MONEY: Schema = {"$ref": "#/components/schemas/Money"}
_LINE: Schema = {"$ref": "#/components/schemas/ReportLine"}
_WHOLE: Schema = {"type": "integer"}
_TEXT: Schema = {"type": "string"}
_DAY: Schema = {"type": "string", "format": "date"}
_LINES: Schema = {
    "type": "array",
    "items": _LINE,
    "description": "Opening plus all lines between is closing, in value and in sessions.",
}


def _shape(example: dict[str, Any], **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties), "examples": [example]}


_OWED = {"amount": 198000, "currency": "USD"}
_LINE_EXAMPLE = {"line": "paid", "value": _OWED, "sessions": 0}
_PART_EXAMPLE = {"value": {"amount": 33000, "currency": "USD"}, "sessions": 2}
_PLACE_EXAMPLE = {"square_location_id": "LN9PTS0NEM2CS", "name": "Valencia Street", "lines": [_LINE_EXAMPLE]}
_LATE_EXAMPLE = {**_PART_EXAMPLE, "entries": 2}
_ROW_EXAMPLE = {
    "key": "019abf2e8c01a1b2c3d4e5f60718293a",
    "name": "Facial acupuncture, course of 12",
    "sessions": 31,
    "value": {"amount": 511500, "currency": "USD"},
    "list_value": {"amount": 511500, "currency": "USD"},
}
_LIABILITY_EXAMPLE = {
    "from": "2026-11-01",
    "to": "2026-11-30",
    "currency": "USD",
    "lines": [_LINE_EXAMPLE],
    "expired": _PART_EXAMPLE,
    "made_after": _LATE_EXAMPLE,
    "from_before": _LATE_EXAMPLE,
    "locations": [_PLACE_EXAMPLE],
    "currencies": ["USD"],
    "closed_through": "2026-10-31",
}

REPORT_SCHEMAS: dict[str, Schema] = {
    "ReportLine": _shape(
        _LINE_EXAMPLE,
        line={"type": "string", "enum": [line.value for line in Line]},
        value={**_MONEY, "description": "Below zero where it takes from what is owed."},
        sessions=_WHOLE,
    ),
    "ReportPart": _shape(_PART_EXAMPLE, value=_MONEY, sessions=_WHOLE),
    "LateEntries": _shape(
        _LATE_EXAMPLE, value=_MONEY, sessions=_WHOLE, entries={"type": "integer", "minimum": 0}
    ),
    "LocationLines": _shape(
        _PLACE_EXAMPLE,
        square_location_id={"type": ["string", "null"]},
        name=_TEXT,
        lines=_LINES,
    ),
    "LiabilityReport": _shape(
        _LIABILITY_EXAMPLE,
        **{"from": _DAY, "to": _DAY},
        currency=_TEXT,
        lines=_LINES,
        expired={
            "$ref": "#/components/schemas/ReportPart",
            "description": "Of closing: what lies in courses that had expired. Never earned by itself.",
        },
        made_after={
            "$ref": "#/components/schemas/LateEntries",
            "description": "Counted in the period, but entered after it.",
        },
        from_before={
            "$ref": "#/components/schemas/LateEntries",
            "description": "Counted in the period for days before it: those were closed already.",
        },
        locations={"type": "array", "items": {"$ref": "#/components/schemas/LocationLines"}},
        currencies={"type": "array", "items": _TEXT, "description": "What `currency` can ask for."},
        closed_through={
            "type": ["string", "null"],
            "format": "date",
            "description": "The books are closed up to this day: its figures stay as they are.",
        },
    ),
    "UsageRow": _shape(
        _ROW_EXAMPLE,
        key={**_TEXT, "description": "An id, a month such as 2026-11, `none` or `missed`."},
        name={**_TEXT, "description": "Empty where nobody was noted, or nobody came."},
        sessions=_WHOLE,
        value={**_MONEY, "description": "What the sessions were worth in their courses."},
        list_value={**_MONEY, "description": "What single visits would have cost."},
    ),
    "UsageReport": _shape(
        {"rows": [_ROW_EXAMPLE], "cursor": None},
        rows={"type": "array", "items": {"$ref": "#/components/schemas/UsageRow"}},
        cursor={"type": ["string", "null"], "description": "Fetches the next page; null at the end."},
    ),
}
