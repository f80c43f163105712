"""Whose personal data it is: the ids of everything a client has, and the words that name them in free text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, String, cast, false, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.core.text import digits, folded
from plugin.store.bulk import ImportedCourse
from plugin.store.changes import CourseOrigin, CourseShare, Gift
from plugin.store.clinical import VisitNote
from plugin.store.documents import ClientLetter, Document, VisitLetter
from plugin.store.ledger import Allowance, Course, Visit
from plugin.store.people import Client, SquareCustomer
from plugin.store.queues import Attention
from plugin.store.selling import Checkout, DeskRefund

# A shorter number or name is part of too many other texts.
_FEWEST_DIGITS = 7
_SHORTEST_NAME = 2


@dataclass(frozen=True, slots=True)
class Words:
    """Names (folded), numbers (digits without the country code), addresses and Square ids that name a person."""

    names: tuple[str, ...]
    numbers: tuple[str, ...]
    addresses: tuple[str, ...]
    square_ids: tuple[str, ...]
    # The names as they are written.
    written: tuple[str, ...]

    def are_in(self, text: str) -> bool:
        low = text.casefold()
        if any(one.casefold() in low for one in (*self.addresses, *self.square_ids)):
            return True
        plain = folded(text)
        if any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", plain) for name in self.names):
            return True
        return bool(self.numbers) and any(one in digits(text) for one in self.numbers)

    def in_typed_text(self) -> Words:
        """Return the words to search for in texts typed about others.

        A single ASCII word of a name is left out, since it may be any word.
        """
        return replace(self, names=tuple(name for name in self.names if " " in name or not name.isascii()))

    def might_be_in(self, column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        """Return a condition that leaves out most rows that don't name them."""
        if not all(name.isascii() for name in self.written):
            # An accent has more than one encoding, and yet another in JSON.
            return column.is_not(None)
        text = func.lower(cast(column, String))
        words = [max(name.split(), key=len, default=name) for name in self.names]
        ends = [number[-2:] for number in self.numbers]
        wanted = [*words, *ends, *(one.lower() for one in (*self.addresses, *self.square_ids))]
        return or_(*(text.contains(one, autoescape=True) for one in wanted)) if wanted else false()


@dataclass(frozen=True, slots=True)
class SubjectData:
    """The ids of everything a client has, including the clients merged into them.

    The columns of the tables name these ids (`plugin.store.base.belongs_to`).
    """

    client_ids: tuple[str, ...]
    square_ids: tuple[str, ...]
    course_ids: tuple[str, ...]
    # Courses of others whose history names them: shared, given, transferred, visited.
    other_course_ids: tuple[str, ...]
    allowance_ids: tuple[str, ...]
    order_ids: tuple[str, ...]
    checkout_ids: tuple[str, ...]
    refund_ids: tuple[str, ...]
    letter_ids: tuple[str, ...]
    # Of their own visits alone: what was treated is between the practitioner and who attended.
    note_ids: tuple[str, ...]
    batch_ids: tuple[str, ...]
    # Issued to them, not for courses that others bought and gave to them.
    document_ids: tuple[str, ...]
    words: Words
    # Words that no other client shares: searched for everywhere, not only in their own rows.
    own_words: Words

    @property
    def job_subjects(self) -> tuple[str, ...]:
        """Return the ids that name the subject of outbox jobs about them."""
        return (
            *self.client_ids,
            *self.course_ids,
            *self.checkout_ids,
            *self.refund_ids,
            *self.letter_ids,
            *self.order_ids,
        )

    def is_asked_about_in(self, item: Attention) -> bool:
        """Return whether an attention item is about them, by the ids it names."""
        details = item.details
        named = {*details.get("course_ids", ()), *details.get("client_ids", ()), details.get("client_id")}
        return (
            not named.isdisjoint((*self.course_ids, *self.client_ids))
            or item.square_order_id in self.order_ids
        )


