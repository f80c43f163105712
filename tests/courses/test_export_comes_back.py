"""Our own export of courses is imported again without loss, into a clinic that has none of it (D12)."""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from plugin.core.ledger import Kind
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.audit import audit
from plugin.courses.base.read import courses_of_client
from plugin.courses.base.sheet import Format, Sheet, write
from plugin.courses.base.views import CourseView
from plugin.courses.clients.clients import find_clients
from plugin.courses.clients.contacts import Buyer
from plugin.courses.imports.batches import receive_file
from plugin.courses.imports.views import ImportView
from plugin.courses.reports.exports import Export, export_sheet
from plugin.courses.sales.sales import Came
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.any_order import AnyOrder
from tests.courses.changes.changing import Changes
from tests.courses.desk import Desk, back
from tests.courses.old_book import OldBook

BEA = Buyer("C-BEA", name="Béa Lim", phone=None, email="bea@example.org")
NAMESAKE = Buyer("C-2", name="=Ana Souza", phone=None, email=None)


@pytest.fixture
def fresh(sqlite_url: str, tmp_path: Path) -> Callable[[], Store]:
    """Another database each time, with nothing in it."""
    pristine, numbers = tmp_path / "pristine.db", count()
    shutil.copyfile(sqlite_url.removeprefix("sqlite:///"), pristine)

    def make() -> Store:
        path = shutil.copyfile(pristine, tmp_path / f"fresh-{next(numbers)}.db")
        return Store(f"sqlite:///{path}")

    return make


@pytest.fixture
def old(other_store: Store, clock: HandMovedClock) -> Desk:
    return Desk(other_store, clock)


@pytest.fixture
def new(lite_store: Store, clock: HandMovedClock) -> Iterator[OldBook]:
    """Another clinic, with no package and no client."""
    yield OldBook(Desk(lite_store, clock))
    assert audit(lite_store) == ()


def exported(desk: Desk, form: Format = Format.CSV, *, with_owner: bool = False) -> bytes:
    sheet = export_sheet(desk.store, Export.COURSES, None, None, now=desk.clock())
    if with_owner:
        rows = [row for row in sheet.rows if row[sheet.headings.index("client")]]
        sheet = Sheet(sheet.title, sheet.headings, rows)
    out = io.BytesIO()
    write(sheet, form, out, for_people=False)
    return out.getvalue()


def bring_in(new: OldBook, data: bytes) -> ImportView:
    batch_id = receive_file(new.store, new.act(), "courses", data).batch_id
    new.work()
    view = new.view(batch_id)
    assert (view.problem, view.found["wrong"]) == ("", [])
    if view.is_ready:
        new.start(batch_id)
        new.work()
    return new.view(batch_id)


def state(desk: Desk) -> dict[tuple[object, ...], list[dict[str, Any]]]:
    """Return the whole state, by client: what the desk, the papers and the reports show of each course."""
    found: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for row in find_clients(desk.store, "", today=desk.today, limit=200).rows:
        who = row.client.name, row.client.phone, row.client.email, row.client.language, row.client.wants_mail
        courses = courses_of_client(desk.store, row.client.id, today=desk.today)
        found.setdefault(who, []).extend(seen(course) for course in courses if not course.is_void)
    return {who: sorted(each, key=json.dumps) for who, each in found.items() if each}


def seen(course: CourseView) -> dict[str, Any]:
    return {
        "package": course.package_name,
        "status": course.status.value,
        "sold_at": course.sold_at.isoformat(),
        "expires_on": str(course.expires_on),
        "frozen_on": str(course.frozen_on),
        "closed_at": str(course.closed_at),
        "terms": course.terms.to_json(),
        "price": course.price.amount,
        "paid": course.paid.amount,
        "allowances": [
            [
                each.treatment,
                each.kind,
                each.granted,
                each.used,
                each.left,
                each.value_left.amount,
                each.single_price.amount,
                each.usable_from_session,
                each.unlocked,
                each.goodwill,
            ]
            for each in course.allowances
        ],
    }


@pytest.fixture
def clinic(old: Desk) -> Desk:
    """A clinic with a course in every state."""
    changes = Changes(old)
    package = old.package(touch_ups=2)
    yearly = old.package(name="Yearly", terms=Terms(expires_after_months=12))
    sold = partial(old.sell, package)
    half = sold(order="HALF")
    old.use(half, sessions=3)
    old.undo(old.use(half).entry.id)
    old.sell(package, order="BEA", buyer=BEA)
    old.sell(package, order="NAMESAKE", buyer=NAMESAKE)
    old.sell(package, order="OTHER", buyer=replace(NAMESAKE, square_customer_id="C-3"))
    finished = sold(order="FINISHED")
    old.use(finished, sessions=12)
    sold(order="REFUNDED")
    old.refund("REFUNDED", 198000, back())
    changes.freeze(sold(order="FROZEN"))
    changes.extend(old.sell(yearly, order="EXTENDED"), old.today + timedelta(days=500))
    given = sold(order="GIVEN")
    old.use(given, sessions=2)
    changes.transfer(given, old.client("Cleo Hart"))
    parted = sold(order="PARTED")
    changes.transfer(parted, old.client("Dora Lind"), sessions=4)
    changes.adjust(sold(order="GOODWILL"), 2)
    deposit = (Came(Money(50000, "USD")),)
    for order in ("DEPOSIT", "AHEAD"):
        booked = old.book(replace(old.sale(old.line(package), order=order), came=deposit))
        if order == "AHEAD":
            changes.allow(booked.opened[0], 3)
    changes.adjust(sold(order="TAKEN"), -2, keeps_value=True)
    sold(order="LOST", paid=198001)
    expired = old.sell(old.package(name="Old", terms=Terms(expires_on=date(2026, 11, 23))), order="EXPIRED")
    old.clock.advance(days=3)
    changes.write_off(expired)
    return old


