"""Rows that only the program changes, each with the hash of what it holds; papers handed out; and the triggers."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from plugin.courses.base.sealing import RECORDS
from plugin.courses.documents.series import wrong_documents
from plugin.store.prepared import Prepared
from plugin.store.recorded import RECORDED, record_fingerprint
from plugin.store.tables import Client, Course, Handout
from plugin.store.totals import TRIGGER
from plugin.store.triggers import ERASED, guard_names


@dataclass(frozen=True, slots=True)
class Finding:
    """One error found: which check, which row, and what it means."""

    check: str
    row: str
    sentence: str


_AT_ONCE = 2000
_CALLED = {
    "course": "The course",
    "allowance": "The allowance",
    "staff": "The member of the staff",
    "api_token": "The API token",
    "passkey": "The passkey",
}


@cache
def _recorded(kind: str) -> Select[*tuple[Any, ...]]:
    model: Any = RECORDS[kind]
    columns = (getattr(model, name) for name in RECORDED[kind])
    query = select(*columns, model.record_version, model.record_sha256).order_by(model.id)
    return query.execution_options(yield_per=_AT_ONCE)


def records(session: Session) -> Iterator[Finding]:
    """Check that nobody but the program wrote a course, an allowance, a sign-in or a token."""
    for kind in RECORDS:
        for row in session.connection().execute(_recorded(kind)):
            values = dict(zip(RECORDED[kind], row, strict=False))
            if row.record_sha256 is None:
                yield Finding("record", row.id, f"{_CALLED[kind]} was not written by Coursekeeper.")
            elif row.record_sha256 != record_fingerprint(kind, row.record_version, values):
                yield Finding("record", row.id, f"{_CALLED[kind]} was changed, and not by Coursekeeper.")


_THERE = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')",
}


def guards(session: Session) -> Iterator[Finding]:
    """Check that the database still refuses to change or delete what is written once."""
    engine = session.get_bind().dialect.name
    there = set(session.connection().exec_driver_sql(_THERE[engine]).scalars())
    for name in sorted({*guard_names(engine), TRIGGER} - there):
        yield Finding(
            "trigger", name, "This trigger is gone: the database no longer refuses what it refused."
        )


@cache
def _written_handouts() -> Prepared:
    return Prepared(
        select(Handout.id, Handout.content, Handout.content_sha256, Client.erased_at)
        .outerjoin(Course, Course.id == Handout.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
    )


def handouts(session: Session) -> Iterator[Finding]:
    """Check that what was handed out is unchanged, or was blanked together with the client's identity."""
    for handout_id, content, written, erased_at in _written_handouts().all(session.connection(), {}):
        if content == ERASED and erased_at is not None:
            continue
        if hashlib.sha256(content.encode()).hexdigest() != written:
            yield Finding("document", handout_id, "The kept content of a paper is not what was handed out.")


def documents(session: Session) -> Iterator[Finding]:
    """Check that invoices, credit notes and vouchers are what was issued, numbered without a gap."""
    for check, row, sentence in wrong_documents(session):
        yield Finding(check, row, sentence)
