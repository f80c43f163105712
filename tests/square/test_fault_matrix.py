"""Each call to Square of each sale begun at the desk, failing in each way: the same ledger and the same Square.

In each round every call of the flow fails twice, one after the other and each in other ways; after all rounds every
call has failed in every way. Where Square may answer less kindly than the practice Square does at rest, the flows that
notice are run once more: all their calls fail there too, each in two ways.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from plugin.courses.base.inbox import save_bookmark_in
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.square.locations import adopt_location
from plugin.square.profiles import HELD
from tests.square.network import FAULTS
from tests.square.selling import Selling, open_selling, usd

MOST_TURNS = 60
CALLED_OFF = ("terminal, called off", "link, called off", "invoice, called off")
# The flows to which Square's other answers make a difference.
VARIANTS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "times in seconds": ({"times": "seconds"}, ("cash", "invoice")),
    "mixed times": ({"times": "mixed"}, ("terminal", "link")),
    "links lose the customer": ({"drops_link_customer": True}, ("link", "link, called off")),
    "links make up a customer": (
        {"drops_link_customer": True, "makes_instant_profiles": True},
        ("link",),
    ),
    "instant profiles": ({"makes_instant_profiles": True}, ("terminal", "invoice")),
    "mismatch as 400": ({"is_mismatch_400": True}, ("cash", *CALLED_OFF)),
    "refused keys": ({"keeps_refused_keys": True}, ("cash", "terminal", "invoice", *CALLED_OFF)),
    "mismatch as 400, refused keys": (
        {"is_mismatch_400": True, "keeps_refused_keys": True},
        ("invoice", *CALLED_OFF),
    ),
    "429 without a time": ({"hides_retry_after": True}, ("cash",)),
}


@dataclass(frozen=True)
class Flow:
    """A sale: how it is begun, and what people do once it waits for them."""

    way: str
    deeds: tuple[Callable[[Selling, CheckoutView], object], ...] = ()
    more: tuple[tuple[str, Any], ...] = ()
    is_new_client: bool = False
    # The Terminal polls by itself, as one that is on does.
    is_switched_on: bool = False


def pays(selling: Selling, checkout: CheckoutView) -> None:
    selling.pay(checkout)


def calls_off(selling: Selling, checkout: CheckoutView) -> None:
    selling.cancel(checkout)


DEPOSIT = (("deposit", usd(50000)),)
FLOWS = {
    "cash": Flow("cash", is_new_client=True),
    "terminal": Flow("terminal", (pays,)),
    "terminal, called off": Flow("terminal", (calls_off,), is_switched_on=True),
    "link": Flow("link", (pays,)),
    "link, called off": Flow("link", (calls_off,)),
    "invoice": Flow("invoice", (pays, pays), DEPOSIT),
    "invoice, called off": Flow("invoice", (pays, calls_off), DEPOSIT),
}


class Matrix:
    """Runs flows in one clinic, and stores how each ends when nothing fails."""

    def __init__(self, selling: Selling) -> None:
        self.selling = selling
        self.ana = selling.client()
        self.cells = 0
        self.began = time.process_time()
        self._plain: dict[str, tuple[Any, list[str]]] = {}

    def plain(self, name: str) -> tuple[Any, list[str]]:
        """Return how the flow ends without a fault, and the calls it makes."""
        if name not in self._plain:
            selling = self.selling
            assert selling.line is not None
            selling.line.calls.clear()
            end = self.play(FLOWS[name])
            self._plain[name] = (end, list(dict.fromkeys(selling.line.calls)))
        return self._plain[name]

    def play(self, flow: Flow) -> Any:
        client_id = self.selling.client("Bea Wong") if flow.is_new_client else self.ana
        begun = self.selling.begin(flow.way, client_id, **dict(flow.more))
        for deed in flow.deeds:
            self._until(flow, lambda: self._waits(begun))
            deed(self.selling, begun)
        self._until(flow, lambda: not self.selling.now(begun).is_open)
        return self._end(begun)

    def _until(self, flow: Flow, is_done: Callable[[], bool]) -> None:
        self.selling.go()
        for _ in range(MOST_TURNS):
            if flow.is_switched_on:
                self.selling.show()
            if is_done():
                return
            self.selling.after(5)
        raise AssertionError("it never came to its end")

    def _waits(self, begun: CheckoutView) -> bool:
        now = self.selling.now(begun)
        is_told = now.came.amount == 0 or now.course_ids != ()
        return now.state == "waiting" and is_told and (now.way != "invoice" or now.url is not None)

    def _end(self, begun: CheckoutView) -> Any:
        now, order = self.selling.now(begun), self.selling.order(begun)
        courses = [
            [(one.kind, one.sessions_delta, one.value_delta) for one in course.entries]
            for course in self.selling.courses(begun)
        ]
        paid = [tender["amount_money"]["amount"] for tender in order.get("tenders") or []]
        return (now.state, now.came, courses), (order["state"], order["total_money"]["amount"], paid)


@pytest.fixture(scope="module")
def matrix(memory_folder: Path, _migrated_file: Path) -> Iterator[Matrix]:
    with open_selling(memory_folder, _migrated_file) as selling:
        # What is written on profiles has tests of its own.
        act = selling.act()
        selling.store.transact(lambda session: save_bookmark_in(session, act, HELD, "not here"))
        adopt_location(selling.clinic.services)
        matrix = Matrix(selling)
        selling.go()
        yield matrix
        seconds = time.process_time() - matrix.began
        print(f"\n{matrix.cells} cells of the fault matrix in {seconds:.1f} s of work")
        assert selling.clinic.is_sound()
        _no_order_is_left_open_or_double(selling)


@pytest.mark.parametrize("first", range(0, len(FAULTS), 2))
@pytest.mark.parametrize("flow", FLOWS)
def test_a_call_that_fails_changes_nothing_in_the_end(matrix: Matrix, flow: str, first: int) -> None:
    end, calls = matrix.plain(flow)
    assert matrix.selling.line is not None
    faults = matrix.selling.line.faults
    turned = [*FAULTS[first:], *FAULTS[:first]]
    faults.update({call: _both(turned, place) for place, call in enumerate(calls)})
    matrix.cells += 2 * len(calls)
    while any(faults.values()):
        # What was learned another way after a first failure was not requested again: its second turn is now.
        assert matrix.play(FLOWS[flow]) == end


@pytest.mark.parametrize(
    ("variant", "flow"), [(name, flow) for name, (_, flows) in VARIANTS.items() for flow in flows]
)
def test_less_kind_answers_change_nothing_in_the_end(matrix: Matrix, variant: str, flow: str) -> None:
    """G."""
    end, calls = matrix.plain(flow)
    assert matrix.selling.line is not None
    switches, _ = VARIANTS[variant]
    till, first = matrix.selling.clinic.till, list(VARIANTS).index(variant)
    turned = [*FAULTS[first % len(FAULTS) :], *FAULTS[: first % len(FAULTS)]]
    till.set_faults(**switches)
    try:
        assert matrix.play(FLOWS[flow]) == end
        matrix.selling.line.faults.update({call: _both(turned, place) for place, call in enumerate(calls)})
        matrix.cells += 2 * len(calls)
        assert matrix.play(FLOWS[flow]) == end
    finally:
        matrix.selling.line.faults.clear()
        till.set_faults()
        till.set_faults(has_withheld_events=True)


def _both(turned: list[str], place: int) -> list[str]:
    return [turned[(place + one) % len(turned)] for one in (0, 1)]


def _no_order_is_left_open_or_double(selling: Selling) -> None:
    pages = selling.clinic.services.square.orders_updated([selling.location_id], selling.began_at)
    orders = [order for page in pages for order in page if order.get("reference_id")]
    doubles = Counter(order["reference_id"] for order in orders)
    assert {reference for reference, many in doubles.items() if many > 1} == set()
    assert {order["state"] for order in orders if not order.get("tenders")} <= {"CANCELED"}
