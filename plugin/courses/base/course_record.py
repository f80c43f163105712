"""One course as an export writes it and an import reads it: what its other columns can't express.

Each allowance has its ledger summed by kind of entry. Pure; no I/O.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from plugin.core.ledger import START, Change, Head, Kind, advance
from plugin.core.money import LARGEST_AMOUNT
from plugin.core.terms import Terms, terms_from_json
from plugin.core.text import NAME_LENGTH
from plugin.errors import CoursekeeperError, InvalidField

LONGEST_RECORD = 20_000
_MOST_SESSIONS = 100_000
_MOST_AHEAD = 999
_LANGUAGE_LENGTH = 16
_CLOSED = ("refunded", "transferred")
_KINDS = ("main", "touch_up", "add_on")
# Sums by kind can be written one after the other: additions before removals.
_ORDER = (
    Kind.SOLD,
    Kind.TRANSFERRED_IN,
    Kind.PAID,
    Kind.ADJUSTED,
    Kind.USED,
    Kind.TRANSFERRED_OUT,
    Kind.REFUNDED,
    Kind.EXPIRED,
    Kind.WRITTEN_OFF,
)
_UNREADABLE = (
    "This record can’t be read. Export the courses again, or empty this cell to import by the other columns."
)


@dataclass(frozen=True, slots=True)
class AllowanceRecord:
    """The sessions of one treatment: what was agreed (minor units), and one change per kind of entry.

    `ahead`: how many sessions may be used before they are paid for.
    """

    treatment: str
    kind: str
    single_price: int
    price: int
    usable_from_session: int | None
    ahead: int
    changes: tuple[Change, ...]

    @property
    def head(self) -> Head:
        """Return the ledger's head; raises NoneLeft or LedgerBroken for changes impossible in sequence."""
        head = START
        for change in self.changes:
            head = advance(head, change)
        return head

    def sessions(self, kind: Kind) -> int:
        """Return the sessions moved by entries of a kind."""
        return sum(change.sessions for change in self.changes if change.kind is kind)


@dataclass(frozen=True, slots=True)
class CourseRecord:
    """The whole course. `client_id` None: it has no owner yet."""

    course_id: str
    client_id: str | None
    language: str
    wants_mail: bool
    currency: str
    terms: Terms
    frozen_at: datetime | None
    closed_as: str | None
    closed_at: datetime | None
    allowances: tuple[AllowanceRecord, ...]

    @property
    def main(self) -> tuple[AllowanceRecord, ...]:
        return tuple(each for each in self.allowances if each.kind == "main") or self.allowances

    @property
    def is_void(self) -> bool:
        return not any(each.changes for each in self.allowances)

    @property
    def used(self) -> int:
        """Return the main sessions used."""
        return -sum(each.sessions(Kind.USED) for each in self.main)

    @property
    def price(self) -> int:
        """Return the agreed price, minor units."""
        return sum(each.price for each in self.allowances)

    @property
    def paid(self) -> int:
        """Return the amount paid, minor units."""
        changes = (change for each in self.allowances for change in each.changes)
        return sum(change.value for change in changes if change.kind is Kind.PAID)

    def to_text(self) -> str:
        """Return the record as text for one spreadsheet cell."""
        kept = {
            **asdict(self),
            "terms": self.terms.to_json(),
            "frozen_at": _text(self.frozen_at),
            "closed_at": _text(self.closed_at),
            "allowances": [_allowance_json(each) for each in self.allowances],
        }
        return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def record_from_text(text: str) -> CourseRecord:
    """Parse a record; raises InvalidField for text that no export wrote."""
    try:
        kept = json.loads(text)
        record = CourseRecord(
            course_id=_id(kept["course_id"]),
            client_id=None if kept["client_id"] is None else _id(kept["client_id"]),
            language=str(kept["language"]),
            wants_mail=bool(kept["wants_mail"]),
            currency=str(kept["currency"]),
            terms=terms_from_json(kept["terms"]),
            frozen_at=_moment(kept["frozen_at"]),
            closed_as=kept["closed_as"],
            closed_at=_moment(kept["closed_at"]),
            allowances=tuple(_allowance(each) for each in kept["allowances"]),
        )
        heads = [each.head for each in record.allowances]
        is_closed = record.closed_as is not None
        if not (
            record.allowances
            and record.closed_as in (None, *_CLOSED)
            and is_closed == (record.closed_at is not None)
            and not (is_closed and any(head.sessions or head.value for head in heads))
            and len(record.language) <= _LANGUAGE_LENGTH
            and all(0 < len(each.treatment) <= NAME_LENGTH for each in record.allowances)
        ):
            raise ValueError("not a course")
    except (ValueError, TypeError, KeyError, RecursionError, CoursekeeperError):
        raise InvalidField(_UNREADABLE, field="record") from None
    return record


