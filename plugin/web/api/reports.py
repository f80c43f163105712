"""The calls about reports, for the owner: the roll-forward of the deferred revenue, and sessions used."""

from datetime import date
from typing import Annotated

from pydantic import Field

from plugin.core.letters import LetterKind
from plugin.courses.base.clinic import read_clinic
from plugin.courses.letters.kinds import letters_by_month
from plugin.courses.lists.listing import renew_some
from plugin.courses.reports import by_month
from plugin.courses.reports.books import Line
from plugin.courses.reports.by_month import PlanBy, planned_visits
from plugin.courses.reports.liability import liability, reserve
from plugin.courses.reports.period import Period, asked_period
from plugin.courses.reports.progress import Progress, ProgressBy, course_progress
from plugin.courses.reports.usage import By, usage
from plugin.courses.sales.tips import tip_sums
from plugin.errors import Refused
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import (
    BY_VALUE,
    Answer,
    Count,
    Currency,
    Cursor,
    Day,
    Input,
    Money,
    Paging,
    example_id,
    page_of,
    shown,
    usd,
    words,
)
from plugin.wording import _


class ReportLine(Answer):
    """One line of the roll-forward."""

    line: Annotated[Line, words(Line)] = shown("paid")
    value: Money = shown(description="Below zero where it takes from the liability.")
    sessions: int = shown(0)


class ReportPart(Answer):
    """A value and its number of sessions."""

    value: Money = shown(usd(33000))
    sessions: int = shown(2)


class LateEntries(ReportPart):
    """Entries that count on other days than the days they were made for."""

    entries: Count = shown(2)


Lines = Annotated[
    list[ReportLine],
    Field(description="Opening plus all lines between is closing, in value and in sessions."),
]


class LocationLines(Answer):
    """The roll-forward of one Square location."""

    square_location_id: str | None = shown("LN9PTS0NEM2CS")
    name: str = shown("Valencia Street", at="place")
    lines: Lines


class LiabilityReport(Answer):
    """The liability for unused sessions, rolled forward over a period."""

    first: date = Field(alias="from", examples=["2026-11-01"])
    to: date = shown("2026-11-30")
    currency: str = shown("USD")
    lines: Lines
    expired: ReportPart = shown(
        description="Of closing: what lies in courses that had expired. Never earned by itself."
    )
    made_after: LateEntries = shown(description="Counted in the period, but entered after it.")
    from_before: LateEntries = shown(
        description="Counted in the period for days before it: those were closed already."
    )
    locations: list[LocationLines]
    currencies: list[str] = shown(["USD"], "What `currency` can ask for.")
    closed_through: date | None = shown(
        "2026-10-31", "The books are closed up to this day: its figures stay as they are."
    )


class UsageRow(Answer):
    """The sessions used of one package, treatment or practitioner, or in one month."""

    key: str = shown(example_id(1), "An id, a month such as 2026-11, `none` or `missed`.")
    name: str = shown(
        "Facial acupuncture, course of 12", "Empty where no practitioner is known, or for missed visits."
    )
    sessions: int = shown(31)
    value: Money = shown(usd(511500), "What the sessions were worth in their courses.")
    list_value: Money = shown(usd(511500), "What single visits would have cost.")


class UsageReport(Answer):
    """A page of used sessions."""

    rows: list[UsageRow]
    cursor: Cursor


class InPeriod(Input):
    """A period, both days included."""

    first: Day | None = Field(None, alias="from")
    """The clinic's first day; by default the first of the month of `to`."""
    last: Day | None = Field(None, alias="to")
    """The clinic's last day, counted in; by default the end of this month, or today."""

    def period(self, request: Request) -> Period:
        """Return the period; raises InvalidField."""
        today = request.today
        return asked_period(self.first, self.last, today)


class LiabilityQuery(InPeriod):
    """The options of the roll-forward."""

    currency: Currency | None = Field(None, description="The clinic’s own by default.")


class UsageQuery(InPeriod, Paging):
    """The options of the count."""

    by: Annotated[By, BY_VALUE, words(By)] = By.PACKAGE


