"""The owner's month in words: every figure of the paper as the reader sees it. Computes only the remainder."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from babel.dates import format_date, format_skeleton
from babel.numbers import format_compact_currency, get_currency_precision

from invoices.language import NO_BREAK_SPACE, Language
from invoices.pages.chart import Chart, columns
from invoices.papers import CallRow, Money, MonthPoint, OwnersMonth, PackageRow, RollKind, RollLine

WIDTH, HEIGHT = 172.0, 86.0


def flows_chart(trend: Sequence[MonthPoint], language: Language) -> Chart:
    """Draw what was paid in and what was used, month by month."""
    points = [
        language.gettext(
            "{month}: payments {sold}, used {used}",
            month=language.short_month(point.month),
            sold=language.money(point.sold),
            used=language.money(point.used),
        )
        for point in trend
    ]
    return columns(
        _letters(trend, language),
        ([point.sold.amount for point in trend], [point.used.amount for point in trend]),
        lambda value: _short(value, trend[0].sold.currency, language),
        width=WIDTH,
        height=HEIGHT,
        alt=language.gettext(
            "Columns of the payments and of what was used in each month. {points}.",
            points=_joined(points, language),
        ),
    )


def owed_chart(trend: Sequence[MonthPoint], language: Language) -> Chart:
    """Draw the deferred revenue at each month's end."""
    points = [
        language.gettext(
            "{month}: {owed}", month=language.short_month(point.month), owed=language.money(point.owed)
        )
        for point in trend
    ]
    return columns(
        _letters(trend, language),
        ([point.owed.amount for point in trend],),
        lambda value: _short(value, trend[0].owed.currency, language),
        width=WIDTH,
        height=HEIGHT,
        alt=language.gettext(
            "Columns of the deferred revenue at the end of each month. {points}.",
            points=_joined(points, language),
        ),
    )


def _letters(trend: Iterable[MonthPoint], language: Language) -> list[str]:
    """Return the names of every other month: initials of a year say J, M and A twice and more."""
    return [
        str(format_date(point.month, "LLL", locale=language.locale)) if place % 2 == 0 else ""
        for place, point in enumerate(trend)
    ]


def _joined(points: Iterable[str], language: Language) -> str:
    return ("；" if language.locale.language == "zh" else "; ").join(points)


def _short(amount: int, currency: str, language: Language) -> str:
    """Write a grid line's amount as $2.5K; grid lines are at amounts for which one decimal is exact."""
    digits = get_currency_precision(currency)
    if 0 < abs(amount) < 10**digits:
        return language.money(Money(amount, currency))
    major = Decimal(amount).scaleb(-digits)
    return str(format_compact_currency(major, currency, locale=language.locale, fraction_digits=1))


# What one page has room for beside the people; further packages share one line.
PACKAGES_SHOWN = 12


@dataclass(frozen=True)
class CallLine:
    name: str
    phone: str
    why: str
    left: str


def package_rows(packages: Sequence[PackageRow], language: Language) -> tuple[PackageRow, ...]:
    """Return the packages; those there is no room for share the last row."""
    if len(packages) <= PACKAGES_SHOWN:
        return tuple(packages)
    shown, rest = packages[: PACKAGES_SHOWN - 1], packages[PACKAGES_SHOWN - 1 :]
    name = language.ngettext("{n} other package", "{n} other packages", len(rest))
    return (*shown, all_of(rest, name, packages[0].sold_value.currency))


def all_of(packages: Sequence[PackageRow], name: str, currency: str) -> PackageRow:
    """Add packages up under one name."""
    return PackageRow(
        package=name,
        sold=sum(each.sold for each in packages),
        sold_sessions=sum(each.sold_sessions for each in packages),
        sold_value=Money(sum(each.sold_value.amount for each in packages), currency),
        used=sum(each.used for each in packages),
        used_value=Money(sum(each.used_value.amount for each in packages), currency),
    )


