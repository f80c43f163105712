"""The small clinic of `coursekeeper demo`: its people, its sales of the last months, its visits.

Sales are made like any sale: rung up at the practice register, found by the sync, booked by the worker.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import update

from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.moments import day_at
from plugin.core.text import full_name
from plugin.courses.accounts.staff import StaffView, add_staff, list_staff
from plugin.courses.base.clinic import read_clinic
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.views import PackageView
from plugin.courses.base.work import Work
from plugin.courses.catalog.visit_options import list_options
from plugin.courses.clients.buyers import client_for_buyer
from plugin.courses.clients.contacts import Buyer
from plugin.courses.handouts.texts import list_texts, suggest_days
from plugin.courses.visits.note_views import NoteContent, NotePlace
from plugin.courses.visits.notes import save_note
from plugin.courses.visits.use import UseSession, use_session
from plugin.services import Services
from plugin.square.catalog import publish
from plugin.square.inbox import SWEPT_ORDER, receive_synthetic
from plugin.square.locations import adopt_location
from plugin.square.parsing import rfc3339
from plugin.square.sync import sync
from plugin.store import Store
from plugin.store.tables import Outbox
from plugin.web.account.passwords import hash_password
from plugin.worker import Worker
from practice_square.control import PracticeControl
from practice_square.demo.packages import default_catalog

OWNER = Actor("June Park", Role.OWNER, Source.COMMAND)
OWNER_EMAIL = "june@example.org"
_STAFF = (
    ("June Park", OWNER_EMAIL, Role.OWNER),
    ("Front desk", "desk@example.org", Role.DESK),
    ("A. Kim", "kim@example.org", Role.PRACTITIONER),
    ("J. Moreau", "moreau@example.org", Role.PRACTITIONER),
)
# What was treated and added, by the names of the clinic's lists.
_FOCUS = (
    ("Fine lines",),
    ("Fine lines", "Jawline"),
    ("Jawline",),
    ("Jawline", "Puffiness", "LED light"),
    ("Jawline", "Dark circles"),
    ("Complexion", "LED light"),
    ("Dark circles",),
)
_POINTS = ("ST 4, ST 6, LI 4", "GB 14, Taiyang, LI 4", "ST 2, BL 2, SP 6")


@dataclass(frozen=True)
class PastCourse:
    """A course sold before today, by the client's given name in Square."""

    client: str
    size: int
    sold_days_ago: int
    used: int
    every_days: int = 7


PAST_COURSES = (
    PastCourse("Maribel", 12, 48, 5, every_days=9),
    PastCourse("Ana", 10, 82, 9, every_days=8),
    PastCourse("Siobhán", 12, 110, 13),
    PastCourse("Grace", 10, 20, 2),
    PastCourse("美玲", 12, 9, 1),
    PastCourse("Denise", 10, 96, 10),
    PastCourse("Denise", 12, 5, 0),
    PastCourse("Alexandrina Wilhelmina", 12, 33, 4),
    PastCourse("Thu Hà", 10, 61, 6, every_days=9),
)


# Today's appointments: client, time and the service in Square.
BOOKED = (
    ("Maribel", time(9, 30), "Single visit, facial acupuncture"),
    ("Ana", time(11, 0), "Single visit, facial acupuncture"),
    ("Siobhán", time(13, 30), "Touch-up"),
    ("Jo", time(15, 0), "Single visit, facial acupuncture"),
    ("Thu Hà", time(16, 30), "Single visit, facial acupuncture"),
)


_WEEK = 7


class _PastClock:
    """A clock set to the moment at which each thing of the last months happened."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def furnish(services: Services, till: PracticeControl, password: str) -> None:
    """Fill an empty Coursekeeper with the clinic; its clients are in Square already.

    Everything is recorded at the moment it happened, so that the history reads as one that grew.
    """
    adopt_location(services)
    noon = _noon(services, services.clock())
    clock = _PastClock(noon - timedelta(days=1 + max(past.sold_days_ago for past in PAST_COURSES)))
    then = replace(services, clock=clock)
    staff = _add_staff(then, password, clock.now)
    packages = {len_of(package): package for package in _published(then, clock.now)}
    customers = till.call("GET", "/v2/customers")["customers"]
    clients = _known_clients(then, customers, clock.now)
    practitioners = [person for person in staff if person.role is Role.PRACTITIONER]
    events: list[tuple[datetime, Callable[[], None]]] = []
    for past in PAST_COURSES:
        sold_at = noon - timedelta(days=past.sold_days_ago)
        customer = _named(customers, past.client)
        package = packages[past.size]
        events.append((sold_at, partial(_sell, then, till, package, customer["id"])))
        for number in range(past.used):
            visit = partial(_visit, then, clients[past.client], past, sold_at, number, practitioners)
            events.append((sold_at + timedelta(days=past.every_days * number, minutes=30), visit))
    for at, happen in sorted(events, key=lambda event: event[0]):
        clock.now = at
        happen()
    _book_today(services, till, customers)
    sync(services)
    _work(services)
    due_now(services.store, services.clock())


def _sell(services: Services, till: PracticeControl, package: PackageView, customer_id: str) -> None:
    """Sell a package at the register; no event was sent in those days, so the order is named as a sync does."""
    line = {"variation_id": package.square_variation_id, "quantity": "1"}
    at = rfc3339(services.clock())
    order = till.sell([line], customer_id=customer_id, created_at=at, delivered=False)["order"]
    receive_synthetic(services, SWEPT_ORDER, order["id"], at)
    _work(services)


def _work(services: Services) -> None:
    worker = Worker(services, log=structlog.wrap_logger(structlog.ReturnLogger()))
    while worker.run_next("inbox"):
        pass


def due_now(store: Store, now: datetime) -> None:
    """Let what waits be due now: the days it was enqueued on are made up, and nothing is overdue."""
    waits = (Outbox.state == "pending", Outbox.due_at < now)
    with store.writing() as session:
        session.execute(update(Outbox).where(*waits).values(due_at=now))


def _book_today(services: Services, till: PracticeControl, customers: Sequence[Mapping[str, Any]]) -> None:
    """Make today's appointments in Square; the sync imports them."""
    zone = ZoneInfo(read_clinic(services.store).time_zone)
    today = services.clock().astimezone(zone).date()
    variations = _variations(till)
    team = till.team()
    for number, (given, at, service) in enumerate(BOOKED):
        till.book(
            rfc3339(datetime.combine(today, at, zone)),
            customer_id=_named(customers, given)["id"],
            variation_id=variations[service],
            team_member_id=team[number % len(team)]["id"],
        )