@call("GET", "/reports/liability", LiabilityReport, roles=THE_OWNER)
def report_liability(request: Request, query: LiabilityQuery) -> Reply:
    """Roll the liability for unused sessions forward over a period."""
    currency = query.currency or read_clinic(request.store).currency
    report = liability(request.store, query.period(request))
    total = report.total(currency)
    said = {
        "from": report.period.first,
        "to": report.period.last,
        "currency": currency,
        "lines": total.lines,
        "expired": total.expired,
        "made_after": total.made_after,
        "from_before": total.from_before,
        "locations": report.places_in(currency),
        "currencies": [each.currency for each in report.totals],
        "closed_through": report.closed_through,
    }
    return Reply(LiabilityReport.of(said))


@call("GET", "/reports/usage", UsageReport, roles=THE_OWNER)
def report_usage(request: Request, query: UsageQuery) -> Reply:
    """Count the sessions used in a period."""
    rows = usage(request.store, query.period(request), query.by)
    return Reply(UsageReport.of(page_of(rows, query, lambda row: f"{row.key}-{row.value.currency}")))


class OutcomeCounts(Answer):
    """How many courses became what."""

    completed: Count = shown(4)
    stalled: Count = shown(1)
    expired: Count = shown(0)
    closed: Count = shown(1)
    under_way: Count = shown(6)


class PartOf(Answer):
    """So many of so many."""

    part: Count = shown(4)
    whole: Count = shown(6)


class StoppedAfter(Answer):
    """Courses that stalled or expired after so many main sessions."""

    sessions: Count = shown(3)
    courses: Count = shown(1)


class CourseProgressRow(Answer):
    """How the courses of a package, practitioner or month of sale go; `key` is empty for all."""

    key: str = shown(example_id(1), "An id, a month such as 2026-11, or `none`.")
    name: str = shown("Facial acupuncture, course of 12")
    outcomes: OutcomeCounts
    completed: PartOf = shown(description="Of the courses that are over.")
    again: PartOf = shown(description="Bought again, of those completed 30 days ago or earlier.")
    intervals: Count = shown(40, "Between two days of visits of one course.")
    interval_days: Count = shown(312, "The days of all intervals together.")
    average_days: float | None = shown(7.8, "Null for fewer than five intervals.")
    plan_days: int | None = shown(7, "As papers suggest.")
    stops: list[StoppedAfter] = shown(description="By the main sessions used.")


class CourseProgressReport(Answer):
    """How the courses sold in the last twelve months go."""

    total: CourseProgressRow
    rows: list[CourseProgressRow]
    waiting: Count = shown(0, "Changes of courses that are not in it yet.")


class ProgressQuery(Input):
    """How the courses are grouped."""

    by: Annotated[ProgressBy, BY_VALUE, words(ProgressBy)] = ProgressBy.PACKAGE


@call("GET", "/reports/courses", CourseProgressReport, roles=THE_OWNER)
def report_courses(request: Request, query: ProgressQuery) -> Reply:
    """Count how courses go: completion, where they stop, days between visits, bought again."""
    renew_some(request.store, request.act.now)
    found = course_progress(request.store, request.act.now, query.by)
    said = {"total": _row(found.total), "rows": [_row(each) for each in found.rows], "waiting": found.waiting}
    return Reply(CourseProgressReport.of(said))


def _row(row: Progress) -> dict[str, object]:
    return {
        **{
            name: getattr(row, name) for name in ("key", "name", "intervals", "interval_days", "average_days")
        },
        "plan_days": row.plan_days,
        "outcomes": {each.value: number for each, number in row.outcomes.items()},
        "completed": row.completed._asdict(),
        "again": row.again._asdict(),
        "stops": [{"sessions": used, "courses": number} for used, number in row.stops],
    }


class ReservedPackage(Answer):
    """One package: the value unused at each of the days."""

    package_id: str = shown(example_id(2))
    name: str = shown("Facial acupuncture, course of 12")
    values: list[Money] = shown([usd(115500), usd(99000)])


