"""What can go wrong with Square, on order: the drawer of faults, kept in the practice file."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from plugin.practice.refusals import Refusal
from plugin.practice.storage import Json, Work

WAYS_TO_FAIL = ("500", "429", "503", "409", "garbage", "cut")
KEY = "faults"
COUNT_KEY = "fault_calls"


@dataclass(frozen=True)
class Faults:
    """All off at rest. `fail_only` narrows failing and slowness to calls that start so: "POST /v2/payments"."""

    slow_s: int = 0
    fail_next: int = 0
    fail_every: int = 0
    fail_how: str = "500"
    fail_after: bool = False
    fail_only: str = ""
    hidden_line_reads: int = 0
    has_duplicate_events: bool = False
    has_shuffled_events: bool = False
    has_withheld_events: bool = False
    has_empty_pages: bool = False
    is_token_expired: bool = False
    offline_hours: int = 0

    def as_json(self) -> Json:
        return asdict(self)

    def count(self) -> int:
        """Tell how many faults are on; `fail_how`, `fail_after` and `fail_only` only describe others."""
        still = {"fail_how", "fail_after", "fail_only"}
        return sum(1 for name, value in asdict(self).items() if value and name not in still)


LIMITS: dict[str, int] = {
    "slow_s": 60,
    "fail_next": 1000,
    "fail_every": 1000,
    "hidden_line_reads": 100,
    "offline_hours": 72,
}


def read_faults(work: Work) -> Faults:
    kept = work.note(KEY)
    return Faults(**kept) if kept else Faults()


def keep_faults(work: Work, faults: Faults) -> Faults:
    work.keep_note(KEY, faults.as_json())
    work.keep_note(COUNT_KEY, 0)
    return faults


def change_faults(work: Work, changes: Json) -> Faults:
    """Change the named faults and leave the others. Raises Refusal for a name or value it does not know."""
    known = {one.name: one for one in fields(Faults)}
    for name, value in changes.items():
        if name not in known:
            raise Refusal("INVALID_VALUE", f"There is no fault `{name}`.", field=name)
        _check(name, value, type(known[name].default))
    return keep_faults(work, replace(read_faults(work), **changes))


def _check(name: str, value: Any, kind: type[Any]) -> None:
    if type(value) is not kind:
        raise Refusal("INVALID_VALUE", f"`{name}` is a {kind.__name__}.", field=name)
    if name in LIMITS and not 0 <= value <= LIMITS[name]:
        raise Refusal("INVALID_VALUE", f"`{name}` is between 0 and {LIMITS[name]}.", field=name)
    if name == "fail_how" and value not in WAYS_TO_FAIL:
        raise Refusal("INVALID_ENUM_VALUE", f"`fail_how` is one of {', '.join(WAYS_TO_FAIL)}.", field=name)


def is_meant(faults: Faults, call: str) -> bool:
    return call.startswith(faults.fail_only)


def take_failure(work: Work, faults: Faults, call: str) -> bool:
    """Decide whether this call fails, and count it."""
    if not is_meant(faults, call):
        return False
    if faults.fail_next:
        work.keep_note(KEY, replace(faults, fail_next=faults.fail_next - 1).as_json())
        return True
    if not faults.fail_every:
        return False
    calls = int(work.note(COUNT_KEY) or 0) + 1
    work.keep_note(COUNT_KEY, calls)
    return calls % faults.fail_every == 0


def hide_lines(work: Work, order_id: str, reads: int) -> None:
    """Let the first reads of an order come without its lines (seen with real orders right after the sale)."""
    work.keep_note(f"hidden:{order_id}", reads)


def as_read(work: Work, order: Json) -> Json:
    """Give an order as this read sees it."""
    left = int(work.note(f"hidden:{order['id']}") or 0)
    if left <= 0:
        return order
    work.keep_note(f"hidden:{order['id']}", left - 1)
    return {name: value for name, value in order.items() if name != "line_items"}
