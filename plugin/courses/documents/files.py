"""The file of a document: rendered once from its frozen content, then the same bytes forever."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from invoices.papers import from_json
from invoices.press.glyphs import is_printed
from plugin.courses.base.work import in_session
from plugin.courses.documents.letters import refuse_missing_letters
from plugin.courses.handouts.cache import Render, drawn
from plugin.errors import NotFound
from plugin.store import Store
from plugin.store.documents import Document, DocumentFile
from plugin.wording import _


def document_bytes(
    store: Store,
    render: Render,
    document_id: str,
    *,
    now: datetime,
    has: Callable[[str], bool] = is_printed,
) -> bytes:
    """Return the PDF of a document, rendered now if it has not been yet.

    Its bytes are stored forever, so it is not rendered before a font here has all of its letters. Raises
    NotFound, Refused for what can't be rendered yet or at all, PaperNotMade if a retry may help.
    """
    with store.reading() as session:
        kept = session.get(DocumentFile, document_id)
        if kept is not None:
            return kept.pdf
        document = session.get(Document, document_id)
        if document is None:
            raise NotFound(_("There is no such document."))
        paper = from_json(document.content)
    refuse_missing_letters(paper, has)
    return _keep(store, document_id, drawn(store, render, paper), now)


def reading_copy(store: Store, render: Render, document_id: str) -> bytes:
    """Return a document in large print, to read: drawn anew each time, it says that the issued one counts.

    Raises NotFound, Refused, PaperNotMade.
    """
    with store.reading() as session:
        document = session.get(Document, document_id)
        if document is None:
            raise NotFound(_("There is no such document."))
        paper = from_json(document.content)
    return drawn(store, render, replace(paper, clinic=replace(paper.clinic, large_print=True)))


@in_session
def _keep(session: Session, document_id: str, pdf: bytes, now: datetime) -> bytes:
    # If two render it at once, the first one's bytes are the document's.
    kept = session.get(DocumentFile, document_id)
    if kept is not None:
        return kept.pdf
    digest = hashlib.sha256(pdf).hexdigest()
    session.add(DocumentFile(document_id=document_id, pdf=pdf, sha256=digest, drawn_at=now))
    session.flush()
    return pdf
