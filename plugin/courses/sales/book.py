"""The only way to open a sold course: a paid Square order line that sells a package (docs/rules.md, rule 2).

Idempotent on (order, line, unit): webhook, sweep and manual booking may repeat an order, in any sequence.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeAlias

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from invoices.papers.wire import to_plain
from plugin.core.ledger import START, sold
from plugin.core.money import Charge, allocate
from plugin.core.terms import terms_from_json
from plugin.courses.base.attention import open_item
from plugin.courses.base.chain import EntryRow, Line, append_all, next_entry
from plugin.courses.base.clinic import local_date_in
from plugin.courses.base.events import SaleBooked, publish
from plugin.courses.base.work import Work, in_transaction
from plugin.courses.catalog.packages import packages_of_variations_in
from plugin.courses.clients.buyers import client_for_buyer
from plugin.courses.sales.assign import assign_by_square
from plugin.courses.sales.changed_sale import BookedCourse, ask_about_changes
from plugin.courses.sales.checkout_views import begun_for_in, begun_of_order_in
from plugin.courses.sales.payments import receive_money, sale_key
from plugin.courses.sales.public_orders import client_of_public_order
from plugin.courses.sales.sales import Booking, Sale, SaleLine
from plugin.courses.sales.unlinked import answer_unlinked_in
from plugin.store.database import write
from plugin.store.prepared import Prepared, prepared_insert
from plugin.store.recorded import recorded
from plugin.store.tables import Allowance, Attention, Course, Package, PackageContent, Treatment
from plugin.wording import N_n, _

# More courses on one line than any clinic sells: a typing error, or an attack on the ledger.
MOST_UNITS = 100


def book_sale(
    work: Work,
    sale: Sale,
    *,
    accept_currency: bool = False,
    linked: Mapping[str, str] | None = None,
) -> Booking:
    """Open the courses in the caller's transaction; what needs a person becomes an attention item.

    `linked`: the package that a person has linked to each line (by its uid); the sale has only those lines.
    """
    booked = _booked(work.session, sale.square_order_id)
    already = [course.id for course in booked]
    attention, lines = _lines_to_book(work, sale, booked, linked or {}, accept_currency=accept_currency)
    missing = [unit for line in lines for unit in _missing_units(line, booked)]
    begun, ordered = begun_of_order_in(work.session, sale.square_order_id)
    client_id = begun_for_in(work.session, begun)
    if missing and client_id is None:
        client_id = client_of_public_order(work, ordered, sale.buyer)
    if missing and client_id is None and sale.buyer is not None:
        client_id = client_for_buyer(work, sale.buyer)
    opened = _open_courses(work, sale, missing, client_id)
    uids = [line.line.uid for line in lines]
    paid = receive_money(work, sale, uids) if lines else []
    answer_unlinked_in(work.session, work.act, sale.square_order_id, uids, _("The course is open."))
    if opened and client_id is None:
        attention.append(_unassigned(work, sale, opened))
    if sale.buyer is not None and any(course.client_id is None for course in booked):
        owner = client_for_buyer(work, sale.buyer)
        assign_by_square(work, sale.square_order_id, owner)
    if already and not linked:
        all_booked = _booked(work.session, sale.square_order_id) if opened else booked
        attention += ask_about_changes(work, sale, all_booked)
    # An invoice canceled part-paid has no line left: that is no payment of what was begun.
    if sale.lines and (opened or already):
        so_far = None if sale.is_paid else sale.payments()[-1].so_far
        checkout_ids = tuple(row.id for row in begun)
        event = SaleBooked(
            sale.square_order_id,
            client_id,
            tuple(opened),
            so_far,
            checkout_ids,
            is_paid_more=bool(paid),
            public_order_id=ordered.id if ordered is not None else None,
        )
        attention += publish(work, event)
    return Booking(tuple(opened), tuple(already), tuple(attention), tuple(paid))


book = in_transaction(book_sale)


@dataclass(frozen=True, slots=True)
class _PackageLine:
    """An order line that sells a package in whole units."""

    line: SaleLine
    package: Package
    units: int


@dataclass(frozen=True, slots=True)
class _Unit:
    """One unit of such a line, numbered from one, and what was charged for it."""

    of: _PackageLine
    number: int
    charge: Charge


def _booked(session: Session, square_order_id: str) -> list[BookedCourse]:
    """Return the courses that a Square order has opened, by line and unit."""
    session.flush()
    rows = _OF_ORDER.all(session.connection(), {"order_id": square_order_id})
    return [BookedCourse(*row) for row in rows]


# Statements are built once: building them takes longer than the database does.
_OF_ORDER = Prepared(
    select(*(getattr(Course, name) for name in BookedCourse._fields))
    .where(Course.square_order_id == bindparam("order_id"))
    .order_by(Course.square_line_uid, Course.unit)
)


def _lines_to_book(
    work: Work,
    sale: Sale,
    booked: Sequence[BookedCourse],
    linked: Mapping[str, str],
    *,
    accept_currency: bool,
) -> tuple[list[str], list[_PackageLine]]:
    """Return the attention items of lines that need a person, and the other lines that sell a package."""
    attention: list[str] = []
    lines: list[_PackageLine] = []
    packages = _packages(work.session, sale, booked, linked)
    for line in sale.lines:
        package = packages.get(line.uid)
        if package is None:
            continue
        if line.quantity is None or line.quantity > MOST_UNITS:
            attention.append(_unclear_quantity(work, sale, line))
        elif line.total.currency != package.currency and not accept_currency:
            attention.append(_foreign_currency(work, sale, line, package))
        else:
            lines.append(_PackageLine(line, package, line.quantity))
    return attention, lines


def _packages(
    session: Session, sale: Sale, booked: Sequence[BookedCourse], linked: Mapping[str, str]
) -> dict[str, Package]:
    """Return the package of each line: linked by a person, linked to its item, or booked before."""
    by_variation = packages_of_variations_in(session, [line.square_variation_id for line in sale.lines])
    variations = {variation_id: package.id for variation_id, package in by_variation.items()}
    before = {course.square_line_uid: course.package_id for course in booked}
    package_ids = {
        line.uid: linked.get(line.uid)
        or (variations.get(line.square_variation_id) if line.square_variation_id else before.get(line.uid))
        for line in sale.lines
    }
    packages = {package.id: package for package in by_variation.values()}
    others = {one for one in package_ids.values() if one is not None and one not in packages}
    rows = session.scalars(select(Package).where(Package.id.in_(others))) if others else ()
    packages |= {package.id: package for package in rows}
    return {uid: packages[package_id] for uid, package_id in package_ids.items() if package_id in packages}


def courses_of_order_in(session: Session, square_order_id: str) -> list[str]:
    """Return the ids of the courses that a Square order has opened, by line and unit."""
    return [course.id for course in _booked(session, square_order_id)]


def booked_lines_in(session: Session, square_order_id: str) -> frozenset[str]:
    """Return the lines of a Square order that have opened courses, by their uid."""
    rows = select(Course.square_line_uid).where(Course.square_order_id == square_order_id).distinct()
    return frozenset(uid for uid in session.scalars(rows) if uid is not None)


def _missing_units(sold: _PackageLine, booked: Sequence[BookedCourse]) -> Iterator[_Unit]:
    present = {course.unit for course in booked if course.square_line_uid == sold.line.uid}
    for number, charge in enumerate(_charges(sold.line, sold.units), start=1):
        if number not in present:
            yield _Unit(sold, number, charge)


def _charges(line: SaleLine, quantity: int) -> list[Charge]:
    """Return what each unit of a line was charged; together they add up to the line to the cent."""
    units = [1] * quantity
    parts = (allocate(each, units) for each in (line.total.amount, line.tax, line.tax_in_price))
    return [Charge(*each) for each in zip(*parts, strict=True)]


def _open_courses(work: Work, sale: Sale, units: Sequence[_Unit], client_id: str | None) -> list[str]:
    """Write the courses, their allowances and the sessions granted; return the courses' ids."""
    if not units:
        return []
    sold_on = local_date_in(work.session, sale.paid_at)
    courses = [_course(work, sale, unit, client_id, sold_on) for unit in units]
    work.session.flush()
    write(work.session, _NEW_COURSE, *(recorded("course", course) for course in courses))
    contents = _contents(work.session, {course["package_id"] for course in courses})
    granted = [pair for course in courses for pair in _grant(work, course, contents[course["package_id"]])]
    write(work.session, _NEW_ALLOWANCE, *(allowance for allowance, _other in granted))
    append_all(work, [entry for _other, entry in granted])
    return [course["id"] for course in courses]


