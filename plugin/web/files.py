"""Downloads: a table as a file, and the file name of any response."""

import unicodedata
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Literal, TypeVar, cast
from urllib.parse import quote

from flask import Response, send_file

from plugin.courses.base.sheet import Format, Sheet, write
from plugin.courses.reports.period import Period
from plugin.errors import NotFound
from plugin.web.headers import let_our_page_frame
from plugin.web.translations import _

T = TypeVar("T")

# A file larger than this is written to disk while it is made.
_IN_MEMORY = 8 * 1024 * 1024


def written_file(fill: Callable[[IO[bytes]], T]) -> tuple[IO[bytes], T]:
    """Return a file to be sent, and what `fill` returned, which wrote it. Flask closes it once it has been sent."""
    made = cast(IO[bytes], SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        result = fill(made)
    except BaseException:
        made.close()
        raise
    made.seek(0)
    return made, result


def pdf_answer(pdf: bytes, name: str = "", *, is_framed: bool = False) -> Response:
    """Return a PDF to be shown, under this name; `is_framed`: the page that prints it embeds it in a frame."""
    if is_framed:
        let_our_page_frame()
    response = Response(pdf, mimetype="application/pdf")
    return name_file(response, name) if name else response


def file_answer(sheet: Sheet, ending: str, period: Period | None = None) -> Response:
    """Return the table as a file; raises NotFound for an unsupported file extension."""
    if ending not in list(Format):
        raise NotFound(_("A report is saved as .csv or .xlsx."))
    form = Format(ending)
    made, _written = written_file(lambda out: write(sheet, form, out, for_people=True))
    return send_file(
        made, mimetype=form.media_type, as_attachment=True, download_name=_name(sheet, form, period)
    )


def _name(sheet: Sheet, form: Format, period: Period | None) -> str:
    words = sheet.title.lower().replace(" ", "-")
    days = f"-{period.first}-to-{period.last}" if period else ""
    return f"{words}{days}.{form.value}"


def name_file(response: Response, name: str, shown: Literal["inline", "attachment"] = "inline") -> Response:
    """Show the response, or download it, under this name, in any script.

    A header contains Latin letters only (RFC 6266): old programs get the name without non-ASCII characters.
    """
    # A slash would name a folder: programs cut such a name off there.
    name = name.replace("/", "-").replace("\\", "-")
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().replace('"', "")
    said = f'{shown}; filename="{plain}"'
    if plain != name:
        said += f"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Disposition"] = said
    return response
