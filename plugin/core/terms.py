"""The terms of a package: frozen into a course when sold, printed on its papers; what they propose on a no-show."""

import calendar
import re
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, TypeVar

from plugin.errors import InvalidField
from plugin.wording import _


class RefundFormula(StrEnum):
    """How the refund value is computed (docs/rules.md, rule 9)."""

    PRORATED = "prorated"
    DISCOUNT_FORFEITED = "discount_forfeited"


class NoShow(StrEnum):
    """What a missed visit costs."""

    ASK = "ask"
    CHARGE = "charge"
    FORGIVE = "forgive"


class ExpiresFrom(StrEnum):
    """The start date from which the months of an expiry are counted."""

    SALE = "sale"
    FIRST_USE = "first_use"


# Default notice for canceling or moving a visit where the terms set none, and the most they may require.
USUAL_NOTICE_HOURS = 24
MOST_NOTICE_HOURS = 168


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed: no expiry unless months (from the sale or the first use) or a date is given.

    `notice_hours`: how long before a visit it can be canceled; 0: nothing was agreed.
    """

    expires_after_months: int | None = None
    expires_on: date | None = None
    refund_formula: RefundFormula = RefundFormula.PRORATED
    no_show: NoShow = NoShow.ASK
    forgiven_no_shows: int = 0
    expires_from: ExpiresFrom = ExpiresFrom.SALE
    notice_hours: int = USUAL_NOTICE_HOURS

    def __post_init__(self) -> None:
        if self.expires_after_months is not None and not 1 <= self.expires_after_months <= 120:
            raise InvalidField(_("The expiration is after 1 to 120 months, or never."), field="terms")
        if self.expires_after_months is not None and self.expires_on is not None:
            raise InvalidField(_("Set months or a date of expiration, not both."), field="terms")
        if self.expires_from is not ExpiresFrom.SALE and self.expires_after_months is None:
            raise InvalidField(_("Counting from the first use takes a number of months."), field="terms")
        if not 0 <= self.forgiven_no_shows <= 99:
            raise InvalidField(_("Waived no-shows are 0 to 99."), field="terms")
        if not 0 <= self.notice_hours <= MOST_NOTICE_HOURS:
            raise InvalidField(
                _("The notice is 0 to {most_notice_hours} hours.", most_notice_hours=MOST_NOTICE_HOURS),
                field="terms",
            )

    @property
    def waits_for_first_use(self) -> bool:
        """Return whether the expiry date is known only once the first session was used."""
        return self.expires_from is ExpiresFrom.FIRST_USE

    def expiry(self, sold_on: date) -> date | None:
        """Return the last day of use for a course sold on `sold_on`; None for no expiry or none yet."""
        if self.expires_after_months is None:
            return self.expires_on
        return None if self.waits_for_first_use else _months_after(sold_on, self.expires_after_months)

    def expiry_from_first_use(self, first_used_on: date | None) -> date | None:
        """Return the last day of use where the months are counted from the first use; None without one."""
        if first_used_on is None or self.expires_after_months is None or not self.waits_for_first_use:
            return None
        return _months_after(first_used_on, self.expires_after_months)

    def to_json(self) -> dict[str, Any]:
        """Return the JSON stored in the database and sent by `/api/v1`; the default notice is left out."""
        is_usual = self.notice_hours == USUAL_NOTICE_HOURS
        return {
            "expires_after_months": self.expires_after_months,
            "expires_on": self.expires_on.isoformat() if self.expires_on else None,
            "refund_formula": self.refund_formula.value,
            "no_show": self.no_show.value,
            "forgiven_no_shows": self.forgiven_no_shows,
            "expires_from": self.expires_from.value,
            **({} if is_usual else {"notice_hours": self.notice_hours}),
        }


E = TypeVar("E", bound=StrEnum)

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_NO_DAY = "expires_on is a date such as 2027-03-01."
_NAMES = frozenset(field.name for field in fields(Terms))


def terms_from_json(value: object) -> Terms:
    """Parse terms; raises InvalidField that names what is wrong with them."""
    if not isinstance(value, dict):
        raise InvalidField(_("Terms are an object."), field="terms")
    unknown = set(value) - _NAMES
    if unknown:
        raise InvalidField(_("Terms know no {sorted}.", sorted=repr(sorted(unknown)[0])), field="terms")
    hours = _whole(value.get("notice_hours"), "notice_hours")
    return Terms(
        expires_after_months=_whole(value.get("expires_after_months"), "expires_after_months"),
        expires_on=_date(value.get("expires_on")),
        refund_formula=_one_of(RefundFormula, value.get("refund_formula"), RefundFormula.PRORATED),
        no_show=_one_of(NoShow, value.get("no_show"), NoShow.ASK),
        forgiven_no_shows=_whole(value.get("forgiven_no_shows"), "forgiven_no_shows") or 0,
        expires_from=_one_of(ExpiresFrom, value.get("expires_from"), ExpiresFrom.SALE),
        notice_hours=USUAL_NOTICE_HOURS if hours is None else hours,
    )


def _whole(value: object, name: str) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise InvalidField(_("{name} is a whole number.", name=name), field="terms")


def _date(value: object) -> date | None:
    if value is None:
        return None
    # Python accepts more formats: week dates, and dates without dashes.
    if not isinstance(value, str) or not _DAY.match(value):
        raise InvalidField(_NO_DAY, field="terms")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise InvalidField(_NO_DAY, field="terms") from None


def _one_of(kind: type[E], value: object, default: E) -> E:
    if value is None:
        return default
    try:
        return kind(str(value))
    except ValueError:
        names = ", ".join(kind)
        raise InvalidField(
            _("{value} is none of: {names}.", value=repr(value), names=names), field="terms"
        ) from None


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


@dataclass(frozen=True, slots=True)
class NoShowOffer:
    """The rule of one course and the visits forgiven so far; `proposed` is None where it leaves that open."""

    rule: NoShow
    forgiven: int
    allowed: int
    proposed: NoShow | None


def no_show_offer(terms: Terms, forgiven: int) -> NoShowOffer:
    """Return what the terms propose after so many missed visits were forgiven."""
    return NoShowOffer(terms.no_show, forgiven, terms.forgiven_no_shows, _proposed(terms, forgiven))


def _proposed(terms: Terms, forgiven: int) -> NoShow | None:
    if terms.no_show is NoShow.ASK:
        return None
    # As printed on the papers: a missed visit counts, and the first ones are forgiven.
    if terms.no_show is NoShow.CHARGE and forgiven >= terms.forgiven_no_shows:
        return NoShow.CHARGE
    return NoShow.FORGIVE
