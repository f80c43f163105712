"""A clinic whose papers are drawn: it sells, uses, freezes, gives and refunds through the use cases. Knows no paper."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from invoices.papers import CourseSummary, CreditNote, Invoice, Receipt
from plugin.core.acts import SQUARE, Actor, Role
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.courses.base.events import Refunded, publish
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import Work
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.clients.clients import client_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.sale_record import (
    AppliedTax,
    SaleTax,
    SoldLine,
    SoldSale,
    Tender,
    sale_in,
    save_refund_in,
)
from plugin.courses.handouts.content import summary_paper
from plugin.courses.handouts.texts import list_texts, suggest_days
from plugin.courses.refunds.refund import record_refund
from plugin.courses.sales.checkouts import NewCheckout, start_checkout
from plugin.courses.sales.sales import Came, Refund, ReturnLine
from plugin.store import Store
from plugin.store.selling import Checkout
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.changes.changing import Changes
from tests.courses.desk import FACIAL, OLGA, TOUCH_UP, Desk
from tests.courses.documents.sales import Papers, sold_line, sold_sale

LED = "LED light dome, 15 min"
SINGLE = 16500
SOLD_ON = date(2026, 10, 1)
FIRST_VISIT = date(2026, 10, 6)
BALANCE_URL = "https://courses.juniperstreet.example/my/4fTq9sKx2Lw8ZrVb6NcYp1"
FOCUS = (
    "Fine lines, forehead",
    "Fine lines, jawline",
    "Jawline",
    "Jawline, puffiness",
    "Dark circles, jawline",
    "Uneven complexion",
)
JUNIPER = {
    "name": "Juniper Street Acupuncture",
    "address": "118 Juniper Street, Suite 4\nLos Angeles, CA 90012",
    "phone": "(310) 555-0100",
    "email": "hello@juniperstreet.example",
    "website": "juniperstreet.example",
    "map_url": "https://maps.juniperstreet.example/118",
    "parking": "behind the house, two hours free",
    "entrance": "the green door, second floor",
    "legal_name": "Juniper Street Acupuncture LLC",
    "tax_id": "95-4821937",
}
LINDENHOF = {
    "name": "Praxis Lindenhof",
    "address": "Lindenstraße 8\n10969 Berlin",
    "phone": "+49 30 5550100",
    "email": "praxis@lindenhof.example",
    "legal_name": "Praxis Lindenhof GmbH",
    "tax_id": "DE 123 456 789",
    "country": "DE",
    "currency": "EUR",
    "page_size": "a4",
    "time_zone": "Europe/Berlin",
}


class PaperClinic:
    """A clinic at its desk. Its clock is set by whatever is done: a sale, a visit, a paper that is asked for."""

    def __init__(self, store: Store, letterhead: dict[str, str] | None = None) -> None:
        self.clock = HandMovedClock()
        self.desk = Desk(store, self.clock)
        self.store = store
        self.changes = Changes(self.desk)
        self.appointments = Appointments(self.desk)
        self.documents = Papers(self.desk)
        self.letterhead(**(letterhead or JUNIPER))
        self.staff = {name: self._practitioner(name) for name in ("A. Kim", "J. Park")}
        self._packages: dict[str, str] = {}
        self._orders = 0
        self._came: dict[str, list[tuple[int, datetime]]] = {}

    def letterhead(self, **changes: Any) -> ClinicView:
        """Change what stands at the head of papers."""
        changed = replace(read_clinic(self.store), **changes)
        return save_clinic(self.store, self.desk.act(OLGA), changed)

    def _practitioner(self, name: str) -> Actor:
        email = f"{''.join(ch for ch in name.casefold() if ch.isalnum()).encode('ascii', 'ignore').decode()}"
        return add_staff(
            self.store,
            email=f"{email}{len(getattr(self, 'staff', ()))}@example.org",
            name=name,
            role=Role.PRACTITIONER,
            password_hash="x",
            now=self.clock(),
        ).actor

    def practitioner(self, name: str) -> Actor:
        """Return somebody who treats, taken on when first asked for."""
        if name not in self.staff:
            self.staff[name] = self._practitioner(name)
        return self.staff[name]

    def go_to(self, day: date, at: time = time(10)) -> None:
        """Make it that time of that day at the clinic."""
        zone = ZoneInfo(read_clinic(self.store).time_zone)
        self.clock.set(datetime.combine(day, at, zone).astimezone(UTC))

    def package(
        self,
        name: str = "Facial acupuncture, course of 12 with two touch-ups",
        *contents: NewContent,
        price: int = 12 * SINGLE,
        terms: Terms | None = None,
    ) -> str:
        """Return the package of that name, made and put on the till the first time: twelve facials, two touch-ups."""
        if name not in self._packages:
            currency = read_clinic(self.store).currency
            wanted = contents or self.contents(12, touch_ups=2)
            new = NewPackage(name, Money(price, currency), wanted, terms or Terms())
            package_id = create_package(self.store, self.desk.act(OLGA), new).id
            self.desk.list_on_till(package_id, f"var-{package_id}")
            self._packages[name] = package_id
            self._suggest_a_week()
        return self._packages[name]

    def contents(
        self, sessions: int, *, touch_ups: int = 0, led: int = 0, names: tuple[str, str] = (FACIAL, TOUCH_UP)
    ) -> tuple[NewContent, ...]:
        """Return so many sessions, touch-ups that open with the last of them, and light domes."""
        single = Money(SINGLE, read_clinic(self.store).currency)
        facial, touch_up = names
        wanted = [NewContent(facial, sessions, single, kind="main")]
        if touch_ups:
            wanted.append(
                NewContent(touch_up, touch_ups, single, usable_from_session=sessions, kind="touch_up")
            )
        if led:
            wanted.append(NewContent(LED, led, Money(0, single.currency), kind="add_on"))
        return tuple(wanted)

    def _suggest_a_week(self) -> None:
        for each in list_texts(self.store):
            if each.kind == "main" and each.suggested_days is None:
                suggest_days(self.store, self.desk.act(OLGA), each.treatment_id, 7)

    def order(self) -> str:
        """Return the mark of a new order in Square."""
        self._orders += 1
        return f"CAISENgvlJ6jLWAzERDzjyHVyb{self._orders:02d}"

    def sell(
        self,
        client: str = "Margaret Osei",
        package_id: str | None = None,
        *,
        on: date = SOLD_ON,
        price: int = 12 * SINGLE,
        language: str = "en",
        sale: SoldSale | None = None,
        phone: str = "(310) 555-0142",
        email: str = "",
    ) -> str:
        """Sell a course at the till as Square tells of it, paid by card, and return it."""
        package_id = package_id or self.package()
        self.go_to(on)
        self.desk.client(client, language=language, phone=phone, email=email)
        sale = sale or self.sale_of(package_id, price)
        order = sale.square_order_id
        self.documents.record(self._paid_by_card(sale))
        line = self.desk.line(
            package_id, paid=sale.lines[0].total - sale.lines[0].tax, currency=sale.currency
        )
        buyer = Buyer(f"CUSTOMER-{order}", name=client, phone=phone, email=email)
        return self.desk.book(self.desk.sale(line, order=order, buyer=buyer, total=sale.total)).opened[0]

    def sell_by_invoice(
        self,
        deposit: int,
        *,
        due_on: date,
        on: date = SOLD_ON,
        price: int = 12 * SINGLE,
        client_id: str = "",
        language: str = "en",
    ) -> str:
        """Sell the course of twelve by Square's invoice with its deposit paid; the rest is due on `due_on`."""
        self.go_to(on)
        client_id = client_id or self.desk.client(
            "Margaret Osei", phone="(310) 555-0142", email="margaret.osei@example.com", language=language
        )
        new = NewCheckout(
            client_id,
            self.package(),
            "invoice",
            deposit=Money(deposit, "USD"),
            deposit_due_on=on,
            balance_due_on=due_on,
        )
        checkout_id = start_checkout(self.store, self.desk.act(), new).id
        order = self.order()
        with self.store.writing() as session:
            kept = session.get_one(Checkout, checkout_id)
            kept.square_order_id, kept.state = order, "waiting"
            kept.url = f"https://squareup.com/pay-invoice/{order}"
        return self._pay(order, price, deposit)

    def pay_the_rest(self, course_id: str, *, on: date) -> None:
        """Have the balance of a deposit come, as Square tells of it."""
        course = self.desk.course(course_id)
        self.go_to(on)
        self._pay(course.square_order_id or "", course.price.amount, course.price.amount - course.paid.amount)

    def pay(self, course_id: str, amount: int, *, on: date) -> None:
        """Have another part of an invoice come, as Square tells of it."""
        course = self.desk.course(course_id)
        self.go_to(on)
        self._pay(course.square_order_id or "", course.price.amount, amount)

    def report_again(self, course_id: str) -> None:
        """Have Square tell once more of what came for an invoice."""
        course = self.desk.course(course_id)
        self._book(course.square_order_id or "", course.price.amount)

    def _pay(self, order: str, price: int, amount: int) -> str:
        """Have so much come for an invoice, after what had come for it before."""
        self._came[order] = [*self._came.get(order, ()), (amount, self.clock())]
        return self._book(order, price)

    def _book(self, order: str, price: int) -> str:
        came = self._came[order]
        sale = self.sale_of(self.package(), price, order=order)
        tenders = tuple(
            Tender(
                square_payment_id=f"PAY-{order}-{place}",
                how="card",
                label="Visa",
                amount=each,
                at=at,
                receipt_url=f"https://squareup.com/receipt/preview/PAY-{order}-{place}",
            )
            for place, (each, at) in enumerate(came)
        )
        self.documents.record(replace(sale, tenders=tenders))
        told = self.desk.sale(self.desk.line(self.package(), paid=price), order=order, buyer=None)
        so_far = accumulate(each for each, _ in came)
        payments = tuple(Came(Money(each, "USD"), at) for each, (_, at) in zip(so_far, came, strict=True))
        booked = self.desk.book(replace(told, came=payments))
        return next(iter(booked.opened), "")

    def sale_of(
        self, package_id: str, price: int, *more: SoldLine, order: str = "", **other: Any
    ) -> SoldSale:
        """Return a sale of that package, and of retail beside it."""
        name = next(name for name, known in self._packages.items() if known == package_id)
        line = sold_line("L1", price, name=name, **other.pop("line", {}))
        sale = sold_sale(order or self.order(), line, *more, **other)
        return replace(sale, currency=read_clinic(self.store).currency)

    def _paid_by_card(self, sale: SoldSale) -> SoldSale:
        (cash, *more) = sale.tenders
        if more:
            return sale
        payment = f"PAY-{sale.square_order_id}"
        card = replace(cash, at=self.clock(), how="card", label="Visa", square_payment_id=payment)
        return replace(sale, tenders=(card,))

    def client_of(self, course_id: str) -> str:
        """Return whose the course is."""
        return self.desk.course(course_id).client_id or ""

    def come(
        self,
        course_id: str,
        visits: int,
        *,
        first: date = FIRST_VISIT,
        focus: Sequence[str] = FOCUS,
        practitioners: Sequence[str] = ("A. Kim", "A. Kim", "J. Park"),
        allowance_id: str | None = None,
        every: int = 7,
    ) -> date:
        """Have the client come so many times, once a week; return the day of the last visit."""
        day = first
        for number in range(visits):
            day = first + timedelta(days=every * number)
            self.go_to(day)
            actor = self.practitioner(practitioners[number % len(practitioners)])
            said = focus[(number + 1) % len(focus)] if focus else ""
            self.desk.use(course_id, actor=actor, focus=said, allowance_id=allowance_id)
        return day

    def allowance(self, course_id: str, kind: str) -> str:
        """Return the allowance of that kind in a course."""
        return next(each.id for each in self.desk.course(course_id).allowances if each.kind == kind)

    def book_visit(
        self,
        course_id: str,
        on: date,
        *,
        at: time = time(10, 30),
        treatment: str = FACIAL,
        practitioner: str = "A. Kim",
    ) -> None:
        """Have Square Appointments tell of the client's next visit."""
        zone = ZoneInfo(read_clinic(self.store).time_zone)
        with self.store.reading() as session:
            customer = client_in(session, self.client_of(course_id)).square_customer_id
        self.appointments.told(
            f"BOOKING-{course_id}-{on}",
            square_customer_id=customer,
            start_at=datetime.combine(on, at, zone).astimezone(UTC),
            service_name=treatment,
            team_member_name=practitioner,
        )

    def summary(
        self, course_id: str, *, on: date | None = None, language: str | None = None
    ) -> CourseSummary:
        """Return the summary as it would be printed now, or on that day."""
        if on is not None:
            self.go_to(on)
        return summary_paper(
            self.store, course_id, now=self.clock(), language=language, balance_url=BALANCE_URL
        )

    def refund(
        self,
        course_id: str,
        amount: int,
        *,
        on: date,
        is_by_line: bool = True,
        reason: str = "Moved away",
    ) -> None:
        """Have Square tell that it gave money back for a course; without its line, for the sale as a whole."""
        self.go_to(on)
        course = self.desk.course(course_id)
        order, currency = course.square_order_id or "", course.price.currency
        with self.store.reading() as session:
            sale = sale_in(session, order)
        assert sale is not None
        mark = f"{order}-{on}"
        line = ReturnLine("R1", "L1", 1, total=amount, tax=0, discount=0)
        told = Refund(
            f"REFUND-{mark}",
            order,
            f"RETURN-{mark}" if is_by_line else None,
            Money(amount, currency),
            Money(sale.total, currency),
            "COMPLETED",
            self.clock(),
            reason,
            (line,) if is_by_line else (),
            square_payment_id=sale.tenders[-1].square_payment_id,
        )
        act = self.desk.act(SQUARE)

        def write(session: Session) -> None:
            save_refund_in(session, told)
            record_refund(Work(session, self.store, act), told)
            publish(Work(session, self.store, act), Refunded(told.square_refund_id))

        self.store.transact(write)

    def give(self, course_id: str, *, to: str, code: str = "RTHAX3FD92HT") -> None:
        """Give a course away, and have whoever brings the code own it."""
        self.changes.give(course_id, code)
        self.changes.redeem(code, self.desk.client(to))

    def invoice_of(self, course_id: str) -> Invoice:
        """Return the invoice that was issued for a course, issued now where it was not."""
        order = self.desk.course(course_id).square_order_id
        self.documents.work()
        return next(each for each in reversed(self.documents.invoices()) if each.reference == order)

    def receipts_of(self, course_id: str) -> list[Receipt]:
        """Return the receipts of a course's sale, issued now where they were not."""
        order = self.desk.course(course_id).square_order_id
        self.documents.work()
        return [each for each in self.documents.receipts() if each.reference == order]

    def credit_note_of(self, course_id: str) -> CreditNote:
        """Return the last credit note of a course."""
        order = self.desk.course(course_id).square_order_id
        self.documents.work()
        return next(each for each in reversed(self.documents.notes()) if each.reference == order)


def sales_tax(name: str, percentage: str, *, is_included: bool = False) -> SaleTax:
    """Return a tax as Square has it in an order."""
    return SaleTax(uid=f"TAX-{name}", name=name, percentage=percentage, is_included=is_included)


def applied(tax: SaleTax, amount: int) -> tuple[AppliedTax, ...]:
    """Return what that tax is on one line."""
    return (AppliedTax(uid=tax.uid, amount=amount),)
