"""What the values of a column look like, and session counts in them: “7/10”, “10 Pack - 7 remaining”. Pure.

Evidence beside the heading, not a decision. Booked sessions are not used yet. An impossible or ambiguous count is
refused. Columns are tested against each other: used and left add up to bought, with or without those booked; no one
has more left than they bought.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from itertools import product

from plugin.core.text import folded
from plugin.courses.catalog.packages import MOST_SESSIONS
from plugin.courses.imports.cells import LONGEST_CELL, Cell, Table, TwoWays, read_moment, shown
from plugin.courses.imports.fields import CALLED, FIELDS, Field
from plugin.errors import InvalidField
from plugin.wording import N_, _

_COUNT = re.compile(r"(\d{1,6})(?:[.,]0+)?\Z")
_NOUN = "sessions?|visits?|credits?|units?|class(?:es)?|appointments?|treatments?|facials?|uses?|sesion(?:es)?|visitas?"
_LEFT = "left|remaining|remain|rem|available|unused|to go|still to use|restantes?|quedan?|disponibles?|pendientes?"
_USED = "used|redeemed|completed|taken|attended|consumed|usadas?|utilizadas?|consumidas?|realizadas?"
_OF = "/|of|out of|from|de|von|sur"
_NOUNS = re.compile(rf"\s*\b(?:{_NOUN})\Z")
_PACK = re.compile(rf"\b(\d{{1,4}})[\s-]*(?:pack|pk|package|series|{_NOUN})\b(?!\s*(?:{_LEFT}|{_USED})\b)")
_PAIR = re.compile(rf"(?<![\d.,/-])(\d{{1,4}})\s*(?:{_OF})\s*(\d{{1,4}})(?![\d/])(?:\s*(?:{_NOUN}))?")
_AFTER_WORD = re.compile(rf"\b(?:{_LEFT}|{_USED})\s*(?:of|out of|from|de|von|sur)\s*(\d{{1,4}})")
_UNLIMITED = re.compile(r"unlimited\b|ilimitad|illimit|unbegrenzt|no limit\b|∞")
_ENDING = re.compile(
    rf"[\s,;:–—|(\[-]*(?:\d{{1,6}}(?:\s*(?:{_OF})\s*\d{{1,6}})?\s*(?:{_NOUN})?\s*(?:{_LEFT}|{_USED})"
    rf"|(?:{_LEFT}|{_USED})\s*[:=-]?\s*\d{{1,6}}(?:\s*(?:{_OF})\s*\d{{1,6}})?)\b[\s)\].]*\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Counts:
    """What one cell states about a course's sessions, None for what it does not. “7 of 10 left” states two counts."""

    granted: int | None = None
    used: int | None = None
    left: int | None = None

    @property
    def says_which(self) -> bool:
        """Return whether the words of the cell distinguish used sessions from those left."""
        return self.used is not None or self.left is not None


def read_count(cell: Cell) -> int:
    """Return a whole number of sessions; raises InvalidField."""
    if isinstance(cell, Decimal):
        cell = format(cell, "f")
    found = _COUNT.match(str(cell).strip())
    if found is None:
        raise InvalidField(_("“{text}” is not a whole number, such as 12.", text=str(cell).strip()[:40]))
    return int(found[1])


def read_counts(cell: Cell, *, of: str) -> Counts:
    """Return the numbers in a cell: 7, 7/10, 7 of 10, 7 left, 10 Pack - 7 remaining; raises InvalidField.

    `of` is what a number without a word counts: "granted", "used" or "left".
    """
    text = _even(shown(cell)[:LONGEST_CELL])
    if _UNLIMITED.match(text):
        raise InvalidField(
            _(
                "“{text}” is not a number of sessions. Take this row out, or write how many sessions the client has.",
                text=shown(cell)[:40],
            )
        )
    counts = phrase_counts(text)
    if counts.says_which:
        return counts
    if (pair := _PAIR.fullmatch(text)) and of != "granted":
        return Counts(granted=int(pair[2]), **{of: int(pair[1])})
    packs = _PACK.findall(text) if of == "granted" else []
    plain = packs[0] if len(packs) == 1 else _NOUNS.sub("", text) if isinstance(cell, str) else cell
    try:
        return Counts(**{of: read_count(plain)})
    except InvalidField:
        raise InvalidField(_("“{text}” is not a whole number, such as 12.", text=shown(cell)[:40])) from None


