"""Without a public address: Square is asked often and cheaply, and only while no events arrive."""

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

import httpx
import pytest
from sqlalchemy import func, select

from plugin.core.acts import Act
from plugin.core.opening_hours import Interval, OpeningHours
from plugin.courses.base.clinic import save_hours
from plugin.courses.base.inbox import bookmark_of
from plugin.courses.square_health import POLLED_AT, last_sync_at, square_mode
from plugin.errors import SquareFailed
from plugin.services import Services, wall_clock
from plugin.square.client import SquareClient
from plugin.square.connection.check import check_connection
from plugin.square.sync import poll as polling
from plugin.square.sync import sync
from plugin.square.sync.poll import CLOSED_EVERY_S, LONGEST_WAIT_S, OPEN_EVERY_S, Poller, poll
from plugin.store.queues import Inbox, Sweep
from plugin.worker import Worker
from tests.square.clinic import LOCATION, OWNER, Clinic, Silence, house_of
from tests.square.conftest import WornClock

ALWAYS = OpeningHours(((Interval(0, 1440),),) * 7)
Json = dict[str, Any]


class Counting(httpx.BaseTransport):
    """Passes requests on and notes them."""

    def __init__(self) -> None:
        self._behind = httpx.HTTPTransport()
        self.asked: list[tuple[str, bytes]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((f"{request.method} {request.url.path}", request.read()))
        return self._behind.handle_request(request)

    def close(self) -> None:
        self._behind.close()


def without_events(clinic: Clinic) -> Clinic:
    clinic.till.set_faults(has_withheld_events=True)
    save_hours(clinic.services.store, Act(OWNER, clinic.clock(), "hours"), ALWAYS)
    check_connection(clinic.services)
    # What the opening of the shop told by events is another story.
    with clinic.services.store.writing() as session:
        for row in session.scalars(select(Inbox)):
            session.delete(row)
    return clinic


@pytest.fixture
def deaf(lite_clinic: Clinic) -> Clinic:
    """A clinic that no event has ever reached, open around the clock."""
    return without_events(lite_clinic)


@pytest.fixture
def counting(deaf: Clinic) -> Iterator[Counting]:
    transport, whole = Counting(), deaf.services
    deaf.services = house_of(whole.settings, whole.store, deaf.clock, transport)
    yield transport
    deaf.services.close()
    deaf.services = whole


def rows(services: Services, table: type[Inbox | Sweep]) -> int:
    with services.store.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def run(clinic: Clinic, poller: Poller) -> float:
    wait_s, _ = poller.run()
    clinic.clock.advance(seconds=wait_s)
    return wait_s


def steady(clinic: Clinic) -> Poller:
    return Poller(clinic.services, chance=lambda: 0.0)


def test_a_sale_at_the_register_is_a_course_after_one_poll(clinic: Clinic) -> None:
    without_events(clinic)
    poll(clinic.services)
    clinic.clock.advance(seconds=20)
    ana = clinic.till.add_customer(given_name="Ana", family_name="López")
    clinic.sell("ten", customer_id=ana["id"])
    assert [one["kind"] for one in poll(clinic.services).found] == ["order"]
    clinic.work()
    assert [row[4] for row in clinic.ledger()] == ["Ana López"]
    assert clinic.is_sound()


def test_a_refund_at_the_register_closes_its_course_after_one_poll(clinic: Clinic) -> None:
    without_events(clinic)
    order = clinic.sell("ten")
    poll(clinic.services)
    clinic.work()
    clinic.clock.advance(seconds=20)
    clinic.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})
    assert "refund" in [one["kind"] for one in poll(clinic.services).found]
    clinic.work()
    assert [row[8] for row in clinic.ledger()] == ["refunded"]


def test_a_poll_is_two_calls_and_leaves_no_row(deaf: Clinic, counting: Counting) -> None:
    deaf.sell("ten")
    poll(deaf.services)
    deaf.work()
    counting.asked.clear()
    before = rows(deaf.services, Inbox), rows(deaf.services, Sweep)
    for _ in range(5):
        deaf.clock.advance(seconds=20)
        assert poll(deaf.services).found == ()
    assert [call for call, _ in counting.asked] == ["POST /v2/orders/search", "GET /v2/refunds"] * 5
    assert (rows(deaf.services, Inbox), rows(deaf.services, Sweep)) == before


def test_only_what_was_changed_since_the_last_poll_is_asked_for(deaf: Clinic, counting: Counting) -> None:
    deaf.sell("ten")
    poll(deaf.services)
    deaf.clock.advance(hours=5)
    sold_at = deaf.clock()
    deaf.sell("ten")
    poll(deaf.services)
    poll(deaf.services)
    last = [body for call, body in counting.asked if call.startswith("POST")][-1].decode()
    assert f'"start_at":"{(sold_at - polling.OVERLAP).isoformat()[:19]}' in last.replace('": ', '":')


_ORDER = {"location_id": LOCATION, "state": "COMPLETED"}


class Backlog:
    """A Square with more changed orders than one poll reads; each page has one order."""

    def __init__(self, moments: Sequence[datetime]) -> None:
        self.moments, self.pages = moments, 0

    def orders_updated(self, _locations: Sequence[str], since: datetime) -> Iterator[list[Json]]:
        for number, moment in enumerate(self.moments):
            if moment >= since:
                self.pages += 1
                at = moment.isoformat()
                yield [{**_ORDER, "id": f"O{number}", "created_at": at, "updated_at": at}]

    def refunds_updated(self, _since: datetime) -> Iterator[list[Json]]:
        yield []


