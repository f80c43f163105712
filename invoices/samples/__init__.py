"""Sample papers of every kind, to look at and to test with. The people and clinics are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from invoices.aftercare import starting_text
from invoices.papers import (
    AftercareSheet,
    Allowance,
    AllowanceKind,
    Clinic,
    CourseSummary,
    Money,
    NextVisit,
    PageSize,
    Paper,
    SummaryVisit,
    stamps,
)
from invoices.samples.account import account_samples
from invoices.samples.gift_month import gift_month_samples
from invoices.samples.languages import language_samples

FACIAL = "Facial acupuncture, 60 min"
TOUCH_UP = "Touch-up, 45 min"
LED = "LED light dome, 15 min"
FOCUS = (
    "Fine lines, forehead",
    "Fine lines, jawline",
    "Jawline",
    "Jawline, puffiness",
    "Dark circles, jawline",
    "Uneven complexion",
)
TERMS = (
    "For you alone; sessions can be handed on only with our agreement.",
    "A visit cancelled less than 24 hours ahead, or missed, uses a session; the first one is forgiven.",
    "Refund: what you paid, less the sessions used at the single price of $165.00.",
)
SOLD_ON = date(2026, 10, 1)
CLINIC = Clinic(
    name="Juniper Street Acupuncture",
    address_lines=("118 Juniper Street, Suite 4", "Los Angeles, CA 90012"),
    phone="(310) 555-0100",
    email="hello@juniperstreet.example",
    website="juniperstreet.example",
)


def clinic(page_size: PageSize = "letter") -> Clinic:
    return replace(CLINIC, page_size=page_size)


def visit_days(count: int) -> tuple[date, ...]:
    """The first visit days of a course that goes to the clinic once a week."""
    return tuple(date(2026, 10, 6) + timedelta(days=7 * n) for n in range(count))


def visits(count: int, *, total: int = 12) -> tuple[SummaryVisit, ...]:
    """Visits of the main treatment; those beyond `total` are touch-ups."""
    return tuple(_visit(n, on, total) for n, on in enumerate(visit_days(count), start=1))


def _visit(n: int, on: date, total: int) -> SummaryVisit:
    is_touch_up = n > total
    kind: AllowanceKind = "touch_up" if is_touch_up else "main"
    return SummaryVisit(
        on=on,
        treatment=TOUCH_UP if is_touch_up else FACIAL,
        session_number=n - total if is_touch_up else n,
        kind=kind,
        practitioner="J. Park" if n % 3 == 0 else "A. Kim",
        focus=FOCUS[n % len(FOCUS)],
    )


def _next_after(day: date) -> NextVisit:
    at = datetime.combine(day + timedelta(days=7), time(18, 30), tzinfo=UTC)
    return NextVisit(at=at, practitioner="A. Kim")


def course(used: int, total: int = 12, *, touch_ups_used: int = 0) -> CourseSummary:
    """An open course of `total` with two touch-ups."""
    days = visit_days(total + 2)
    left = total - used
    main = Allowance(
        treatment=FACIAL,
        granted=total,
        used=used,
        left=left,
        stamps=stamps(granted=total, used_on=days[:used], left=left),
    )
    touch_up = Allowance(
        treatment=TOUCH_UP,
        kind="touch_up",
        granted=2,
        used=touch_ups_used,
        left=2 - touch_ups_used,
        usable_from_session=total,
        stamps=stamps(granted=2, used_on=days[total : total + touch_ups_used], left=2 - touch_ups_used),
    )
    led = Allowance(treatment=LED, kind="add_on", granted=total, used=used, left=left)
    seen = visits(used + touch_ups_used, total=total)
    return CourseSummary(
        clinic=CLINIC,
        client_name="Margaret Osei",
        issued_on=seen[-1].on if seen else SOLD_ON,
        package_name=f"Facial acupuncture, course of {total} with two touch-ups",
        sessions_left=left,
        sessions_total=total,
        sold_on=SOLD_ON,
        paid=Money(16500 * total, "USD"),
        allowances=(main, touch_up, led),
        visits=seen,
        terms=TERMS,
        suggested_interval="Most people come once a week.",
        next_visit=_next_after(seen[-1].on if seen else SOLD_ON),
        balance_url="https://courses.juniperstreet.example/my/4fTq9sKx2Lw8ZrVb6NcYp1",
    )


def refunded() -> CourseSummary:
    paper = course(5)
    main = replace(paper.allowances[0], left=0, stamps=stamps(granted=12, used_on=visit_days(5), left=0))
    touch_up = replace(paper.allowances[1], left=0, stamps=stamps(granted=2, used_on=(), left=0))
    return replace(
        paper,
        status="refunded",
        status_on=date(2026, 11, 10),
        issued_on=date(2026, 11, 10),
        sessions_left=0,
        refunded=Money(115500, "USD"),
        allowances=(main, touch_up),
        next_visit=None,
    )


def expired() -> CourseSummary:
    paper = course(8)
    lost = stamps(granted=12, used_on=visit_days(8), left=0, lost="expired")
    main = replace(paper.allowances[0], left=0, stamps=lost)
    return replace(
        paper,
        status="expired",
        status_on=date(2027, 10, 1),
        issued_on=date(2027, 10, 4),
        expires_on=date(2027, 10, 1),
        sessions_left=0,
        allowances=(main,),
        next_visit=None,
    )


def finished() -> CourseSummary:
    paper = course(12, touch_ups_used=2)
    return replace(paper, status="finished", status_on=visit_days(14)[-1], next_visit=None)


def on_hold() -> CourseSummary:
    since = date(2026, 11, 10)
    return replace(course(5), status="frozen", status_on=since, issued_on=since, next_visit=None)


def transferred() -> CourseSummary:
    return replace(refunded(), status="transferred", refunded=None)


def part_paid() -> CourseSummary:
    return replace(course(2), status="part_paid", paid=Money(99000, "USD"), balance_due=Money(99000, "USD"))


def long_names() -> CourseSummary:
    paper = course(3)
    long_visit = replace(
        paper.visits[0],
        practitioner="Alexandria Montgomery-Fitzgerald",
        focus="Fine lines around the eyes and mouth, jawline, puffiness in the morning, uneven complexion "
        "after a long summer outdoors; calmer points than last time, and the neck as well",
    )
    return replace(
        paper,
        clinic=replace(CLINIC, name="The Juniper Street Centre for Facial and Restorative Acupuncture"),
        client_name="Wilhelmina Konstantinopolitanska-Featherstonehaugh von Hohenzollern-Sigmaringen",
        package_name="Restorative acupuncture for the face, neck and chest, course of 12 with two touch-ups",
        visits=(long_visit, *paper.visits[1:]),
    )


def accents() -> CourseSummary:
    return replace(
        course(5),
        client_name="Zoë Nguyễn-Łukaszewicz Ağaoğlu",
        visits=tuple(replace(visit, practitioner="Søren Ångström") for visit in visits(5)),
    )


def aftercare(slug: str = "facial-acupuncture", *, language: str = "en") -> AftercareSheet:
    is_touch_up = slug == "touch-up"
    session_number = 5
    return AftercareSheet(
        clinic=CLINIC,
        client_name="Margaret Osei",
        visited_on=visit_days(session_number)[-1],
        treatment={"touch-up": TOUCH_UP, "led-light-dome": LED}.get(slug, FACIAL),
        language=language,
        text=starting_text(slug, language),
        session_number=1 if is_touch_up else session_number,
        sessions_total=2 if is_touch_up else 12,
        kind="touch_up" if is_touch_up else "main",
        practitioner="A. Kim",
        next_visit=_next_after(visit_days(session_number)[-1]),
    )


def samples(page_size: PageSize = "letter") -> dict[str, Paper]:
    """Every sample by a name that says what it shows."""
    papers: dict[str, Paper] = {
        "summary-5-of-12": course(5),
        "summary-0-of-12": course(0),
        "summary-12-of-12": course(12),
        "summary-touch-ups-used": course(12, touch_ups_used=2),
        "summary-finished": finished(),
        "summary-refunded": refunded(),
        "summary-expired": expired(),
        "summary-on-hold": on_hold(),
        "summary-part-paid": part_paid(),
        "summary-transferred": transferred(),
        "summary-60-visits": course(60, 60),
        "summary-100-visits": course(100, 100),
        "summary-long-names": long_names(),
        "summary-accents": accents(),
        "summary-spanish": replace(course(5), language="es"),
        "aftercare-facial": aftercare(),
        "aftercare-spanish": aftercare(language="es"),
        "aftercare-touch-up": aftercare("touch-up"),
        "aftercare-led": aftercare("led-light-dome"),
        "aftercare-reviewed": replace(aftercare(), text=replace(aftercare().text, reviewed=True)),
        **account_samples(),
        **gift_month_samples(),
        **language_samples(course(5), course(12), aftercare),
    }
    return {
        name: replace(paper, clinic=replace(paper.clinic, page_size=page_size))
        for name, paper in papers.items()
    }
