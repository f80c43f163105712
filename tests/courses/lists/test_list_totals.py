"""Progress and balances are kept with the list: through any year they are what the courses themselves say."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from threading import Event

import pytest
from sqlalchemy import func, select, text

from plugin.core.money import Money
from plugin.core.status import IN_USE
from plugin.core.terms import Terms
from plugin.courses.base.clinic import clinic_in
from plugin.courses.clients.clients import change_client
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.merge import merge_clients
from plugin.courses.lists.balances import region_of
from plugin.courses.lists.listing import keep_listing
from plugin.courses.lists.outcomes import Outcome
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.reports.breakage import UnusedOrder, UnusedSort, unused_balances, unused_page
from plugin.courses.reports.progress import CourseProgress, ProgressBy, course_progress
from plugin.errors import CoursekeeperError
from plugin.store import Store
from plugin.store.listing import ListedCourse, UnlistedCourse
from plugin.store.offers import Clinic
from plugin.store.people import Client, SquareCustomer
from plugin.store.totals import ListedBalance
from tests.clock import HandMovedClock
from tests.courses.changes.changing import Changes
from tests.courses.desk import OLGA, Desk

ADDRESSES = ("", "1 Main St\nSanta Monica, CA 90401", "2 King St W\nToronto, ON M5H 1A1")


@dataclass
class Year:
    """Some clients buy, use, undo, get refunds, are merged, renamed, moved and erased, day by day."""

    desk: Desk
    chance: random.Random
    packages: list[str] = field(default_factory=list)
    courses: list[tuple[str, str]] = field(default_factory=list)
    used: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        terms = Terms(expires_after_months=3)
        self.packages = [self.desk.package(sessions=n, name=f"{n}", terms=terms) for n in (1, 3)]

    def step(self) -> None:
        self.desk.clock.advance(days=self.chance.choice((0, 1, 7, 20)))
        deed = self.chance.choice(
            ("sell", "sell", "use", "use", "use", "use", "undo", "refund", "change", "name")
        )
        try:
            getattr(self, f"_{deed}")()
        except (CoursekeeperError, IndexError):
            # Refused, or there is nothing to do it to.
            return

    def _sell(self) -> None:
        number, sessions = self.chance.randrange(6), self.chance.randrange(2)
        address = self.chance.choice(ADDRESSES)
        buyer = Buyer(
            f"C-{number}", name=f"Client {number}", address=address, country="US" if address else ""
        )
        order = f"ORDER-{len(self.courses)}"
        wanted = None if self.chance.random() < 0.1 else buyer
        paid = (16500, 49500)[sessions]
        self.courses.append(
            (self.desk.sell(self.packages[sessions], paid=paid, order=order, buyer=wanted), order)
        )

    def _use(self) -> None:
        self.used.append(self.desk.use(self.chance.choice(self.courses[-4:])[0]).entry.id)

    def _undo(self) -> None:
        self.desk.undo(self.chance.choice(self.used))

    def _refund(self) -> None:
        course_id, order = self.chance.choice(self.courses)
        value = self.desk.balance(course_id)[1]
        self.desk.refund(order, value, refund_id=f"R-{order}", return_order=None, total=value)

    def _change(self) -> None:
        course_id = self.chance.choice(self.courses)[0]
        getattr(Changes(self.desk), self.chance.choice(("freeze", "thaw")))(course_id)

    def _name(self) -> None:
        clients = self._clients()
        one, other = self.chance.choice(clients), self.chance.choice(clients)
        match self.chance.randrange(3):
            case 0:
                merge_clients(self.desk.store, self.desk.act(OLGA), one.id, other.id)
            case 1:
                erasure = Erasure(one.id, one.name, gives_up=True)
                erase_client(self.desk.store, self.desk.act(OLGA), erasure)
            case _:
                new = f"Renamed {self.chance.randrange(99)}"
                change_client(
                    self.desk.store, self.desk.act(), one.id, name=new, phone=None, email=None, language=None
                )

    def _clients(self) -> list[Client]:
        with self.desk.store.reading() as session:
            living = select(Client).where(Client.erased_at.is_(None), Client.merged_into.is_(None))
            return list(session.scalars(living.order_by(Client.id)))


def rows_of(store: Store) -> list[ListedCourse]:
    with store.reading() as session:
        return list(session.scalars(select(ListedCourse)))


def computed_outcome(row: ListedCourse, today: date) -> Outcome:
    if row.main_granted > 0 and row.main_left == 0 and row.main_used >= row.main_granted:
        return Outcome.COMPLETED
    if row.status == "expired":
        return Outcome.EXPIRED
    if row.status in ("refunded", "transferred") or row.main_left == 0:
        return Outcome.CLOSED
    is_idle = row.status in IN_USE and (today - row.last_seen_on).days >= 60
    return Outcome.STALLED if is_idle else Outcome.UNDER_WAY


Figures = dict[str, tuple[Counter[Outcome], Counter[int], tuple[int, int, int, int]]]


def computed_progress(desk: Desk, by: ProgressBy) -> Figures:
    """Return the figures by key, from the rows alone: outcomes, stops, intervals with their days, again with time."""
    rows, found = rows_of(desk.store), Figures()
    with desk.store.reading() as session:
        zone = clinic_in(session).zone
    first = date(desk.today.year - 1, desk.today.month % 12 + 1, 1)
    if desk.today.month == 12:
        first = date(desk.today.year, 1, 1)
    for row in rows:
        sold_on = row.sold_at.astimezone(zone).date()
        if sold_on < first:
            continue
        key = {
            ProgressBy.PACKAGE: row.package_id,
            ProgressBy.PRACTITIONER: row.practitioner_id or "none",
            ProgressBy.MONTH: f"{sold_on:%Y-%m}",
        }[by]
        outcomes, stops, numbers = found.get(key, (Counter(), Counter(), (0, 0, 0, 0)))
        outcome = computed_outcome(row, desk.today)
        outcomes[outcome] += 1
        stops[row.main_used] += outcome in (Outcome.STALLED, Outcome.EXPIRED)
        had_time = outcome is Outcome.COMPLETED and row.client_id is not None
        had_time = had_time and (desk.today - row.last_visit_on).days >= 30
        again = had_time and any(
            each.client_id == row.client_id and each.sold_at > row.sold_at and each.status != "refunded"
            for each in rows
        )
        several = row.visits > 1
        more = (several * (row.visits - 1), several * row.visit_days, int(again), int(had_time))
        found[key] = outcomes, stops, tuple(one + other for one, other in zip(numbers, more, strict=True))  # type: ignore[assignment]
    return found


def shown_progress(progress: CourseProgress) -> Figures:
    return {
        row.key: (
            Counter({each: number for each, number in row.outcomes.items() if number}),
            Counter(dict(row.stops)),
            (row.intervals, row.interval_days, row.again.part, row.again.whole),
        )
        for row in progress.rows
    }


def computed_balances(desk: Desk) -> Iterator[tuple[str | None, str, str, date, int, int, int]]:
    left = defaultdict(list)
    for row in rows_of(desk.store):
        if row.value or row.sessions_left:
            left[row.client_id].append(row)
    with desk.store.reading() as session:
        for client_id, rows in left.items():
            profile = session.scalar(
                select(SquareCustomer)
                .where(
                    SquareCustomer.client_id == client_id,
                    SquareCustomer.is_current.is_(True),
                    SquareCustomer.is_deleted.is_(False),
                )
                .order_by(SquareCustomer.square_customer_id.desc())
                .limit(1)
            )
            client = session.get(Client, client_id) if client_id else None
            yield (
                client_id,
                client.name if client else "",
                region_of(profile.address) if profile else "",
                max(each.last_seen_on for each in rows),
                len(rows),
                sum(each.sessions_left for each in rows),
                sum(each.value for each in rows),
            )


def assert_kept_is_computed(desk: Desk) -> None:
    keep_listing(desk.store, desk.clock)
    for by in ProgressBy:
        kept = shown_progress(course_progress(desk.store, desk.clock(), by))
        assert kept == computed_progress(desk, by)
    balances = unused_balances(desk.store, desk.today)
    shown = {
        (one.client_id, one.name, one.region, one.last_activity, one.courses, one.sessions, one.value.amount)
        for one in balances
    }
    assert shown == set(computed_balances(desk))
    for years in (0, 1):
        page = unused_page(desk.store, desk.today, years=years, limit=500)
        assert page.rows == unused_balances(desk.store, desk.today, years=years)
        assert page.number == len(page.rows)
        sums: Counter[tuple[str, str]] = Counter()
        for one in page.rows:
            sums[one.country, one.region] += one.value.amount
        assert {(one.country, one.region): one.value.amount for one in page.regions} == sums


def test_any_year_is_kept_as_it_is_computed(desk: Desk) -> None:
    year = Year(desk, random.Random(0))
    for step in range(50):
        year.step()
        if step % 5 == 4:
            assert_kept_is_computed(desk)
    assert len(year.courses) > 5
    assert len(year.used) > 2


def test_what_is_written_while_the_list_is_renewed_is_kept_too(desk: Desk) -> None:
    year, done = Year(desk, random.Random(9)), Event()

    def renew() -> None:
        while not done.wait(0.02):
            keep_listing(desk.store, desk.clock)

    with ThreadPoolExecutor(1) as beside:
        renewing = beside.submit(renew)
        try:
            for _ in range(25):
                year.step()
        finally:
            done.set()
        renewing.result()
    assert_kept_is_computed(desk)


def test_a_new_address_moves_the_balance_to_its_region(desk: Desk) -> None:
    course_id = desk.sell(buyer=Buyer("C-1", name="Ana Souza", address=ADDRESSES[1], country="US"))
    keep_listing(desk.store, desk.clock)
    with desk.store.writing() as session:
        client_id = desk.course(course_id).client_id
        session.execute(
            text("UPDATE square_customer SET country = 'CA', address = :new"), {"new": ADDRESSES[2]}
        )
        noted = session.execute(select(UnlistedCourse.course_id, UnlistedCourse.client_id)).all()
        # The same again is nothing new.
        session.execute(
            text("UPDATE square_customer SET country = 'CA', address = :new"), {"new": ADDRESSES[2]}
        )
        assert session.scalar(select(func.count()).select_from(UnlistedCourse)) == 1
    assert [tuple(row) for row in noted] == [("", client_id)]
    keep_listing(desk.store, desk.clock)
    page = unused_page(desk.store, desk.today, years=0, limit=5)
    assert [(each.country, each.region, each.clients) for each in page.regions] == [("CA", "ON", 1)]


@pytest.mark.parametrize("by", UnusedSort)
def test_balances_are_in_one_order_and_in_its_reverse(desk: Desk, by: UnusedSort) -> None:
    for number in range(4):
        desk.sell(buyer=Buyer(f"C-{number}", name=f"Client {number % 2}"))
    keep_listing(desk.store, desk.clock)
    up, down = (unused_balances(desk.store, desk.today, order=UnusedOrder(by, to)) for to in (False, True))
    assert len(up) == 4
    assert up == down[::-1]
    assert {each.value for each in up} == {Money(198000, "USD")}


def test_another_time_zone_moves_sales_to_another_month(desk: Desk, clock: HandMovedClock) -> None:
    """Sold at ten in the evening of the last of the month in Los Angeles, on the first in New York."""
    clock.advance(days=9)
    clock.set(clock().replace(hour=6))
    desk.sell(paid_at=clock() - timedelta(minutes=5))
    keep_listing(desk.store, clock)
    assert [each.key for each in course_progress(desk.store, clock(), ProgressBy.MONTH).rows] == ["2026-11"]
    with desk.store.writing() as session:
        session.get_one(Clinic, 1).time_zone = "America/New_York"
    keep_listing(desk.store, clock)
    assert [each.key for each in course_progress(desk.store, clock(), ProgressBy.MONTH).rows] == ["2026-12"]


def test_balances_of_nobody_are_one(desk: Desk) -> None:
    for _ in range(2):
        desk.sell(buyer=None)
    keep_listing(desk.store, desk.clock)
    with desk.store.reading() as session:
        assert session.execute(select(ListedBalance.client_id, ListedBalance.courses)).all() == [("", 2)]
    (balance,) = unused_balances(desk.store, desk.today)
    assert (balance.client_id, balance.name, balance.courses) == (None, "", 2)
