"""Course summaries of courses in every state, by a name that says what each shows."""

from dataclasses import replace
from datetime import date, time, timedelta

from invoices.papers import CourseSummary
from plugin.core.terms import ExpiresFrom, NoShow, RefundFormula, Terms
from plugin.courses.sales.checkouts import NewCheckout, start_checkout
from plugin.store.selling import Checkout
from tests.courses.desk import FACIAL, TOUCH_UP
from tests.papers.clinic import FIRST_VISIT, SINGLE, PaperClinic

TERMS = Terms(refund_formula=RefundFormula.DISCOUNT_FORFEITED, no_show=NoShow.CHARGE, forgiven_no_shows=1)
LONG_CLINIC = "The Juniper Street Centre for Facial and Restorative Acupuncture"
LONG_NAME = "Wilhelmina Konstantinopolitanska-Featherstonehaugh von Hohenzollern-Sigmaringen"
LONG_PACKAGE = "Restorative acupuncture for the face, neck and chest, course of 12 with two touch-ups"
# In the scripts that the bundled fonts have, so that the paper is the same on every machine.
EVERYWHERE = (
    "Zoë Ångström",
    "Lê Phượng",
    "Łukasz Żółć",
    "Ayşe Ağaoğlu",
    "Иван Петров",
    "Ελένη Παππά",
    "王美玲",
    "陳小明",
    "喆堃",
    "田中さくら",
    "김민지",
    "Siân O’Brien",
)
SCRIPTS = (
    "สมชาย ใจดี",
    "अनिता क्षत्रिय",
    "محمد علي (أبو سعيد)",
    "דוד לוי",
    "தமிழ்ச்செல்வி",
    "សុខ សុភា",
)


def with_terms(clinic: PaperClinic) -> str:
    """Return the package of twelve with terms that say everything they can."""
    return clinic.package(
        "Facial acupuncture, course of 12", *clinic.contents(12, touch_ups=2, led=12), terms=TERMS
    )


def course(clinic: PaperClinic, visits: int, *, client: str = "Margaret Osei", language: str = "en") -> str:
    """Sell a course of twelve with everything, and have the client come so often."""
    course_id = clinic.sell(client, with_terms(clinic), language=language)
    last = clinic.come(course_id, visits)
    if visits:
        treatment = FACIAL if visits < 12 else TOUCH_UP
        clinic.book_visit(course_id, last + timedelta(days=7), treatment=treatment)
    return course_id


def used(clinic: PaperClinic, visits: int) -> CourseSummary:
    return clinic.summary(course(clinic, visits))


def finished(clinic: PaperClinic) -> CourseSummary:
    course_id = clinic.sell()
    last = clinic.come(course_id, 12)
    clinic.come(course_id, 2, first=last + timedelta(days=28), every=28)
    return clinic.summary(course_id)


def part_paid(clinic: PaperClinic, visits: int = 0) -> CourseSummary:
    course_id = clinic.sell_by_invoice(99000, due_on=date(2026, 12, 28))
    clinic.come(course_id, visits)
    return clinic.summary(course_id)


def on_hold(clinic: PaperClinic) -> CourseSummary:
    terms = replace(TERMS, expires_after_months=12)
    course_id = clinic.sell(package_id=clinic.package("Facial acupuncture, a year for twelve", terms=terms))
    clinic.come(course_id, 5)
    clinic.go_to(date(2026, 11, 10))
    clinic.changes.freeze(course_id)
    return clinic.summary(course_id, on=date(2026, 11, 20))


def expiring(clinic: PaperClinic, visits: int) -> str:
    terms = Terms(expires_on=date(2026, 12, 5))
    course_id = clinic.sell(package_id=clinic.package("Facial acupuncture, autumn course", terms=terms))
    clinic.come(course_id, visits)
    return course_id


def expired(clinic: PaperClinic) -> CourseSummary:
    return clinic.summary(expiring(clinic, 1), on=date(2026, 12, 8))


def expired_written_off(clinic: PaperClinic) -> CourseSummary:
    course_id = expiring(clinic, 4)
    clinic.go_to(date(2027, 1, 4))
    clinic.changes.write_off(course_id)
    return clinic.summary(course_id)


def written_off(clinic: PaperClinic) -> CourseSummary:
    course_id = course(clinic, 8)
    clinic.go_to(date(2027, 1, 4))
    clinic.changes.write_off(course_id)
    return clinic.summary(course_id)


