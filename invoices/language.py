"""A client's language on papers, pages and e-mails: its words, dates, times, money and plurals.

The words are gettext catalogs, `locale/es.po` and `locale/zh.po`; the English sentences in the code are their keys.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from invoices.papers import Money

LANGUAGES = ("en", "es", "zh")
LONGEST_TAG = 20
NO_BREAK_SPACE = "\u00a0"
# Where a tag names no region, the formats of the first clinics' country.
_DEFAULT_REGION = {"es": "es-US", "zh": "zh-Hans"}
# Readers of traditional characters get English, as in any language without a catalog; simplified is no substitute.
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
# The full date of each language, without its year.
_FULL_DAYS = {"es": "EEEE, d 'de' MMMM", "zh": "M月d日EEEE"}
# Of an hour in Spanish, which may stand in an element; an ellipsis has three.
_TWO_PERIODS = re.compile(r"(\b[ap]\.\s?m\.(?:</\w+>)*)\.(?!\.)")
_WITHOUT_SPACES = frozenset({"zh"})


@dataclass(frozen=True)
class Language:
    """The words and formats of one locale; `tag` is the language that a PDF or page declares.

    Placeholders are in braces: `gettext("Page {page}", page=1)`. Without values a message is returned as it is.
    """

    tag: str
    locale: Locale
    catalog: NullTranslations

    def gettext(self, message: str, **values: object) -> str:
        """Translate a message and fill it in."""
        return self.filled(self.catalog.gettext(message), values)

    def pgettext(self, context: str, message: str, **values: object) -> str:
        """Translate a message whose meaning depends on its place; `context` names the place."""
        return self.filled(self.catalog.pgettext(context, message), values)

    def ngettext(self, one: str, other: str, n: int, **values: object) -> str:
        """Translate the form that fits `n`, which fills `{n}`."""
        return self.filled(self.catalog.ngettext(one, other, abs(n)), {"n": n, **values})

    def npgettext(self, context: str, one: str, other: str, n: int, **values: object) -> str:
        """Translate the form that fits `n`, where `context` distinguishes the message from another."""
        return self.filled(self.catalog.npgettext(context, one, other, abs(n)), {"n": n, **values})

    def filled(self, message: str, values: Mapping[str, object]) -> str:
        """Fill the blanks of a message; where one ends in p.m., its period is that of the sentence, too."""
        if not values:
            return message
        said = message.format(**values)
        return _TWO_PERIODS.sub(r"\1", said) if "m." in said else said

    def long_date(self, day: date) -> str:
        return _plain_spaces(format_date(day, "long", locale=self.locale))

    def medium_date(self, day: date) -> str:
        return _plain_spaces(format_date(day, "medium", locale=self.locale))

    def day_and_month(self, day: date) -> str:
        return _plain_spaces(format_skeleton("MMMd", day, locale=self.locale))

    def short_month(self, day: date) -> str:
        return str(format_skeleton("yMMM", day, locale=self.locale))

    def weekday_date(self, day: date) -> str:
        return _plain_spaces(format_skeleton("MMMEd", day, locale=self.locale))

    def full_day(self, day: date) -> str:
        """Write a day out, such as Tuesday, December 1."""
        pattern = _FULL_DAYS.get(self.locale.language, "EEEE, MMMM d")
        return _plain_spaces(format_date(day, pattern, locale=self.locale))

    def local_day(self, at: datetime, time_zone: str) -> date:
        return at.astimezone(ZoneInfo(time_zone)).date()

    def time_of_day(self, at: datetime, time_zone: str) -> str:
        return _plain_spaces(format_time(at, "short", tzinfo=ZoneInfo(time_zone), locale=self.locale))

    def money(self, money: Money) -> str:
        digits = get_currency_precision(money.currency)
        written = format_currency(Decimal(money.amount).scaleb(-digits), money.currency, locale=self.locale)
        return _with_minus(_plain_spaces(written))

    def price(self, amount: Decimal, currency: str) -> str:
        """Write minor units that may be parts of one, such as a price of one that was divided: four places at most."""
        digits = get_currency_precision(currency)
        exact = amount.scaleb(-digits).quantize(Decimal(1).scaleb(-4))
        whole = exact.quantize(Decimal(1).scaleb(-digits))
        shown = whole if whole == exact else exact.normalize()
        written = format_currency(shown, currency, locale=self.locale, decimal_quantization=False)
        return _with_minus(_plain_spaces(written))

    def bare_amount(self, money: Money) -> str:
        """Write an amount as 1,980.00, where its currency is shown separately."""
        digits = get_currency_precision(money.currency)
        pattern = "#,##0." + "0" * digits if digits else "#,##0"
        return _with_minus(format_decimal(Decimal(money.amount).scaleb(-digits), pattern, locale=self.locale))

    def number(self, count: int | Decimal) -> str:
        """Write a count as 1,234, a quantity with all its decimals."""
        return _with_minus(format_decimal(count, locale=self.locale, decimal_quantization=False))

    def percent(self, rate: Decimal) -> str:
        """Write a rate in percent, such as 9.5."""
        return _plain_spaces(format_percent(rate / 100, locale=self.locale, decimal_quantization=False))

    def listed(self, items: Sequence[str]) -> str:
        return format_list(list(items), locale=self.locale)

    def sentences(self, *said: str) -> str:
        """Join sentences; empty ones are left out."""
        return ("" if self._has_no_spaces else " ").join(filter(None, said))

    def with_comma(self, *said: str) -> str:
        """Join parts of one line by commas; empty ones are left out."""
        return ("，" if self._has_no_spaces else ", ").join(filter(None, said))

    @property
    def colon(self) -> str:
        """Return the separator of a label and its value."""
        return "：" if self._has_no_spaces else ": "

    @property
    def full_stop(self) -> str:
        """Return the end of a sentence."""
        return "。" if self._has_no_spaces else "."

    @property
    def _has_no_spaces(self) -> bool:
        return self.locale.language in _WITHOUT_SPACES


def language_for(tag: str) -> Language:
    """Find the language of a tag such as en-GB, es-MX or zh-Hans; English where it is not supported."""
    return _language_for(tag[:LONGEST_TAG])


@lru_cache(maxsize=64)
def _language_for(tag: str) -> Language:
    spoken = spoken_in(tag)
    if spoken not in LANGUAGES:
        return _language_for("en")
    locale = _locale_of(_DEFAULT_REGION.get(tag, tag), spoken)
    return Language(str(locale).replace("_", "-"), locale, _catalog(spoken))


@cache
def _catalog(spoken: str) -> NullTranslations:
    """Compile the catalog in memory, some 20 ms once: no build step is needed in a clone or for the wheel."""
    if spoken == "en":
        return NullTranslations()
    return compiled_catalog(files("invoices") / "locale" / f"{spoken}.po", spoken)


def compiled_catalog(path: Traversable, tag: str) -> GNUTranslations:
    """Return a catalog of gettext, read from its source."""
    with path.open("rb") as file:
        compiled = BytesIO()
        write_mo(compiled, read_po(file, locale=tag))
    compiled.seek(0)
    return GNUTranslations(compiled)


def is_supported(tag: str) -> bool:
    return spoken_in(tag[:LONGEST_TAG]) in LANGUAGES


def spoken_in(tag: str) -> str:
    """Return the language of a tag without its region, in lower case; traditional Chinese is one of its own."""
    spoken, *more = tag.replace("_", "-").lower().split("-")
    is_traditional = spoken == "zh" and "hans" not in more and not _TRADITIONAL.isdisjoint(more)
    return "zh-hant" if is_traditional else spoken


def _locale_of(tag: str, spoken: str) -> Locale:
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_DEFAULT_REGION.get(spoken, spoken), sep="-")


def _with_minus(text: str) -> str:
    # The sign of the same width as a figure; a hyphen before an amount reads as a dash.
    return text.replace("-", "\u2212")


def _plain_spaces(text: str) -> str:
    # CLDR's narrow no-break space is in few fonts; the ordinary one reads the same.
    return text.replace("\u202f", NO_BREAK_SPACE)
