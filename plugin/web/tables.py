"""Tables that sort, filter and export: what is asked for is in the address, which every link of the table keeps.

`sort=key` is the order of a column's first tap: text from A, numbers and days from the largest. `sort=-key` is the
opposite one. The page and the files read the same rows in the same order. A second table of a page has a parameter of
its own. An unknown order or filter is refused, or the page would not show what was asked for. Downloads are here too.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Literal, TypeVar, cast
from urllib.parse import quote, urlencode

from flask import Response, g, request, send_file, url_for

from plugin.core.text import folded
from plugin.courses.base.columns import Columns
from plugin.courses.base.sheet import Format, Sheet, write
from plugin.courses.reports.period import Period
from plugin.errors import InvalidField, NotFound
from plugin.web.headers import let_our_page_frame
from plugin.web.translations import _

T = TypeVar("T")

LONGEST_SEARCH = 120
SORT = "sort"


@dataclass(frozen=True, slots=True)
class SortKey:
    """What a column is sorted by; `is_descending`: the first tap shows the largest first."""

    value: Callable[[Any], Any]
    is_descending: bool = False


@dataclass(frozen=True, slots=True)
class Sorting:
    """The order of a table: the column, whether the largest is first, and the parameter of the address."""

    key: str
    is_descending: bool
    is_reversed: bool
    parameter: str = SORT

    @property
    def word(self) -> str:
        """Return the order as it stands in the address."""
        return f"-{self.key}" if self.is_reversed else self.key

    def next(self, key: str) -> str:
        """Return the order that a tap on a column's heading leads to."""
        return f"-{key}" if key == self.key and not self.is_reversed else key

    def aria(self, key: str) -> str | None:
        """Return the direction for screen readers; None for a column that is not sorted by."""
        return None if key != self.key else "descending" if self.is_descending else "ascending"


def asked_sorting(first_descends: Mapping[str, bool], parameter: str = SORT) -> Sorting:
    """Return the order in the address, by the first column for none; raises InvalidField for an unknown one.

    `first_descends`: for each column whether its first tap shows the largest first.
    """
    asked = request.args.get(parameter, "")
    # The page that shows why something was refused has an order, too.
    if not asked or "refusal" in g:
        asked = asked if asked.removeprefix("-") in first_descends else next(iter(first_descends))
    key = asked.removeprefix("-")
    if key not in first_descends:
        said = _(
            "The table can’t be sorted by “{typed}”. Sort it by the heading of a column.",
            typed=key[:LONGEST_SEARCH],
        )
        raise InvalidField(said, field=parameter)
    is_reversed = asked.startswith("-")
    return Sorting(key, first_descends[key] != is_reversed, is_reversed, parameter)


def sort_rows(
    rows: Iterable[T], keys: Mapping[str, SortKey], parameter: str = SORT
) -> tuple[list[T], Sorting]:
    """Return the rows in the order in the address, equal ones as they were, and that order."""
    sorting = asked_sorting({name: key.is_descending for name, key in keys.items()}, parameter)
    value = keys[sorting.key].value
    # Where there is no value, such as no last visit, the row is last in either direction.
    known = list(rows)
    with_value = [row for row in known if value(row) is not None]
    without = [row for row in known if value(row) is None]
    return [*sorted(with_value, key=value, reverse=sorting.is_descending), *without], sorting


def sort_by_columns(
    rows: Iterable[T], columns: Columns[T], first: str = "", parameter: str = SORT
) -> tuple[list[T], Sorting]:
    """Return the rows in the order in the address, else by the column whose `sort` is `first`, and that order."""
    keys = {each.sort: SortKey(each.order, each.is_descending) for each in columns if each.sort}
    return sort_rows(rows, {first: keys[first], **keys} if first else keys, parameter)


def asked_search() -> str:
    return request.args.get("q", "").strip()[:LONGEST_SEARCH]


def matching(rows: Iterable[T], text: Callable[[T], str], search: str) -> list[T]:
    """Return the rows whose text has every word of the search."""
    words = folded(search).split()
    return [row for row in rows if all(word in folded(text(row)) for word in words)]


def address_with(endpoint: str | None = None, **changes: str | None) -> str:
    """Return the address of this page, or of the same rows elsewhere, with parameters changed; None removes one."""
    of_path = dict(request.view_args or {})
    kept = [(name, value) for name, value in request.args.items(multi=True) if name not in changes]
    for name, value in changes.items():
        if name == "ending":
            of_path[name] = value
        elif value is not None:
            kept.append((name, value))
    # Not by url_for: an address may ask for parameters that have the names of its options.
    address = url_for(endpoint or request.endpoint or "", **of_path)
    return f"{address}?{urlencode(kept)}" if kept else address


Word = TypeVar("Word", bound=str)


def asked_one(parameter: str, choices: Iterable[Word]) -> Word | None:
    """Return the word in the address, None for none; raises InvalidField for one that is not among the choices."""
    asked = request.args.get(parameter, "")
    return one_of(choices, asked, field=parameter) if asked else None


def one_of(choices: Iterable[Word], typed: str, *, field: str) -> Word:
    """Return the choice that was typed; raises InvalidField."""
    for each in choices:
        if each == typed:
            return each
    said = _(
        "“{typed}” is not among the choices. Choose one of those in the list.", typed=typed[:LONGEST_SEARCH]
    )
    raise InvalidField(said, field=field)


def whole_number(typed: str, most_digits: int) -> int | None:
    """Return the number of an address or a hidden field, None for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= most_digits else None


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