def refunded(clinic: PaperClinic) -> CourseSummary:
    course_id = clinic.sell()
    clinic.come(course_id, 5)
    clinic.invoice_of(course_id)
    clinic.refund(course_id, 115500, on=date(2026, 11, 10))
    clinic.credit_note_of(course_id)
    return clinic.summary(course_id)


def transferred(clinic: PaperClinic, *, is_receiver: bool = False) -> CourseSummary:
    course_id = course(clinic, 5)
    clinic.go_to(date(2026, 11, 20))
    received = clinic.changes.transfer(course_id, clinic.desk.client("Nora Vale")).course.id
    if not is_receiver:
        return clinic.summary(course_id)
    clinic.come(received, 2, first=date(2026, 11, 24))
    return clinic.summary(received)


def gift(clinic: PaperClinic, *, is_redeemed: bool) -> CourseSummary:
    course_id = clinic.sell("Harriet Vale", with_terms(clinic), on=date(2026, 11, 28))
    code = "RTHAX3FD92HT" if is_redeemed else "WATX3FD92HTA"
    clinic.changes.give(course_id, code)
    if is_redeemed:
        clinic.go_to(date(2026, 12, 12))
        clinic.changes.redeem(code, clinic.desk.client("Ruth Abara"))
        clinic.come(course_id, 2, first=date(2026, 12, 15))
    return clinic.summary(course_id)


def exchanged(clinic: PaperClinic, *, is_new: bool) -> CourseSummary:
    ten = clinic.package("Facial acupuncture, course of 10", *clinic.contents(10), price=10 * SINGLE)
    old = clinic.sell(package_id=ten, price=10 * SINGLE)
    clinic.come(old, 4)
    clinic.go_to(date(2026, 11, 2))
    order = clinic.order()
    new = NewCheckout(clinic.client_of(old), clinic.package(), "cash", exchanges=old)
    checkout_id = start_checkout(clinic.store, clinic.desk.act(), new).id
    with clinic.store.writing() as session:
        kept = session.get_one(Checkout, checkout_id)
        kept.square_order_id, kept.state = order, "waiting"
        credit = kept.credit or 0
    line = clinic.desk.line(clinic.package(), paid=12 * SINGLE - credit)
    (course_id,) = clinic.desk.book(clinic.desk.sale(line, order=order, buyer=None)).opened
    return clinic.summary(course_id if is_new else old)


def first_use(clinic: PaperClinic) -> CourseSummary:
    terms = replace(TERMS, expires_after_months=12, expires_from=ExpiresFrom.FIRST_USE)
    package = clinic.package("Facial acupuncture, a year from the first visit", terms=terms)
    return clinic.summary(clinic.sell(package_id=package))


def many(clinic: PaperClinic, sessions: int) -> CourseSummary:
    package = clinic.package(
        f"Facial acupuncture, course of {sessions}",
        *clinic.contents(sessions),
        price=sessions * SINGLE,
    )
    course_id = clinic.sell(package_id=package, price=sessions * SINGLE)
    clinic.come(course_id, sessions, every=3)
    return clinic.summary(course_id)


def long_names(clinic: PaperClinic) -> CourseSummary:
    course_id = clinic.sell(
        LONG_NAME, clinic.package(LONG_PACKAGE, *clinic.contents(12, touch_ups=2), terms=TERMS)
    )
    focus = "Fine lines around the eyes and mouth, jawline, puffiness in the morning, and the neck as well"
    clinic.come(course_id, 3, focus=[focus], practitioners=["Alexandria Montgomery-Fitzgerald"])
    clinic.letterhead(name=LONG_CLINIC)
    paper = clinic.summary(course_id)
    clinic.letterhead(name="Juniper Street Acupuncture")
    return paper


def names(clinic: PaperClinic, client: str, practitioners: tuple[str, ...]) -> CourseSummary:
    course_id = clinic.sell(client, with_terms(clinic))
    clinic.come(course_id, len(practitioners), practitioners=practitioners, focus=())
    return clinic.summary(course_id)


def no_show(clinic: PaperClinic) -> CourseSummary:
    course_id = course(clinic, 3)
    clinic.book_visit(course_id, FIRST_VISIT + timedelta(days=28))
    clinic.go_to(FIRST_VISIT + timedelta(days=28), time(18))
    clinic.appointments.missed("charge", f"BOOKING-{course_id}-{FIRST_VISIT + timedelta(days=28)}")
    return clinic.summary(course_id)