def phrase_counts(text: str) -> Counts:
    """Return what the words beside the numbers of a text mean; nothing for ambiguous words or none."""
    plain = _even(text)
    used, left = _said(plain, _USED), _said(plain, _LEFT)
    if len(used) > 1 or len(left) > 1 or not (used or left):
        return Counts()
    pairs = (total for _, total in _PAIR.findall(plain))
    totals = {int(number) for number in (*_PACK.findall(plain), *pairs, *_AFTER_WORD.findall(plain))}
    granted = totals.pop() if len(totals) == 1 else None
    return Counts(granted, used.pop() if used else None, left.pop() if left else None)


def without_counts(text: str) -> str:
    """Return a package's name without its session counts: “10 Pack - 7 remaining” is “10 Pack”."""
    found = _ENDING.search(text)
    return text[: found.start()].strip() if found and found.start() else text


def _even(text: str) -> str:
    return " ".join(folded(text).replace("(", " ").replace(")", " ").split()).strip(" .")


def _said(text: str, words: str) -> set[int]:
    before = rf"\b(?:{words})\b\s*[:=-]?\s*(\d{{1,6}})\b(?!\s*(?:of|/|out))"
    after = rf"(?<![\d.,-])(\d{{1,6}})(?:\s*(?:{_OF})\s*\d{{1,6}})?\s*(?:{_NOUN})?\s*(?:{words})\b"
    found = re.findall(after, text) or re.findall(before, text)
    return {int(number) for number in found}


def count_sessions(cells: Sequence[Counts], booked: int, package: int | None) -> tuple[int, int, int]:
    """Return the sessions bought, used and left; what a row leaves out follows from the rest.

    `cells` is what its cells state; `package` is the number of sessions of the package, None without one.
    Raises InvalidField with the name of the wrong field.
    """
    bought = {each.granted for each in cells if each.granted is not None}
    used = next((each.used for each in cells if each.used is not None), None)
    left = next((each.left for each in cells if each.left is not None), None)
    if len(bought) > 1:
        said = _(
            "This row names {fewest} and {most} sessions bought. Correct one of them.",
            fewest=min(bought),
            most=max(bought),
        )
        raise InvalidField(said, field=Field.SESSIONS)
    granted = next(iter(bought), None)
    if used is None and left is None:
        raise InvalidField(_("The sessions left are missing. Write 0 where there is none."), field=Field.LEFT)
    if booked and left is not None:
        left = _with_booked(used, left, booked, granted or package)
    if granted is None:
        granted = used + left if used is not None and left is not None else package
    return _checked(granted, used, left, package)


def _with_booked(used: int | None, left: int, booked: int, total: int | None) -> int:
    """Return the sessions left including those booked. Some systems include them in that count, some do not."""
    if used is None or total is None:
        said = _(
            "The {left} sessions left may or may not include the {booked} booked. If they do, set this column to Skip."
            " If not, add them to those left.",
            left=left,
            booked=booked,
        )
        raise InvalidField(said, field=Field.BOOKED)
    return left + booked if used + left + booked == total else left


def _checked(
    granted: int | None, used: int | None, left: int | None, package: int | None
) -> tuple[int, int, int]:
    if granted is None or not 1 <= granted <= MOST_SESSIONS:
        called = CALLED[Field.SESSIONS]
        said = (
            _("{called} is missing.", called=called)
            if granted is None
            else _("{called} is 1 to {most}.", called=called, most=MOST_SESSIONS)
        )
        raise InvalidField(said, field=Field.SESSIONS)
    used = granted - (left or 0) if used is None else used
    if used < 0 or used > granted:
        said = (
            _("{left} left is more than the {granted} bought.", left=left, granted=granted)
            if left is not None
            else _("{used} used is more than the {granted} bought.", used=used, granted=granted)
        )
        raise InvalidField(said, field=Field.LEFT)
    if left is not None and used + left != granted:
        said = _(
            "{used} used and {left} left are not the {granted} bought.", used=used, left=left, granted=granted
        )
        raise InvalidField(said, field=Field.LEFT)
    if package is not None and granted > package:
        said = _(
            "{granted} sessions are more than this package holds: {package}. Correct the number, or set the column to"
            " Skip if it counts something else.",
            granted=granted,
            package=package,
        )
        raise InvalidField(said, field=Field.SESSIONS)
    return granted, used, granted - used