def call_lines(rows: Sequence[CallRow], language: Language) -> Iterator[CallLine]:
    """Return one line per person and number of sessions left; several reasons for one course share a line."""
    for (name, phone), own in groupby(rows, key=lambda row: (row.name, row.phone)):
        person = list(own)
        packages = {row.package for row in person}
        for (package, left), about in groupby(person, key=lambda row: (row.package, row.left)):
            why = " · ".join(_why(row, language) for row in about)
            yield CallLine(
                name=name,
                phone=phone.replace(" ", NO_BREAK_SPACE) or language.gettext("no number"),
                why=language.gettext("{why} ({package})", why=why, package=package)
                if len(packages) > 1
                else why,
                left=language.number(left),
            )


def _why(row: CallRow, language: Language) -> str:
    if row.reason == "low":
        return language.ngettext("{n} session left", "{n} sessions left", row.left)
    if row.reason == "finished":
        return language.gettext("Course finished")
    if row.reason == "overdue":
        return (
            language.gettext("{amount} due", amount=language.money(row.due))
            if row.due
            else language.gettext("Balance due")
        )
    plain, dated = {
        "expiring": (language.gettext("Course expires soon"), language.gettext("Course expires {date}")),
        "lapsed": (
            language.gettext("No visit yet, nothing booked"),
            language.gettext("Last visit {date}, nothing booked"),
        ),
    }[row.reason]
    return dated.format(date=language.day_and_month(row.on)) if row.on else plain


# Beside amounts that are longer, the table of the months has no room for the sessions.
LONG_AMOUNT = 9


@dataclass(frozen=True)
class Headline:
    """One of the figures at the head: its name, the amount, and the sessions behind it."""

    name: str
    amount: str
    detail: str
    compared: tuple[str, ...] = ()


@dataclass(frozen=True)
class RollRow:
    name: str
    sessions: str
    value: str
    is_end: bool
    is_none: bool


@dataclass(frozen=True)
class MonthPage:
    month: str
    heading: str
    standing: str
    owed: Headline
    flows: tuple[Headline, ...]
    rows: tuple[RollRow, ...]
    has_room: bool
    packages: tuple[PackageRow, ...]
    all_packages: PackageRow


def month_page(paper: OwnersMonth, language: Language) -> MonthPage:
    month = str(format_skeleton("yMMMM", paper.month, locale=language.locale))
    lines = {line.kind: line for line in paper.roll_forward}
    owed = language.money(lines["closing"].value)
    return MonthPage(
        month=month,
        heading=language.gettext("{month}, so far", month=month) if is_running(paper) else month,
        standing=_standing(paper, language),
        owed=Headline(
            _deferred_name(paper, language),
            owed,
            language.ngettext(
                "for {n} session still to come", "for {n} sessions still to come", lines["closing"].sessions
            ),
            _compared(paper, language, lambda point: point.owed),
        ),
        flows=tuple(_flows(paper, lines, language)),
        rows=tuple(_roll_row(line, paper, language) for line in paper.roll_forward),
        has_room=all(
            len(language.bare_amount(money)) <= LONG_AMOUNT
            for point in paper.trend
            for money in (point.sold, point.used, point.owed)
        ),
        packages=package_rows(paper.packages, language),
        all_packages=all_of(paper.packages, language.gettext("All"), paper.roll_forward[0].value.currency),
    )


def _compared(
    paper: OwnersMonth, language: Language, amount: Callable[[MonthPoint], Money]
) -> tuple[str, ...]:
    """Return the change of a figure since the month before, and since the same month a year before."""
    if paper.year_ago is None:
        return ()
    now = amount(paper.trend[-1])
    return tuple(
        _change(language.short_month(each.month), amount(each), now, language)
        for each in (paper.trend[-2], paper.year_ago)
    )