@pytest.mark.parametrize("form", list(Format))
def test_an_export_comes_in_again_without_loss(clinic: Desk, new: OldBook, form: Format) -> None:
    done = bring_in(new, exported(clinic, form))
    assert done.state == "imported"
    assert state(new.desk) == state(clinic)
    assert len(state(clinic)) == 5


def test_the_figures_of_the_second_export_are_those_of_the_first_on_both_engines(
    clinic: Desk, desk: Desk
) -> None:
    bring_in(OldBook(desk), exported(clinic))
    assert state(desk) == state(clinic)
    made_here = ("course", "client", "square_order", "square_location", "record")

    def figures(data: bytes) -> list[list[str]]:
        rows = csv.DictReader(io.StringIO(data.decode()))
        return sorted([value for name, value in row.items() if name not in made_here] for row in rows)

    assert figures(exported(desk)) == figures(exported(clinic))


def test_it_goes_on_where_it_was(clinic: Desk, new: OldBook) -> None:
    bring_in(new, exported(clinic))
    (found,) = find_clients(new.store, "bea", today=new.desk.today).rows
    (course,) = courses_of_client(new.store, found.client.id, today=new.desk.today)
    assert new.desk.use(course.id).sessions_left == 11
    assert [entry.kind for entry in new.desk.course(course.id).entries][-1] is Kind.USED


def test_where_its_courses_are_already_nothing_is_written(clinic: Desk, new: OldBook) -> None:
    book = OldBook(clinic)
    before = state(clinic)
    view = bring_in(book, exported(clinic))
    assert (view.is_ready, view.found["courses"]) == (False, 0)
    assert "are in Coursekeeper already" in view.found["mind"][0]
    assert state(clinic) == before


def test_an_import_of_it_can_be_undone_and_come_again(clinic: Desk, new: OldBook) -> None:
    data = exported(clinic)
    done = bring_in(new, data)
    new.undo(done.id)
    assert state(new.desk) == {}
    assert bring_in(new, data).state == "imported"
    assert state(new.desk) == state(clinic)


def test_numbers_changed_beside_the_record_are_refused(old: Desk, new: OldBook) -> None:
    old.sell()
    data = exported(old).replace(b",12,12,", b",12,11,")
    batch_id = receive_file(new.store, new.act(), "courses.csv", data).batch_id
    new.work()
    ((line, column, reason),) = new.view(batch_id).found["wrong"]
    assert (line, column) == (2, "sessions_left")
    assert "11 is not what the record says: 12" in reason


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('["sold",12,0,12]', '["sold",12,0,11]'),
        ('["sold",12,0,12]', '["sold",12,0,12],["used",-13,0,0]'),
        ('["sold",12,0,12]', '["sold",1e99,0,12]'),
        ('["sold",12,0,12]', '["forged",12,0,12]'),
        ('"kind":"main"', '"kind":"gold"'),
        ('"price":198000', '"price":-1'),
        ('"closed_as":null', '"closed_as":"refunded"'),
        ('"frozen_at":null', '"frozen_at":"yesterday"'),
        ('"course_id":', '"course":'),
        ("{", "["),
        ("{", "[" * 5000),
    ],
)
def test_a_record_that_no_export_wrote_is_refused_in_words(
    old: Desk, new: OldBook, was: str, now: str
) -> None:
    old.sell()
    sheet = export_sheet(old.store, Export.COURSES, None, None, now=old.clock())
    (row,) = sheet.rows
    assert was in str(row[-1])
    out = io.BytesIO()
    altered = Sheet(sheet.title, sheet.headings, [[*row[:-1], str(row[-1]).replace(was, now, 1)]])
    write(altered, Format.CSV, out, for_people=False)
    batch_id = receive_file(new.store, new.act(), "courses.csv", out.getvalue()).batch_id
    new.work()
    reasons = [(column, reason[:26]) for _, column, reason in new.view(batch_id).found["wrong"]]
    assert reasons == [("record", "This record can’t be read.")]


def test_a_course_without_a_client_says_what_to_do(old: Desk, new: OldBook) -> None:
    old.sell(buyer=None)
    batch_id = receive_file(new.store, new.act(), "courses.csv", exported(old)).batch_id
    new.work()
    assert "assign it under Attention" in new.view(batch_id).found["wrong"][0][2]


def test_any_ledger_comes_back_as_it_was(fresh: Callable[[], Store]) -> None:
    class ComesBack(AnyOrder):
        def teardown(self) -> None:
            if before := state(self.desk):
                with fresh() as store:
                    new = OldBook(Desk(store, self.desk.clock))
                    bring_in(new, exported(self.desk, with_owner=True))
                    assert state(new.desk) == before
                    assert audit(store) == ()
            super().teardown()

    run_state_machine_as_test(
        cast(Any, lambda: ComesBack(fresh)),
        settings=settings(
            max_examples=4,
            stateful_step_count=15,
            phases=[Phase.generate],
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
