"""Write the courses of a file into the ledger: all in the caller's transaction, thousands at once.

Each course gets the entries any other gets: sold, paid, and one `used` without a visit for what was used
before.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from plugin.core.ledger import START, Change, Head, Kind, advance, paid, sold, used
from plugin.core.money import allocate
from plugin.core.terms import ExpiresFrom, Terms, terms_from_json
from plugin.core.text import REASON_LENGTH
from plugin.courses.base.chain import Line, next_entry
from plugin.courses.base.clinic import clinic_in, noon_of
from plugin.courses.base.course_record import CourseRecord
from plugin.courses.base.outbox import PROFILE, enqueue
from plugin.courses.base.views import ClinicView
from plugin.courses.base.work import Work
from plugin.courses.imports.check import Checked
from plugin.courses.imports.matching import Person, portions
from plugin.courses.imports.offers import Content, Offer, UnlistedOffers
from plugin.courses.imports.rows import ImportRow
from plugin.store.recorded import recorded
from plugin.store.tables import METADATA, ImportBatch, SquareCustomer
from plugin.wording import N_, _

USED_BEFORE = N_("Imported: used before Coursekeeper")
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Part:
    """One new allowance: its content, its part of the agreed price, and the entries it starts with."""

    id: str
    content: Content
    price: int
    changes: tuple[Change, ...]
    ahead: int = 0


def write_courses(work: Work, batch: ImportBatch, checked: Checked) -> None:
    """Write clients, courses, allowances and entries. The act carries the person's name and the import as source."""
    clinic = clinic_in(work.session)
    unlisted = UnlistedOffers(work, clinic.currency)
    known, new = checked.people.known, checked.people.new
    written: defaultdict[str, list[Values]] = defaultdict(list)
    written["client"] = [_client(work, person) for person in new]
    made = {person.client_id for person in new}
    for row, person in zip(checked.rows, checked.people.of_rows, strict=True):
        offer = _offer(unlisted, row)
        course = _course(work, row, offer, person, clinic)
        parts = _recorded_parts(work, unlisted, row.record) if row.record else _parts(work, row, offer)
        written["course"].append(course)
        written["allowance"] += [_allowance(course["id"], part) for part in parts]
        written["allowed_ahead"] += [_allowed(work, part) for part in parts if part.ahead]
        written["entry"] += _entries(work, batch, row, course["sold_at"], parts)
        written["imported_course"].append(
            {
                "course_id": course["id"],
                "batch_id": batch.id,
                "line": row.line,
                "has_new_client": person.client_id in made,
            }
        )
    for table in ("client", "course", "allowance", "allowed_ahead", "entry", "imported_course"):
        if written[table]:
            # The table, not the class: rows that leave different columns empty are still inserted together.
            work.session.execute(insert(METADATA.tables[table]), written[table])
    # No papers are rendered ahead: there would be thousands that may never be requested.
    profiles_changed(work, known)


def profiles_changed(work: Work, client_ids: set[str]) -> None:
    """Enqueue the balance of those who are in Square, to be written to their profiles."""
    for some in portions(client_ids):
        present = select(SquareCustomer.client_id).where(SquareCustomer.client_id.in_(some)).distinct()
        for client_id in work.session.scalars(present).all():
            enqueue(work, PROFILE, client_id)


def _client(work: Work, person: Person) -> Values:
    person.client_id = work.new_id()
    return {
        "id": person.client_id,
        **person.contact.columns(),
        "wants_mail": person.wants_mail,
        "created_at": work.now,
    }


def _offer(unlisted: UnlistedOffers, row: ImportRow) -> Offer:
    if row.offer is not None:
        return row.offer
    if row.record is not None:
        return unlisted.of_record(row.record, row.course_name)
    return unlisted.of_treatment(row.course_name, row.granted, row.price)