def _course(work: Work, sale: Sale, unit: _Unit, client_id: str | None, sold_on: date) -> dict[str, Any]:
    package, line, charge = unit.of.package, unit.of.line, unit.charge
    return {
        "id": work.new_id(),
        "client_id": client_id,
        "package_id": package.id,
        "package_name": package.name,
        "package_version": package.version,
        "terms": package.terms,
        "price": charge.net,
        "tax": charge.tax,
        "tax_in_price": charge.tax_in_price,
        "tax_paid": 0,
        "currency": line.total.currency,
        "sold_at": sale.paid_at,
        "booked_at": work.now,
        "expires_on": terms_from_json(package.terms).expiry(sold_on),
        "square_order_id": sale.square_order_id,
        "square_line_uid": line.uid,
        "unit": unit.number,
        "square_location_id": sale.square_location_id,
    }


_NEW_COURSE = prepared_insert(Course)
_NEW_ALLOWANCE = prepared_insert(Allowance)
_CONTENTS = Prepared(
    select(
        PackageContent.package_id,
        PackageContent.position,
        PackageContent.sessions,
        PackageContent.single_price,
        PackageContent.usable_from_session,
        PackageContent.treatment_id,
        Treatment.name,
        Treatment.kind,
    )
    .join(Treatment, Treatment.id == PackageContent.treatment_id)
    .where(PackageContent.package_id.in_(bindparam("package_ids", expanding=True)))
    .order_by(PackageContent.package_id, PackageContent.position)
)
# Rows of a package's content, each with its treatment.
_Contents: TypeAlias = Sequence[Any]