def summed(entries: Iterable[tuple[str, int, int, int]]) -> tuple[Change, ...]:
    """Return one change per kind, from the sessions, value and grants of all entries of that kind.

    Sessions transferred to another course and back cancel out.
    """
    moved = {Kind.TRANSFERRED_IN: Kind.TRANSFERRED_OUT}
    sums = _added((moved.get(Kind(name), Kind(name)), s, v, g) for name, s, v, g in entries)
    standing = [each for each in sums if each.sessions or each.value or each.granted]
    fitting = [(_fitting_kind(each), each.sessions, each.value, each.granted) for each in standing]
    return tuple(sorted(_added(fitting), key=lambda change: _ORDER.index(change.kind)))


def _added(entries: Iterable[tuple[Kind, int, int, int]]) -> list[Change]:
    sums: dict[Kind, Change] = {}
    for kind, sessions, value, granted in entries:
        had = sums.get(kind, Change(kind))
        sums[kind] = Change(kind, had.sessions + sessions, had.value + value, had.granted + granted)
    return list(sums.values())


def _fitting_kind(change: Change) -> Kind:
    """Return the kind whose signs match the sums."""
    kinds = (
        (Kind.TRANSFERRED_OUT, Kind.TRANSFERRED_IN) if change.kind is Kind.TRANSFERRED_OUT else (change.kind,)
    )
    fit = (kind for kind in kinds if _has_right_signs(replace(change, kind=kind)))
    return next(fit, Kind.ADJUSTED)


def _has_right_signs(change: Change) -> bool:
    """Return whether the signs are those the database requires of the kind."""
    sessions, value, granted = change.sessions, change.value, change.granted
    if change.kind is Kind.SOLD:
        return sessions > 0 and value >= 0 and granted == sessions
    if change.kind is Kind.PAID:
        return sessions == 0 and value >= 0 and granted == 0
    if change.kind is Kind.USED:
        return sessions < 0 and value <= 0 and granted == 0
    if change.kind is Kind.TRANSFERRED_IN:
        return sessions >= 0 and value >= 0
    if change.kind is Kind.TRANSFERRED_OUT:
        return sessions <= 0 and value <= 0
    return change.kind is Kind.ADJUSTED or (sessions <= 0 and value <= 0 and granted == 0)


def _allowance(kept: dict[str, Any]) -> AllowanceRecord:
    changes = tuple(_change(*each) for each in kept["ledger"])
    kinds = [_ORDER.index(change.kind) for change in changes]
    allowance = AllowanceRecord(
        treatment=str(kept["treatment"]),
        kind=kept["kind"],
        single_price=_whole(kept["single_price"], LARGEST_AMOUNT),
        price=_whole(kept["price"], LARGEST_AMOUNT),
        usable_from_session=None
        if kept["usable_from_session"] is None
        else _whole(kept["usable_from_session"], _MOST_SESSIONS),
        ahead=_whole(kept["ahead"], _MOST_AHEAD),
        changes=changes,
    )
    is_sound = all(map(_has_right_signs, changes)) and kinds == sorted(set(kinds))
    if (
        not is_sound
        or kept["kind"] not in _KINDS
        or min(allowance.single_price, allowance.price, allowance.ahead) < 0
    ):
        raise ValueError("not an allowance")
    return allowance


def _change(kind: str, sessions: int, value: int, granted: int) -> Change:
    return Change(
        Kind(kind),
        _whole(sessions, _MOST_SESSIONS),
        _whole(value, LARGEST_AMOUNT),
        _whole(granted, _MOST_SESSIONS),
    )


def _allowance_json(allowance: AllowanceRecord) -> dict[str, Any]:
    kept = asdict(allowance)
    del kept["changes"]
    ledger = [[each.kind.value, each.sessions, each.value, each.granted] for each in allowance.changes]
    return {**kept, "ledger": ledger}


def _whole(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > most:
        raise ValueError("not a whole number")
    return value


def _id(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 40:
        raise ValueError("not an id")
    return value


def _text(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("not a moment")
    return moment.astimezone(UTC)
