"""Dates, times, money and plurals in one language, with the fixed phrases of that language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time
from babel.lists import format_list
from babel.numbers import format_currency, get_currency_precision

from invoices.papers import Money, SectionRole
from invoices.words import en, es, zh
from invoices.words.phrases import AccountPhrases, MonthPhrases, Phrases, Plural, Spoken, VoucherPhrases

LONGEST_TAG = 20
NO_BREAK_SPACE = "\u00a0"
# Where a tag names no region, the formats of the first clinics' country.
_REGION_AT_HOME = {"es": "es-US", "zh": "zh-Hans"}
_SPOKEN: dict[str, Spoken] = {"en": en.SPOKEN, "es": es.SPOKEN, "zh": zh.SPOKEN}
# Simplified characters are no fair answer to who reads traditional ones: these get English, as any language not spoken.
_TRADITIONAL = frozenset({"hant", "tw", "hk", "mo"})
_WITHOUT_SPACES = frozenset({"zh"})
_ROLES: dict[str, SectionRole] = {
    "tonight": "tonight",
    "first_hours": "first_hours",
    "expect": "expect",
    "call_us": "call_us",
    "see_doctor": "see_doctor",
    "get_help": "get_help",
}


@dataclass(frozen=True)
class Language:
    """What a paper needs to speak: `tag` for the PDF, the locale's formats, the phrases of each paper."""

    tag: str
    locale: Locale
    spoken: Spoken

    @property
    def phrases(self) -> Phrases:
        """The phrases of course summary and aftercare sheet."""
        return self.spoken.course

    @property
    def account(self) -> AccountPhrases:
        """The phrases of invoice and credit note."""
        return self.spoken.account

    @property
    def voucher(self) -> VoucherPhrases:
        """The phrases of the gift voucher."""
        return self.spoken.voucher

    @property
    def month(self) -> MonthPhrases:
        """The phrases of the owner's month."""
        return self.spoken.month

    def plural(self, forms: Plural, n: int, **values: object) -> str:
        """Fill in the form that fits `n`."""
        form = forms.get(self.locale.plural_form(n), forms["other"])
        return form.format(n=n, **values)

    def long_date(self, day: date) -> str:
        return _plain_spaces(format_date(day, "long", locale=self.locale))

    def medium_date(self, day: date) -> str:
        return _plain_spaces(format_date(day, "medium", locale=self.locale))

    def day_and_month(self, day: date) -> str:
        return _plain_spaces(format_skeleton("MMMd", day, locale=self.locale))

    def weekday_date(self, day: date) -> str:
        return _plain_spaces(format_skeleton("MMMEd", day, locale=self.locale))

    def local_day(self, at: datetime, time_zone: str) -> date:
        return at.astimezone(ZoneInfo(time_zone)).date()

    def time_of_day(self, at: datetime, time_zone: str) -> str:
        return _plain_spaces(format_time(at, "short", tzinfo=ZoneInfo(time_zone), locale=self.locale))

    def money(self, money: Money) -> str:
        digits = get_currency_precision(money.currency)
        return _plain_spaces(
            format_currency(Decimal(money.amount).scaleb(-digits), money.currency, locale=self.locale)
        )

    def price(self, amount: Decimal, currency: str) -> str:
        """Write minor units that may be parts of one, such as a price of one that was divided: four places at most."""
        digits = get_currency_precision(currency)
        exact = amount.scaleb(-digits).quantize(Decimal(1).scaleb(-4))
        whole = exact.quantize(Decimal(1).scaleb(-digits))
        shown = whole if whole == exact else exact.normalize()
        return _plain_spaces(format_currency(shown, currency, locale=self.locale, decimal_quantization=False))

    def listed(self, items: Sequence[str]) -> str:
        return format_list(list(items), locale=self.locale)

    def sentences(self, *said: str) -> str:
        """Put sentences one after the other; empty ones are left out."""
        return ("" if self._has_no_spaces else " ").join(filter(None, said))

    def with_comma(self, *said: str) -> str:
        """Put parts of one line one after the other; empty ones are left out."""
        return ("，" if self._has_no_spaces else ", ").join(filter(None, said))

    @property
    def colon(self) -> str:
        """What stands between a label and what it says."""
        return "：" if self._has_no_spaces else ": "

    @property
    def full_stop(self) -> str:
        """What ends a sentence."""
        return "。" if self._has_no_spaces else "."

    @property
    def _has_no_spaces(self) -> bool:
        return self.locale.language in _WITHOUT_SPACES

    def role_of(self, heading: str) -> SectionRole:
        """Recognise a section of an aftercare text by how its heading begins, in any language spoken here.

        A clinic may give a Spanish-speaking client its English text; when to call must not get lost in it.
        """
        said = heading.casefold()
        for phrases in (self.phrases, *(spoken.course for spoken in _SPOKEN.values())):
            for beginning, role in phrases.section_roles.items():
                if said.startswith(beginning):
                    return _ROLES[role]
        return "other"


def language_for(tag: str) -> Language:
    """Find the language of a tag such as en-GB, es-MX or zh-Hans; English where it is not spoken here."""
    return _language_for(tag[:LONGEST_TAG])


@lru_cache(maxsize=64)
def _language_for(tag: str) -> Language:
    spoken = _spoken(tag)
    if spoken not in _SPOKEN:
        return _language_for("en")
    locale = _locale_of(_REGION_AT_HOME.get(tag, tag), spoken)
    return Language(str(locale).replace("_", "-"), locale, _SPOKEN[spoken])


def is_supported(tag: str) -> bool:
    """Say whether papers of this tag are in its language, and not in English for want of it."""
    return _spoken(tag[:LONGEST_TAG]) in _SPOKEN


def supported_languages() -> tuple[str, ...]:
    """List the languages whose phrases are complete."""
    return tuple(_SPOKEN)


def _spoken(tag: str) -> str:
    spoken, *more = tag.replace("_", "-").lower().split("-")
    is_traditional = spoken == "zh" and "hans" not in more and not _TRADITIONAL.isdisjoint(more)
    return "zh-hant" if is_traditional else spoken


def _locale_of(tag: str, spoken: str) -> Locale:
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_REGION_AT_HOME.get(spoken, spoken), sep="-")


def _plain_spaces(text: str) -> str:
    # CLDR's narrow no-break space is in few fonts; the ordinary one reads the same.
    return text.replace("\u202f", NO_BREAK_SPACE)
