"""One row of a file as a course, with every reason to refuse it. Pure; no database."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from plugin.core.moments import day_at
from plugin.core.text import NAME_LENGTH, folded, full_name, required, spoken_name
from plugin.courses.base.course_record import LONGEST_RECORD, CourseRecord, record_from_text
from plugin.courses.clients.contacts import Contact, typed_contact
from plugin.courses.imports.cells import LONGEST_CELL, Currency, Row, shown
from plugin.courses.imports.columns import Columns, RowReader, Wrong
from plugin.courses.imports.fields import Field
from plugin.courses.imports.offers import Offer
from plugin.courses.imports.values import Counts, count_sessions, phrase_counts, without_counts
from plugin.errors import InvalidField
from plugin.wording import _

_NOTE_LENGTH = 240
# What people write if a course does not expire.
_NEVER = re.compile(
    "never|never expires|does not expire|no expir(?:y|ation)|unlimited|nunca|no caduca", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A course as the file describes it. `offer` None: a treatment and a number of sessions, no package.

    `called` is its name in the file. `sold_at` is the moment where the file has it. `expires_on` None: never
    where `is_expiry_given`, else by the terms of its package. `record` contains the whole course where
    Coursekeeper exported it.
    """

    line: int
    contact: Contact
    offer: Offer | None
    course_name: str
    called: str
    granted: int
    used: int
    left: int
    touch_ups_left: int | None
    price: int | None
    sold_on: date
    sold_at: datetime | None
    expires_on: date | None
    is_expiry_given: bool
    note: str
    record: CourseRecord | None

    @property
    def mark(self) -> tuple[object, ...]:
        """Return everything the row states: two rows with the same mark are duplicates."""
        who = (folded(self.contact.name), self.contact.phone, self.contact.email)
        what = (folded(self.course_name), self.granted, self.used, self.touch_ups_left, self.price)
        return (*who, *what, self.sold_on, self.expires_on, self.note, self.record and self.record.course_id)


@dataclass(frozen=True, slots=True)
class Rules:
    """What rows are checked against: the clinic's packages by folded name, its currency, country, zone, and day."""

    offers: Mapping[str, tuple[Offer, ...]]
    currency: Currency
    country: str
    zone: ZoneInfo
    today: date


def read_row(
    row: Row, columns: Columns, headings: tuple[str, ...], orders: Mapping[Field, bool | None], rules: Rules
) -> ImportRow | list[Wrong] | None:
    """Return the course of a row, or everything wrong with it; None for a course that was undone."""
    reader = RowReader(row, columns, headings, orders)
    record = _record(reader, rules)
    if reader.wrong:
        return reader.wrong
    if record is not None and record.is_void:
        return None
    contact = _contact(reader, rules, record)
    offer, name = _what(reader, rules, record)
    counts = _counts(reader, offer, record)
    touch_ups = None if record else _touch_ups(reader, offer)
    price = _price(reader, rules, record)
    sold, expires_on = _days(reader, rules)
    note = reader.short(Field.NOTE, _NOTE_LENGTH)
    if reader.wrong or contact is None or counts is None or sold is None:
        return reader.wrong
    return ImportRow(
        line=row.line,
        contact=contact,
        offer=offer,
        course_name=offer.name if offer else name,
        called=name,
        granted=counts[0],
        used=counts[1],
        left=counts[2],
        touch_ups_left=touch_ups,
        price=price,
        sold_on=_day(sold, rules),
        sold_at=sold if isinstance(sold, datetime) else None,
        expires_on=expires_on,
        is_expiry_given=record is not None or shown(reader.cell(Field.EXPIRES_ON)) != "",
        note=note,
        record=record,
    )


def _record(reader: RowReader, rules: Rules) -> CourseRecord | None:
    text = reader.text(Field.RECORD, LONGEST_RECORD)
    if not text:
        return None
    try:
        record = record_from_text(text)
    except InvalidField as refusal:
        reader.refuse(Field.RECORD, refusal.message)
        return None
    if record.currency != rules.currency.code:
        said = _(
            "This course is in {currency}, the clinic’s currency is {code}.",
            currency=record.currency,
            code=rules.currency.code,
        )
        reader.refuse(Field.RECORD, said)
    return record


def _contact(reader: RowReader, rules: Rules, record: CourseRecord | None) -> Contact | None:
    if record is not None and not reader.text(Field.NAME):
        said = _(
            "This course has no client. Write the name here, or assign it under Attention and export again."
        )
        reader.refuse(Field.NAME, said)
        return None
    fields = {
        "name": Field.NAME if reader.has(Field.NAME) else Field.LAST_NAME,
        "phone": Field.PHONE,
        "email": Field.EMAIL,
    }
    try:
        return typed_contact(
            name=_full_name(reader, record),
            phone=reader.text(Field.PHONE),
            email=reader.text(Field.EMAIL),
            language=record.language if record else None,
            country=rules.country,
        )
    except InvalidField as refusal:
        reader.refuse(fields.get(refusal.field or "", Field.NAME), refusal.message)
        return None


def _full_name(reader: RowReader, record: CourseRecord | None) -> str:
    name = reader.text(Field.NAME)
    if name:
        return name if record else spoken_name(name)
    return full_name(reader.text(Field.FIRST_NAME), reader.text(Field.LAST_NAME))


