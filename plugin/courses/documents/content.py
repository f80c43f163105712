"""The content of invoices and gift vouchers, frozen at their issue, and the letter to whoever bought a voucher."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices import papers
from invoices.language import Language, language_for
from invoices.papers import AccountLine, Money, TaxLine
from plugin.core.acts import Act, Role, require
from plugin.core.course import AllowanceState
from plugin.core.ledger import Kind
from plugin.core.moments import day_at
from plugin.courses.base.clinic import clinic_in
from plugin.courses.base.read import course_in
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import require_row
from plugin.courses.catalog.names import Names, names_in
from plugin.courses.catalog.terms_text import gift_sentences
from plugin.courses.clients.clients import client_in
from plugin.courses.documents.sale_record import AppliedTax, ServiceCharge, SoldLine, SoldSale, party_in
from plugin.courses.handouts.cache import HandedOut, Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store import Store
from plugin.store.tables import Allowance, Checkout, Course, Entry, Gift

_MOST_QUANTITY = 10**7
# Square's name of an item's only variation.
_NO_VARIATION = ("", "regular", "regular price")


@dataclass(frozen=True, slots=True)
class PackageWords:
    """The name of a package on a line, and its contents."""

    name: str
    holds: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the account, and the amount of each tax on it."""

    line: AccountLine
    taxes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """The sale's own lines in Square's order first, then taxed charges and rounding; minor units."""

    rows: tuple[Row, ...]
    taxes: tuple[TaxLine, ...]
    net: int
    tip: int
    service_charge: int
    total: int


def account_of(sale: SoldSale, language: Language, packages: Mapping[str, PackageWords]) -> Account:
    """Return the account of a sale; `packages` has the words for lines that sold one, by the line's uid."""
    # Name each tax so that two of different rates never share a name.
    unnamed = language.pgettext("line", "Tax")
    kinds: dict[str, set[tuple[str, bool]]] = {}
    for tax in sale.taxes:
        kinds.setdefault(tax.name or unnamed, set()).add((tax.percentage, tax.is_included))
    names = {
        tax.uid: called if len(kinds[called]) == 1 else f"{called} {tax.percentage} %"
        for tax in sale.taxes
        for called in (tax.name or unnamed,)
    }
    rows = [_row(sale, line, names, language, packages.get(line.uid)) for line in sale.lines]
    rows += [_charge_row(sale, each, names, language) for each in sale.charges if each.tax]
    service_charge = sum(line.service_charge for line in sale.lines)
    service_charge += sum(each.total for each in sale.charges if not each.tax)
    rest = sale.total - sum(row.line.total.amount for row in rows) - sale.tip - service_charge
    if rest:
        # Cash rounding, which Square reports; or parts that do not add up to Square's total.
        rows.append(Row(plain_line(language.gettext("Rounding"), rest, sale.currency)))
    numbered = tuple(_at(row, place) for place, row in enumerate(rows, start=1))
    return Account(
        rows=numbered,
        taxes=_tax_lines(sale, numbered, names),
        net=sum(row.line.net.amount for row in numbered),
        tip=sale.tip,
        service_charge=service_charge,
        total=sale.total,
    )


def plain_line(description: str, amount: int, currency: str, position: int = 0) -> AccountLine:
    """Return a line of one thing without discount and tax."""
    money, nothing = Money(amount, currency), Money(0, currency)
    return AccountLine(
        description=description,
        quantity="1",
        unit_price=money,
        discount=nothing,
        net=money,
        tax=nothing,
        total=money,
        position=position,
    )


def _row(
    sale: SoldSale,
    line: SoldLine,
    names: Mapping[str, str],
    language: Language,
    package: PackageWords | None,
) -> Row:
    def money(amount: int) -> Money:
        return Money(amount, sale.currency)

    taxes = _taxes_on(line.taxes, line.tax, names, language)
    charged = line.total - line.service_charge
    described = package.name if package is not None else _description(line, language)
    quantity, unit_price = line.quantity, line.unit_price + sum(each.price for each in line.modifiers)
    if not _multiplies(sale, line, unit_price, charged):
        # Square does not state the price of one unit; the price of all of it is known.
        described, quantity = f"{line.quantity} × {described}", "1"
        unit_price = charged - line.tax + line.discount
    return Row(
        AccountLine(
            description=described,
            quantity=quantity,
            unit_price=money(unit_price),
            discount=money(line.discount),
            net=money(charged - line.tax),
            tax=money(line.tax),
            total=money(charged),
            detail=package.holds if package is not None else "",
            taxes=tuple(taxes),
        ),
        taxes,
    )