def subject_data_in(session: Session, client_id: str) -> SubjectData:
    """Return everything of this client as seen by this session."""
    clients = _with_those_merged(session, client_id)
    ids = tuple(client.id for client in clients)
    square_ids = _all(session, SquareCustomer.square_customer_id, SquareCustomer.client_id.in_(ids))
    courses = session.execute(
        select(Course.id, Course.square_order_id).where(Course.client_id.in_(ids)).order_by(Course.id)
    ).all()
    course_ids = tuple(course_id for course_id, _ in courses)
    checkouts = session.execute(
        select(Checkout.id, Checkout.square_order_id).where(Checkout.client_id.in_(ids)).order_by(Checkout.id)
    ).all()
    orders = [order for _, order in (*courses, *checkouts) if order is not None]
    words = _words(clients, square_ids)
    return SubjectData(
        client_ids=ids,
        square_ids=square_ids,
        course_ids=course_ids,
        other_course_ids=_others(session, ids, course_ids),
        allowance_ids=_all(session, Allowance.id, Allowance.course_id.in_(course_ids)),
        order_ids=tuple(dict.fromkeys(orders)),
        checkout_ids=tuple(checkout_id for checkout_id, _ in checkouts),
        refund_ids=_all(session, DeskRefund.id, DeskRefund.course_id.in_(course_ids)),
        letter_ids=(
            *_all(session, VisitLetter.id, VisitLetter.client_id.in_(ids)),
            *_all(session, ClientLetter.id, ClientLetter.client_id.in_(ids)),
        ),
        note_ids=_notes(session, ids),
        batch_ids=_all(session, ImportedCourse.batch_id, ImportedCourse.course_id.in_(course_ids)),
        document_ids=_all(session, Document.id, Document.client_id.in_(ids)),
        words=words,
        own_words=_own(session, ids, words),
    )


def _with_those_merged(session: Session, client_id: str) -> list[Client]:
    found = {client_id: session.get_one(Client, client_id)}
    new: set[str] = {client_id}
    while new:
        rows = session.scalars(select(Client).where(Client.merged_into.in_(new), Client.id.not_in(found)))
        fresh = {row.id: row for row in rows}
        found |= fresh
        new = set(fresh)
    return list(found.values())


def _all(
    session: Session, column: InstrumentedAttribute[str], *where: ColumnElement[bool]
) -> tuple[str, ...]:
    return tuple(session.scalars(select(column).where(*where).distinct().order_by(column)))


def _notes(session: Session, ids: tuple[str, ...]) -> tuple[str, ...]:
    theirs = VisitNote.visit_id.in_(select(Visit.id).where(Visit.client_id.in_(ids)))
    return _all(session, VisitNote.id, or_(VisitNote.client_id.in_(ids), theirs))


def _others(session: Session, ids: tuple[str, ...], course_ids: tuple[str, ...]) -> tuple[str, ...]:
    given = or_(Gift.giver_id.in_(ids), Gift.recipient_id.in_(ids))
    found = {
        *_all(session, CourseShare.course_id, CourseShare.client_id.in_(ids)),
        *_all(session, Gift.course_id, given),
        *_all(session, CourseOrigin.course_id, CourseOrigin.origin_id.in_(course_ids)),
        *_all(session, CourseOrigin.origin_id, CourseOrigin.course_id.in_(course_ids)),
        *_all(session, Visit.course_id, Visit.client_id.in_(ids)),
    }
    return tuple(sorted(found - set(course_ids)))


def _words(clients: Iterable[Client], square_ids: tuple[str, ...]) -> Words:
    rows = list(clients)
    names = [folded(row.name) for row in rows if len(folded(row.name)) >= _SHORTEST_NAME]
    numbers = [number for row in rows if (number := _number(row.phone))]
    addresses = [row.email for row in rows if row.email]
    once = [tuple(dict.fromkeys(each)) for each in (names, numbers, addresses)]
    return Words(once[0], once[1], once[2], square_ids, tuple(row.name for row in rows))


def _number(phone: str | None) -> str:
    # Typed at home, a number has no country code; its last ten digits are in both.
    plain = digits(phone or "")[-10:]
    return plain if len(plain) >= _FEWEST_DIGITS else ""


def _own(session: Session, ids: tuple[str, ...], words: Words) -> Words:
    """Return the words without those that another client has too, such as a family's phone."""
    others = select(Client.name_folded, Client.phone, Client.email).where(
        Client.id.not_in(ids),
        Client.erased_at.is_(None),
        or_(
            Client.name_folded.in_(words.names),
            func.lower(Client.email).in_([one.lower() for one in words.addresses]),
            *(Client.search_text.contains(number) for number in words.numbers),
        ),
    )
    rows = session.execute(others).all()
    names, numbers = {row[0] for row in rows}, {_number(row[1]) for row in rows}
    addresses = {(row[2] or "").casefold() for row in rows}
    return Words(
        names=tuple(one for one in words.names if one not in names),
        numbers=tuple(one for one in words.numbers if one not in numbers),
        addresses=tuple(one for one in words.addresses if one.casefold() not in addresses),
        square_ids=words.square_ids,
        written=words.written,
    )
