"""Invoices, credit notes and statements of sales that were recorded as Square has them, by what each shows."""

from datetime import date

from invoices.papers import AccountStatement, CreditNote, Invoice
from plugin.courses.clients.buyers import update_from_square_in
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.client_statement import client_statement
from plugin.courses.documents.issuing import invoice_of_course
from plugin.courses.documents.sale_record import SoldSale, Tender
from plugin.courses.documents.statement import statement_in
from tests.courses.documents.sales import sold_line
from tests.papers.clinic import SINGLE, SOLD_ON, PaperClinic, applied, sales_tax
from tests.papers.summaries import LONG_CLINIC, LONG_NAME, LONG_PACKAGE

# What the packages hold and what is sold beside them, as the desk of a clinic in this language names it.
WORDS = {
    "en": (
        "Facial acupuncture, course of 12 with two touch-ups",
        ("Facial acupuncture, 60 min", "Touch-up, 45 min"),
        "Evening primrose face oil, 30 ml",
        "Sales tax",
        "Margaret Osei",
    ),
    "es": (
        "Acupuntura facial, 12 sesiones con dos retoques",
        ("Acupuntura facial, 60 min", "Retoque, 45 min"),
        "Aceite facial de onagra, 30 ml",
        "Impuesto sobre las ventas",
        "María Fernández",
    ),
    "zh-Hans": (
        "面部针灸疗程，12次，含2次巩固护理",
        ("面部针灸，60分钟", "巩固护理，45分钟"),
        "月见草面部精油，30毫升",
        "销售税",
        "王美玲",
    ),
}


def package_in(clinic: PaperClinic, language: str) -> str:
    """Return the package of twelve as a clinic in this language names it."""
    name, treatments, *_ = WORDS[language]
    return clinic.package(name, *clinic.contents(12, touch_ups=2, names=treatments))


def with_oil(
    clinic: PaperClinic, package_id: str, language: str = "en", *, percentage: str = "9.5"
) -> SoldSale:
    """Return a sale of the package and two bottles of oil, with a tip, paid by gift card and card."""
    _, _, oil, tax_name, _ = WORDS[language]
    tax = sales_tax(tax_name, percentage)
    bottles = sold_line(
        "L2",
        9461,
        name=oil,
        quantity="2",
        unit_price=4800,
        discount=960,
        tax=821,
        taxes=applied(tax, 821),
    )
    clinic.go_to(SOLD_ON)
    total = 12 * SINGLE + 9461 + 4000
    paid = (("gift_card", "", 50000), ("card", "Visa", total - 50000))
    tenders = tuple(
        Tender(square_payment_id=f"PAY-{how}", how=how, label=label, amount=amount, at=clinic.clock())  # type: ignore[arg-type]
        for how, label, amount in paid
    )
    return clinic.sale_of(
        package_id, 12 * SINGLE, bottles, taxes=(tax,), tip=4000, total=total, tenders=tenders
    )


def invoice(clinic: PaperClinic, language: str = "en") -> Invoice:
    return clinic.invoice_of(sold_with_oil(clinic, language))


def sold_with_oil(clinic: PaperClinic, language: str = "en") -> str:
    package_id = package_in(clinic, language)
    return clinic.sell(
        WORDS[language][4],
        package_id,
        language=language,
        sale=with_oil(clinic, package_id, language),
        email="client@example.com",
    )


def part_paid(clinic: PaperClinic) -> Invoice:
    course_id = clinic.sell_by_invoice(99000, due_on=date(2026, 12, 28), on=date(2026, 11, 28))
    return clinic.invoice_of(course_id)


def many_lines(clinic: PaperClinic, lines: int = 40) -> Invoice:
    """A package and many bottles, every other one with state, county and city tax."""
    taxes = [
        (sales_tax("California", "6"), 288),
        (sales_tax("Los Angeles County", "0.25"), 12),
        (sales_tax("City of Los Angeles", "3.25"), 156),
    ]
    on_one = sum(amount for _, amount in taxes)
    bottles = [
        sold_line(
            f"B{number}",
            4800 + (on_one if number % 2 else 0),
            name=f"{WORDS['en'][2]}, batch {number}",
            unit_price=4800,
            tax=on_one if number % 2 else 0,
            taxes=tuple(one for tax, amount in taxes for one in applied(tax, amount)) if number % 2 else (),
        )
        for number in range(1, lines)
    ]
    package_id = clinic.package()
    sale = clinic.sale_of(package_id, 12 * SINGLE, *bottles, taxes=tuple(tax for tax, _ in taxes))
    return clinic.invoice_of(clinic.sell(sale=sale))


def long_names(clinic: PaperClinic) -> Invoice:
    """The longest names and amounts that a clinic may meet, and an address from Square's profile."""
    tax = sales_tax("Combined state, county and city sales tax of Los Angeles", "10.25")
    package_id = clinic.package(LONG_PACKAGE, *clinic.contents(12, touch_ups=2, led=12))
    total, discount = 133524967, 2345678
    net = 121111081
    line = {
        "unit_price": net + discount,
        "discount": discount,
        "tax": total - net,
        "taxes": applied(tax, total - net),
    }
    sale = clinic.sale_of(package_id, total, taxes=(tax,), line=line)
    course_id = clinic.sell(
        LONG_NAME,
        package_id,
        sale=sale,
        email="wilhelmina.konstantinopolitanska@featherstonehaugh.example",
    )
    live_at(
        clinic,
        course_id,
        "4711 Konstantinopel Boulevard\nRancho Palos Verdes, CA 90275",
        "US",
    )
    clinic.letterhead(name=LONG_CLINIC)
    paper = clinic.invoice_of(course_id)
    clinic.letterhead(name="Juniper Street Acupuncture")
    return paper


