"""One row of a file as a course: every cell checked, every reason to refuse it named. Knows no database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from plugin.core.text import NAME_LENGTH, folded, full_name, optional, required
from plugin.courses.imports.amounts import Currency, read_amount, read_count
from plugin.courses.imports.columns import CALLED, Columns, Field
from plugin.courses.imports.days import TwoWays, read_day
from plugin.courses.imports.offers import Offer
from plugin.courses.imports.table import LONGEST_CELL, Row, shown
from plugin.courses.people.contacts import Contact, typed_contact
from plugin.errors import InvalidField

MOST_SESSIONS = 999
_NOTE_LENGTH = 240
# What people write where there is nothing to say.
_NOTHING = frozenset({"", "-", "–", "—", "n/a", "na", "none", "never", "null", "no expiry", "unlimited"})


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why a row can't be imported: the line, the column's heading ("" for the row as a whole), the reason."""

    line: int
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A course as the file tells it. `offer` None: a treatment and a number of sessions, no package of ours."""

    line: int
    contact: Contact
    offer: Offer | None
    treatment: str
    granted: int
    used: int
    touch_ups_left: int | None
    price: int | None
    sold_on: date
    is_sold_told: bool
    expires_on: date | None
    note: str

    @property
    def left(self) -> int:
        """Return the sessions of the main treatment that are left."""
        return self.granted - self.used

    @property
    def course_name(self) -> str:
        """Return what the course is called."""
        return self.offer.name if self.offer else self.treatment

    @property
    def course_mark(self) -> tuple[str, int, date]:
        """Return what tells two courses of one client apart."""
        return folded(self.course_name), self.granted, self.sold_on

    @property
    def mark(self) -> tuple[object, ...]:
        """Return everything the row says: two rows of one mark are one row that stands twice."""
        contact = self.contact
        who = (folded(contact.name), contact.phone, contact.email)
        return (
            *who,
            self.course_mark,
            self.used,
            self.touch_ups_left,
            self.price,
            self.expires_on,
            self.note,
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """What rows are held against: the clinic's packages by folded name, its currency, country, and day."""

    offers: Mapping[str, tuple[Offer, ...]]
    currency: Currency
    country: str
    today: date


@dataclass(slots=True)
class _Reader:
    """The cells of one row, read one after the other; what is wrong with them is collected."""

    row: Row
    columns: Columns
    headings: tuple[str, ...]
    wrong: list[Wrong] = field(default_factory=list)

    def refuse(self, what: Field | None, reason: str) -> None:
        column = self.columns.of.get(what) if what else None
        heading = "" if column is None or column >= len(self.headings) else self.headings[column]
        self.wrong.append(Wrong(self.row.line, heading or (CALLED[what] if what else ""), reason))

    def has(self, what: Field) -> bool:
        return what in self.columns.of

    def text(self, what: Field) -> str:
        if what not in self.columns.of:
            return ""
        text = shown(self.row.cell(self.columns.of[what]))
        if len(text) > LONGEST_CELL:
            self.refuse(what, f"This cell has {len(text)} characters, at most {LONGEST_CELL} fit.")
            return ""
        return text

    def is_silent(self, what: Field) -> bool:
        return not self.has(what) or self.text(what).casefold() in _NOTHING

    def count(self, what: Field) -> int | None:
        if self.is_silent(what):
            return None
        try:
            return read_count(self.row.cell(self.columns.of[what]))
        except InvalidField as refusal:
            self.refuse(what, refusal.message)
            return None

    def amount(self, currency: Currency) -> int | None:
        if self.is_silent(Field.PRICE):
            return None
        try:
            return read_amount(self.row.cell(self.columns.of[Field.PRICE]), currency)
        except InvalidField as refusal:
            self.refuse(Field.PRICE, refusal.message)
            return None

    def day(self, what: Field) -> date | None:
        if self.is_silent(what):
            return None
        try:
            return read_day(self.row.cell(self.columns.of[what]), is_day_first=self.columns.is_day_first)
        except TwoWays as both:
            self.refuse(what, f"“{both}” can be read as two days. Say above how this file writes dates.")
        except InvalidField as refusal:
            self.refuse(what, refusal.message)
        return None


def read_row(row: Row, columns: Columns, headings: tuple[str, ...], rules: Rules) -> ImportRow | list[Wrong]:
    """Return the course that a row tells of, or everything that is wrong with it."""
    reader = _Reader(row, columns, headings)
    contact = _contact(reader, rules)
    offer, treatment = _what(reader, rules)
    counts = _counts(reader, offer)
    touch_ups = _touch_ups(reader, offer)
    price = reader.amount(rules.currency)
    sold_on, expires_on = _days(reader, rules)
    note = _short(reader, Field.NOTE, _NOTE_LENGTH)
    if reader.wrong or contact is None or counts is None:
        return reader.wrong
    return ImportRow(
        line=row.line,
        contact=contact,
        offer=offer,
        treatment=treatment,
        granted=counts[0],
        used=counts[1],
        touch_ups_left=touch_ups,
        price=price,
        sold_on=sold_on or rules.today,
        is_sold_told=sold_on is not None,
        expires_on=expires_on,
        note=note,
    )


