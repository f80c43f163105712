"""Webhooks arrive more than once, in any order, and die half-way: the ledger is the same as if they had not."""

import itertools
import json
import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.square.clinic import Clinic, keep

Json = dict[str, Any]


STEPS = ("claimed", "fetched", "written", "finished", "committed")


class Killed(BaseException):
    """What a worker dies of here."""


def _a_busy_day(clinic: Clinic) -> list[Json]:
    """Sales, a split tender, a merge and refunds, all with their webhooks withheld; returns these."""
    clinic.till.set_faults(has_withheld_events=True)
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    other = clinic.till.add_customer(given_name="A.", family_name="López")
    first = clinic.sell("ten", "twelve", customer_id=ana["id"])
    clinic.sell(
        "ten",
        customer_id=other["id"],
        customer_on="tender",
        tenders=[{"type": "cash", "amount": 1}, {"type": "card"}],
    )
    clinic.till.sell([clinic.line("ten", "2")])
    clinic.till.refund_lines(first["id"], {first["line_items"][0]["uid"]: "1"})
    clinic.till.merge_customers(ana["id"], other["id"])
    last = clinic.sell("ten")
    clinic.till.refund_amount(165000, order_id=last["id"])
    told = [json.loads(one["body"]) for one in clinic.till.events() if one["state"] == "withheld"]
    return told[::-1]


def _expected() -> list[tuple[Any, ...]]:
    ten, twelve = "Facial acupuncture, course of 10", "Facial acupuncture, course of 12"
    return sorted(
        [
            (ten, "Ana López", 165000, "refunded"),
            (twelve, "Ana López", 198000, None),
            (ten, "Ana López", 165000, None),
            (ten, "", 165000, None),
            (ten, "", 165000, None),
            (ten, "", 165000, "refunded"),
        ],
        key=str,
    )


def _as_told(clinic: Clinic) -> list[tuple[Any, ...]]:
    return sorted(((row[3], row[4] or "", row[5], row[8]) for row in clinic.ledger()), key=str)


# The engines take turns: whether an order of events matters is no question of theirs.
@pytest.mark.parametrize(
    ("database_url", "seed"),
    [("sqlite", 0), ("postgresql", 1), ("sqlite", 2), ("postgresql", 3)],
    indirect=["database_url"],
)
def test_every_event_twice_and_shuffled_gives_the_same_ledger(clinic: Clinic, seed: int) -> None:
    events = _a_busy_day(clinic) * 2
    chance = random.Random(seed)
    chance.shuffle(events)
    for event in events:
        keep(clinic.services, event)
        if chance.random() < 0.5:
            clinic.worker().run_next("inbox")
    clinic.work()
    assert _as_told(clinic) == _expected()
    assert clinic.is_sound()
    assert {state for _, state, _ in clinic.messages()} <= {"done", "ignored"}


def test_a_worker_killed_between_each_two_steps_loses_nothing_and_doubles_nothing(clinic: Clinic) -> None:
    for event in _a_busy_day(clinic):
        keep(clinic.services, event)
    died_at: list[str] = []
    for steps in itertools.count(1):
        try:
            clinic.work(_dies_after(steps, died_at))
        except Killed:
            # No other worker finishes what it had claimed until its lease has ended.
            clinic.clock.advance(seconds=31)
            continue
        break
    assert set(died_at) == set(STEPS)
    assert _as_told(clinic) == _expected()
    assert clinic.is_sound()


@pytest.mark.parametrize("step", STEPS)
def test_a_worker_that_always_dies_at_one_step_leaves_all_or_nothing_behind(
    clinic: Clinic, step: str
) -> None:
    clinic.till.set_faults(has_withheld_events=True)
    clinic.sell("ten")
    [event] = [json.loads(one["body"]) for one in clinic.till.events() if one["type"] == "payment.updated"]
    keep(clinic.services, event)
    with pytest.raises(Killed):
        clinic.work(_dies_when(step))
    assert len(clinic.ledger()) == (1 if step == "committed" else 0)
    clinic.clock.advance(seconds=31)
    clinic.work()
    assert len(clinic.ledger()) == 1
    assert clinic.is_sound()


def _dies_after(steps: int, died_at: list[str]) -> Callable[[str], None]:
    left = iter(range(steps - 1, -1, -1))

    def at_step(name: str) -> None:
        if next(left, 1) == 0:
            died_at.append(name)
            raise Killed

    return at_step


def _dies_when(step: str) -> Callable[[str], None]:
    def at_step(name: str) -> None:
        if name == step:
            raise Killed

    return at_step