def live_at(clinic: PaperClinic, course_id: str, address: str, country: str) -> None:
    """Have Square's directory say where the client lives."""
    order = clinic.desk.course(course_id).square_order_id
    course = clinic.desk.course(course_id)
    buyer = Buyer(f"CUSTOMER-{order}", name=course.client_name or "", address=address, country=country)
    clinic.store.transact(lambda session: update_from_square_in(session, buyer))


def electronic(clinic: PaperClinic, *, is_taxed: bool = True) -> str:
    """Sell at the clinic in Berlin, with its tax inside the prices, in part paid; the XML goes inside the file."""
    clinic.letterhead(has_e_invoices=is_taxed)
    package_id = clinic.package()
    tax = sales_tax("MwSt.", "19", is_included=True)
    net, oil_net = (166387, 7261) if is_taxed else (198000, 8640)
    taxes = (tax,) if is_taxed else ()
    bottles = sold_line(
        "L2",
        8640,
        name="Nachtkerzenöl, 30 ml",
        quantity="2",
        unit_price=4800,
        discount=960,
        tax=8640 - oil_net,
        taxes=applied(tax, 8640 - oil_net) if is_taxed else (),
    )
    line = {"tax": 198000 - net, "taxes": applied(tax, 198000 - net) if is_taxed else ()}
    clinic.go_to(SOLD_ON)
    cash = Tender(square_payment_id="PAY-1", how="card", label="Visa", amount=100000, at=clinic.clock())
    sale = clinic.sale_of(
        package_id, 198000, bottles, taxes=taxes, line=line, tip=2000, total=208640, tenders=(cash,)
    )
    course_id = clinic.sell("Greta Lindholm", package_id, sale=sale, phone="+49 30 5550142")
    live_at(clinic, course_id, "Hauptstraße 7\n1010 Wien", "AT")
    return course_id


def unused_given_back(clinic: PaperClinic, language: str = "en") -> CreditNote:
    """Eight of ten sessions unused, prorated."""
    package_id = clinic.package("Facial acupuncture, course of 10", *clinic.contents(10), price=10 * SINGLE)
    course_id = clinic.sell(package_id=package_id, price=10 * SINGLE, language=language)
    clinic.come(course_id, 2)
    clinic.invoice_of(course_id)
    clinic.refund(course_id, 132000, on=date(2026, 11, 10))
    return clinic.credit_note_of(course_id)


def forfeited(clinic: PaperClinic, language: str) -> CreditNote:
    """Of twelve with touch-ups, five used at the single price, and a bottle of oil given back too."""
    course_id = sold_with_oil(clinic, language)
    clinic.come(course_id, 5)
    clinic.invoice_of(course_id)
    clinic.refund(course_id, 12 * SINGLE - 5 * SINGLE, on=date(2026, 11, 10), reason="")
    return clinic.credit_note_of(course_id)


def electronic_note(clinic: PaperClinic) -> CreditNote:
    course_id = electronic(clinic)
    clinic.invoice_of(course_id)
    clinic.refund(course_id, 50000, on=date(2026, 11, 10), is_by_line=False, reason="Umzug")
    return clinic.credit_note_of(course_id)


def statement_of(clinic: PaperClinic, course_id: str, *, on: date) -> AccountStatement:
    clinic.go_to(on)
    document_id = invoice_of_course(clinic.store, clinic.desk.act(), course_id)
    with clinic.store.reading() as session:
        return statement_in(session, document_id, now=clinic.clock())


def statement(clinic: PaperClinic, *, is_paid: bool, language: str = "en") -> AccountStatement:
    """A deposit, and where `is_paid` the rest of it."""
    course_id = clinic.sell_by_invoice(
        99000, due_on=date(2026, 12, 28), on=date(2026, 11, 28), language=language
    )
    clinic.invoice_of(course_id)
    if is_paid:
        clinic.pay_the_rest(course_id, on=date(2026, 12, 20))
    return statement_of(clinic, course_id, on=date(2026, 12, 20) if is_paid else date(2026, 12, 1))


def statement_of_all(clinic: PaperClinic, language: str = "en") -> AccountStatement:
    """A course that was paid and refunded in part, and one of which half is due."""
    first = clinic.sell("Harriet Vale", price=12 * SINGLE, language=language, on=date(2026, 3, 2))
    clinic.invoice_of(first)
    clinic.refund(first, 3 * SINGLE, on=date(2026, 5, 4))
    clinic.credit_note_of(first)
    second = clinic.sell_by_invoice(
        99000, due_on=date(2026, 12, 28), on=date(2026, 11, 28), client_id=clinic.client_of(first)
    )
    clinic.invoice_of(second)
    return client_statement(clinic.store, clinic.desk.act(), clinic.client_of(second))


def statement_refunded(clinic: PaperClinic) -> AccountStatement:
    course_id = sold_with_oil(clinic)
    clinic.invoice_of(course_id)
    clinic.come(course_id, 5)
    clinic.refund(course_id, 7 * SINGLE, on=date(2026, 11, 10))
    clinic.credit_note_of(course_id)
    return statement_of(clinic, course_id, on=date(2026, 11, 12))
