"""A year of a clinic, and its owner's November."""

from datetime import date, timedelta

from invoices.papers import OwnersMonth, YearEnd
from plugin.core.terms import Terms
from plugin.courses.journal.year import year_paper
from plugin.courses.reports.books import close_books
from plugin.courses.reports.month import owners_month
from tests.courses.desk import OLGA
from tests.papers.clinic import SINGLE, PaperClinic

NOVEMBER = date(2026, 11, 1)
# How many courses of ten are sold in each month up to November, and the sessions used of each course at once.
FLOWS = ((2, 4), (2, 5), (1, 6), (3, 5), (2, 6), (2, 7), (1, 6), (1, 4), (2, 5), (3, 5), (3, 6), (4, 2))
CLIENTS = (
    "Margaret Osei",
    "Ines Reis",
    "Hannah Lindqvist",
    "Teresa Alvarez",
    "Zoë Nguyễn-Łukaszewicz",
    "王小梅",
    "Dorothy Abara",
)


def year(clinic: PaperClinic) -> None:
    """Sell and use, month by month; in November a course is refunded, one frozen, and one session given."""
    ten = clinic.package("Facial acupuncture, course of 10", *clinic.contents(10), price=10 * SINGLE)
    four = clinic.package(
        "Touch-ups, four in a year",
        *clinic.contents(4),
        price=4 * SINGLE,
        terms=Terms(expires_on=date(2026, 12, 10)),
    )
    sold = 0
    for place, (courses, used) in enumerate(FLOWS):
        first = date(2025 + (place > 0), 12 if place == 0 else place, 4)
        for number in range(courses):
            client = f"{CLIENTS[sold % len(CLIENTS)]}"
            course_id = clinic.sell(client, ten, on=first + timedelta(days=number), price=10 * SINGLE)
            clinic.go_to(first + timedelta(days=7 + number))
            clinic.desk.use(course_id, actor=clinic.practitioner("A. Kim"), sessions=used)
            sold += 1
    expiring = clinic.sell("Ines Reis", four, on=date(2026, 11, 5), price=4 * SINGLE)
    clinic.go_to(date(2026, 11, 12))
    clinic.desk.use(expiring, actor=clinic.practitioner("J. Park"), sessions=2)
    back = clinic.sell("Noor Haddad", ten, on=date(2026, 11, 6), price=10 * SINGLE)
    clinic.refund(back, 10 * SINGLE, on=date(2026, 11, 16))
    clinic.changes.adjust(expiring, 1)
    clinic.go_to(date(2026, 12, 3))


def year_sheet(clinic: PaperClinic, language: str = "en", *, on: date = date(2026, 12, 3)) -> YearEnd:
    """Return the sheet of 2026, which has sales of the year before."""
    clinic.go_to(on)
    clinic.letterhead(language=language)
    paper = year_paper(clinic.store, 2026, now=clinic.clock())
    clinic.letterhead(language="en")
    return paper


def november(clinic: PaperClinic, language: str = "en", *, on: date = date(2026, 12, 3)) -> OwnersMonth:
    clinic.go_to(on)
    clinic.letterhead(language=language)
    paper = owners_month(clinic.store, NOVEMBER, now=clinic.clock())
    clinic.letterhead(language="en")
    return paper


def closed(clinic: PaperClinic) -> OwnersMonth:
    clinic.go_to(date(2026, 12, 3))
    close_books(clinic.store, clinic.desk.act(OLGA), date(2026, 11, 30))
    return november(clinic)
