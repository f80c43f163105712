"""A report as a file to save. Its name says what it is and of which days."""

from __future__ import annotations

from tempfile import SpooledTemporaryFile
from typing import IO, cast

from flask import Response, send_file

from plugin.courses.reports.period import Period
from plugin.courses.reports.sheet import Format, Sheet, write
from plugin.errors import NotFound

# More than this is put on the disk while it is made.
_IN_MEMORY = 8 * 1024 * 1024


def file_answer(sheet: Sheet, ending: str, period: Period | None = None) -> Response:
    """Answer the table as a file; raises NotFound for an ending that is no kind of ours."""
    if ending not in list(Format):
        raise NotFound("A report is saved as .csv or .xlsx.")
    form = Format(ending)
    # Flask closes it once it has been sent.
    made = cast(IO[bytes], SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    write(sheet, form, made, for_people=True)
    made.seek(0)
    return send_file(
        made, mimetype=form.media_type, as_attachment=True, download_name=_name(sheet, form, period)
    )


def _name(sheet: Sheet, form: Format, period: Period | None) -> str:
    words = sheet.title.lower().replace(" ", "-")
    days = f"-{period.first}-to-{period.last}" if period else ""
    return f"{words}{days}.{form.value}"
