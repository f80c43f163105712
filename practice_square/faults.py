"""Faults of Square that can be switched on, stored in the practice file."""

import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from practice_square.refusals import Refusal, invalid
from practice_square.shapes import Flag, Many, Record, Text, Whole, checked
from practice_square.storage import Json, Work

WAYS_TO_FAIL = ("500", "429", "503", "409", "garbage", "cut")
REFUND_OUTCOMES = ("COMPLETED", "PENDING", "FAILED", "REJECTED")
LOST_MERGE_EVENTS = ("none", "created", "first deleted", "last deleted", "all deleted", "all")
TIMES = ("milliseconds", "seconds", "mixed")
CARD_SURCHARGES = ("none", "LINE_ITEM", "APPORTIONED")
# Faults with a few values; the first is the default.
CHOICES: dict[str, tuple[str, ...]] = {
    "fail_how": WAYS_TO_FAIL,
    "refund_outcome": REFUND_OUTCOMES,
    "lost_merge_events": LOST_MERGE_EVENTS,
    "times": TIMES,
    "card_surcharge": CARD_SURCHARGES,
}
KEY = "faults"
COUNT_KEY = "fault_calls"
STEP = Record(
    call=Text(least=1, required=True),
    how=Text(one_of=WAYS_TO_FAIL, required=True),
    after=Flag(),
    times=Whole(least=0, most=1000),
    skip=Whole(least=0, most=1000),
)
PLAN = Record(fail_plan=Many(STEP, most=100, required=True))


@dataclass(frozen=True)
class Failure:
    """The failure of one call: how it fails, and whether its work is done nevertheless."""

    how: str
    is_after: bool


@dataclass(frozen=True)
class Faults:
    """All off by default. `fail_only` limits failing and slowness to calls with this prefix: "POST /v2/payments".

    `fail_plan` names single calls, each a whole path in which {…} matches any one id:
    [{"call": "GET /v2/orders/{id}", "how": "500", "after": False, "times": 1, "skip": 0}].
    The first `skip` such calls pass, the next `times` fail; `after`: the work is done first.

    `times` "mixed" leaves the milliseconds in `created_at` alone. `card_surcharge` is what the merchant charges for a
    card at the register, as a line of its own or apportioned to the lines.
    """

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
    makes_instant_profiles: bool = False
    offline_hours: int = 0
    refund_outcome: str = "COMPLETED"
    lost_merge_events: str = "none"
    times: str = "milliseconds"
    card_surcharge: str = "none"
    drops_link_customer: bool = False
    hides_return_refunds: bool = False
    returns_fees: bool = False
    hides_retry_after: bool = False
    is_mismatch_400: bool = False
    keeps_refused_keys: bool = False
    has_sparse_disputes: bool = False
    fail_plan: list[Json] = field(default_factory=list)

    def as_json(self) -> Json:
        return asdict(self)

    def count(self) -> int:
        """Return how many faults are on; `fail_how`, `fail_after` and `fail_only` only describe others."""
        still = {"fail_how", "fail_after", "fail_only"}
        counted = asdict(self) | {
            **{name: getattr(self, name) != usual for name, (usual, *_) in CHOICES.items()},
            "fail_plan": any(step.get("times", 1) for step in self.fail_plan),
        }
        return sum(1 for name, value in counted.items() if value and name not in still)


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
    """Change the named faults and leave the others. Raises Refusal for an unknown name or value."""
    known = {one.name: one for one in fields(Faults)}
    for name, value in changes.items():
        if name not in known:
            raise invalid(f"There is no fault `{name}`.", name)
        if name == "fail_plan":
            checked({name: value}, PLAN)
        else:
            _check(name, value, type(known[name].default))
    return keep_faults(work, replace(read_faults(work), **changes))


def _check(name: str, value: Any, kind: type[Any]) -> None:
    if type(value) is not kind:
        raise invalid(f"`{name}` is a {kind.__name__}.", name)
    if name in LIMITS and not 0 <= value <= LIMITS[name]:
        raise invalid(f"`{name}` is between 0 and {LIMITS[name]}.", name)
    if name in CHOICES and value not in CHOICES[name]:
        raise Refusal("INVALID_ENUM_VALUE", f"`{name}` is one of {', '.join(CHOICES[name])}.", field=name)


def is_meant(faults: Faults, call: str) -> bool:
    return call.startswith(faults.fail_only)


def take_failure(work: Work, faults: Faults, call: str) -> Failure | None:
    """Decide whether this call fails and how, and count it. A call of the plan has precedence."""
    planned = _take_planned(work, faults, call)
    if planned is not None:
        return planned
    failure = Failure(faults.fail_how, faults.fail_after)
    if not is_meant(faults, call):
        return None
    if faults.fail_next:
        work.keep_note(KEY, replace(faults, fail_next=faults.fail_next - 1).as_json())
        return failure
    if not faults.fail_every:
        return None
    calls = int(work.note(COUNT_KEY) or 0) + 1
    work.keep_note(COUNT_KEY, calls)
    return failure if calls % faults.fail_every == 0 else None


def _take_planned(work: Work, faults: Faults, call: str) -> Failure | None:
    step = next((one for one in faults.fail_plan if _is_named(one, call)), None)
    if step is None:
        return None
    if step.get("skip"):
        used, failure = step | {"skip": step["skip"] - 1}, None
    else:
        used = step | {"times": step.get("times", 1) - 1}
        failure = Failure(step["how"], bool(step.get("after")))
    plan = [used if one is step else one for one in faults.fail_plan]
    work.keep_note(KEY, replace(faults, fail_plan=plan).as_json())
    return failure


def _is_named(step: Json, call: str) -> bool:
    if step.get("times", 1) == 0:
        return False
    pattern = "[^/]+".join(re.escape(part) for part in re.split(r"\{[^}/]*\}", step["call"]))
    return re.fullmatch(pattern, call) is not None


def hide_lines(work: Work, order_id: str, reads: int) -> None:
    """Return an order without its lines at its first reads (seen with real orders right after the sale)."""
    work.keep_note(f"hidden:{order_id}", reads)


def as_read(work: Work, order: Json) -> Json:
    """Return an order as this read sees it."""
    left = int(work.note(f"hidden:{order['id']}") or 0)
    if left <= 0:
        return order
    work.keep_note(f"hidden:{order['id']}", left - 1)
    return {name: value for name, value in order.items() if name != "line_items"}