def _contents(session: Session, package_ids: Collection[str]) -> dict[str, _Contents]:
    rows = _CONTENTS.all(session.connection(), {"package_ids": list(package_ids)})
    return {package_id: list(group) for package_id, group in groupby(rows, key=attrgetter("package_id"))}


def _grant(
    work: Work, course: dict[str, Any], contents: _Contents
) -> Iterator[tuple[dict[str, Any], EntryRow]]:
    """Yield the allowances and their first entries; the payment is allocated by single-visit price."""
    shares = allocate(course["price"], [content.sessions * content.single_price for content in contents])
    for content, share in zip(contents, shares, strict=True):
        allowance_id = work.new_id()
        allowance = {
            "id": allowance_id,
            "course_id": course["id"],
            "position": content.position,
            "treatment_id": content.treatment_id,
            "treatment": content.name,
            "kind": content.kind,
            "single_price": content.single_price,
            "price": share,
            "usable_from_session": content.usable_from_session,
        }
        unit = course["square_order_id"], course["square_line_uid"], course["unit"]
        line = Line(sale_key(unit, content.position, "sold"), course["sold_at"])
        granted = sold(content.sessions)
        yield recorded("allowance", allowance), next_entry(work, allowance_id, START, granted, line)


def _unassigned(work: Work, sale: Sale, course_ids: list[str]) -> str:
    name = work.session.get_one(Course, course_ids[0]).package_name
    many = N_n("{n} course", "{n} courses", len(course_ids)) if len(course_ids) > 1 else name
    item_id = open_item(
        work,
        kind="unassigned_sale",
        dedupe=f"unassigned:{sale.square_order_id}",
        summary=_("{many} sold without a client. Assign a client.", many=many),
        details={"course_ids": course_ids, "square_customer_ids": list(sale.nameless_ids)},
        square_order_id=sale.square_order_id,
    )
    # The item may exist from an earlier booking of the order: extend it to these courses.
    item = work.session.get_one(Attention, item_id)
    asked = list(dict.fromkeys([*item.details["course_ids"], *course_ids]))
    item.details, item.resolved_at = {**item.details, "course_ids": asked}, None
    return item_id


def _unclear_quantity(work: Work, sale: Sale, line: SaleLine) -> str:
    said = line.quantity_text[:40]
    return open_item(
        work,
        kind="unclear_quantity",
        dedupe=f"quantity:{sale.square_order_id}:{line.uid}",
        summary=_(
            "{line} was sold with the quantity “{said}”. No course was opened.",
            line=line.name[:120] or _("A package"),
            said=said,
        ),
        details={
            "sale": to_plain(sale),
            "proposal": _(
                "A course is sold whole: 1 to {most_units}. Refund this line in Square and ring it up again.",
                most_units=MOST_UNITS,
            ),
        },
        square_order_id=sale.square_order_id,
    )


def _foreign_currency(work: Work, sale: Sale, line: SaleLine, package: Package) -> str:
    return open_item(
        work,
        kind="foreign_currency",
        dedupe=f"currency:{sale.square_order_id}:{line.uid}",
        summary=(
            _(
                "{package} was paid in {currency}, but it is priced in {priced_in}. No course was opened.",
                package=package.name,
                currency=line.total.currency,
                priced_in=package.currency,
            )
        ),
        details={
            "sale": to_plain(sale),
            "proposal": _(
                "Open the course in {currency} if the payment is right.", currency=line.total.currency
            ),
        },
        square_order_id=sale.square_order_id,
    )
