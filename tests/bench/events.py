"""Sales rung up at the practice Square, and what it answers about them, kept: a Square that answers at once."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from plugin.store import Store
from plugin.store.creation import upgrade
from practice_square.serving import running_practice
from tests.clock import HandMovedClock
from tests.square.clinic import NOWHERE, Clinic, Json, house_of, keep, settings_for

Answers = dict[tuple[str, str, bytes], httpx.Response]


class Kept(httpx.BaseTransport):
    """Answers as Square did before; asks `square`, and keeps what it says, where there is one."""

    def __init__(self, answers: Answers, square: httpx.BaseTransport | None = None) -> None:
        self._answers, self._square = answers, square

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer; raises KeyError for what was never asked."""
        key = (request.method, request.url.raw_path.decode(), request.read())
        if self._square is not None and key not in self._answers:
            answer = self._square.handle_request(request)
            self._answers[key] = httpx.Response(
                answer.status_code, headers={"content-type": "application/json"}, content=answer.read()
            )
        kept = self._answers[key]
        return httpx.Response(kept.status_code, headers=kept.headers, content=kept.content)


@dataclass(frozen=True)
class SaleEvents:
    """What Square tells of each sale, in order, and the clinic that has heard of none."""

    template: Path
    sales: list[list[Json]]
    answers: Answers
    base_url: str

    def open(self, stack: ExitStack, path: Path) -> tuple[Store, Callable[[], object]]:
        """Return the clinic's store, and what handles the events of the next sale."""
        store = stack.enter_context(Store(f"sqlite:///{path}"))
        square = httpx.HTTPTransport()
        stack.callback(square.close)
        services = house_of(settings_for(self.base_url), store, HandMovedClock(), Kept(self.answers, square))
        stack.callback(services.close)
        worker = Clinic(services, None, services.clock).worker()  # type: ignore[arg-type]  # it rings up nothing
        left = iter(self.sales)

        def handle() -> None:
            for event in next(left):
                keep(services, event)
                while worker.run_next("inbox"):
                    pass

        return store, handle


def sale_events(stack: ExitStack, folder: Path, sales: int) -> SaleEvents:
    """Ring up so many sales to as many clients; the practice Square answers until the stack closes."""
    template, clock = folder / "square.db", HandMovedClock()
    upgrade(f"sqlite:///{template}")
    practice = stack.enter_context(running_practice(folder, seed="items", webhook_url=NOWHERE, clock=clock))
    with Store(f"sqlite:///{template}") as store:
        services = house_of(settings_for(practice.base_url), store, clock)
        stack.callback(services.close)
        clinic = Clinic(services, practice.control, clock)
        practice.control.set_faults(has_withheld_events=True)
        clinic.open_shop()
        told = list(_sales(clinic, sales))
    return SaleEvents(template, told, {}, practice.base_url)


def _sales(clinic: Clinic, sales: int) -> Iterator[list[Json]]:
    """Sell, and yield the events of each sale in the order Square sent them."""
    seen: set[str] = set()
    for number in range(sales + 1):
        if number:
            buyer = clinic.till.add_customer(given_name="Ana", family_name=f"L. {number}")["id"]
            clinic.sell("ten", customer_id=buyer)
        told = [json.loads(each["body"]) for each in reversed(clinic.till.events())]
        new = [each for each in told if each["event_id"] not in seen]
        seen |= {each["event_id"] for each in new}
        # What came before the first sale is of the shop's opening.
        if number:
            yield new
