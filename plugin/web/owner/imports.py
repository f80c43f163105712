"""Courses sold before Coursekeeper, for the owner: upload, confirm the columns, preview, import, undo."""

import re
from typing import Any

from flask import Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin.core.moments import day_at
from plugin.courses.base.sheet import Columns, sheet_of
from plugin.courses.catalog.packages import list_packages
from plugin.courses.imports import batches, writing
from plugin.courses.imports.cells import LARGEST_FILE
from plugin.courses.imports.fields import CALLED
from plugin.courses.imports.views import ImportView, list_imports, read_import, template_sheet, wrong_sheet
from plugin.courses.page_versions import PageVersion, version_of_row
from plugin.errors import InvalidField
from plugin.web import current_services, live, pages
from plugin.web.access import Screens
from plugin.web.actions import Notice, current_act, flash_notice, redirect_to
from plugin.web.forms import ReasonForm
from plugin.web.owner.forms import ColumnsForm, FileForm, columns_form_of
from plugin.web.refusals import Refusal
from plugin.web.tables import SortKey, file_answer, sort_rows
from plugin.web.translations import N_, _

SHOWN, SAVED = 50, 10_000
# The file and the rest of the form; a slightly larger file still gets an error message.
LARGEST_FORM = LARGEST_FILE + 1024 * 1024
_COLUMN = re.compile(r"column-([0-9]{1,3})\Z")

_SORTS = {
    "uploaded": SortKey(lambda file: (file.created_at, file.id), is_descending=True),
    "name": SortKey(lambda file: file.name.casefold()),
    "by": SortKey(lambda file: (file.imported_by or file.by).casefold()),
    "rows": SortKey(lambda file: file.rows_total, is_descending=True),
    "state": SortKey(lambda file: file.state),
}

blueprint = Screens("imports", __name__)


@blueprint.get("/import")
def show(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the upload form, and earlier imports."""
    imports, sorting = sort_rows(list_imports(current_services().store, limit=SHOWN), _SORTS)
    return render_template(
        "owner/imports.html", imports=imports, sorting=sorting, form=FileForm.shown(refusal)
    )


@blueprint.get("/imports.<ending>")
def save(ending: str) -> Response:
    imports, _sorting = sort_rows(list_imports(current_services().store, limit=SAVED), _SORTS)
    return file_answer(sheet_of(_("Imports"), _sheet(), imports), ending)


def _sheet() -> Columns[ImportView]:
    zone = pages.clinic().zone
    return {
        "File": lambda file: file.name,
        "Uploaded": lambda file: day_at(file.created_at, zone),
        "By": lambda file: file.imported_by or file.by,
        "Rows": lambda file: file.rows_total,
        "State": lambda file: file.state,
        "Undone by": lambda file: file.undone_by,
        "Undone because": lambda file: file.undone_because,
    }


@blueprint.post("/import", refused=show)
def send() -> ResponseReturnValue:
    sent = request.files.get("file")
    if sent is None or not sent.filename:
        raise InvalidField(_("Choose a file first."), field="file")
    data = sent.stream.read(LARGEST_FILE + 1)
    received = batches.receive_file(current_services().store, current_act(), sent.filename, data)
    if received.is_known:
        flash_notice(Notice(_KNOWN.get(received.state, _WAITS)))
    return redirect_to("imports.one", batch_id=received.batch_id)


_WAITS = N_("A file that says the same is here already. This is it.")
_KNOWN = {
    "imported": N_(
        "A file that says the same was imported before; nothing was written again. This is that import."
    ),
    "importing": N_("A file that says the same is just being imported. This is that import."),
}


@blueprint.get("/import/<batch_id>")
def one(batch_id: str, refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show one file: its columns, the check, the progress, the result."""
    address = url_for("imports.news", batch_id=batch_id)
    return live.screen(
        "owner/import.html",
        "owner/_import.html",
        address,
        _version(batch_id),
        lambda: _everything(batch_id, refusal),
    )


@blueprint.post("/import/<batch_id>/columns", refused=one)
def say_columns(batch_id: str) -> ResponseReturnValue:
    """Store the field of each column, and what the file does not contain."""
    numbers = [int(found[1]) for name in request.form if (found := _COLUMN.match(name))]
    said = columns_form_of(numbers).sent().chosen()
    batches.set_columns(current_services().store, current_act(), batch_id, said)
    return redirect_to("imports.one", batch_id=batch_id)


@blueprint.post("/import/<batch_id>/start", refused=one)
def start(batch_id: str) -> ResponseReturnValue:
    batches.start_import(current_services().store, current_act(), batch_id)
    return redirect_to("imports.one", batch_id=batch_id)


@blueprint.post("/import/<batch_id>/cancel", refused=one)
def cancel(batch_id: str) -> ResponseReturnValue:
    batches.cancel_import(current_services().store, current_act(), batch_id)
    return redirect_to("imports.show", _("Canceled. Nothing of the file was imported."))


@blueprint.post("/import/<batch_id>/undo", refused=one)
def take_back(batch_id: str) -> ResponseReturnValue:
    writing.undo_import(current_services().store, current_act(), batch_id, ReasonForm.sent().reason.data)
    return redirect_to(
        "imports.one", _("The import is undone. The file can be imported again."), batch_id=batch_id
    )


@blueprint.get("/import/<batch_id>/rows-to-fix.<ending>")
def wrong(batch_id: str, ending: str) -> ResponseReturnValue:
    """Return the rows that can't be imported, each with the reason, as a file."""
    return file_answer(wrong_sheet(current_services().store, batch_id), ending)


@blueprint.get("/import/template.<ending>")
def template(ending: str) -> ResponseReturnValue:
    offers = list_packages(current_services().store, limit=1).rows
    return file_answer(template_sheet(pages.clinic().currency, offers[0].name if offers else ""), ending)


def _version(batch_id: str) -> PageVersion:
    return version_of_row(current_services().store, batch_id, pages.now())


def _everything(batch_id: str, refusal: Refusal | None = None) -> dict[str, Any]:
    file = read_import(current_services().store, batch_id)
    is_of_undo = refusal is not None and refusal.field == "reason"
    return {
        "file": file,
        "called": CALLED,
        "form": _columns_form(file, None if is_of_undo else refusal),
        "undo_form": ReasonForm.shown(refusal if is_of_undo else None),
    }


def _columns_form(file: ImportView, refusal: Refusal | None) -> ColumnsForm:
    order = {True: "day", False: "month", None: ""}[file.is_day_first]
    known: dict[str, Any] = {f"column-{each.number}": each.means for each in file.columns}
    known |= {"sold_on": file.sold_on, "dates": order, "encoding": file.encoding or ""}
    meanings = (("", _("Skip")), *CALLED.items())
    return columns_form_of([each.number for each in file.columns], meanings).shown(refusal, **known)


live.add_news(blueprint, "/import/<batch_id>/live", "owner/_import.html", _version, _everything)