def _contact(reader: _Reader, rules: Rules) -> Contact | None:
    name = reader.text(Field.NAME) or full_name(reader.text(Field.FIRST_NAME), reader.text(Field.LAST_NAME))
    told = {
        "name": Field.NAME if reader.has(Field.NAME) else Field.LAST_NAME,
        "phone": Field.PHONE,
        "email": Field.EMAIL,
    }
    phone = "" if reader.is_silent(Field.PHONE) else reader.text(Field.PHONE)
    email = "" if reader.is_silent(Field.EMAIL) else reader.text(Field.EMAIL)
    try:
        return typed_contact(name=name, phone=phone, email=email, language=None, country=rules.country)
    except InvalidField as refusal:
        reader.refuse(told.get(refusal.field or "", Field.NAME), refusal.message)
        return None


def _what(reader: _Reader, rules: Rules) -> tuple[Offer | None, str]:
    name = _short(reader, Field.PACKAGE, LONGEST_CELL)
    if not name:
        return None, _treatment(reader)
    known = rules.offers.get(folded(name), ())
    if len(known) == 1:
        if known[0].why_not:
            reader.refuse(Field.PACKAGE, known[0].why_not)
        return known[0], ""
    many = f"Two packages are called “{name[:60]}”. Give one of them another name."
    none = f"No package is called “{name[:60]}”. Make it under Packages, or set this column to “Treatment”."
    reader.refuse(Field.PACKAGE, many if known else none)
    return None, ""


def _treatment(reader: _Reader) -> str:
    what = Field.TREATMENT if reader.has(Field.TREATMENT) else Field.PACKAGE
    try:
        return required(reader.text(what), field="", called="The package or treatment", most=NAME_LENGTH)
    except InvalidField as refusal:
        reader.refuse(what, refusal.message)
        return ""


def _counts(reader: _Reader, offer: Offer | None) -> tuple[int, int] | None:
    """Return the sessions bought and used; what one of the three columns leaves out follows from the others."""
    before = len(reader.wrong)
    granted, used, left = (reader.count(each) for each in (Field.SESSIONS, Field.USED, Field.LEFT))
    if len(reader.wrong) > before:
        return None
    which = Field.LEFT if reader.has(Field.LEFT) else Field.USED
    if used is None and left is None:
        reader.refuse(which, f"{CALLED[which]} is missing. Write 0 where there is none.")
        return None
    if granted is None:
        granted = used + left if used is not None and left is not None else offer.sessions if offer else None
    if granted is None or not 1 <= granted <= MOST_SESSIONS:
        said = "is missing" if granted is None else f"is 1 to {MOST_SESSIONS}"
        reader.refuse(Field.SESSIONS, f"{CALLED[Field.SESSIONS]} {said}.")
        return None
    used = granted - (left or 0) if used is None else used
    if used < 0 or used > granted:
        more = f"{left} left" if left is not None else f"{used} used"
        reader.refuse(which, f"{more} is more than the {granted} bought.")
        return None
    if left is not None and used + left != granted:
        reader.refuse(which, f"{used} used and {left} left are not the {granted} bought.")
        return None
    return granted, used


def _touch_ups(reader: _Reader, offer: Offer | None) -> int | None:
    left = reader.count(Field.TOUCH_UPS_LEFT)
    most = offer.touch_ups if offer else 0
    if left is not None and left > most:
        held = f"{most} touch-ups" if most else "no touch-ups; leave the cell empty"
        reader.refuse(Field.TOUCH_UPS_LEFT, f"This package holds {held}.")
    return left if most else None


def _days(reader: _Reader, rules: Rules) -> tuple[date | None, date | None]:
    sold_on, expires_on = reader.day(Field.SOLD_ON), reader.day(Field.EXPIRES_ON)
    if sold_on is not None and sold_on > rules.today:
        reader.refuse(Field.SOLD_ON, "This day is still to come. Only courses already sold are imported.")
    if expires_on is not None and sold_on is not None and expires_on < sold_on:
        reader.refuse(Field.EXPIRES_ON, "The course expires before it was sold.")
    return sold_on, expires_on


def _short(reader: _Reader, what: Field, most: int) -> str:
    try:
        return optional(reader.text(what), field="", called=CALLED[what], most=most)
    except InvalidField as refusal:
        reader.refuse(what, refusal.message)
        return ""
