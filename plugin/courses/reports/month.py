"""The owner's month, frozen from the reports: the same numbers as the screens, to the cent. Not stored."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from invoices import papers
from plugin.core.moments import day_at
from plugin.courses.base.clinic import clinic_in, local_date_in
from plugin.courses.base.words import paper_money
from plugin.courses.clients.contacts import written_phone
from plugin.courses.handouts.cache import Render, drawn
from plugin.courses.handouts.content import clinic_on_paper
from plugin.courses.lists.outcomes import Why
from plugin.courses.reports import follow_ups
from plugin.courses.reports.books import Line, LineView, RollForward
from plugin.courses.reports.liability import liability_in
from plugin.courses.reports.overview import MonthView, months_of
from plugin.courses.reports.period import MONTHS_SHOWN, Period, month_of, months_up_to
from plugin.courses.reports.usage import By, SoldRow, UsageRow, months_with_entries, sold_in, usage_in
from plugin.errors import InvalidField
from plugin.store import Store
from plugin.wording import _

PEOPLE_ON_PAPER = 20
REASONS_EACH = 3
_EVER = Period(date(2000, 1, 1), date(2100, 12, 31))
_ROLL_KINDS: dict[Line, papers.RollKind] = {
    Line.OPENING: "opening",
    Line.SOLD: "sold",
    Line.PAID: "paid",
    Line.USED: "used",
    Line.REFUNDED: "refunded",
    Line.EXPIRED: "expired",
    Line.ADJUSTED: "adjusted",
    Line.TRANSFERRED: "transferred",
    Line.CLOSING: "closing",
}


def month_pdf(store: Store, render: Render, month: date, *, now: datetime) -> bytes:
    """Render the month that contains the day. Raises InvalidField, Refused, or PaperNotMade if a retry may help."""
    return drawn(store, render, owners_month(store, month, now=now))


def owners_month(store: Store, month: date, *, now: datetime) -> papers.OwnersMonth:
    """Freeze the month that contains the day, in the clinic's currency. Raises InvalidField for a future month."""
    people = follow_ups.follow_up_page(store, now, follow_ups.FollowUpFilter(), limit=PEOPLE_ON_PAPER)
    with store.reading() as session:
        return owners_month_in(session, month_of(month), people, now=now)


def owners_month_in(
    session: Session, period: Period, people: follow_ups.FollowUpPage, *, now: datetime
) -> papers.OwnersMonth:
    """Freeze the month as seen by this session."""
    clinic = clinic_in(session)
    today = day_at(now, clinic.zone)
    if period.first > today:
        raise InvalidField(_("That month has not started yet."), field="month")
    report = liability_in(session, period)
    rolled = report.total(clinic.currency)
    others = [each for each in report.totals if each.currency != clinic.currency]
    year_ago, *trend = _trend(session, rolled, period, clinic.currency)
    return papers.OwnersMonth(
        clinic=clinic_on_paper(clinic),
        month=period.first,
        issued_on=today,
        roll_forward=tuple(_roll_line(line) for line in rolled.lines),
        packages=_packages(session, period, clinic.currency),
        follow_ups=tuple(_call_rows(people.people, clinic.country)),
        people_left_out=max(people.everybody - PEOPLE_ON_PAPER, 0),
        trend=tuple(trend),
        year_ago=year_ago,
        is_closed=report.is_closed,
        language=clinic.language,
        expired=_roll_line(rolled.expired),
        other_currencies=tuple(each.currency for each in others if _has_moved(each)),
    )


def months_to_print(store: Store, *, now: datetime) -> tuple[Period, ...]:
    """Return the months that can be printed, the newest first: from the first entry to today's."""
    with store.reading() as session:
        today = month_of(local_date_in(session, now))
        first = next(months_with_entries(session, _EVER), today)
    count = (today.first.year - first.first.year) * 12 + today.first.month - first.first.month + 1
    return tuple(reversed(months_up_to(today.first, max(count, 1))))


def asked_month(typed: str) -> date:
    """Return the first day of a month written as 2026-11; raises InvalidField."""
    try:
        if len(typed) != len("2026-11"):
            raise ValueError
        return month_of(date.fromisoformat(f"{typed}-01")).first
    except ValueError:
        raise InvalidField(_("A month is written such as 2026-11."), field="month") from None


def _roll_line(line: LineView) -> papers.RollLine:
    return papers.RollLine(_ROLL_KINDS[line.line], paper_money(line.value), line.sessions)


def _has_moved(rolled: RollForward) -> bool:
    return any(line.value.amount or line.sessions for line in rolled.lines)


def _packages(session: Session, period: Period, currency: str) -> tuple[papers.PackageRow, ...]:
    sold = {row.package_id: row for row in sold_in(session, period) if row.paid.currency == currency}
    used = {row.key: row for row in usage_in(session, period, By.PACKAGE) if row.value.currency == currency}
    # In the order of the sales, then of the uses; a package may have had only one of both.
    return tuple(
        _package_row(sold.get(key), used.get(key), currency) for key in dict.fromkeys([*sold, *used])
    )


def _package_row(sold: SoldRow | None, used: UsageRow | None, currency: str) -> papers.PackageRow:
    zero = papers.Money(0, currency)
    known = sold or used
    return papers.PackageRow(
        package=known.name if known else "",
        sold=sold.courses if sold else 0,
        sold_sessions=sold.sessions if sold else 0,
        sold_value=paper_money(sold.paid) if sold else zero,
        used=used.sessions if used else 0,
        used_value=paper_money(used.value) if used else zero,
    )


def _trend(
    session: Session, rolled: RollForward, period: Period, currency: str
) -> tuple[papers.MonthPoint, ...]:
    """Compute backwards from the liability after the month.

    Each month before ended with that less what the month changed.
    """
    liability = rolled.line(Line.CLOSING).value.amount
    points: list[papers.MonthPoint] = []
    for month in reversed(months_of(session, months_up_to(period.first, MONTHS_SHOWN + 1), currency)):
        points.append(_point(month, papers.Money(liability, currency)))
        liability -= month.moved.amount
    return tuple(reversed(points))


def _point(month: MonthView, liability: papers.Money) -> papers.MonthPoint:
    return papers.MonthPoint(
        month=month.month.first,
        sold=paper_money(month.paid),
        used=paper_money(month.earned),
        owed=liability,
        sold_sessions=month.sold,
        used_sessions=month.used,
    )


def _call_rows(people: Sequence[follow_ups.FollowUp], country: str) -> Iterator[papers.CallRow]:
    for one in people:
        phone = written_phone(one.phone, country) if one.phone else ""
        for reason in one.reasons[:REASONS_EACH]:
            why, on = _why(reason, one)
            yield papers.CallRow(
                name=one.name,
                phone=phone,
                reason=why,
                package=reason.package_name,
                left=reason.left,
                on=on,
                due=paper_money(reason.due) if reason.due else None,
            )


def _why(reason: follow_ups.Reason, one: follow_ups.FollowUp) -> tuple[papers.CallReason, date | None]:
    if reason.why is Why.EXPIRING:
        return "expiring", reason.expires_on
    if reason.why is Why.LOW:
        return ("low" if reason.left else "finished"), None
    return ("lapsed", one.last_visit) if reason.why is Why.LAPSED else ("overdue", None)
