"""A clinic of any size, made of rows in bulk: a thousand clients and twelve thousand entries for each unit of size.

The rows are those that the use cases write; the audit holds them to it. Three years of sales and visits: most
courses are finished, some are open, some expired with sessions left. What happens on one day does not grow.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert, text

from plugin.core.fingerprint import ENTRY_FIELDS, entry_fingerprint
from plugin.courses.audit import audit
from plugin.courses.base.sealing import seal
from plugin.courses.clients.contacts import Contact
from plugin.courses.journal.keep import keep_money
from plugin.courses.lists.listing import keep_listing
from plugin.courses.reports.totals import keep_totals
from plugin.store import Store, listing, totals, versions
from plugin.store.base import Base
from plugin.store.creation import upgrade
from plugin.store.ledger import Allowance, Course, Entry, Visit
from plugin.store.people import Client, SquareCustomer
from plugin.store.queues import Attention
from plugin.store.recorded import RECORDED, recorded
from plugin.store.square_side import Booking
from plugin.store.triggers import dropped
from tests.bench.desks import reopened
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

CLIENTS, SESSIONS, PRICE = 1000, 12, 198_000
PART = PRICE // SESSIONS
DAYS = 3 * 365
TODAY = datetime(2026, 11, 22, 18, tzinfo=UTC)
PLACES = ("LOCATION-1", "LOCATION-2")
AT_ONCE = 2000
BOOKED_TODAY, OPEN_ITEMS = 24, 8
_FIRST = (
    "Ana",
    "Bo",
    "Chen",
    "Dara",
    "Eun",
    "Fay",
    "Gwen",
    "Hana",
    "Ines",
    "June",
    "Kim",
    "Lena",
    "Mei",
    "Nora",
)
_LAST = (
    "Alvarez",
    "Berg",
    "Castro",
    "Dunn",
    "Endo",
    "Faber",
    "Gupta",
    "Hart",
    "Ivers",
    "Jansen",
    "Kwan",
    "Lopez",
)

_COUNTING = (totals, versions, listing)
# A table after those it refers to.
_ORDER = (Client, SquareCustomer, Course, Allowance, Visit, Entry, Booking, Attention)
Rows = defaultdict[type[Base], list[dict[str, Any]]]


def clinic_of(folder: Path, size: int) -> Desk:
    """Return the desk of a clinic of `size` thousand clients, made where the folder does not have it yet."""
    path = folder / f"clinic-{size}.db"
    if path.exists():
        upgrade(f"sqlite:///{path}")
        return reopened(Store(f"sqlite:///{path}"), TODAY)
    making = path.with_suffix(".making")
    build(f"sqlite:///{making}", size).store.close()
    making.rename(path)
    return clinic_of(folder, size)


def build(url: str, size: int) -> Desk:
    """Fill the empty database at `url`, and return the desk of its clinic."""
    upgrade(url)
    store = Store(url)
    desk = Desk(store, HandMovedClock(TODAY))
    packages = [desk.package(sessions=SESSIONS, name=f"Course {number}") for number in range(1, 9)]
    with store.writing() as session:
        connection = session.connection()
        engine = connection.dialect.name
        # Counting each row for open pages would take longer than writing it.
        _run(connection, [line for each in _COUNTING for line in dropped(engine, each.creation(engine))])
        for rows in _batches(connection, size, packages):
            for model in sorted(rows, key=_ORDER.index):
                connection.execute(insert(model), _as_recorded(model.__tablename__, rows[model]))
        _run(connection, [line for each in _COUNTING for line in each.creation(engine)])
        connection.execute(text("INSERT INTO unlisted_course (course_id) SELECT id FROM course"))
    keep_totals(store)
    keep_listing(store, desk.clock)
    keep_money(store, desk.clock)
    seal(store, desk.clock())
    assert audit(store) == ()
    return desk


def _as_recorded(table: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [recorded(table, row) for row in rows] if table in RECORDED else rows


def _run(connection: Connection, statements: list[str]) -> None:
    for each in statements:
        connection.exec_driver_sql(each)


def _batches(connection: Connection, size: int, packages: list[str]) -> Iterator[Rows]:
    treatment = connection.execute(text("SELECT id, name FROM treatment LIMIT 1")).one()
    chance = random.Random(size)
    rows: Rows = defaultdict(list)
    for number in range(CLIENTS * size):
        _client(rows, number, chance)
        _course(rows, number, chance, chance.choice(packages), treatment)
        if number % AT_ONCE == AT_ONCE - 1:
            yield rows
            rows = defaultdict(list)
    _today(rows)
    yield rows


def _client(rows: Rows, number: int, chance: random.Random) -> None:
    name = f"{chance.choice(_FIRST)} {chance.choice(_LAST)}-{chance.choice(_LAST)}"
    contact = Contact(name, f"+1415{2000000 + number}", f"client{number}@example.org", "en")
    rows[Client].append(
        {
            "id": f"client-{number:08d}",
            "name": contact.name,
            "name_folded": contact.name_folded,
            "search_text": contact.search_text,
            "phone": contact.phone,
            "email": contact.email,
            "language": "en",
            "created_at": TODAY - timedelta(days=DAYS),
            "erased_by": "",
            "wants_mail": True,
            "mail_problem": "",
        }
    )
    rows[SquareCustomer].append(
        {
            "square_customer_id": f"CUSTOMER-{number}",
            "client_id": f"client-{number:08d}",
            "is_current": True,
            "is_deleted": False,
            "address": "",
            "country": "",
            "seen_at": TODAY,
        }
    )


def _course(rows: Rows, number: int, chance: random.Random, package_id: str, treatment: Any) -> None:
    sold_at = TODAY - timedelta(days=chance.randint(1, DAYS), minutes=chance.randint(0, 500))
    weeks = int((TODAY - sold_at).days // 7)
    wanted = SESSIONS if chance.random() < 0.8 else chance.randint(3, SESSIONS - 1)
    used = min(wanted, weeks)
    if used and (sold_at + timedelta(days=7 * used)).date() == TODAY.date():
        used -= 1
    course_id, allowance_id = f"course-{number:08d}", f"allowance-{number:08d}"
    rows[Course].append(
        {
            "id": course_id,
            "client_id": f"client-{number:08d}",
            "package_id": package_id,
            "package_name": "Facial acupuncture, course of 12",
            "package_version": 1,
            "terms": {},
            "price": PRICE,
            "tax": 0,
            "tax_in_price": 0,
            "tax_paid": 0,
            "currency": "USD",
            "sold_at": sold_at,
            "booked_at": sold_at,
            "expires_on": (sold_at + timedelta(days=365)).date(),
            "square_order_id": f"BULK-{number}",
            "square_line_uid": "L1",
            "unit": 1,
            "square_location_id": chance.choice(PLACES),
        }
    )
    rows[Allowance].append(
        {
            "id": allowance_id,
            "course_id": course_id,
            "position": 0,
            "treatment_id": treatment.id,
            "treatment": treatment.name,
            "kind": "main",
            "single_price": PART,
            "price": PRICE,
            "usable_from_session": None,
        }
    )
    _chain(rows, number, sold_at, used)


def _chain(rows: Rows, number: int, sold_at: datetime, used: int) -> None:
    sessions = value = granted = 0
    sha256 = ""
    for place in range(used + 2):
        kind = ("sold", "paid")[place] if place < 2 else "used"
        more, worth = {"sold": (SESSIONS, 0), "paid": (0, PRICE), "used": (-1, -PART)}[kind]
        at = sold_at if place < 2 else sold_at + timedelta(days=7 * (place - 1))
        visit_id = f"visit-{number:08d}-{place:02d}" if kind == "used" else None
        if visit_id:
            rows[Visit].append(
                {
                    "id": visit_id,
                    "client_id": f"client-{number:08d}",
                    "course_id": f"course-{number:08d}",
                    "visited_on": at.date(),
                    "practitioner_id": None,
                    "focus": "",
                    "note": "",
                    "created_at": at,
                }
            )
        entry: dict[str, Any] = {
            "id": f"entry-{number:08d}-{place:02d}",
            "allowance_id": f"allowance-{number:08d}",
            "seq": place + 1,
            "kind": kind,
            "sessions_before": sessions,
            "sessions_delta": more,
            "sessions_after": sessions + more,
            "value_before": value,
            "value_delta": worth,
            "value_after": value + worth,
            "granted_before": granted,
            "granted_after": SESSIONS,
            "happened_at": at,
            "written_at": at,
            "by": "Deb",
            "staff_id": None,
            "source": "square" if place < 2 else "desk",
            "reason": "",
            "reason_sha256": "",
            "reverses": None,
            "visit_id": visit_id,
            "idempotency_key": f"key-{number:08d}-{place:02d}",
        }
        sha256 = entry_fingerprint(sha256, [entry[name] for name in ENTRY_FIELDS])
        rows[Entry].append(entry | {"sha256": sha256})
        sessions, value, granted = sessions + more, value + worth, SESSIONS


def _today(rows: Rows) -> None:
    for number in range(BOOKED_TODAY):
        rows[Booking].append(
            {
                "square_booking_id": f"BOOKING-{number}",
                "version": 1,
                "status": "ACCEPTED",
                "start_at": TODAY + timedelta(minutes=20 * number - 120),
                "minutes": 60,
                "square_customer_id": f"CUSTOMER-{number}",
                "customer_name": "",
                "service_name": "Facial acupuncture",
                "team_member_name": "A. Kim",
                "outcome_by": "",
                "updated_at": TODAY,
                "seen_at": TODAY,
            }
        )
    for number in range(OPEN_ITEMS):
        rows[Attention].append(
            {
                "id": f"item-{number}",
                "kind": "square_connection",
                "dedupe": f"bench-{number}",
                "summary": "Square does not accept the token.",
                "details": {},
                "opened_at": TODAY,
            }
        )
