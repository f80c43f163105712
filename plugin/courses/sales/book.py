"""The one door through which a course is born: a Square order line that sells a package, paid (docs/rules.md, rule 2).

Idempotent on (order, line, unit): webhook, sweep and hand may meet the same order in any order, any number of times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.core.acts import Act
from plugin.core.allocation import allocate
from plugin.core.gross import Charge
from plugin.core.ledger import START, sold
from plugin.core.terms import terms_from_json
from plugin.courses.base.attention import open_item
from plugin.courses.base.chain import Line, append
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.events import SaleBooked, publish
from plugin.courses.base.work import Work, transact
from plugin.courses.catalog.packages import known_variations_in
from plugin.courses.clients.buyers import client_for_buyer
from plugin.courses.sales.assign import assign_by_square
from plugin.courses.sales.changed_sale import ask_about_changes
from plugin.courses.sales.checkout_outcome import begun_for_in
from plugin.courses.sales.payments import receive_money
from plugin.courses.sales.sales import Booking, Sale, SaleLine
from plugin.courses.sales.unlinked import answer_unlinked_in
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.store.ledger import Allowance, Course
from plugin.store.offers import Package, PackageContent, Treatment
from plugin.store.queues import Attention

# More courses on one line than any clinic sells: a slip of the finger, or an attack on the ledger.
MOST_UNITS = 100


def book(store: Store, act: Act, sale: Sale) -> Booking:
    """Open a course for each unit of each package line, once; in one transaction of its own."""
    return transact(store, act, lambda work: book_sale(work, sale))


def book_sale(
    work: Work,
    sale: Sale,
    *,
    accept_currency: bool = False,
    linked: Mapping[str, str] | None = None,
) -> Booking:
    """Open the courses within the caller's transaction; what needs a person goes to Attention instead.

    `linked`: the package that each line (by its uid) sells as a person has said; the sale then holds those lines alone.
    """
    attention: list[str] = []
    opened: list[str] = []
    already = list(courses_of_order_in(work.session, sale.square_order_id))
    variations = known_variations_in(work.session)
    client_id = begun_for_in(work.session, sale.square_order_id)
    paid: list[str] = []
    for line in sale.lines:
        package = _package_of(work.session, sale, line, variations, linked or {})
        if package is None:
            continue
        if line.quantity is None or line.quantity > MOST_UNITS:
            attention.append(_unclear_quantity(work, sale, line))
            continue
        if line.total.currency != package.currency and not accept_currency:
            attention.append(_foreign_currency(work, sale, line, package))
            continue
        missing = _missing_units(work.session, sale, line)
        if missing and client_id is None and sale.buyer is not None:
            client_id = client_for_buyer(work, sale.buyer)
        charges = _charges(line, line.quantity)
        opened += [
            _open_course(work, sale, line, package, unit, charges[unit - 1], client_id) for unit in missing
        ]
        paid += receive_money(work, sale, line.uid)
        answer_unlinked_in(work.session, work.act, sale.square_order_id, line.uid, "The course is open.")
    if opened and client_id is None:
        attention.append(_unassigned(work, sale, opened))
    if already and sale.buyer is not None and _waits_for_owner(work.session, already):
        owner = client_for_buyer(work, sale.buyer)
        assign_by_square(work, sale.square_order_id, owner)
    if already and not linked:
        attention += ask_about_changes(work, sale)
    # Of an invoice canceled part-paid no line is left: that is no payment of what was begun.
    if sale.lines and (opened or already):
        so_far = None if sale.is_paid else sale.payments()[-1].so_far
        attention += publish(work, SaleBooked(sale.square_order_id, client_id, tuple(opened), so_far))
    return Booking(tuple(opened), tuple(already), tuple(attention), tuple(paid))


def _package_of(
    session: Session, sale: Sale, line: SaleLine, variations: Mapping[str, str], linked: Mapping[str, str]
) -> Package | None:
    """Return what a line sells: as a person has said, as its item is linked, or as it was booked before."""
    package_id = linked.get(line.uid) or variations.get(line.square_variation_id)
    if package_id is None and not line.square_variation_id:
        booked = select(Course.package_id).where(
            Course.square_order_id == sale.square_order_id, Course.square_line_uid == line.uid
        )
        package_id = session.scalar(booked.limit(1))
    return session.get(Package, package_id) if package_id is not None else None


def courses_of_order_in(session: Session, square_order_id: str) -> list[str]:
    """Return the courses that a Square order has opened, by line and unit."""
    rows = (
        select(Course.id)
        .where(Course.square_order_id == square_order_id)
        .order_by(Course.square_line_uid, Course.unit)
    )
    return list(session.scalars(rows))


def booked_lines_in(session: Session, square_order_id: str) -> frozenset[str]:
    """Return the lines of a Square order that have opened courses, by their uid."""
    rows = select(Course.square_line_uid).where(Course.square_order_id == square_order_id).distinct()
    return frozenset(uid for uid in session.scalars(rows) if uid is not None)


def _waits_for_owner(session: Session, course_ids: Sequence[str]) -> bool:
    ownerless = select(Course.id).where(Course.id.in_(course_ids), Course.client_id.is_(None))
    return session.scalar(ownerless) is not None


def _missing_units(session: Session, sale: Sale, line: SaleLine) -> list[int]:
    present = set(
        session.scalars(
            select(Course.unit).where(
                Course.square_order_id == sale.square_order_id, Course.square_line_uid == line.uid
            )
        )
    )
    return [unit for unit in range(1, (line.quantity or 0) + 1) if unit not in present]


def _charges(line: SaleLine, quantity: int) -> list[Charge]:
    """Return what each unit of a line was charged; together they are the line to the cent."""
    units = [1] * quantity
    parts = (allocate(each, units) for each in (line.total.amount, line.tax or 0, line.tax_in_price))
    is_known = line.tax is not None
    return [Charge(net, tax, in_price, is_known) for net, tax, in_price in zip(*parts, strict=True)]


def _open_course(
    work: Work,
    sale: Sale,
    line: SaleLine,
    package: Package,
    unit: int,
    charge: Charge,
    client_id: str | None,
) -> str:
    terms = terms_from_json(package.terms)
    course = Course(
        id=work.new_id(),
        client_id=client_id,
        package_id=package.id,
        package_name=package.name,
        package_version=package.version,
        terms=package.terms,
        price=charge.net,
        tax=charge.tax if charge.is_tax_known else None,
        tax_in_price=charge.tax_in_price if charge.is_tax_known else None,
        tax_paid=0 if charge.is_tax_known else None,
        currency=line.total.currency,
        sold_at=sale.paid_at,
        booked_at=work.now,
        expires_on=terms.expiry(local_date(clinic_in(work.session), sale.paid_at)),
        square_order_id=sale.square_order_id,
        square_line_uid=line.uid,
        unit=unit,
        square_location_id=sale.square_location_id,
    )
    work.session.add(course)
    work.session.flush()
    _grant(work, course, f"{sale.square_order_id}/{line.uid}/{unit}")
    return course.id


def _grant(work: Work, course: Course, born_from: str) -> None:
    """Write the first entries: the sessions granted; what is paid for them is spread by single-visit price."""
    contents = work.session.execute(
        select(PackageContent, Treatment)
        .join(Treatment, Treatment.id == PackageContent.treatment_id)
        .where(PackageContent.package_id == course.package_id)
        .order_by(PackageContent.position)
    ).all()
    shares = allocate(course.price, [content.sessions * content.single_price for content, _ in contents])
    for (content, treatment), share in zip(contents, shares, strict=True):
        allowance = Allowance(
            id=work.new_id(),
            course_id=course.id,
            position=content.position,
            treatment_id=treatment.id,
            treatment=treatment.name,
            kind=treatment.kind,
            single_price=content.single_price,
            price=share,
            usable_from_session=content.usable_from_session,
        )
        work.session.add(allowance)
        work.session.flush()
        line = Line(f"sale:{born_from}:{content.position}:sold", course.sold_at)
        append(work, allowance.id, START, sold(content.sessions), line)


def _unassigned(work: Work, sale: Sale, course_ids: list[str]) -> str:
    course = work.session.get(Course, course_ids[0])
    name = course.package_name if course else "A package"
    many = f"{len(course_ids)} courses" if len(course_ids) > 1 else name
    item_id = open_item(
        work,
        kind="unassigned_sale",
        dedupe=f"unassigned:{sale.square_order_id}",
        summary=f"{many} sold without a client. Whose is it?",
        details={"course_ids": course_ids, "square_customer_ids": list(sale.nameless_ids)},
        square_order_id=sale.square_order_id,
    )
    # The order had brought this question before: it now asks for these courses too.
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
        summary=f"{line.name[:120] or 'A package'} was sold with the quantity “{said}”. No course was opened.",
        details={
            "sale": sale.to_json(),
            "proposal": f"A course is sold whole: 1 to {MOST_UNITS}. Refund this line in Square and ring it up again.",
        },
        square_order_id=sale.square_order_id,
    )


def _foreign_currency(work: Work, sale: Sale, line: SaleLine, package: Package) -> str:
    return open_item(
        work,
        kind="foreign_currency",
        dedupe=f"currency:{sale.square_order_id}:{line.uid}",
        summary=(
            f"{package.name} was paid in {line.total.currency}, but it is priced in {package.currency}."
            " No course was opened."
        ),
        details={
            "sale": sale.to_json(),
            "proposal": f"Open the course in {line.total.currency} if the payment is right.",
        },
        square_order_id=sale.square_order_id,
    )


def reopen_foreign_sale(work: Work, sale: Sale) -> Booking:
    """Open the courses of a sale in a foreign currency after a person has said that the payment is right."""
    if not sale.lines:
        raise InvalidField("That sale has no package on it.", field="decision")
    return book_sale(work, sale, accept_currency=True)
