"""The two charts of the owner's month, and the same numbers in words for readers who can't see them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_compact_currency, get_currency_precision

from invoices.language import Language
from invoices.pages.chart import Chart, columns
from invoices.papers import Money, MonthPoint

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
