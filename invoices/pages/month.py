"""The owner's month in words: every figure of the paper as the reader will see it. Adds nothing up but the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton

from invoices.pages.chart import Chart
from invoices.pages.month_charts import flows_chart, owed_chart
from invoices.pages.month_rows import (
    CallLine,
    PackageLine,
    bare_amount,
    call_lines,
    number,
    package_line,
    package_lines,
)
from invoices.papers import Money, MonthPoint, OwnersMonth, RollKind, RollLine
from invoices.words import Language
from invoices.words.phrases import MonthPhrases

LONG_FIGURE = 13
# Beside amounts that are longer, the table of the months has no room for the sessions.
LONG_AMOUNT = 9


@dataclass(frozen=True)
class Headline:
    """One of the figures at the head: its name, the amount, and the sessions behind it."""

    name: str
    amount: str
    detail: str


@dataclass(frozen=True)
class RollRow:
    name: str
    note: str
    sessions: str
    value: str
    is_end: bool
    is_none: bool


@dataclass(frozen=True)
class TrendRow:
    month: str
    sold: str
    paid: str
    used: str
    worth: str
    owed: str


@dataclass(frozen=True)
class MonthPage:
    say: MonthPhrases
    title: str
    heading: str
    kind: str
    printed_on: str
    standing: str
    owed: Headline
    is_long: bool
    flows: tuple[Headline, ...]
    rows: tuple[RollRow, ...]
    notes: tuple[str, ...]
    charts: tuple[tuple[str, Chart], ...]
    trend_hint: str
    trend: tuple[TrendRow, ...]
    has_room: bool
    packages: tuple[PackageLine, ...]
    all_packages: PackageLine
    people_name: str
    people: tuple[CallLine, ...]
    left_out: str
    is_airy: bool


def month_page(paper: OwnersMonth, language: Language) -> MonthPage:
    """Say the whole month."""
    phrases = language.month
    month = month_name(paper.month, language)
    lines = {line.kind: line for line in paper.roll_forward}
    owed = language.money(lines["closing"].value)
    trend = tuple(_trend_row(point, language) for point in paper.trend)
    return MonthPage(
        say=phrases,
        title=phrases.title.format(paper=phrases.owners_month, month=month),
        heading=phrases.so_far.format(month=month) if is_running(paper) else month,
        kind=phrases.owners_month,
        printed_on=phrases.printed_on.format(date=language.long_date(paper.issued_on)),
        standing=_standing(paper, language),
        owed=Headline(
            _owed_name(paper, language),
            owed,
            language.plural(phrases.owed_for, lines["closing"].sessions),
        ),
        is_long=len(owed) > LONG_FIGURE,
        flows=tuple(_flows(lines, language)),
        rows=tuple(_roll_row(line, paper, language) for line in paper.roll_forward),
        notes=tuple(_notes(paper, language)),
        charts=(
            (phrases.flows_chart, flows_chart(paper.trend, language)),
            (phrases.owed_chart, owed_chart(paper.trend, language)),
        ),
        trend_hint=phrases.trend_hint.format(currency=lines["closing"].value.currency),
        trend=trend,
        has_room=all(len(text) <= LONG_AMOUNT for row in trend for text in (row.paid, row.worth, row.owed)),
        packages=tuple(package_lines(paper.packages, language)),
        all_packages=package_line(phrases.all_packages, paper.packages, _currency(paper), language),
        people_name=phrases.people.format(date=language.long_date(paper.issued_on)),
        people=tuple(call_lines(paper.follow_ups, language)),
        left_out=language.plural(phrases.left_out, paper.people_left_out) if paper.people_left_out else "",
        is_airy=False,
    )


def month_name(month: date, language: Language) -> str:
    """Return "November 2026", with a capital where it stands alone."""
    name = str(format_skeleton("yMMMM", month, locale=language.locale))
    return name[:1].upper() + name[1:]


def is_running(paper: OwnersMonth) -> bool:
    """Say whether the month was not over yet when the paper was issued."""
    return (paper.issued_on.year, paper.issued_on.month) == (paper.month.year, paper.month.month)


def _last_day(paper: OwnersMonth) -> date:
    if is_running(paper):
        return paper.issued_on
    ordinal = paper.month.replace(day=28).toordinal() + 4
    return date.fromordinal(date.fromordinal(ordinal).replace(day=1).toordinal() - 1)


def _standing(paper: OwnersMonth, language: Language) -> str:
    phrases = language.month
    if is_running(paper):
        return phrases.is_running.format(date=language.long_date(paper.issued_on))
    return phrases.is_closed if paper.is_closed else phrases.is_open


def _owed_name(paper: OwnersMonth, language: Language) -> str:
    phrase = language.month.owed_now if is_running(paper) else language.month.owed_after
    return phrase.format(date=language.day_and_month(_last_day(paper)))


def _flows(lines: dict[RollKind, RollLine], language: Language) -> Iterator[Headline]:
    phrases = language.month
    paid, sold, used = lines["paid"], lines["sold"], lines["used"]
    yield Headline(
        phrases.paid_in, language.money(paid.value), language.plural(phrases.paid_for, sold.sessions)
    )
    yield Headline(
        phrases.used,
        language.money(Money(-used.value.amount, used.value.currency)),
        language.plural(phrases.used_worth, -used.sessions),
    )


def _roll_row(line: RollLine, paper: OwnersMonth, language: Language) -> RollRow:
    phrases = language.month
    opening = phrases.opening.format(date=language.day_and_month(paper.month))
    closing = _owed_name(paper, language)
    names: dict[RollKind, str] = {
        "opening": opening,
        "sold": phrases.sold,
        "paid": phrases.paid_in,
        "used": phrases.used,
        "refunded": phrases.refunded,
        "expired": phrases.expired,
        "adjusted": phrases.adjusted,
        "transferred": phrases.transferred,
        "closing": closing[:1].upper() + closing[1:],
    }
    is_end = line.kind in ("opening", "closing")
    return RollRow(
        name=names[line.kind],
        note=phrases.sold_note if line.kind == "sold" and line.sessions else "",
        sessions=number(line.sessions, language),
        value=language.money(line.value),
        is_end=is_end,
        is_none=not is_end and not line.sessions and not line.value.amount,
    )


def _notes(paper: OwnersMonth, language: Language) -> Iterator[str]:
    phrases = language.month
    if paper.expired and (paper.expired.value.amount or paper.expired.sessions):
        amount = language.money(paper.expired.value)
        yield language.plural(phrases.expired_note, paper.expired.sessions, amount=amount)
    if paper.other_currencies:
        yield phrases.other_currencies.format(currencies=language.listed(paper.other_currencies))


def _trend_row(point: MonthPoint, language: Language) -> TrendRow:
    return TrendRow(
        month=format_skeleton("yMMM", point.month, locale=language.locale),
        sold=number(point.sold_sessions, language),
        paid=bare_amount(point.sold, language),
        used=number(point.used_sessions, language),
        worth=bare_amount(point.used, language),
        owed=bare_amount(point.owed, language),
    )


def _currency(paper: OwnersMonth) -> str:
    return paper.roll_forward[0].value.currency
