"""What the values of a column look like: days, money, counts, people.

Evidence beside the heading, not a decision.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from plugin.courses.imports.counts import phrase_counts, read_counts
from plugin.courses.imports.days import TwoWays, read_moment
from plugin.courses.imports.fields import FIELDS, Field
from plugin.courses.imports.table import Cell, shown
from plugin.errors import InvalidField
from plugin.wording import N_, _

# The kinds of values, as messages name them; `fields.toml` gives each field its kind.
DAY, MONEY, COUNT, PHONE = N_("dates"), N_("money"), N_("whole numbers"), N_("phone numbers")
EMAIL, FLAG, TEXT, PERSON = N_("e-mail addresses"), N_("yes and no"), N_("text"), N_("names")
ANYTHING = "anything"
# A larger number is not a count of sessions.
_MOST = 400
_LONGEST = 100
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+\Z")
_PHONE = re.compile(r"\+?[\d\s().\-/]{7,24}(?:\s*(?:x|ext\.?)\s*\d{1,6})?\Z", re.IGNORECASE)
_MONEY = re.compile(r"-?\(?\s*(?:[$€£¥]|[A-Z]{3}\s?)?\s*\d[\d.,' ]*\s*(?:[$€£¥]|[A-Z]{3})?\)?\Z")
_SIGN = re.compile(r"[$€£¥]|\b[A-Z]{3}\b")
_FLAGS = frozenset({"y", "n", "yes", "no", "true", "false", "si", "ja", "nein", "oui", "non"})
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "none", "never", "null", "unlimited"})


@dataclass(frozen=True, slots=True)
class Values:
    """The filled cells of a column: the share of each kind, among the cells that carry information."""

    count: int
    shares: dict[str, float]
    folded: frozenset[str]
    # The share of cells whose own words state “left” or “used”, or that give one number of another without a
    # word.
    says_left: float
    says_used: float
    is_pair: float
    is_plain: float

    def share(self, kind: str) -> float:
        return self.shares.get(kind, 0.0)

    @property
    def kind(self) -> str:
        """Return the most frequent kind, for messages."""
        if self.is_pair >= 0.5:
            return _("numbers that may be used or left")
        kind = max(self.shares, key=lambda kind: self.shares[kind], default=TEXT)
        return _("numbers") if kind == MONEY and self.is_plain >= 0.5 else kind


def values_of(cells: Sequence[Cell]) -> Values:
    """Analyze the cells of a column."""
    filled = [_short(cell) for cell in cells if shown(cell)[:_LONGEST].casefold() not in _NOTHING]
    kinds = [_kinds(cell) for cell in filled]
    shares: dict[str, float] = {}
    for each in kinds:
        for kind, weight in each.items():
            shares[kind] = shares.get(kind, 0.0) + weight / len(kinds)
    texts = [shown(cell) for cell in filled]
    phrases = [phrase_counts(text) for text in texts]
    return Values(
        count=len(filled),
        shares=shares,
        folded=frozenset(text.casefold() for text in texts),
        says_left=_part(each.left is not None for each in phrases),
        says_used=_part(each.used is not None for each in phrases),
        is_pair=_part(re.fullmatch(r"\d{1,3}\s*(?:/|of)\s*\d{1,3}", text) is not None for text in texts),
        is_plain=_part(text.isdecimal() for text in texts),
    )


def _short(cell: Cell) -> Cell:
    return cell[:_LONGEST] if isinstance(cell, str) else cell


def fit(values: Values, what: Field) -> float:
    """Return how well the values fit a field, 0 where they are plainly something else."""
    if not values.count:
        return 0.85
    if what is Field.SESSIONS and max(values.is_pair, values.says_left, values.says_used) >= 0.5:
        return 0.0
    kind, text = FIELDS[what].values, values.share(TEXT)
    if kind == ANYTHING:
        return 1.0
    if kind == TEXT:
        return max(0.0, 1 - 2 * (1 - text))
    wanted = values.share(kind)
    if kind == PERSON:
        return max(0.0, 0.5 + 0.5 * wanted - 2 * (1 - text))
    other = max(0.0, 1 - wanted - text)
    return max(0.0, 0.6 + 0.4 * wanted - max(0.0, other - wanted)) if wanted or text else 0.0


def _part(marks: Iterable[bool]) -> float:
    listed = list(marks)
    return sum(listed) / len(listed) if listed else 0.0


def _kinds(cell: Cell) -> dict[str, float]:
    """Return the kinds a cell can be, each with how well its form fits."""
    if isinstance(cell, date):
        return {DAY: 1.0}
    if isinstance(cell, Decimal):
        return _number_kinds(cell)
    return _text_kinds(cell.strip())


def _number_kinds(number: Decimal) -> dict[str, float]:
    if number == number.to_integral_value() and 0 <= number <= _MOST:
        return {COUNT: 1.0, MONEY: 1.0}
    if _is_day(number):
        return {DAY: 1.0, MONEY: 0.9}
    return {PHONE: 1.0} if 10**9 <= number < 10**15 else {MONEY: 1.0}


@lru_cache(maxsize=8192)
def _text_kinds(text: str) -> dict[str, float]:
    if text.casefold() in _FLAGS:
        return {FLAG: 1.0}
    if _EMAIL.match(text):
        return {EMAIL: 1.0}
    if _is_day(text):
        return {DAY: 1.0, **({MONEY: 0.5} if text.isdecimal() else {})}
    found: dict[str, float] = {}
    if _MONEY.match(text):
        found[MONEY] = 1.0
    if not _SIGN.search(text) and _is_count(text):
        # 4.00 is money, unless the heading plainly states otherwise.
        found[COUNT] = 0.3 if re.search(r"\d[.,]00\Z", text) else 1.0
        if any(ch.isalpha() for ch in text):
            # “10 visits” may be a count, or the name of a package.
            found[TEXT] = 1.0
    if not found.get(COUNT) and _PHONE.match(text) and 7 <= sum(ch.isdecimal() for ch in text) <= 15:
        is_written_so = re.search(r"[+()]|\d[\s.-]\d", text) is not None
        found = {PHONE: 1.0 if is_written_so else 0.8, **found}
    if found:
        return found
    is_person = not any(ch.isdecimal() for ch in text) and any(ch.isalpha() for ch in text)
    return {TEXT: 1.0, **({PERSON: 1.0} if is_person else {})}


def _is_count(text: str) -> bool:
    try:
        counts = read_counts(text, of="left")
    except InvalidField:
        return False
    return max(each for each in (counts.granted, counts.used, counts.left) if each is not None) <= _MOST


def _is_day(cell: Cell) -> bool:
    try:
        read_moment(cell, is_day_first=False)
    except TwoWays:
        return True
    except InvalidField:
        return False
    return True
