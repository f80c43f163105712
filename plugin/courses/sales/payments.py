"""Payments for courses: in full, or for an invoice as a deposit and the rest, each payment with its day.

The ledger records them net; the tax paid is stored with the course, so that what the client paid is known to
the cent. Idempotent and independent of the order in which payments are reported: only what exceeds the sum
already in the ledger is written.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from plugin.core.ledger import START, Kind, paid
from plugin.core.money import Charge, Money, allocate
from plugin.courses.base.attention import open_item
from plugin.courses.base.chain import EntryRow, Line, append_all, heads_of, next_entry
from plugin.courses.base.events import CourseChanged, publish
from plugin.courses.base.words import clinic_money
from plugin.courses.base.work import Work
from plugin.courses.changes.adjust import earn_ahead
from plugin.courses.sales.sales import Came, Sale
from plugin.store.prepared import Prepared
from plugin.store.tables import Allowance, Attention, Course, Entry
from plugin.wording import _

# An allowance's first entry grants its sessions.
_FIRST_PAYMENT = 2


@dataclass(slots=True)
class _Course:
    """A course that receives money: its price and tax, and the tax paid so far, minor units."""

    id: str
    square_line_uid: str
    unit: int
    price: int
    tax: int | None
    tax_paid: int | None
    closed_as: str | None
    sold_at: datetime


@dataclass(slots=True)
class _Part:
    """An allowance that receives money: how much was paid, and whether an entry records a payment."""

    course: _Course
    allowance_id: str
    position: int
    price: int
    paid: int
    has_entry: bool

    @property
    def unpaid(self) -> int:
        """Return the amount not paid yet."""
        return max(0, self.price - self.paid)

    @property
    def is_settled(self) -> bool:
        """Return whether nothing remains to be written; a free allowance has one entry that records it."""
        return self.unpaid == 0 and self.has_entry


def receive_money(work: Work, sale: Sale, line_uids: Collection[str]) -> list[str]:
    """Write the money paid for the courses of these lines; return the ids of the courses changed."""
    parts_of = _parts(work.session, sale.square_order_id, line_uids)
    changed: list[str] = []
    for came in sale.payments():
        waiting = [parts for parts in parts_of.values() if not all(part.is_settled for part in parts)]
        if waiting:
            changed += _receive(work, sale, waiting, came)
    courses = list(dict.fromkeys(changed))
    for course_id in courses:
        publish(work, CourseChanged(course_id))
    return courses


def _receive(work: Work, sale: Sale, lines: Sequence[Sequence[_Part]], came: Came) -> list[str]:
    """Write one payment across the lines not fully paid; return the ids of the courses changed."""
    heads = heads_of(work.session, [part.allowance_id for parts in lines for part in parts])
    entries: list[EntryRow] = []
    changed: list[str] = []
    unclaimed = 0
    for parts in lines:
        gross = _gross_paid(parts)
        price = sum(part.price for part in parts)
        due = max(0, _due(price, came, sale.total) - sum(part.paid for part in parts))
        still_open = [part for part in parts if part.course.closed_as is None]
        fits = min(due, sum(part.unpaid for part in still_open))
        unclaimed += _charge(parts).gross_of(due - fits)
        for part, share, line in _share_out(sale, still_open, came, fits):
            head = heads.get(part.allowance_id, START)
            entries.append(next_entry(work, part.allowance_id, head, paid(share), line))
            changed.append(part.course.id)
            part.paid, part.has_entry = part.paid + share, True
        _receive_tax(work.session, parts, gross, came, sale.total)
    append_all(work, entries)
    if unclaimed:
        _ask(work, sale, came, unclaimed)
    # A course that has only been sold and paid has no uses yet.
    used = [entry.allowance_id for entry in entries if entry.seq > _FIRST_PAYMENT]
    if used:
        earn_ahead(work, used)
    return changed


def _receive_tax(
    session: Session, parts: Sequence[_Part], gross_before: int, came: Came, total: Money
) -> None:
    """Store the tax paid so far: what the client has paid less the net amount in the ledger.

    Both are rounded down, so the tax alone may fall by a cent with another payment; the sum paid never does.
    """
    known = [course for course in _courses(parts) if course.tax is not None]
    still_open = [course for course in known if course.closed_as is None]
    taxes = [course.tax or 0 for course in still_open]
    charged = sum(course.price + (course.tax or 0) for course in known)
    gross = max(gross_before, _due(charged, came, total))
    elsewhere = sum(course.tax_paid or 0 for course in known if course.closed_as is not None)
    paid = gross - sum(part.paid for part in parts) - elsewhere
    if still_open:
        for course, share in zip(still_open, allocate(min(max(paid, 0), sum(taxes)), taxes), strict=True):
            if course.tax_paid != share:
                course.tax_paid = session.get_one(Course, course.id).tax_paid = share


def _gross_paid(parts: Sequence[_Part]) -> int:
    return sum(part.paid for part in parts) + sum(course.tax_paid or 0 for course in _courses(parts))


def _courses(parts: Sequence[_Part]) -> list[_Course]:
    return list({part.course.id: part.course for part in parts}.values())


def _due(price: int, came: Came, total: Money) -> int:
    """Return how much of a line's price is paid, given what was paid so far for the whole order."""
    so_far = came.so_far.amount
    return price if so_far >= total.amount else price * so_far // total.amount


