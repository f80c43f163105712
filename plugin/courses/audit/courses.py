"""Checks of courses: what they had of entries, their prices, and the totals of the reports.

The queries are built once: that takes longer than running them.
"""

from collections.abc import Iterator
from functools import cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.courses.audit.records import Finding
from plugin.courses.reports.overview import last_in_chain
from plugin.courses.reports.total_checks import (
    wrong_balances,
    wrong_list_sums,
    wrong_listed_clients,
    wrong_progress,
    wrong_totals,
)
from plugin.store.ledger import Allowance, Course, Entry, Operation, Visit
from plugin.store.prepared import Prepared


@cache
def _visits_without_entry() -> Prepared:
    return Prepared(select(Visit.id).outerjoin(Entry, Entry.visit_id == Visit.id).where(Entry.id.is_(None)))


def lost_entries(session: Session) -> Iterator[Finding]:
    """Check that no entry was lost: a chain truncated at its end is consistent, but entries are missing."""
    for (visit_id,) in _visits_without_entry().all(session.connection(), {}):
        yield Finding("visit", visit_id, "The visit used no session: its entry is gone.")
    for key, entry_id in _answers_without_entry().all(session.connection(), {}):
        yield Finding("operation", key, f"The entry {entry_id} was answered, and is gone.")


@cache
def _answers_without_entry() -> Prepared:
    entry_id = Operation.answer["entry_id"].as_string()
    answered = select(Operation.key, entry_id).outerjoin(Entry, Entry.id == entry_id)
    return Prepared(answered.where(entry_id.is_not(None), Entry.id.is_(None)).order_by(Operation.key))


@cache
def _closed_with_something_left() -> Prepared:
    sessions = last_in_chain(Entry.sessions_after)
    left = func.sum(sessions + last_in_chain(Entry.value_after))
    return Prepared(
        select(Course.id, func.sum(sessions))
        .join(Allowance, Allowance.course_id == Course.id)
        .where(Course.closed_as.is_not(None))
        .group_by(Course.id)
        .having(left > 0)
    )


def closed_courses(session: Session) -> Iterator[Finding]:
    """Check that a closed course has nothing left."""
    for course_id, left in _closed_with_something_left().all(session.connection(), {}):
        yield Finding("closed", course_id, f"The course is closed, yet {left} sessions are left.")


@cache
def _wrong_prices() -> Prepared:
    return Prepared(
        select(Course.id, Course.price, func.coalesce(func.sum(Allowance.price), 0))
        .outerjoin(Allowance, Allowance.course_id == Course.id)
        .group_by(Course.id, Course.price)
        .having(func.coalesce(func.sum(Allowance.price), -1) != Course.price)
    )


def prices(session: Session) -> Iterator[Finding]:
    """Check that the parts of a course's price add up to it."""
    for course_id, price, parts in _wrong_prices().all(session.connection(), {}):
        yield Finding("price", course_id, f"The parts add up to {parts}, the price is {price} (minor units).")


def totals(session: Session) -> Iterator[Finding]:
    """Check that the totals which the reports read are the sums of the entries in them."""
    for check, row in wrong_totals(session):
        yield Finding(
            check, row, "The total is not the sum of its entries. Run: coursekeeper db totals --again"
        )
    for kind in wrong_list_sums(session):
        yield Finding("list sum", kind.value, "The sums of the list of courses are not those of its rows.")
    for of in wrong_progress(session):
        yield Finding(
            "list sum", of.value, "How courses go is not counted by the rows of the list of courses."
        )
    for row in wrong_balances(session):
        yield Finding(
            "balance", row, "Unused balances show this client or place by other figures than the courses'."
        )
    for client_id in wrong_listed_clients(session):
        yield Finding(
            "listed client", client_id, "Follow-ups count this client by other figures than their courses'."
        )
