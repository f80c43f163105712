"""Rows that only the program changes: each carries the hash of what it holds."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.courses.audit.finding import Finding
from plugin.courses.base.sealing import RECORDS
from plugin.store.recorded import RECORDED, record_fingerprint

_AT_ONCE = 2000
_CALLED = {
    "course": "The course",
    "allowance": "The allowance",
    "staff": "The member of the staff",
    "api_token": "The API token",
    "passkey": "The passkey",
}


def records(session: Session) -> Iterator[Finding]:
    """Check that nobody but the program wrote a course, an allowance, a sign-in or a token."""
    for kind in RECORDS:
        model: Any = RECORDS[kind]
        columns = (getattr(model, name) for name in RECORDED[kind])
        query = select(*columns, model.record_version, model.record_sha256).order_by(model.id)
        for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
            values = dict(zip(RECORDED[kind], row, strict=False))
            if row.record_sha256 is None:
                yield Finding("record", row.id, f"{_CALLED[kind]} was not written by Coursekeeper.")
            elif row.record_sha256 != record_fingerprint(kind, row.record_version, values):
                yield Finding("record", row.id, f"{_CALLED[kind]} was changed, and not by Coursekeeper.")
