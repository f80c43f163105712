"""Issued documents, for the owner and the desk: search by number or client, open, export as a table."""

from __future__ import annotations

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from plugin.courses.documents.read import KINDS, document_sheet, find_documents
from plugin.web import current_services
from plugin.web.access import DESK, Screens
from plugin.web.files import file_answer

SHOWN = 50
LONGEST_SEARCH = 120

blueprint = Screens("document_list", __name__)


@blueprint.get("/documents", roles=DESK)
def show() -> ResponseReturnValue:
    """Show the documents that match, newest first."""
    q, kind = _q(), _kind()
    cursor = request.args.get("after") or None
    found = find_documents(current_services().store, q, kind=kind, limit=SHOWN, cursor=cursor)
    kept = {name: value for name, value in (("kind", kind or ""), ("q", q)) if value}
    return render_template(
        "owner/documents.html",
        documents=found.rows,
        after=found.cursor,
        is_first=cursor is None,
        kinds=KINDS,
        kind=kind,
        q=q,
        kept=kept,
    )


@blueprint.get("/documents.<ending>", roles=DESK)
def save(ending: str) -> Response:
    """Return all matches as a file."""
    return file_answer(document_sheet(current_services().store, _q(), kind=_kind()), ending)


def _q() -> str:
    return request.args.get("q", "").strip()[:LONGEST_SEARCH]


def _kind() -> str | None:
    asked = request.args.get("kind", "")
    return asked if asked in KINDS else None
