"""The content of an invoice, frozen at its issue: the sale as Square computed it, the clinic and the buyer."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.language import Language, language_for
from invoices.papers import Invoice, Money, PaymentLine
from plugin.core.acts import Act
from plugin.core.ledger import Kind
from plugin.courses.base.clinic import clinic_in, local_date
from plugin.courses.base.views import ClinicView
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.clients.clients import client_in
from plugin.courses.documents.buyers import party_in
from plugin.courses.documents.invoice_lines import PackageWords, account_of
from plugin.courses.documents.sale_record import SoldSale
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store.tables import Allowance, Checkout, Course, Entry

_MOST_DIGITS = 3


def invoice_paper(
    session: Session, act: Act, sale: SoldSale, courses: Sequence[Course], buyer_id: str, *, number: str
) -> Invoice:
    """Freeze the invoice of a sale; `courses` are all that were opened by it."""
    clinic, buyer = clinic_in(session), client_in(session, buyer_id)
    language = language_for(buyer.language)
    account = account_of(sale, language, _packages(session, courses, names_in(session, buyer.language)))
    sold_on = local_date(clinic, min(course.sold_at for course in courses))
    payments = payments_in(session, sale, clinic, language, sold_on)
    paid = sum(each.amount.amount for each in payments)
    still_due = account.total - paid
    # Nothing more is due on a canceled invoice, and what is not paid has no due date.
    is_due = still_due > 0 and not any(course.due_ended_at for course in courses)
    return Invoice(
        clinic=clinic_on_paper(clinic),
        number=number,
        issued_on=local_date(clinic, act.now),
        sold_on=sold_on,
        billed_to=party_in(session, buyer),
        language=buyer.language,
        lines=tuple(row.line for row in account.rows),
        net=Money(account.net, sale.currency),
        taxes=account.taxes,
        tip=Money(account.tip, sale.currency),
        service_charge=Money(account.service_charge, sale.currency),
        total=Money(account.total, sale.currency),
        payments=payments,
        paid=Money(paid, sale.currency),
        balance_due=Money(still_due, sale.currency),
        due_on=due_on_in(session, sale.square_order_id) if is_due else None,
        reference=sale.square_order_id,
        is_electronic=clinic.has_e_invoices,
        is_prepayment=bool(courses),
    )


def _packages(session: Session, courses: Sequence[Course], names: Names) -> dict[str, PackageWords]:
    """Return the name and contents of each line's package, such as "12 × Facial acupuncture, 60 min"."""
    rows = session.execute(
        select(Allowance.course_id, Entry.sessions_delta, Allowance.treatment)
        .join(Entry, (Entry.allowance_id == Allowance.id) & (Entry.kind == Kind.SOLD.value))
        .where(Allowance.course_id.in_([course.id for course in courses]))
        .order_by(Allowance.course_id, Allowance.position)
    ).all()
    contents: dict[str, list[str]] = {}
    for course_id, sessions, treatment in rows:
        contents.setdefault(course_id, []).append(f"{sessions} × {names(treatment)}")
    return {
        course.square_line_uid or "": PackageWords(
            names(course.package_name), " · ".join(contents.get(course.id, ()))
        )
        for course in courses
    }


def payments_in(
    session: Session, sale: SoldSale, clinic: ClinicView, language: Language, sold_on: date
) -> tuple[PaymentLine, ...]:
    """Return the payments of a sale by day, and what another sale that it takes back pays of it."""
    zone = clinic.zone
    named = _other_tender(session, sale.square_order_id)
    lines = [
        PaymentLine(
            on=tender.at.astimezone(zone).date(),
            how=tender.how,
            amount=Money(tender.amount, sale.currency),
            label=tender.label or (named if tender.how == "other" else ""),
        )
        for tender in sorted(sale.tenders, key=lambda each: each.at)
    ]
    came = sum(line.amount.amount for line in lines)
    taken_back = min(sale.exchanged, sale.total - came)
    if taken_back > 0:
        given = Money(taken_back, sale.currency)
        lines.append(PaymentLine(on=sold_on, how="other", amount=given, label=language.gettext("Exchange")))
    return tuple(lines)


def _other_tender(session: Session, square_order_id: str) -> str:
    """Return the staff's name of a payment outside Square, such as "Bank transfer"; never a number."""
    called = session.scalar(
        select(Checkout.tender).where(Checkout.square_order_id == square_order_id, Checkout.tender != "")
    )
    return called if called and sum(ch.isdecimal() for ch in called) <= _MOST_DIGITS else ""


def due_on_in(session: Session, square_order_id: str) -> date | None:
    """Return the due date of the balance of a sale started here."""
    begun = select(Checkout.balance_due_on).where(
        Checkout.square_order_id == square_order_id, Checkout.balance_due_on.is_not(None)
    )
    return session.scalar(begun.order_by(Checkout.created_at.desc()).limit(1))