def _multiplies(sale: SoldSale, line: SoldLine, unit_price: int, charged: int) -> bool:
    """Return whether quantity, price and discount give what was charged, with or without an included tax."""
    quantity = Decimal(line.quantity)
    if not 0 < quantity < _MOST_QUANTITY:
        return False
    included = {tax.uid for tax in sale.taxes if tax.is_included}
    net = charged - line.tax
    most = charged if any(each.uid in included for each in line.taxes) else net
    return net - 1 <= quantity * unit_price - line.discount <= most + 1


def _description(line: SoldLine, language: Language) -> str:
    variation = "" if line.variation.casefold() in _NO_VARIATION else line.variation
    said = [line.name, *(() if variation in line.name else (variation,))]
    said += [each.name for each in line.modifiers]
    return ", ".join(one for one in said if one) or language.gettext("Custom amount")


def _charge_row(sale: SoldSale, charge: ServiceCharge, names: Mapping[str, str], language: Language) -> Row:
    taxes = _taxes_on(charge.taxes, charge.tax, names, language)
    net = Money(charge.total - charge.tax, sale.currency)
    return Row(
        AccountLine(
            description=charge.name or language.gettext("Service charge"),
            quantity="1",
            unit_price=net,
            discount=Money(0, sale.currency),
            net=net,
            tax=Money(charge.tax, sale.currency),
            total=Money(charge.total, sale.currency),
            taxes=tuple(taxes),
        ),
        taxes,
    )


def _at(row: Row, position: int) -> Row:
    return replace(row, line=replace(row.line, position=position))


def _taxes_on(
    applied: tuple[AppliedTax, ...], whole: int, names: Mapping[str, str], language: Language
) -> dict[str, int]:
    """Return the amount of each tax on a line, adding up to the line's tax. An odd cent is allocated to the last."""
    unnamed = language.pgettext("line", "Tax")
    found: dict[str, int] = {}
    for each in applied:
        name = names.get(each.uid, unnamed)
        found[name] = found.get(name, 0) + each.amount
    rest = whole - sum(found.values())
    if rest:
        only = next(iter(names.values())) if len(names) == 1 else unnamed
        last = next(reversed(found), only)
        found[last] = found.get(last, 0) + rest
    return found


def _tax_lines(sale: SoldSale, rows: tuple[Row, ...], names: Mapping[str, str]) -> tuple[TaxLine, ...]:
    by_name = {names[tax.uid]: tax for tax in sale.taxes}
    used = dict.fromkeys(name for row in rows for name in row.taxes)
    lines = []
    for name in used:
        tax = by_name.get(name)
        on_it = [row for row in rows if name in row.taxes]
        lines.append(
            TaxLine(
                name=name,
                percentage=tax.percentage if tax is not None else "",
                base=Money(sum(row.line.net.amount for row in on_it), sale.currency),
                amount=Money(sum(row.taxes[name] for row in on_it), sale.currency),
                is_included=tax.is_included if tax is not None else False,
            )
        )
    return tuple(lines)


_MOST_DIGITS = 3


def invoice_paper(
    session: Session, act: Act, sale: SoldSale, courses: Sequence[Course], buyer_id: str, *, number: str
) -> papers.Invoice:
    """Freeze the invoice of a sale; `courses` are all that were opened by it."""
    clinic, buyer = clinic_in(session), client_in(session, buyer_id)
    language = language_for(buyer.language)
    account = account_of(sale, language, _packages(session, courses, names_in(session, buyer.language)))
    sold_on = day_at(min(course.sold_at for course in courses), clinic.zone)
    payments = payments_in(session, sale, clinic, language, sold_on)
    paid = sum(each.amount.amount for each in payments)
    still_due = account.total - paid
    # Nothing more is due on a canceled invoice, and what is not paid has no due date.
    is_due = still_due > 0 and not any(course.due_ended_at for course in courses)
    return papers.Invoice(
        clinic=clinic_on_paper(clinic),
        number=number,
        issued_on=day_at(act.now, clinic.zone),
        sold_on=sold_on,
        billed_to=party_in(session, buyer),
        language=buyer.language,
        lines=tuple(row.line for row in account.rows),
        net=papers.Money(account.net, sale.currency),
        taxes=account.taxes,
        tip=papers.Money(account.tip, sale.currency),
        service_charge=papers.Money(account.service_charge, sale.currency),
        total=papers.Money(account.total, sale.currency),
        payments=payments,
        paid=papers.Money(paid, sale.currency),
        balance_due=papers.Money(still_due, sale.currency),
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
) -> tuple[papers.PaymentLine, ...]:
    """Return the payments of a sale by day, and what another sale that it takes back pays of it."""
    zone = clinic.zone
    # The staff's name of a payment outside Square, such as "Bank transfer"; never a number.
    called = session.scalar(
        select(Checkout.tender).where(Checkout.square_order_id == sale.square_order_id, Checkout.tender != "")
    )
    named = called if called and sum(ch.isdecimal() for ch in called) <= _MOST_DIGITS else ""
    lines = [
        papers.PaymentLine(
            on=day_at(tender.at, zone),
            how=tender.how,
            amount=papers.Money(tender.amount, sale.currency),
            label=tender.label or (named if tender.how == "other" else ""),
        )
        for tender in sorted(sale.tenders, key=lambda each: each.at)
    ]
    came = sum(line.amount.amount for line in lines)
    taken_back = min(sale.exchanged, sale.total - came)
    if taken_back > 0:
        given = papers.Money(taken_back, sale.currency)
        lines.append(
            papers.PaymentLine(on=sold_on, how="other", amount=given, label=language.gettext("Exchange"))
        )
    return tuple(lines)


