"""Checks of what was handed out and issued."""

import hashlib
from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from plugin.courses.audit.finding import Finding
from plugin.courses.documents.checks import wrong_documents
from plugin.store.ledger import Course
from plugin.store.people import Client
from plugin.store.queues import Handout
from plugin.store.triggers import ERASED


@cache
def _written_handouts() -> Select[*tuple[Any, ...]]:
    return (
        select(Handout.id, Handout.content, Handout.content_sha256, Client.erased_at)
        .outerjoin(Course, Course.id == Handout.course_id)
        .outerjoin(Client, Client.id == Course.client_id)
    )


def handouts(session: Session) -> Iterator[Finding]:
    """Check that what was handed out is unchanged, or was blanked together with the client's identity."""
    for handout_id, content, written, erased_at in session.execute(_written_handouts()):
        if content == ERASED and erased_at is not None:
            continue
        if hashlib.sha256(content.encode()).hexdigest() != written:
            yield Finding("document", handout_id, "The kept content of a paper is not what was handed out.")


def documents(session: Session) -> Iterator[Finding]:
    """Check that invoices, credit notes and vouchers are what was issued, numbered without a gap."""
    for check, row, sentence in wrong_documents(session):
        yield Finding(check, row, sentence)