def _what(reader: RowReader, rules: Rules, record: CourseRecord | None) -> tuple[Offer | None, str]:
    """Return the package, None for a treatment or for one that a record defines, and its name in the file."""
    what = Field.PACKAGE if reader.has(Field.PACKAGE) else Field.PACKAGE_LEFT
    name = reader.short(what, LONGEST_CELL)
    if what is Field.PACKAGE_LEFT and folded(name) not in rules.offers:
        name = without_counts(name)
    if not name:
        return None, _treatment(reader)
    known = rules.offers.get(folded(name), ())
    if not known and record is None:
        known = _of_which_it_is_part(name, rules)
    if len(known) == 1:
        if known[0].why_not and record is None:
            reader.refuse(what, known[0].why_not)
        return known[0], name
    if record is not None:
        return None, name[:NAME_LENGTH]
    many = _("Two packages are called “{name}”. Give one of them another name.", name=name[:60])
    none = _(
        "No package is called “{name}”. Make it under Packages, or set this column to “Treatment”.",
        name=name[:60],
    )
    reader.refuse(what, many if known else none)
    return None, ""


def _of_which_it_is_part(name: str, rules: Rules) -> tuple[Offer, ...]:
    """Return the package for sale whose name contains all of this name, if it is the only one."""
    part = re.compile(rf"(?<!\w){re.escape(folded(name))}(?!\w)")
    if not re.search(r"[^\W\d]{3}", name):
        return ()
    found = [
        offer
        for called, offers in rules.offers.items()
        if part.search(called)
        for offer in offers
        if offer.is_active
    ]
    return tuple(found) if len(found) == 1 else ()


def _treatment(reader: RowReader) -> str:
    what = Field.TREATMENT if reader.has(Field.TREATMENT) else Field.PACKAGE
    try:
        return required(reader.text(what), field="", called=_("The package or treatment"), most=NAME_LENGTH)
    except InvalidField as refusal:
        reader.refuse(what, refusal.message)
        return ""


def _counts(
    reader: RowReader, offer: Offer | None, record: CourseRecord | None
) -> tuple[int, int, int] | None:
    """Return the sessions bought, used and left of the main treatment."""
    before = len(reader.wrong)
    bought, used, left = (reader.counts(each) for each in (Field.SESSIONS, Field.USED, Field.LEFT))
    booked = reader.counts(Field.BOOKED).left
    if record is not None:
        return _recorded(reader, record, bought, left)
    phrase = phrase_counts(reader.text(Field.PACKAGE_LEFT)) if reader.has(Field.PACKAGE_LEFT) else Counts()
    if len(reader.wrong) > before:
        return None
    try:
        return count_sessions((bought, used, left, phrase), booked or 0, offer.sessions if offer else None)
    except InvalidField as refusal:
        what = Field(refusal.field or Field.LEFT)
        if what is Field.LEFT and not reader.has(what):
            what = next((each for each in (Field.PACKAGE_LEFT, Field.USED) if reader.has(each)), what)
        reader.refuse(what, refusal.message)
        return None


def _recorded(
    reader: RowReader, record: CourseRecord, granted: Counts, left: Counts
) -> tuple[int, int, int] | None:
    heads = [each.head for each in record.allowances]
    for what, shown_here, kept in (
        (Field.SESSIONS, granted.granted, sum(head.granted for head in heads)),
        (Field.LEFT, left.left, sum(head.sessions for head in heads)),
    ):
        if shown_here is not None and shown_here != kept:
            said = _(
                "{shown_here} is not what the record says: {kept}. Export the courses again, or empty the record.",
                shown_here=shown_here,
                kept=kept,
            )
            reader.refuse(what, said)
    mains = [each.head for each in record.main]
    return sum(each.granted for each in mains), record.used, sum(each.sessions for each in mains)


def _touch_ups(reader: RowReader, offer: Offer | None) -> int | None:
    left = reader.counts(Field.TOUCH_UPS_LEFT).left
    most = offer.touch_ups if offer else 0
    if left is not None and left > most:
        contents = _("{most} touch-ups", most=most) if most else _("no touch-ups; leave the cell empty")
        reader.refuse(Field.TOUCH_UPS_LEFT, _("This package holds {contents}.", contents=contents))
    return left if most else None


def _price(reader: RowReader, rules: Rules, record: CourseRecord | None) -> int | None:
    price = reader.amount(rules.currency)
    if record is not None and price is not None and price != record.paid:
        reader.refuse(
            Field.PRICE, _("This is not what the record says. Export the courses again, or empty the record.")
        )
    return record.paid if record else price


def _days(reader: RowReader, rules: Rules) -> tuple[date | datetime | None, date | None]:
    sold = reader.moment(Field.SOLD_ON) or reader.columns.sold_on
    is_never = _NEVER.fullmatch(reader.text(Field.EXPIRES_ON)) is not None
    expires_on = None if is_never else reader.moment(Field.EXPIRES_ON)
    expires_on = _day(expires_on, rules) if expires_on else None
    if sold is None and not shown(reader.cell(Field.SOLD_ON)):
        said = _(
            "The date of purchase is missing. Fill it in, or say which date to use for rows without one."
        )
        reader.refuse(Field.SOLD_ON, said)
    if sold is not None and _day(sold, rules) > rules.today:
        reader.refuse(Field.SOLD_ON, _("This day is in the future. Only courses already sold are imported."))
    if expires_on is not None and sold is not None and expires_on < _day(sold, rules):
        reader.refuse(Field.EXPIRES_ON, _("The course expires before it was sold."))
    return sold, expires_on


def _day(moment: date | datetime, rules: Rules) -> date:
    return day_at(moment, rules.zone) if isinstance(moment, datetime) else moment
