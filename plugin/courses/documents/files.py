"""The file of a document: drawn once from its frozen content, then the same bytes for ever. Knows no number."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy.orm import Session

from invoices.papers import from_json
from plugin.courses.papers.ready import Render, drawn
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.documents import Document, DocumentFile


def document_bytes(store: Store, render: Render, document_id: str, *, now: datetime) -> bytes:
    """Return the PDF of a document, drawing it where that has not been done.

    Raises NotFound, Refused for what can't be drawn, PaperNotMade where another try may help.
    """
    with store.reading() as session:
        kept = session.get(DocumentFile, document_id)
        if kept is not None:
            return kept.pdf
        document = session.get(Document, document_id)
        if document is None:
            raise NotFound("There is no such document.")
        paper = from_json(document.content)
    return _keep(store, document_id, drawn(store, render, paper), now)


def _keep(store: Store, document_id: str, pdf: bytes, now: datetime) -> bytes:
    def work(session: Session) -> bytes:
        # Of two that drew it at once, the first one's bytes are the document's.
        kept = session.get(DocumentFile, document_id)
        if kept is not None:
            return kept.pdf
        digest = hashlib.sha256(pdf).hexdigest()
        session.add(DocumentFile(document_id=document_id, pdf=pdf, sha256=digest, drawn_at=now))
        session.flush()
        return pdf

    return store.transact(work)