class ReserveReport(Answer):
    """What is prepaid and unused at the ends of the last months, and now, in the clinic's currency."""

    days: list[date] = shown(["2026-10-31", "2026-11-22"], "The last one is today.")
    packages: list[ReservedPackage]
    totals: list[Money] = shown([usd(115500), usd(99000)])


@call("GET", "/reports/reserve", ReserveReport, roles=THE_OWNER, refusals=(409,))
def report_reserve(request: Request) -> Reply:
    """Report the reserve by package; 409 `not_ready` while the sums of all entries are being made."""
    seen = reserve(request.store, request.today)
    if seen is None:
        raise Refused(
            _("The sums of all entries are being made. Try again in a few minutes."), code="not_ready"
        )
    days = [*(month.last for month in seen.months), seen.today]
    return Reply(ReserveReport.of({"days": days, "packages": seen.packages, "totals": seen.totals}))


class QuotedMonth(Answer):
    """The quotes made in a month, and what became of them."""

    month: str = shown("2026-11", at="month.key")
    made: Count = shown(12)
    sold: Count = shown(7, "Those that became a sale, whenever.")
    open: Count = shown(2)
    expired: Count = shown(2)
    withdrawn: Count = shown(1)


class QuotesReport(Answer):
    """The quotes of the last twelve months, oldest first."""

    months: list[QuotedMonth]


@call("GET", "/reports/quotes", QuotesReport, roles=THE_OWNER)
def report_quotes(request: Request) -> Reply:
    """Count the quotes made in each month, and what became of them."""
    return Reply(QuotesReport.of({"months": by_month.quotes_by_month(request.store, request.act.now)}))


class AgreedMonth(Answer):
    """The course agreements made in a month, and what became of them."""

    month: str = shown("2026-11", at="month.key")
    made: Count = shown(12)
    signed: Count = shown(9, "Those that were signed, whenever.")
    drawn: Count = shown(6)
    typed: Count = shown(2)
    paper: Count = shown(1)
    sold: Count = shown(8, "Those under which a sale was begun.")


class AgreementsReport(Answer):
    """The agreements of the last twelve months, oldest first."""

    months: list[AgreedMonth]


@call("GET", "/reports/agreements", AgreementsReport, roles=THE_OWNER)
def report_agreements(request: Request) -> Reply:
    """Count the course agreements made in each month, and what became of them."""
    return Reply(
        AgreementsReport.of({"months": by_month.agreements_by_month(request.store, request.act.now)})
    )


class CheckedMonth(Answer):
    """The answers to the check before treatments in a month, to one version of the clinic's list."""

    month: str = shown("2026-11", at="month.key")
    version: Count = shown(2, "Of the list that was answered.")
    answered: Count = shown(48, "A client counts once a day, with their last answer.")
    none: Count = shown(45, "None of these apply.")
    ask: Count = shown(3, "Ask me.")
    talked: Count = shown(3, "Of `ask`, those whom somebody who treats has asked since.")


class ChecksReport(Answer):
    """The answers of the last twelve months, oldest first; a month without one is left out."""

    months: list[CheckedMonth]


@call("GET", "/reports/checks", ChecksReport, roles=THE_OWNER)
def report_checks(request: Request) -> Reply:
    """Count the answers to the check before treatments, by month and version of the list."""
    return Reply(ChecksReport.of({"months": by_month.checks_by_month(request.store, request.act.now)}))


class PassMonth(Answer):
    """What became of wallet passes in a month."""

    month: str = shown("2026-11", at="month.key")
    made: Count = shown(12, "Courses whose pass a client asked for.")
    added: Count = shown(9, "To an Apple device, or to a Google account as far as an update showed.")
    updated: Count = shown(31, "Taken by Apple or Google, as far as finished jobs are kept.")
    removed: Count = shown(1, "By the client, or withdrawn.")


class PassesNow(Answer):
    """How many passes are kept now."""

    apple: Count = shown(14)
    google: Count = shown(9)


