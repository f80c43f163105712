"""Practitioners' pay by used session: a share of what the session was worth, or a fixed amount each.

The rate is typed by the owner for the report and not stored. Pay is computed from the sum of a practitioner's
sessions, so that it can be checked by hand; an undone use is subtracted where it was undone.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, select

from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.reports.books import IS_USE, MISSED, VISIT_ID, counted_in, counts_at
from plugin.courses.reports.period import Period
from plugin.courses.reports.usage import By, usage
from plugin.errors import InvalidField, NotFound
from plugin.store import Store
from plugin.store.tables import Allowance, Client, Course, Entry, Staff, Visit
from plugin.store.totals import NOBODY
from plugin.wording import _

WHOLE = 100_00


class Basis(StrEnum):
    """What pay is computed from: the session's value in its course, the single price, or each session alike."""

    COURSE = "course"
    LIST = "list"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share in hundredths of a percent (4250 is 42.5 %), or an amount for each session (add-ons not counted)."""

    basis: Basis
    share: int = 0
    amount: Money | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.share <= WHOLE:
            raise InvalidField(_("The share is 0 to 100 percent."), field="rate")
        if self.amount is not None and self.amount.amount < 0:
            raise InvalidField(_("The amount for a session is zero or more."), field="rate")

    def of(self, value: Money, sessions: int) -> Money:
        """Return the pay for sessions of this value, rounded half away from zero to the smallest unit."""
        if self.amount is not None:
            return Money(self.amount.amount * sessions, self.amount.currency)
        doubled = 2 * abs(value.amount) * self.share + WHOLE
        whole = doubled // (2 * WHOLE)
        return Money(whole if value.amount >= 0 else -whole, value.currency)


@dataclass(frozen=True, slots=True)
class PayRow:
    """What one practitioner did and is paid, in one currency.

    `key` is the practitioner's id; `is_person` is False for visits without one.
    """

    key: str
    name: str
    sessions: int
    value: Money
    pay: Money
    is_person: bool


@dataclass(frozen=True, slots=True)
class DoneSession:
    """One use, or the undoing of one (then `sessions` is below zero)."""

    entry_id: str
    counted_on: date
    visited_on: date
    client_id: str | None
    client_name: str
    package_name: str
    treatment: str
    sessions: int
    value: Money
    list_value: Money


def pay(store: Store, period: Period, rate: Rate) -> tuple[PayRow, ...]:
    """Return each practitioner's pay for the period; visits without a practitioner are last and not paid."""
    rows = [
        PayRow(
            key=row.key,
            name=row.name,
            sessions=row.treated,
            value=row.list_value if rate.basis is Basis.LIST else row.value,
            pay=rate.of(row.list_value if rate.basis is Basis.LIST else row.value, row.treated),
            is_person=row.key not in (NOBODY, MISSED),
        )
        for row in usage(store, period, By.PRACTITIONER)
    ]
    return tuple(sorted(rows, key=lambda row: (not row.is_person, row.name, row.value.currency)))


def practitioner_name(store: Store, practitioner_id: str) -> str:
    """Return the practitioner's name, "" for visits without one; raises NotFound."""
    if practitioner_id in (NOBODY, MISSED):
        return ""
    with store.reading() as session:
        name = session.scalar(select(Staff.name).where(Staff.id == practitioner_id))
    if name is None:
        raise NotFound(_("There is no such practitioner."))
    return name


def done_sessions(store: Store, period: Period, practitioner_id: str) -> tuple[DoneSession, ...]:
    """Return the uses behind a practitioner's row, by day."""
    with store.reading() as session:
        zone = clinic_in(session).zone
        moment = counts_at(session)
        columns = select(Entry, Allowance, Course, Visit.visited_on, Client.name, moment.label("moment"))
        rows = (
            counted_in(session, columns, period)
            .outerjoin(Visit, Visit.id == VISIT_ID)
            .outerjoin(Client, Client.id == Course.client_id)
            .where(IS_USE, is_of_practitioner(practitioner_id))
            .order_by(moment, Entry.id)
        )
        return tuple(
            DoneSession(
                entry_id=entry.id,
                counted_on=counted.astimezone(zone).date(),
                visited_on=visited_on or entry.happened_at.astimezone(zone).date(),
                client_id=course.client_id,
                client_name=name or "",
                package_name=course.package_name,
                treatment=allowance.treatment,
                sessions=-entry.sessions_delta,
                value=Money(-entry.value_delta, course.currency),
                list_value=Money(-entry.sessions_delta * allowance.single_price, course.currency),
            )
            for entry, allowance, course, visited_on, name, counted in session.execute(rows)
        )


def is_of_practitioner(practitioner_id: str) -> ColumnElement[bool]:
    """Return the condition that a use is in a practitioner's row, for a query joined with its visit."""
    if practitioner_id == MISSED:
        return Visit.id.is_(None)
    if practitioner_id == NOBODY:
        return Visit.id.is_not(None) & Visit.practitioner_id.is_(None)
    return Visit.practitioner_id == practitioner_id