def _course(work: Work, row: ImportRow, offer: Offer, person: Person, clinic: ClinicView) -> Values:
    record = row.record
    terms = record.terms if record else _terms(row, offer)
    values = {
        "id": work.new_id(),
        "client_id": person.client_id,
        "package_id": offer.id,
        "package_name": offer.name,
        "package_version": offer.version,
        "terms": terms.to_json(),
        "price": record.price if record else row.price or 0,
        "currency": clinic.currency,
        "sold_at": _sold_at(row, work, clinic),
        "booked_at": work.now,
        "expires_on": row.expires_on if record else terms.expiry(row.sold_on),
        "frozen_at": record.frozen_at if record else None,
        "closed_as": record.closed_as if record else None,
        "closed_at": record.closed_at if record else None,
    }
    return recorded("course", values)


def _terms(row: ImportRow, offer: Offer) -> Terms:
    terms = terms_from_json(offer.terms)
    if not row.is_expiry_given:
        return terms
    return replace(terms, expires_after_months=None, expires_on=row.expires_on, expires_from=ExpiresFrom.SALE)


def _sold_at(row: ImportRow, work: Work, clinic: ClinicView) -> datetime:
    return min(row.sold_at or noon_of(row.sold_on, clinic), work.now)


def _recorded_parts(work: Work, unlisted: UnlistedOffers, record: CourseRecord) -> list[_Part]:
    pairs = zip(unlisted.contents_of(record), record.allowances, strict=True)
    return [
        _Part(work.new_id(), content, of.price, of.changes or (paid(0),), of.ahead) for content, of in pairs
    ]


def _parts(work: Work, row: ImportRow, offer: Offer) -> list[_Part]:
    counts = [_counts(row, offer, content) for content in offer.contents]
    weights = [
        granted * content.single_price
        for (granted, _other), content in zip(counts, offer.contents, strict=True)
    ]
    shares = allocate(row.price or 0, weights)
    return [
        _Part(work.new_id(), content, share, _changes(granted, spent, share))
        for content, (granted, spent), share in zip(offer.contents, counts, shares, strict=True)
    ]


def _changes(granted: int, spent: int, share: int) -> tuple[Change, ...]:
    first = sold(granted), paid(share)
    return (*first, used(advance(advance(START, first[0]), first[1]), spent)) if spent else first


def _counts(row: ImportRow, offer: Offer, content: Content) -> tuple[int, int]:
    """Return the sessions granted and used of one content of the course."""
    if content == offer.main:
        return row.granted, row.used
    if content.kind == "touch_up":
        return content.sessions, 0 if row.touch_ups_left is None else content.sessions - row.touch_ups_left
    # An add-on goes with a session.
    return content.sessions, min(content.sessions, row.used)


def _allowance(course_id: str, part: _Part) -> Values:
    content = part.content
    values = {
        "id": part.id,
        "course_id": course_id,
        "position": content.position,
        "treatment_id": content.treatment_id,
        "treatment": content.treatment,
        "kind": content.kind,
        "single_price": content.single_price,
        "price": part.price,
        "usable_from_session": content.usable_from_session,
    }
    return recorded("allowance", values)


def _allowed(work: Work, part: _Part) -> Values:
    return {
        "id": work.new_id(),
        "allowance_id": part.id,
        "sessions": part.ahead,
        "at": work.now,
        "by": work.act.actor.name,
        "reason": _("Imported"),
    }


def _entries(
    work: Work, batch: ImportBatch, row: ImportRow, sold_at: datetime, parts: Sequence[_Part]
) -> Iterator[Values]:
    """Yield what was sold and paid first, then what was used, so that they are grouped in the history."""
    heads: dict[str, Head] = {}

    def entry(part: _Part, change: Change, reason: str) -> Values:
        key = f"import:{batch.id}:{row.line}:{part.content.position}:{change.kind.value}"
        line = Line(key, sold_at, reason=reason)
        written = next_entry(work, part.id, heads.get(part.id, START), change, line)
        heads[part.id] = written.head
        return written._asdict()

    reason = _reason(batch, row)
    for is_later in (False, True):
        for part in parts:
            for change in part.changes:
                if (change.sessions < 0 or change.value < 0) is is_later:
                    yield entry(part, change, USED_BEFORE if change.kind is Kind.USED else reason)


def _reason(batch: ImportBatch, row: ImportRow) -> str:
    note = f". {row.note}" if row.note else ""
    return _("Imported from “{batch}”, line {line}{note}", batch=batch.name[:60], line=row.line, note=note)[
        :REASON_LENGTH
    ]
