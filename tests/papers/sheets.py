"""Aftercare sheets after real visits, in every treatment that has a text and every language."""

import re
from datetime import date, timedelta

from invoices.papers import AftercareSheet, PlannerForm, SheetForm, VisitPlanner, WelcomeSheet
from plugin.core.money import Money
from plugin.courses.catalog.packages import NewContent
from plugin.courses.handouts.content import aftercare_paper
from plugin.courses.handouts.texts import list_texts, read_treatment_text, save_text
from plugin.courses.handouts.welcome import planner_paper, welcome_paper
from plugin.courses.visits.visit_plan import propose_plan, read_plan, save_plan
from tests.courses.desk import FACIAL, OLGA, TOUCH_UP
from tests.papers.clinic import BALANCE_URL, LED, SINGLE, PaperClinic

CUPPING = "Cupping, 30 min"
DAY = date(2026, 11, 3)


def sheet(
    clinic: PaperClinic, course_id: str, language: str = "en", form: SheetForm = "sheet"
) -> AftercareSheet:
    return aftercare_paper(clinic.store, course_id, now=clinic.clock(), language=language, form=form)


def facial(clinic: PaperClinic) -> str:
    """Return a course whose last visit was the fifth, with the next one booked."""
    course_id = clinic.sell()
    last = clinic.come(course_id, 5)
    clinic.book_visit(course_id, last + timedelta(days=7), treatment=FACIAL)
    return course_id


def touch_up(clinic: PaperClinic) -> str:
    """Return a short course whose last visit was a touch-up."""
    package = clinic.package("Two facials and a touch-up", *clinic.contents(2, touch_ups=1), price=3 * SINGLE)
    course_id = clinic.sell(package_id=package, price=3 * SINGLE)
    clinic.come(course_id, 3, focus=())
    clinic.book_visit(course_id, DAY, treatment=TOUCH_UP)
    return course_id


def single(clinic: PaperClinic, treatment: str) -> str:
    """Return a course of one treatment, used once."""
    price = Money(SINGLE, "USD")
    package = clinic.package(
        f"Ten of {treatment}", NewContent(treatment, 10, price, kind="main"), price=10 * SINGLE
    )
    course_id = clinic.sell(package_id=package, price=10 * SINGLE)
    clinic.come(course_id, 1, focus=())
    return course_id


def led(clinic: PaperClinic) -> str:
    return single(clinic, LED)


def other(clinic: PaperClinic) -> str:
    return single(clinic, CUPPING)


def welcome(clinic: PaperClinic, language: str = "en") -> WelcomeSheet:
    """The sheet of the day a course was bought, with the first visit booked."""
    course_id = clinic.sell()
    return welcome_paper(
        clinic.store, course_id, now=clinic.clock(), language=language, balance_url=BALANCE_URL
    )


def planned(clinic: PaperClinic, language: str = "en", form: PlannerForm = "sheet") -> VisitPlanner:
    """Two visits came, the third is booked, the others are proposed by the rhythm and kept."""
    course_id = clinic.sell()
    last = clinic.come(course_id, 2)
    clinic.book_visit(course_id, last + timedelta(days=7))
    plan = read_plan(clinic.store, course_id, now=clinic.clock())
    moments = propose_plan(clinic.store, plan, plan.rhythm)
    save_plan(clinic.store, clinic.desk.act(OLGA), course_id, moments)
    return planner_paper(
        clinic.store, course_id, now=clinic.clock(), language=language, balance_url=BALANCE_URL, form=form
    )


def reviewed(clinic: PaperClinic) -> AftercareSheet:
    """The clinic's own text for cupping, signed off, in two parts of help as texts had them once."""
    course_id = single(clinic, "Gua sha, 20 min")
    (text,) = (each for each in list_texts(clinic.store) if each.treatment == "Gua sha, 20 min")
    own = read_treatment_text(clinic.store, text.treatment_id, "en")
    markdown = re.sub(r"## When to see a doctor today.*?(?=##)", "", own.markdown, flags=re.DOTALL)
    save_text(
        clinic.store,
        clinic.desk.act(OLGA),
        text.treatment_id,
        "en",
        markdown,
        is_reviewed=True,
        seen_version=own.newest,
    )
    return sheet(clinic, course_id)
