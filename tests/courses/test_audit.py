"""The audit finds what no one can do while the database guards its ledger: each tampering in its own words."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

from plugin.core.terms import Terms
from plugin.courses.audit import Finding, audit, audit_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.handouts.cache import hand_out
from plugin.courses.lists.listing import keep_listing
from plugin.courses.reports.totals import keep_totals
from plugin.store import Store
from plugin.store.listing import SumOf
from plugin.store.triggers import APPEND_ONLY, creation, dropped
from tests.bench.pages import scans_of
from tests.budgets.counting import counted
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.courses.documents.sales import Papers

Tamper = Callable[[str], "tuple[Finding, ...]"]


@pytest.fixture(scope="module")
def unguarded(module_database_url: str) -> Iterator[Connection]:
    """A clinic with a course of three (used, undone, used, used) and a refunded one, two invoices and a credit note,
    and nothing to guard them."""
    with Store(module_database_url) as store:
        assert audit(store) == ()
        _fill(store)
        assert audit(store) == ()
        with store.engine.connect() as connection:
            for guard in _guards_down(store):
                connection.exec_driver_sql(guard)
            connection.commit()
            yield connection


@pytest.fixture
def tamper(unguarded: Connection) -> Iterator[Tamper]:
    """Change what is written once and return what the audit finds then; all is as before after the test."""

    def change(statement: str) -> tuple[Finding, ...]:
        unguarded.execute(text(statement))
        with Session(unguarded) as session:
            # They are gone on SQLite, so that there is something to find.
            return tuple(each for each in audit_in(session) if each.check != "trigger")

    yield change
    unguarded.rollback()


def _fill(store: Store) -> None:
    desk = Desk(store, HandMovedClock())
    course_id = desk.sell(desk.package(sessions=3), paid=100)
    desk.undo(desk.use(course_id).entry.id)
    desk.use(course_id)
    desk.use(course_id)
    desk.sell(desk.package(sessions=2), paid=50, order="O")
    desk.refund("O", 50, total=50, return_order=None)
    hand_out(store, lambda *_: b"paper", desk.act(), course_id, "summary")
    Papers(desk).sell_two_and_refund_one()


def _guards_down(store: Store) -> list[str]:
    """Return how to take triggers, checks and foreign keys out of the way of one connection."""
    if not store.is_sqlite:
        checks = [f"ALTER TABLE entry DROP CONSTRAINT IF EXISTS ck_entry_{check}" for check in _CHECKS]
        return [*checks, "SET session_replication_role = replica"]
    # The pragma of foreign keys does nothing within a transaction, and one has begun.
    return [
        "COMMIT",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA ignore_check_constraints = ON",
        *dropped("sqlite", creation("sqlite", *APPEND_ONLY)),
        "BEGIN",
    ]


_CHECKS = (
    "sessions_add_up",
    "value_adds_up",
    "sessions_in_bounds",
    "value_in_bounds",
    "signs",
    "grants",
    "sale_grants_sessions",
    "reversal_names_entry",
    "reverses_another",
)

_EMPTY = f"'{hashlib.sha256(b'{}').hexdigest()}'"
LAST = "(select max(id) from entry where kind = 'used')"
TAMPERINGS = [
    ("update entry set sessions_after = 3 where id = " + LAST, "chain"),
    ("update entry set value_after = value_after + 1 where id = " + LAST, "chain"),
    ("update entry set value_after = 1000, value_delta = 1000 - value_before where id = " + LAST, "kind"),
    ("update entry set sessions_before = 9, sessions_delta = sessions_after - 9 where id = " + LAST, "chain"),
    ("update entry set granted_before = 9, granted_after = 9 where id = " + LAST, "chain"),
    ("update entry set granted_after = 9 where id = " + LAST, "kind"),
    (
        "update entry set sessions_after = -1, sessions_delta = -1 - sessions_before where id = " + LAST,
        "bounds",
    ),
    ("update entry set seq = 9 where id = " + LAST, "balance"),
    ("update entry set seq = seq + 100", "balance"),
    ("update entry set kind = 'gift' where id = " + LAST, "kind"),
    ("update entry set kind = 'paid' where id = " + LAST, "kind"),
    ("update entry set sessions_delta = 1, sessions_after = sessions_before + 1 where id = " + LAST, "kind"),
    ("update entry set kind = 'adjusted' where kind = 'reversed'", "kind"),
    (
        "update entry set value_delta = value_delta - 1, value_after = value_after - 1 where kind = 'reversed'",
        "reversal",
    ),
    ("update entry set reverses = id where kind = 'reversed'", "reversal"),
    ("update entry set by = 'Eve' where id = " + LAST, "hash"),
    ("update entry set happened_at = '2026-01-02 10:00:00.000000' where id = " + LAST, "hash"),
    ("update entry set reason = 'Her own wish' where kind = 'reversed'", "hash"),
    ("update entry set reason = '(erased)' where kind = 'reversed'", "hash"),
    ("update entry set reason = 'New', reason_salt = '', reason_sha256 = 'aa' where id = " + LAST, "hash"),
    ("update entry set source = 'import' where id = " + LAST, "hash"),
    ("update entry set idempotency_key = 'use:other' where id = " + LAST, "hash"),
    ("update entry set sha256 = null where id = " + LAST, "hash"),
    ("delete from entry where kind = 'reversed'", "balance"),
    ("delete from entry where kind = 'sold'", "chain"),
    ("delete from entry where id = " + LAST, "visit"),
    ("delete from entry where id = " + LAST, "operation"),
    ("delete from entry where kind = 'refunded'", "closed"),
    ("delete from entry", "balance"),
    ("delete from allowance", "price"),
    ("update allowance set price = price + 1", "price"),
    ("update course set price = price - 1", "price"),
    ("update course set closed_as = 'refunded', closed_at = booked_at", "closed"),
    ("update handout set content = replace(content, 'Ana', 'Eva')", "document"),
    ("update document set content = replace(content, 'Ana', 'Eva') where kind = 'invoice'", "document"),
    ("update document set content = '{}', content_sha256 = " + _EMPTY + " where place = 2", "document"),
    ("update document set total = total + 1 where place = 2", "document"),
    ("update document set number = 'INV-0007' where place = 2", "number"),
    ("update document set place = 3 where place = 2", "number"),
    ("delete from document where kind = 'invoice' and place = 1", "number"),
    ("delete from document where kind = 'invoice' and place = 1", "credit_note"),
    ("delete from document where kind = 'invoice' and place = 2", "document"),
    ("update document set total = -200000 where kind = 'credit_note'", "credit_note"),
    ("update document set total = 5 where kind = 'credit_note'", "credit_note"),
    ("update document set refers_to = id where kind = 'credit_note'", "credit_note"),
    ("update document_file set pdf = substr(pdf, 2)", "document_file"),
]


@pytest.mark.parametrize(("statement", "check"), TAMPERINGS)
def test_it_finds_each_tampering(tamper: Tamper, statement: str, check: str) -> None:
    assert check in {finding.check for finding in tamper(statement)}


def test_a_house_nobody_tampered_with_is_clean(tamper: Tamper) -> None:
    assert tamper("update entry set id = id") == ()


def test_an_empty_house_is_clean(store: Store) -> None:
    assert audit(store) == ()


def test_a_finding_names_the_row_and_says_what_it_means(tamper: Tamper, unguarded: Connection) -> None:
    finding, _of_the_record = tamper("update course set price = 49 where price = 50")
    assert finding.sentence == "The parts add up to 50, the price is 49 (minor units)."
    price = text("select price from course where id = :id")
    assert unguarded.scalar(price, {"id": finding.row}) == 49


def test_the_entries_are_read_from_end_to_end_twice(desk: Desk) -> None:
    """In chain order, and to count those in the totals."""
    desk.use(desk.sell())
    keep_totals(desk.store)
    with counted(desk.store.engine) as statements:
        assert audit(desk.store) == ()
    if not desk.store.is_sqlite:
        return
    with desk.store.engine.connect() as connection:
        plans = [
            (each.sql, connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {each.sql}", each.values).all())
            for each in statements
            if each.is_query
        ]
    read = [sql for sql, plan in plans for _ in range(scans_of("entry", sql, [row.detail for row in plan]))]
    assert len(read) == 2, read


def test_a_wrong_sum_of_the_list_is_found(desk: Desk, clock: HandMovedClock) -> None:
    desk.use(desk.sell(desk.package(terms=Terms(expires_on=date(2027, 1, 10)))))
    keep_listing(desk.store, clock)
    for kind in SumOf:
        for name in ("courses", "sessions", "value"):
            for more in (1, -1):
                change = f"UPDATE listed_sum SET {name} = {name} + {more} WHERE kind = '{kind.value}'"
                with desk.store.writing() as session:
                    session.execute(text(change))
                found = [(each.check, each.row) for each in audit(desk.store)]
                assert found == ([("list sum", kind.value)] if more == 1 else [])


@pytest.mark.parametrize(
    ("change", "check", "row"),
    [
        ("UPDATE progress_sum SET again = again + 1 WHERE kind = 'package'", "list sum", "package"),
        (
            "UPDATE progress_sum SET courses = courses + 1 WHERE kind = 'practitioner'",
            "list sum",
            "practitioner",
        ),
        ("UPDATE balance_sum SET value = value - 1", "balance", "US"),
        ("UPDATE balance_sum SET clients = clients + 1", "balance", "US"),
        ("UPDATE follow_up_sum SET clients = clients + 1 WHERE reasons = 0", "list sum", "follow-ups"),
    ],
)
def test_a_wrong_sum_of_progress_or_balances_is_found(desk: Desk, change: str, check: str, row: str) -> None:
    desk.sell(buyer=Buyer("C-1", name="Ana Souza", country="US"))
    keep_listing(desk.store, desk.clock)
    assert audit(desk.store) == ()
    with desk.store.writing() as session:
        session.execute(text(change))
    assert [(each.check, each.row) for each in audit(desk.store)] == [(check, row)]
    with desk.store.writing() as session:
        session.execute(text(change.replace("- 1", "- -1").replace("+ 1", "- 1")))


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM client_digits WHERE digits = '0123'",
        "UPDATE client_digits SET digits = '999' WHERE digits = '123'",
    ],
)
def test_a_client_who_is_not_found_by_a_part_of_their_number_is_found(desk: Desk, change: str) -> None:
    client_id = desk.client("Ana", phone="(415) 555-0123")
    assert audit(desk.store) == ()
    with desk.store.writing() as session:
        session.execute(text(change))
    assert [(each.check, each.row) for each in audit(desk.store)] == [("client digits", client_id)]
    with desk.store.writing() as session:
        session.execute(text("UPDATE client SET search_text = 'ana'"))
        session.execute(text("UPDATE client SET search_text = 'ana  14155550123'"))


def test_a_wrong_balance_is_found(desk: Desk) -> None:
    client_id = desk.course(desk.sell()).client_id
    keep_listing(desk.store, desk.clock)
    with desk.store.writing() as session:
        session.execute(text("UPDATE listed_balance SET sessions = sessions - 1"))
    assert [(each.check, each.row) for each in audit(desk.store)] == [("balance", client_id)]
    with desk.store.writing() as session:
        session.execute(text("UPDATE listed_balance SET sessions = sessions + 1"))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE listed_client SET sessions_left = sessions_left + 1",
        "UPDATE listed_client SET ends_on = '2027-01-11'",
        "DELETE FROM listed_client",
    ],
)
def test_a_client_whom_follow_ups_count_wrongly_is_found(
    desk: Desk, clock: HandMovedClock, change: str
) -> None:
    client_id = desk.course(desk.sell(desk.package(terms=Terms(expires_on=date(2027, 1, 10))))).client_id
    keep_listing(desk.store, clock)
    assert audit(desk.store) == ()
    with desk.store.writing() as session:
        session.execute(text(change))
    assert [(each.check, each.row) for each in audit(desk.store)] == [("listed client", client_id)]
    # A change of the course writes the client's row anew.
    with desk.store.writing() as session:
        session.execute(text("UPDATE course SET package_name = 'Renamed'"))
    keep_listing(desk.store, clock)
