"""Packages and people of the owner's month in words, a line each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from babel.numbers import format_decimal, get_currency_precision

from invoices.language import NO_BREAK_SPACE, Language
from invoices.papers import CallRow, Money, PackageRow

# What one page has room for beside the people; further packages stand together in one line.
PACKAGES_SHOWN = 12


@dataclass(frozen=True)
class PackageLine:
    name: str
    courses: str
    sold: str
    paid: str
    used: str
    worth: str


@dataclass(frozen=True)
class CallLine:
    name: str
    phone: str
    why: str
    left: str


def number(count: int, language: Language) -> str:
    """Write a count as 1,234."""
    return str(format_decimal(count, locale=language.locale))


def bare_amount(money: Money, language: Language) -> str:
    """Write an amount as 1,980.00, where its currency is said beside."""
    digits = get_currency_precision(money.currency)
    pattern = "#,##0." + "0" * digits if digits else "#,##0"
    return str(format_decimal(Decimal(money.amount).scaleb(-digits), pattern, locale=language.locale))


def package_lines(packages: Sequence[PackageRow], language: Language) -> Iterator[PackageLine]:
    """Say the packages; those there is no room for stand together in the last line."""
    if not packages:
        return
    currency = packages[0].sold_value.currency
    shown = packages if len(packages) <= PACKAGES_SHOWN else packages[: PACKAGES_SHOWN - 1]
    for each in shown:
        yield package_line(each.package, (each,), currency, language)
    if rest := packages[len(shown) :]:
        name = language.ngettext("{n} other package", "{n} other packages", len(rest))
        yield package_line(name, rest, currency, language)


def package_line(name: str, packages: Sequence[PackageRow], currency: str, language: Language) -> PackageLine:
    """Say some packages together."""
    return PackageLine(
        name=name,
        courses=number(sum(each.sold for each in packages), language),
        sold=number(sum(each.sold_sessions for each in packages), language),
        paid=language.money(Money(sum(each.sold_value.amount for each in packages), currency)),
        used=number(sum(each.used for each in packages), language),
        worth=language.money(Money(sum(each.used_value.amount for each in packages), currency)),
    )


def call_lines(rows: Sequence[CallRow], language: Language) -> Iterator[CallLine]:
    """One line for each person and number of sessions left; several reasons for the same course stand together."""
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
                left=number(left, language),
            )


def _why(row: CallRow, language: Language) -> str:
    if row.reason == "low":
        return language.ngettext("{n} session left", "{n} sessions left", row.left)
    if row.reason == "finished":
        return language.gettext("Course finished")
    if row.reason == "overdue":
        return (
            language.gettext("{amount} still to pay", amount=language.money(row.due))
            if row.due
            else language.gettext("Still to pay")
        )
    plain, dated = {
        "expiring": (language.gettext("Course ends soon"), language.gettext("Course ends {date}")),
        "lapsed": (
            language.gettext("No visit yet, nothing booked"),
            language.gettext("Last visit {date}, nothing booked"),
        ),
    }[row.reason]
    return dated.format(date=language.day_and_month(row.on)) if row.on else plain