def due_on_in(session: Session, square_order_id: str) -> date | None:
    """Return the due date of the balance of a sale started here."""
    begun = select(Checkout.balance_due_on).where(
        Checkout.square_order_id == square_order_id, Checkout.balance_due_on.is_not(None)
    )
    return session.scalar(begun.order_by(Checkout.created_at.desc()).limit(1))


def voucher_letter(store: Store, render: Render, act: Act, gift_id: str) -> HandedOut:
    """Return the letter, to the giver in their language. Raises NotFound, Refused, PaperNotMade."""
    require(act.actor, Role.DESK)
    with store.reading() as session:
        paper = letter_paper_in(session, act, gift_id)
    return HandedOut(drawn(store, render, paper), paper.billed_to.name)


def letter_paper_in(session: Session, act: Act, gift_id: str) -> papers.VoucherLetter:
    """Freeze the letter of a gift; raises NotFound."""
    gift = require_row(session, Gift, gift_id, NO_GIFT)
    giver = client_in(session, gift.giver_id)
    voucher = voucher_paper(session, gift, now=act.now, language=giver.language)
    clinic = clinic_in(session)
    return papers.VoucherLetter(
        clinic=clinic_on_paper(clinic),
        billed_to=party_in(session, giver),
        recipient_name=voucher.recipient_name,
        package_name=voucher.package_name,
        issued_on=day_at(act.now, clinic.zone),
        good_until=voucher.good_until,
        language=giver.language,
        is_folded=voucher.form != "pages",
        has_message=bool(voucher.message),
    )


_FORMS: dict[str, papers.VoucherForm] = {"pages": "pages", "dl": "dl"}
NO_GIFT = "There is no such gift."


def voucher_paper_in(session: Session, gift_id: str, now: datetime) -> papers.GiftVoucher:
    """Freeze the voucher of a gift as of `now`, in the giver's language; raises NotFound."""
    gift = require_row(session, Gift, gift_id, NO_GIFT)
    return voucher_paper(session, gift, now=now, language=client_in(session, gift.giver_id).language)


def voucher_paper(session: Session, gift: Gift, *, now: datetime, language: str) -> papers.GiftVoucher:
    """Freeze the voucher in a language. It covers what the course contains, for as long as the course is valid."""
    clinic = clinic_in(session)
    course = course_in(session, session.get_one(Course, gift.course_id), today=day_at(now, clinic.zone))
    terms, names = course.terms, names_in(session, language)
    is_counted_from_first = terms.waits_for_first_use and course.expires_on is None
    return papers.GiftVoucher(
        clinic=clinic_on_paper(clinic),
        package_name=names(course.package_name),
        contents=tuple(_content(each, names) for each in course.allowances if each.granted > 0),
        giver_name=gift.giver_name,
        recipient_name=gift.recipient_name,
        code=gift.code,
        issued_on=day_at(gift.given_at, clinic.zone),
        message=gift.message,
        good_until=course.expires_on,
        months_from_first_visit=terms.expires_after_months if is_counted_from_first else None,
        terms=gift_sentences(terms, language),
        language=language,
        form=_FORMS.get(clinic.voucher_form, "fold"),
    )


def _content(allowance: AllowanceState, names: Names) -> papers.GiftContent:
    kinds: dict[str, papers.AllowanceKind] = {"touch_up": "touch_up", "add_on": "add_on"}
    return papers.GiftContent(
        names(allowance.treatment), allowance.granted, kinds.get(allowance.kind, "main")
    )
