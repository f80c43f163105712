"""Packages and people of the owner's month in words, a line each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from invoices.language import NO_BREAK_SPACE, Language
from invoices.papers import CallRow, Money, PackageRow

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