def _variations(till: PracticeControl) -> dict[str, str]:
    """Return the first variation of each item in Square, by the item's name."""
    items = till.call("GET", "/v2/catalog/list?types=ITEM").get("objects", [])
    return {item["item_data"]["name"]: item["item_data"]["variations"][0]["id"] for item in items}


def len_of(package: PackageView) -> int:
    """Return how many main sessions a package has."""
    return sum(content.sessions for content in package.contents if content.kind == "main")


def _add_staff(services: Services, password: str, now: datetime) -> tuple[StaffView, ...]:
    hashed = hash_password(password)
    for name, email, role in _STAFF:
        add_staff(services.store, email=email, name=name, role=role, password_hash=hashed, now=now)
    return list_staff(services.store)


def _published(services: Services, now: datetime) -> list[PackageView]:
    packages = default_catalog(services.store, Act(OWNER, now, "demo-catalogue"))
    for each in list_texts(services.store):
        if each.kind == "main":
            suggest_days(services.store, Act(OWNER, now, "demo-interval"), each.treatment_id, _WEEK)
    return [publish(services, Act(OWNER, now, f"demo-publish-{each.id}"), each.id) for each in packages]


def _known_clients(
    services: Services, customers: Sequence[Mapping[str, Any]], now: datetime
) -> dict[str, str]:
    """Create a client for every customer in Square, so that the desk finds them before their first sale."""
    act = Act(OWNER, now, "demo-clients")
    clients: dict[str, str] = {}
    with services.store.writing() as session:
        for customer in customers:
            buyer = Buyer(
                customer["id"],
                full_name(customer.get("given_name", ""), customer.get("family_name", "")),
                customer.get("phone_number"),
                customer.get("email_address"),
            )
            given = customer.get("given_name", "")
            clients[given] = client_for_buyer(Work(session, services.store, act), buyer)
    return clients


def _named(customers: Sequence[Mapping[str, Any]], given: str) -> Mapping[str, Any]:
    return next(customer for customer in customers if customer.get("given_name") == given)


def _visit(
    services: Services,
    client_id: str,
    past: PastCourse,
    sold_at: datetime,
    number: int,
    practitioners: Sequence[StaffView],
) -> None:
    today = day_at(services.clock(), read_clinic(services.store).zone)
    found = courses_of_client(services.store, client_id, today=today)
    course = next(each for each in found if each.granted == past.size and each.sold_at == sold_at)
    options = {each.name: each.id for each in list_options(services.store)}
    who = practitioners[number % 3 // 2]
    wish = UseSession(course.id, visited_on=today, practitioner_id=who.id)
    used = use_session(services.store, _act(services, who), wish)
    place = NotePlace(client_id, visit_id=used.entry.visit_id)
    note = _note(options, who, number + past.sold_days_ago)
    save_note(services.store, _act(services, who), place, note, seen_version=0)


def _act(services: Services, who: StaffView) -> Act:
    return Act(who.actor, services.clock(), f"demo-{secrets.token_hex(12)}")


def _note(options: Mapping[str, str], who: StaffView, number: int) -> NoteContent:
    treats = who.role is Role.PRACTITIONER
    return NoteContent(
        practitioner_id=who.id,
        option_ids=tuple(options[name] for name in _FOCUS[number % len(_FOCUS)]),
        points=_POINTS[number % len(_POINTS)] if treats else None,
    )


def _noon(services: Services, now: datetime) -> datetime:
    zone = ZoneInfo(read_clinic(services.store).time_zone)
    return now.astimezone(zone).replace(hour=12, minute=10, second=0, microsecond=0)
