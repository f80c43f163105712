"""The audit finds what nobody can do while the database guards its ledger: each tampering in its own words."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from plugin.courses.audit import audit
from plugin.courses.papers import paper_bytes
from plugin.store import Store
from plugin.store.triggers import removal
from tests.clock import HandMovedClock
from tests.courses.desk import Desk


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A store of its own: its connections no longer guard anything, and PostgreSQL's checks are taken down."""
    with Store(database_url) as opened:
        if not opened.is_sqlite:
            with opened.engine.begin() as connection:
                for check in _CHECKS:
                    connection.exec_driver_sql(
                        f"ALTER TABLE entry DROP CONSTRAINT IF EXISTS ck_entry_{check}"
                    )
        yield opened


@pytest.fixture
def desk(store: Store, clock: HandMovedClock) -> Desk:
    """A clinic with a course of three: used, undone, used, used; and a refunded one."""
    desk = Desk(store, clock)
    course_id = desk.sell(desk.package(sessions=3), paid=100)
    desk.undo(desk.use(course_id).entry.id)
    desk.use(course_id)
    desk.use(course_id)
    desk.sell(desk.package(sessions=2), paid=50, order="O")
    desk.refund("O", 50, total=50, return_order=None)
    paper_bytes(store, lambda _paper: b"paper", desk.act(), course_id, "summary")
    return desk


@pytest.fixture
def tamper(store: Store, desk: Desk) -> Iterator[object]:
    """Change what is written once, with triggers, checks and foreign keys out of the way."""
    assert audit(store) == ()

    def change(statement: str) -> set[str]:
        with store.engine.connect() as connection:
            for guard in _guards_down(store):
                connection.exec_driver_sql(guard)
            connection.execute(text(statement))
            connection.commit()
        return {finding.check for finding in audit(store)}

    return change


def _guards_down(store: Store) -> list[str]:
    if not store.is_sqlite:
        return ["SET session_replication_role = replica"]
    # The pragma of foreign keys does nothing within a transaction, and one has begun.
    return [
        "COMMIT",
        "PRAGMA foreign_keys = OFF",
        "PRAGMA ignore_check_constraints = ON",
        *removal("sqlite"),
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
]


@pytest.mark.parametrize(("statement", "check"), TAMPERINGS)
def test_it_finds_each_tampering(tamper, statement: str, check: str) -> None:  # type: ignore[no-untyped-def]
    assert check in tamper(statement)


def test_a_house_nobody_tampered_with_is_clean(store: Store, desk: Desk) -> None:
    assert audit(store) == ()


def test_an_empty_house_is_clean(store: Store) -> None:
    assert audit(store) == ()


def test_a_finding_names_the_row_and_says_what_it_means(store: Store, tamper) -> None:  # type: ignore[no-untyped-def]
    tamper("update course set price = 49 where price = 50")
    (finding,) = audit(store)
    assert finding.sentence == "The parts add up to 50, the price is 49 (minor units)."
    with store.reading() as session:
        assert session.scalar(text("select price from course where id = :id"), {"id": finding.row}) == 49
