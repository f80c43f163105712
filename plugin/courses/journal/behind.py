"""What stands behind a line of the journal: every entry of the ledger and every amount of a sale, adding up to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVarTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from plugin.core.batches import batched
from plugin.core.moments import day_at
from plugin.core.money import Money
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.columns import Column, Columns, Kind, Person
from plugin.courses.journal.accounts import AGAINST_DEFERRED, GIVEN, POSTINGS, Role, Section, chart_in
from plugin.courses.journal.month import entries_within, gift_moves, money_within
from plugin.courses.reports.books import counts_at, entry_what
from plugin.courses.reports.period import Period
from plugin.store import Store
from plugin.store.documents import MoneyPosting
from plugin.store.tables import Client, Course, Entry, Tip
from plugin.wording import _

Ts = TypeVarTuple("Ts")
# More are in the file; a page of more is read by nobody.
MOST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class LineFilter:
    """A line of the journal: the month, the section and the account's role."""

    period: Period
    currency: str
    section: Section
    role: Role


@dataclass(frozen=True, slots=True)
class Behind:
    """One amount behind a line; above zero it is debited to the account. `source`: an entry, payment or refund."""

    counts_on: date
    what: str
    client_id: str | None
    client_name: str
    package_name: str
    net: Money
    source: str


@dataclass(frozen=True, slots=True)
class BehindLine:
    """All amounts behind a line, the newest first, and their sum."""

    rows: tuple[Behind, ...]
    net: Money


def behind_line(store: Store, wanted: LineFilter) -> BehindLine:
    with store.reading() as session:
        found = sorted(_all(session, wanted), key=lambda each: (each.counts_on, each.source), reverse=True)
    return BehindLine(tuple(found), Money(sum(each.net.amount for each in found), wanted.currency))


def _all(session: Session, wanted: LineFilter) -> Iterator[Behind]:
    zone = clinic_in(session).zone
    start, end = wanted.period.moments(zone)
    yield from _of_ledger(session, wanted, start, end, zone)
    if not chart_in(session).is_money_elsewhere:
        yield from _of_money(session, wanted, start, end, zone)
    if wanted.section is Section.GIFTS:
        yield from _of_gifts(session, wanted, start, end, zone)


def _of_ledger(
    session: Session, wanted: LineFilter, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Behind]:
    named = [what for what, role in AGAINST_DEFERRED.items() if wanted.role in (role, Role.DEFERRED)]
    kinds = [what for what in named if POSTINGS[what].section is wanted.section and what != GIVEN]
    if not kinds:
        return
    columns = select(Entry.id, counts_at(session), entry_what, *_OF_COURSE, Entry.value_delta)
    query = entries_within(session, columns, start, end, wanted.currency).where(entry_what.in_(kinds))
    # Value added to a course is a credit of deferred revenue, and a debit of what it came from.
    sign = -1 if wanted.role is Role.DEFERRED else 1
    for entry_id, at, what, client_id, name, package, value in session.execute(_with_client(query)):
        yield _behind(at, zone, what, (client_id, name, package), sign * value, wanted.currency, entry_id)


def _of_money(
    session: Session, wanted: LineFilter, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Behind]:
    kinds = [what for what, posting in POSTINGS.items() if posting.section is wanted.section]
    columns = select(MoneyPosting, counts_at(session, MoneyPosting))
    query = money_within(session, columns, start, end, wanted.currency).where(
        MoneyPosting.what.in_(kinds),
        (MoneyPosting.debit == wanted.role.value) | (MoneyPosting.credit == wanted.role.value),
    )
    rows = session.execute(query).all()
    orders = sorted({row.MoneyPosting.square_order_id for row in rows})
    sold = _tips_of(session, orders) | _courses_of(session, orders)
    for row, at in rows:
        sign = 1 if row.debit == wanted.role.value else -1
        about = sold.get(row.square_order_id, (None, "", ""))
        yield _behind(at, zone, row.what, about, sign * row.amount, row.currency, row.source)


def _of_gifts(
    session: Session, wanted: LineFilter, start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Behind]:
    signs = {Role.DEFERRED: 1, AGAINST_DEFERRED[GIVEN]: -1}
    if wanted.role not in signs:
        return
    moves = list(gift_moves(session, start, end, wanted.currency))
    courses = _with_client(select(Course.id, *_OF_COURSE))
    about: dict[str, _About] = {}
    for some in batched(sorted({move.course_id for move in moves}), MOST_SHOWN):
        for course_id, client_id, name, package in session.execute(courses.where(Course.id.in_(some))):
            about[course_id] = (client_id, name or "", package)
    for move in moves:
        amount = signs[wanted.role] * move.amount
        yield _behind(move.at, zone, GIVEN, about[move.course_id], amount, wanted.currency, move.course_id)


# Whose course it is: the client's id, their name, and the package.
_About = tuple[str | None, str, str]
_OF_COURSE = (Course.client_id, Client.name, Course.package_name)


def _with_client(query: Select[*Ts]) -> Select[*Ts]:
    return query.outerjoin(Client, Client.id == Course.client_id)


def _courses_of(session: Session, order_ids: Sequence[str]) -> dict[str, _About]:
    """Return the first course of each order."""
    found: dict[str, _About] = {}
    for some in batched(order_ids, MOST_SHOWN):
        query = select(Course, Client).outerjoin(Client, Client.id == Course.client_id)
        for course, client in session.execute(
            query.where(Course.square_order_id.in_(some)).order_by(Course.id)
        ):
            found.setdefault(course.square_order_id or "", _about(course, client))
    return found


def _tips_of(session: Session, order_ids: Sequence[str]) -> dict[str, _About]:
    """Return who gave the tip of each order that was one."""
    found: dict[str, _About] = {}
    for some in batched(order_ids, MOST_SHOWN):
        tips = select(Tip.square_order_id, Client.id, Client.name).join(Client, Client.id == Tip.client_id)
        rows = session.execute(tips.where(Tip.square_order_id.in_(some)))
        found |= {order_id or "": (client_id, name, "") for order_id, client_id, name in rows}
    return found


def _about(course: Course, client: Client | None) -> _About:
    return course.client_id, client.name if client else "", course.package_name


def _behind(
    at: datetime, zone: ZoneInfo, what: str, about: _About, amount: int, currency: str, source: str
) -> Behind:
    client_id, name, package = about
    day = day_at(at, zone)
    return Behind(day, POSTINGS[what].called, client_id, name or "", package, Money(amount, currency), source)


BEHIND: Columns[Behind] = (
    Column(_("Counts on"), lambda row: row.counts_on, Kind.DAY, sort="date"),
    Column(_("What"), lambda row: row.what, Kind.TEXT, sort="what"),
    Column(
        _("Client"),
        # A voucher and money for what is no course have neither client nor package.
        lambda row: Person(row.client_id, row.client_name) if row.client_id or row.package_name else None,
        Kind.CLIENT,
        sort="client",
    ),
    Column(_("Package"), lambda row: row.package_name, Kind.TEXT, sort="package"),
    Column(_("Debit"), lambda row: row.net if row.net.amount > 0 else None, Kind.MONEY, sort="debit"),
    Column(_("Credit"), lambda row: -row.net if row.net.amount < 0 else None, Kind.MONEY, sort="credit"),
    Column("Currency", lambda row: row.net.currency, is_on_page=False),
    Column("Source", lambda row: row.source, is_on_page=False),
)