def test_a_backlog_is_read_in_parts_of_two_pages(deaf: Clinic) -> None:
    start = deaf.clock() - timedelta(minutes=20)
    square = Backlog([start + timedelta(minutes=n) for n in range(5)])
    services = replace(deaf.services, square=cast(SquareClient, square))
    pages = []
    for _ in range(5):
        poll(services)
        pages.append(square.pages)
        square.pages = 0
    assert max(pages) == polling.MOST_PAGES
    assert rows(services, Inbox) == 5


def test_an_order_dated_ahead_of_our_clock_hides_nothing(deaf: Clinic) -> None:
    square = Backlog([deaf.clock() + timedelta(days=365)])
    poll(replace(deaf.services, square=cast(SquareClient, square)))
    deaf.clock.advance(seconds=20)
    deaf.sell("ten")
    assert len(poll(deaf.services).found) == 1


def test_while_no_event_has_ever_come_square_is_asked_every_twenty_seconds(deaf: Clinic) -> None:
    assert square_mode(deaf.services.store, deaf.clock()).name == "polling"
    poller = steady(deaf)
    assert [run(deaf, poller) for _ in range(3)] == [OPEN_EVERY_S] * 3


def test_with_the_first_event_it_stops_asking_by_itself(deaf: Clinic, counting: Counting) -> None:
    poller = steady(deaf)
    deaf.sell("ten")
    run(deaf, poller)
    deaf.clock.advance(seconds=5)
    deaf.till.deliver(withheld=True)
    counting.asked.clear()
    run(deaf, poller)
    mode = square_mode(deaf.services.store, deaf.clock())
    assert (mode.name, counting.asked) == ("events", [])
    assert mode.since == mode.last_event_at


def test_a_sale_that_only_the_sync_found_starts_polling_until_events_come_again(lite_clinic: Clinic) -> None:
    clinic = lite_clinic
    clinic.sell("ten")
    clinic.catch_up()
    clinic.clock.advance(hours=1)
    clinic.till.set_faults(has_withheld_events=True)
    clinic.sell("ten")
    sync(clinic.services)
    found_at = clinic.clock()
    assert square_mode(clinic.services.store, clinic.clock()).name == "events"
    clinic.clock.advance(minutes=1)
    mode = square_mode(clinic.services.store, clinic.clock())
    assert (mode.name, mode.since) == ("polling", found_at)
    clinic.till.deliver(withheld=True)
    assert square_mode(clinic.services.store, clinic.clock()).name == "events"


def test_a_busy_square_is_asked_ever_more_rarely_and_then_as_before(deaf: Clinic) -> None:
    poller = steady(deaf)
    deaf.till.set_faults(fail_next=6, fail_how="429")
    waits = [run(deaf, poller) for _ in range(8)]
    assert waits == [40, 80, 160, 300, 300, 300, 20, 20]
    assert max(waits) <= LONGEST_WAIT_S


def test_waits_are_spread_so_that_clinics_do_not_ask_in_step(deaf: Clinic) -> None:
    assert Poller(deaf.services, chance=lambda: 1.0).run()[0] == OPEN_EVERY_S * 0.8


def test_at_night_it_asks_every_few_minutes_and_is_back_when_the_clinic_opens(deaf: Clinic) -> None:
    nine = OpeningHours(((Interval(9 * 60, 18 * 60),),) * 7)
    save_hours(deaf.services.store, Act(OWNER, deaf.clock(), "nine"), nine)
    deaf.clock.advance(days=1)
    deaf.clock.set(deaf.clock().replace(hour=8, minute=55, second=0))
    poller = steady(deaf)
    assert [run(deaf, poller) for _ in range(3)] == [CLOSED_EVERY_S, 120, OPEN_EVERY_S]


def test_two_workers_share_one_rate(deaf: Clinic, counting: Counting) -> None:
    first, second = steady(deaf), steady(deaf)
    first.run()
    counting.asked.clear()
    deaf.clock.advance(seconds=9)
    assert second.run() == (OPEN_EVERY_S, None)
    assert counting.asked == []
    assert bookmark_of(deaf.services.store, POLLED_AT) is not None


def test_without_a_connection_nothing_is_asked(deaf: Clinic, counting: Counting) -> None:
    bare = deaf.services.settings.model_copy(
        update={"square_access_token": type(deaf.services.settings.square_access_token)("")}
    )
    poller = Poller(replace(deaf.services, settings_source=bare))
    assert poller.run()[1] is None
    assert counting.asked == []


def test_a_poll_that_square_cut_short_asks_for_the_same_again(deaf: Clinic) -> None:
    deaf.sell("ten")
    deaf.till.set_faults(fail_next=1, fail_only="POST /v2/orders/search")
    with pytest.raises(SquareFailed):
        poll(deaf.services)
    assert len(poll(deaf.services).found) == 1


def test_a_worker_left_alone_shows_a_sale_that_no_event_told(
    deaf: Clinic, monkeypatch: pytest.MonkeyPatch, worn_clock: WornClock
) -> None:
    worn_clock.now = wall_clock
    monkeypatch.setattr(polling, "OPEN_EVERY_S", 0.2)
    services, stop = replace(deaf.services, clock=wall_clock), threading.Event()
    thread = threading.Thread(target=Worker(services, log=Silence()).run_forever, args=(stop,))
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while last_sync_at(services.store, wall_clock()) is None and time.monotonic() < deadline:
            time.sleep(0.05)
        deaf.sell("ten")
        while not deaf.ledger() and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        stop.set()
        thread.join(timeout=30)
    assert (len(deaf.ledger()), rows(services, Sweep)) == (1, 1)