COUNTS = (Field.SESSIONS, Field.USED, Field.BOOKED, Field.LEFT)
_LOOKED_AT = 200

Scores = Mapping[tuple[int, Field], float]
Combination = tuple[int | None, ...]


def count_columns(table: Table, scores: Scores) -> dict[Field, tuple[int, ...]]:
    """Return the columns whose headings fit and whose rows add up best."""
    others: dict[int, float] = {}
    for (column, what), score in scores.items():
        if what not in COUNTS:
            others[column] = max(score, others.get(column, 0.0))
    choices: list[list[int | None]] = []
    for what in COUNTS:
        able = [c for c, field in scores if field is what and scores[c, what] >= others.get(c, 0.0)]
        able.sort(key=lambda column: -scores[column, what])
        choices.append([*able[:3], None])
    numbers = {c: _numbers(table, c) for options in choices for c in options if c is not None}

    def worth(combination: Combination) -> float:
        columns = [column for column in combination if column is not None]
        if len(set(columns)) < len(columns):
            return -1.0
        pairs = zip(combination, COUNTS, strict=True)
        weight = sum(scores[column, what] for column, what in pairs if column is not None)
        return weight + _agreement(_rows(combination, numbers))

    best = max(product(*choices), key=worth)
    return {what: (c,) for c, what in zip(best, COUNTS, strict=True) if c is not None}


def does_count_matter(table: Table, of: Mapping[Field, tuple[int, ...]], what: Field, column: int) -> bool:
    """Return whether another column for a count would change what is imported, and could be right.

    Where bought, used and left are all present, each row has to add up anyway.
    """
    if {Field.SESSIONS, Field.USED, Field.LEFT} <= set(of):
        return False
    chosen = tuple(of[each][0] if each in of else None for each in COUNTS)
    changed = tuple(column if each is what else mine for each, mine in zip(COUNTS, chosen, strict=True))
    numbers = {each: _numbers(table, each) for each in (*chosen, column) if each is not None}
    return _agreement(_rows(changed, numbers)) >= _agreement(_rows(chosen, numbers))


def _numbers(table: Table, column: int) -> list[int | None]:
    return [_number(row.cell(column)) for row in table.rows[:_LOOKED_AT]]


def _number(cell: Cell) -> int | None:
    try:
        counts = read_counts(cell, of="left")
    except InvalidField:
        return None
    return counts.left if counts.left is not None else counts.used


def _rows(combination: Combination, numbers: Mapping[int, list[int | None]]) -> list[tuple[int | None, ...]]:
    length = max(map(len, numbers.values()), default=0)
    nothing: list[int | None] = [None] * length
    columns = [nothing if column is None else numbers[column] for column in combination]
    return list(zip(*columns, strict=True))


def _agreement(rows: Sequence[tuple[int | None, ...]]) -> float:
    """Return how well the rows agree with these as the sessions bought, used, booked and left."""
    right = wrong = impossible = 0
    counted = [row for row in rows if row[0] is not None]
    for bought, used, booked, left in counted:
        impossible += (bought or 0) < max(used or 0, left or 0)
        if used is not None and left is not None:
            is_right = bought in (used + left, used + left + (booked or 0))
            right, wrong = right + is_right, wrong + (not is_right)
    if not counted:
        return 0.0
    return (0.4 * right - 0.2 * wrong) / len(counted) - (0.7 if 2 * impossible > len(counted) else 0.0)


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
        if cell == cell.to_integral_value() and 0 <= cell <= _MOST:
            return {COUNT: 1.0, MONEY: 1.0}
        if _is_day(cell):
            return {DAY: 1.0, MONEY: 0.9}
        return {PHONE: 1.0} if 10**9 <= cell < 10**15 else {MONEY: 1.0}
    return _text_kinds(cell.strip())


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