class PassesReport(Answer):
    """The wallet passes of the last twelve months, oldest first."""

    months: list[PassMonth]
    now: PassesNow


@call("GET", "/reports/passes", PassesReport, roles=THE_OWNER)
def report_passes(request: Request) -> Reply:
    """Count the passes in Apple Wallet and Google Wallet: asked for, added, updated and removed, by month."""
    months = by_month.passes_by_month(request.store, request.act.now)
    return Reply(PassesReport.of({"months": months, "now": by_month.passes_now(request.store)}))


class LetterMonth(Answer):
    """The client e-mails of one kind in a month, and what followed within 30 days."""

    month: str = shown("2026-11", at="month.key")
    kind: Annotated[LetterKind, words(LetterKind)] = shown("two_left")
    sent: Count = shown(14)
    came: Count = shown(11, "Of `sent`, those whose client used a session that was not undone.")
    bought: Count = shown(4, "Of `sent`, those whose client bought another course.")
    not_sent: Count = shown(1, "The reason had gone, the client had declined, or the mail server refused it.")


class LettersReport(Answer):
    """The client e-mails of the last twelve months, oldest first; a month without one of a kind is left out."""

    months: list[LetterMonth]


@call("GET", "/reports/letters", LettersReport, roles=THE_OWNER)
def report_letters(request: Request) -> Reply:
    """Count the e-mails to clients by month and kind, and what followed them."""
    return Reply(LettersReport.of({"months": letters_by_month(request.store, request.act.now)}))


class OrderedMonth(Answer):
    """The orders begun on the public page in a month."""

    month: str = shown("2026-11", at="month.key")
    made: Count = shown(9, "Orders never paid are deleted in time, and then no longer counted.")
    paid: Count = shown(6, "Those that were paid, whenever.")
    open: Count = shown(3, "Those whose payment link can still be paid.")
    failed: Count = shown(0, "Those for which Square made no payment link.")


class OrdersReport(Answer):
    """The orders of the public page of the last twelve months, oldest first."""

    months: list[OrderedMonth]


@call("GET", "/reports/orders", OrdersReport, roles=THE_OWNER)
def report_orders(request: Request) -> Reply:
    """Count the orders begun on the public page, and how many were paid."""
    return Reply(OrdersReport.of({"months": by_month.orders_by_month(request.store, request.act.now)}))


class PlannedVisits(Answer):
    """The planned dates of a group."""

    key: str = shown("2026-11", "The month, the package’s id, or who treated; empty for nobody.")
    name: str = shown("2026-11")
    planned: Count = shown(40)
    booked: Count = shown(24, "Had an appointment in Square that was booked from the plan.")
    kept: Count = shown(31, "The client came on that day.")
    changed: Count = shown(6, "Another date was planned in its place before that day.")
    missed: Count = shown(3)


class PlannedReport(Answer):
    """The planned dates of the last twelve months that are over, and whether the client came."""

    rows: list[PlannedVisits]


class PlannedQuery(Input):
    """How the planned dates are grouped."""

    by: Annotated[PlanBy, BY_VALUE, words(PlanBy)] = PlanBy.MONTH


@call("GET", "/reports/planned", PlannedReport, roles=THE_OWNER)
def report_planned(request: Request, query: PlannedQuery) -> Reply:
    """Compare planned visits with those that took place."""
    return Reply(PlannedReport.of({"rows": planned_visits(request.store, request.act.now, query.by)}))


class TipMonth(Answer):
    """The tips to one practitioner in a month."""

    month: str = shown("2026-11")
    practitioner: str = shown("Ana Kim", "Empty for tips to the team.")
    tips: Count = shown(4)
    amount: Money = shown(usd(6000))


class TipsReport(Answer):
    """The tips that clients left on their private page in the last twelve months, the newest month first."""

    months: list[TipMonth]


@call("GET", "/reports/tips", TipsReport, roles=THE_OWNER)
def report_tips(request: Request) -> Reply:
    """Add up tips by month and practitioner; they are no revenue of a course."""
    return Reply(TipsReport.of({"months": tip_sums(request.store, request.act.now)}))