def _charge(parts: Sequence[_Part]) -> Charge:
    """Return what all courses of a line were charged."""
    courses = _courses(parts)
    return Charge(sum(each.price for each in courses), sum(each.tax or 0 for each in courses))


def _share_out(
    sale: Sale, still_open: Sequence[_Part], came: Came, fits: int
) -> Iterator[tuple[_Part, int, Line]]:
    """Allocate the new money to what is unpaid, so that the parts add up to their price to the cent."""
    if not still_open:
        return
    is_all = came.so_far.amount >= sale.total.amount
    for part, share in zip(still_open, allocate(fits, [one.unpaid for one in still_open]), strict=True):
        if share or not (part.has_entry or part.unpaid):
            what = "paid" if is_all and not part.has_entry else f"paid:{came.so_far.amount}"
            course = part.course
            unit = sale.square_order_id, course.square_line_uid, course.unit
            yield part, share, Line(sale_key(unit, part.position, what), came.at or course.sold_at)


def _parts(session: Session, square_order_id: str, line_uids: Collection[str]) -> dict[str, list[_Part]]:
    """Return the allowances of an order's lines, by line."""
    session.flush()
    rows = _PAID.all(session.connection(), {"order_id": square_order_id, "line_uids": list(line_uids)})
    courses = {
        row.id: _Course(
            id=row.id,
            square_line_uid=row.square_line_uid,
            unit=row.unit,
            price=row.price,
            tax=row.tax,
            tax_paid=row.tax_paid,
            closed_as=row.closed_as,
            sold_at=row.sold_at,
        )
        for row in rows
    }
    parts_of: dict[str, list[_Part]] = {uid: [] for uid in line_uids}
    for row in rows:
        part = _Part(
            courses[row.id], row.allowance_id, row.position, row.part_price, int(row.paid), row.entries > 0
        )
        parts_of[row.square_line_uid].append(part)
    return parts_of


_PAID = Prepared(
    select(
        Course.id,
        Course.square_line_uid,
        Course.unit,
        Course.price,
        Course.tax,
        Course.tax_paid,
        Course.closed_as,
        Course.sold_at,
        Allowance.id.label("allowance_id"),
        Allowance.position,
        Allowance.price.label("part_price"),
        func.coalesce(func.sum(Entry.value_delta), 0).label("paid"),
        func.count(Entry.id).label("entries"),
    )
    .join(Allowance, Allowance.course_id == Course.id)
    .outerjoin(Entry, (Entry.allowance_id == Allowance.id) & (Entry.kind == Kind.PAID.value))
    .where(
        Course.square_order_id == bindparam("order_id"),
        Course.square_line_uid.in_(bindparam("line_uids", expanding=True)),
    )
    .group_by(Course.id, Allowance.id)
    .order_by(Course.unit, Allowance.position)
)


def sale_key(born_from: tuple[str, str, int], position: int, what: str) -> str:
    """Return the key of what an order, its line and unit write to the allowance at this position."""
    return f"sale:{'/'.join(map(str, born_from))}:{position}:{what}"


_MONEY_FOR_CLOSED = "money_for_closed"


def _ask(work: Work, sale: Sale, came: Came, unclaimed: int) -> None:
    """Ask what becomes of all the money that closed courses can't take, less what was asked about before."""
    order_id = sale.square_order_id
    before = select(Attention).where(
        Attention.kind == _MONEY_FOR_CLOSED, Attention.square_order_id == order_id
    )
    asked = 0
    for item in work.session.scalars(before):
        if "unclaimed" not in item.details and (came.at is None or came.at <= item.opened_at):
            # An item of 0.1.0 does not say its amount: it stands for all that had come until then.
            item.details = {**item.details, "unclaimed": unclaimed}
        asked += item.details.get("unclaimed", 0)
    if asked >= unclaimed:
        return
    new = Money(unclaimed - asked, sale.total.currency)
    open_item(
        work,
        kind=_MONEY_FOR_CLOSED,
        dedupe=f"{_MONEY_FOR_CLOSED}:{order_id}:{came.so_far.amount}",
        summary=_(
            "{came} was paid for a course that is closed. It belongs to no session.",
            came=clinic_money(work.session, new),
        ),
        details={
            "unclaimed": new.amount,
            "proposal": _("Give the money back in Square, or sell a new course."),
        },
        square_order_id=order_id,
    )