def _change(month: str, then: Money, now: Money, language: Language) -> str:
    change = Money(now.amount - then.amount, now.currency)
    sign = "+" if change.amount > 0 else ""
    return language.gettext("{change} since {month}", change=f"{sign}{language.money(change)}", month=month)


def is_running(paper: OwnersMonth) -> bool:
    """Return whether the month was not over yet when the paper was issued."""
    return (paper.issued_on.year, paper.issued_on.month) == (paper.month.year, paper.month.month)


def _last_day(paper: OwnersMonth) -> date:
    if is_running(paper):
        return paper.issued_on
    ordinal = paper.month.replace(day=28).toordinal() + 4
    return date.fromordinal(date.fromordinal(ordinal).replace(day=1).toordinal() - 1)


def _standing(paper: OwnersMonth, language: Language) -> str:
    if is_running(paper):
        return language.gettext(
            "The month still runs: these figures are as of {date}.", date=language.long_date(paper.issued_on)
        )
    return (
        language.gettext("The books are closed: these figures stay as they are.")
        if paper.is_closed
        else language.gettext(
            "The books are still open: a visit entered late for these days still changes them."
        )
    )


def _deferred_name(paper: OwnersMonth, language: Language) -> str:
    date = language.day_and_month(_last_day(paper))
    if is_running(paper):
        return language.gettext("deferred revenue on {date}", date=date)
    return language.gettext("deferred revenue after {date}", date=date)


def _flows(paper: OwnersMonth, lines: dict[RollKind, RollLine], language: Language) -> Iterator[Headline]:
    paid, sold, used = lines["paid"], lines["sold"], lines["used"]
    yield Headline(
        language.gettext("Payments"),
        language.money(paid.value),
        language.ngettext("{n} session sold", "{n} sessions sold", sold.sessions),
        _compared(paper, language, lambda point: point.sold),
    )
    yield Headline(
        language.gettext("Used"),
        language.money(Money(-used.value.amount, used.value.currency)),
        language.ngettext("{n} session used", "{n} sessions used", -used.sessions),
        _compared(paper, language, lambda point: point.used),
    )


def _roll_row(line: RollLine, paper: OwnersMonth, language: Language) -> RollRow:
    opening = language.gettext("Balance before {date}", date=language.day_and_month(paper.month))
    last = language.day_and_month(_last_day(paper))
    if is_running(paper):
        closing = language.gettext("Balance on {date}", date=last)
    else:
        closing = language.gettext("Balance after {date}", date=last)
    names: dict[RollKind, str] = {
        "opening": opening,
        "sold": language.gettext("Sold"),
        "paid": language.gettext("Payments"),
        "used": language.gettext("Used"),
        "refunded": language.pgettext("month", "Refunded"),
        "expired": language.gettext("Expired or written off"),
        "adjusted": language.gettext("Adjusted"),
        "transferred": language.gettext("Moved between courses"),
        "closing": closing,
    }
    is_end = line.kind in ("opening", "closing")
    return RollRow(
        name=names[line.kind],
        # A sale grants sessions and a payment brings money: a zero beside either would read as a mistake.
        sessions=language.number(line.sessions) if line.sessions or line.kind != "paid" else "",
        value=language.money(line.value) if line.value.amount or line.kind != "sold" else "",
        is_end=is_end,
        is_none=not is_end and not line.sessions and not line.value.amount,
    )


def month_notes(paper: OwnersMonth, language: Language) -> Iterator[str]:
    if paper.expired and (paper.expired.value.amount or paper.expired.sessions):
        amount = language.money(paper.expired.value)
        yield language.ngettext(
            "{amount} of deferred revenue is in expired courses: {n} session. It stays there until you decide.",
            "{amount} of deferred revenue is in expired courses: {n} sessions. It stays there until you decide.",
            paper.expired.sessions,
            amount=amount,
        )
    if paper.other_currencies:
        yield language.gettext(
            "What was sold in {currencies} is not in these figures; see Deferred revenue on screen.",
            currencies=language.listed(paper.other_currencies),
        )
