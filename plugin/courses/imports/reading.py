"""An uploaded file, recognized by its content and its encoding, as a table with headings. Errors state how to fix it.

UTF-8 and UTF-16 are certain; older encodings are scored by language, or chosen. A file that reads well in two ways
is never decided by chance: the candidates are returned with a sample of each.
"""

import csv
import re
import unicodedata
from collections.abc import Sequence
from itertools import islice, pairwise

from plugin.core.text import clean
from plugin.courses.base.sheet import FORMULA_SIGNS
from plugin.courses.imports.cells import LARGEST_FILE, MOST_COLUMNS, MOST_ROWS, Cell, Reading, Row, Table
from plugin.courses.imports.fields import count_known_headings
from plugin.courses.imports.workbook import is_workbook, read_workbook
from plugin.errors import InvalidField
from plugin.wording import N_, _

CALLED = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": N_("Western European, Windows (cp1252)"),
    "cp1250": N_("Central European, Windows (cp1250)"),
    "cp1257": N_("Baltic, Windows (cp1257)"),
    "cp1254": N_("Turkish, Windows (cp1254)"),
    "cp1251": N_("Cyrillic, Windows (cp1251)"),
    "cp1253": N_("Greek, Windows (cp1253)"),
    "cp1255": N_("Hebrew, Windows (cp1255)"),
    "cp1256": N_("Arabic, Windows (cp1256)"),
    "iso8859_2": N_("Central European, ISO 8859-2"),
    "mac_roman": N_("Western European, Mac"),
    "mac_latin2": N_("Central European, Mac"),
    "cp850": N_("Western European, DOS (cp850)"),
    "cp932": N_("Japanese (Shift JIS)"),
    "gb18030": N_("Simplified Chinese (GB 18030)"),
    "big5": N_("Traditional Chinese (Big5)"),
    "cp949": N_("Korean (cp949)"),
}
_GUESSED = [name for name in CALLED if not name.startswith("utf")]
# The commonly used part of a large character set, and the first byte of its rare characters.
_EVERYDAY = {
    "cp932": ("shift_jis", 0x98),
    "gb18030": ("gb2312", 0xD8),
    "big5": ("big5", 0xC9),
    "cp949": ("euc_kr", 0xCA),
}
# The letters beyond a to z in languages of likely clients' names.
_ALPHABETS = (
    "áéíóúüñ",  # Spanish
    "àâæçéèêëîïôœùûüÿ",  # French
    "äöüß",  # German
    "áâãàçéêíóôõú",  # Portuguese
    "àèéìíòóùú",  # Italian
    "æøåé",  # Danish, Norwegian
    "äöåé",  # Swedish, Finnish
    "áðéíóúýþæö",  # Icelandic
    "ąćęłńóśźż",  # Polish
    "áčďéěíňóřšťúůýž",  # Czech
    "áäčďéíĺľňóôŕšťúýž",  # Slovak
    "áéíóöőúüű",  # Hungarian
    "ăâîşţșț",  # Romanian
    "čćđšž",  # Croatian, Slovene
    "çğıöşüâî\u0307",  # Turkish
    "ąčęėįšųūž",  # Lithuanian
    "āčēģīķļņšūž",  # Latvian
)
# Where these letters can't occur in the languages that have them; and Greek's accents and its final sigma.
_MISPLACED = re.compile(r"ñ(?=[^\Waeiouáéíóúü])|ń(?=[aeiouyąęó])|ς(?=\w)|[άέήίόύώΐΰ]\w*[άέήίόύώΐΰ]")
_BEFORE = "\"'()[]{}<>.,:;!?*#&/\\-–—+=_|“‘«"
_AFTER = "\"'()[]{}<>.,:;!?*#&/\\-–—+=_|”’»…®™°"
_WITHIN = "'’.-/&@_+:,()#·"
_LINES, _BYTES = 400, 16_000
_CELLS = re.compile(r"[,;\t|\r\n]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")
_NO_TABLE = N_("This is no table. Send a CSV or an Excel file (.xlsx).")


def decode(data: bytes, encoding: str | None) -> tuple[str, str, tuple[Reading, ...]]:
    """Return the text, the name of its encoding, and the candidates where it is not certain.

    `encoding` is the owner's choice. Raises InvalidField for bytes that are not text, or not in that
    encoding.
    """
    if encoding is not None:
        return _strictly(data, encoding), CALLED.get(encoding, encoding), ()
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _strictly(data, "utf-16"), CALLED["utf-16"], ()
    if (wide := _unmarked_utf16(data)) is not None:
        return _strictly(data, wide), CALLED["utf-16"], ()
    try:
        return _readable(data.decode("utf-8-sig")), CALLED["utf-8"], ()
    except UnicodeDecodeError:
        return _guessed(data)


def checked_encoding(name: str) -> str | None:
    """Return the encoding the owner chose, None for none; raises InvalidField."""
    try:
        "".encode(name or "utf-8")
    except (LookupError, ValueError):
        raise InvalidField(_("“{name}” is not an encoding.", name=name[:40]), field="encoding") from None
    return name or None


def _guessed(data: bytes) -> tuple[str, str, tuple[Reading, ...]]:
    # Imported where it is needed: a clinic imports once.
    from charset_normalizer import from_bytes

    # The lines that differ between encodings.
    lines = (line for line in data.splitlines(keepends=True) if not line.isascii())
    sample = b"".join(line[:1000] for line, _other in zip(lines, range(_LINES), strict=False))[:_BYTES]
    ways: dict[str, tuple[int, str]] = {}
    # The library's order applies where our cost is equal; of two encodings that read the same, ours.
    for match in from_bytes(sample, cp_isolation=_GUESSED, threshold=1.0, language_threshold=0.0):
        name = min((match.encoding, *match.could_be_from_charset), key=_place)
        if name in CALLED and str(match) not in ways and _decodes(data, name):
            ways[str(match)] = _cost(str(match), name), name
    if not ways:
        raise InvalidField(_NO_TABLE, field="file")
    (cost, name), *others = sorted(ways.values(), key=lambda way: (way[0], _place(way[1])))
    text = _readable(data.decode(name))
    if cost < _ODD and all(other > cost + 1 for other, _other in others):
        return text, CALLED[name], ()
    near = [name, *(each for other, each in others[:5] if other < max(_ODD, cost + 1))]
    shown = {each: _names(read) for read, (_other, each) in ways.items()}
    return text, CALLED[name], tuple(Reading(each, CALLED[each], shown[each]) for each in near)


def _place(encoding: str) -> int:
    return _GUESSED.index(encoding) if encoding in _GUESSED else len(_GUESSED)


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


_ODD = 10


def _cost(text: str, encoding: str) -> int:
    """Return how unlikely a reading is.

    Counted are words that no language writes, then words of no known language, then languages.
    """
    cells: set[str] = {cell.strip() for cell in _CELLS.split(text) if not cell.isascii()}
    odd = sum(_is_odd(word, encoding) for cell in cells for word in cell.split())
    letters = {frozenset(ch for ch in cell.lower() if not ch.isascii() and ch.isalpha()) for cell in cells}
    latin: set[frozenset[str]] = {
        some for some in letters if some and all(_script(ch) == "LATIN" for ch in some)
    }
    scripts = {_script(ch) for some in letters - latin for ch in some}
    foreign = {some for some in latin if not any(some <= set(alphabet) for alphabet in _ALPHABETS)}
    small = sum(word[0].islower() and not word[0].isascii() for cell in cells for word in cell.split())
    return (
        _ODD * odd
        + 3 * len(foreign)
        + 2 * small
        + len(scripts)
        + _languages(latin - foreign)
        + _rare(text, encoding)
    )


def _languages(cells: set[frozenset[str]]) -> int:
    """Return the smallest number of languages that together have all of these letters."""
    count = 0
    while cells:
        best = max(_ALPHABETS, key=lambda alphabet: sum(some <= set(alphabet) for some in cells))
        cells = {some for some in cells if not some <= set(best)}
        count += 1
    return count


def _is_odd(word: str, encoding: str) -> bool:
    """Return whether no language writes such a word.

    That is mixed scripts, signs inside, or a capital after a lowercase letter.
    """
    word = word.lstrip(_BEFORE).rstrip(_AFTER)
    letters = [ch for ch in word if ch.isalpha()]
    if word.isascii() or (not letters and any(ch.isdecimal() for ch in word)):
        return False
    pairs = [(a, b) for a, b in pairwise(word) if not (a + b).isascii()]
    is_capital_late = not word.isupper() and any(a.isalpha() and b.isupper() for a, b in pairs)
    return (
        is_capital_late
        or len({_script(ch) for ch in letters}) != 1
        or not all(ch.isalpha() or ch.isdecimal() or ch in _WITHIN for ch in word)
        or _MISPLACED.search(word.lower()) is not None
        or not _is_everyday(word, encoding)
    )


def _is_everyday(word: str, encoding: str) -> bool:
    wide = "".join(ch for ch in word if not ch.isascii())
    try:
        # Two bytes each: the Korean codec decomposes the rare syllables.
        written = wide.encode(_EVERYDAY[encoding][0]) if encoding in _EVERYDAY else b"  " * len(wide)
    except UnicodeEncodeError:
        return False
    return len(written) == 2 * len(wide) and not any("\uff61" <= ch <= "\uff9f" for ch in wide)


def _rare(text: str, encoding: str) -> int:
    """Return how many tenths of the characters of a large set are rare ones."""
    if encoding not in _EVERYDAY:
        return 0
    codec, rare_from = _EVERYDAY[encoding]
    firsts = [ch.encode(codec, "replace")[0] for ch in text if not ch.isascii()]
    return 10 * sum(first >= rare_from for first in firsts) // max(1, len(firsts))


def _script(ch: str) -> str:
    name = unicodedata.name(ch, "?").partition(" ")[0]
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC") else name


def _names(text: str) -> str:
    cells: list[str] = [cell.strip(' "') for cell in _CELLS.split(text) if not cell.isascii()]
    return ", ".join(list(dict.fromkeys(cells))[:4])[:120]


def _unmarked_utf16(data: bytes) -> str | None:
    """Recognize UTF-16 without a byte order mark: every other byte of plain headings is zero."""
    start = data[:200]
    odd, even = start[1::2].count(0), start[::2].count(0)
    if max(odd, even) * 4 < len(start) or min(odd, even):
        return None
    return "utf-16-le" if odd else "utf-16-be"


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return _readable(data.decode(encoding).removeprefix("\ufeff"))
    except (UnicodeDecodeError, LookupError):
        called = CALLED.get(encoding, encoding)
        said = (
            _NO_TABLE
            if encoding.startswith("utf")
            else _("This file can’t be read as {called}.", called=called)
        )
        raise InvalidField(said, field="file") from None


def _readable(text: str) -> str:
    if _CONTROL.search(text[:4000]) or "\0" in text:
        raise InvalidField(_NO_TABLE, field="file")
    return text


_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
# Reports of other systems begin with a title and the date of the report.
_LINES_ABOVE = 10
_HEADING_LENGTH = 60
_SPLIT = N_("Split it, and import one part after the other.")
_DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_LOOKED_AT = 20
_LOOKED_AT_CHARACTERS = 20_000

Line = tuple[int, list[Cell]]


def read_table(data: bytes, encoding: str | None = None) -> Table:
    """Return the table in a CSV or Excel file; `encoding` is the owner's choice for a text file.

    Raises InvalidField, with a readable reason, for anything else.
    """
    _refuse(data)
    readings: tuple[Reading, ...] = ()
    if is_workbook(data):
        cells, read_as = read_workbook(data)
        records = [(line, [_as_typed(each) for each in row]) for line, row in cells]
    else:
        text, called, readings = decode(data, encoding)
        records, delimiter = _records(text)
        read_as = _("{called}, separated by {delimiters}", called=called, delimiters=_DELIMITERS[delimiter])
    if not records:
        raise InvalidField(_("This file has no rows."), field="file")
    above = [cells for _other, cells in islice(records, _LINES_ABOVE)]
    known = [count_known_headings([str(cell) for cell in cells]) for cells in above]
    top = known.index(max(known)) if max(known) > 1 else 0
    rows = [Row(line, _trimmed(cells)) for line, cells in records[top:]]
    _refuse_size(max(len(row.cells) for row in rows), len(rows) - 1)
    headings = tuple(clean(str(cell)[: 4 * _HEADING_LENGTH])[:_HEADING_LENGTH] for cell in rows[0].cells)
    return Table(headings, tuple(rows[1:]), read_as, readings)


def _refuse(data: bytes) -> None:
    if not data.strip():
        raise InvalidField(_("This file is empty. Choose one with rows in it."), field="file")
    if len(data) > LARGEST_FILE:
        said = _(
            "This file is larger than {largest_file} MB. {split}",
            largest_file=LARGEST_FILE // 1024 // 1024,
            split=_SPLIT,
        )
        raise InvalidField(said, field="file")
    if data.startswith(_OLD_EXCEL):
        said = _(
            "This is an old or a locked Excel file. Open it and save it as .xlsx without a password, or as CSV."
        )
        raise InvalidField(said, field="file")


def _records(text: str) -> tuple[list[Line], str]:
    """Return the rows with the line each begins on, and the delimiter."""
    text, named = _named_delimiter(text)
    lines = text.splitlines(keepends=True)
    delimiter = named or max(_DELIMITERS, key=lambda each: _fit(lines, each))
    return _parsed(lines, delimiter, first_line=2 if named else 1), delimiter


def _named_delimiter(text: str) -> tuple[str, str | None]:
    """Read the first line by which Excel names the delimiter: `sep=;`."""
    first, _other, rest = text.partition("\n")
    if first.lower().startswith("sep=") and first.strip()[4:] in _DELIMITERS:
        return rest, first.strip()[4:]
    return text, None


def _fit(lines: Sequence[str], delimiter: str) -> tuple[int, int]:
    """Return how many known headings a delimiter gives, and how wide its rows are."""
    some = [line[:_LOOKED_AT_CHARACTERS] for line in lines[:_LOOKED_AT]]
    try:
        records = list(csv.reader(some, delimiter=delimiter))
    except csv.Error:
        return (0, 0)
    widths = [len(record) for record in records if record]
    return max(map(count_known_headings, records), default=0), max(set(widths), key=widths.count, default=0)


def _parsed(lines: Sequence[str], delimiter: str, *, first_line: int) -> list[Line]:
    csv.field_size_limit(LARGEST_FILE)
    reader = csv.reader(lines, delimiter=delimiter)
    records: list[Line] = []
    line = first_line
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                records.append((line, [_as_typed(cell) for cell in cells]))
            line = reader.line_num + first_line
            if len(records) > MOST_ROWS + 20:
                break
    except csv.Error as error:
        raise InvalidField(
            _("Line {line} can’t be read: {error}.", line=line, error=error), field="file"
        ) from None
    return records


def _as_typed(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    # Our own exports, and careful ones of others, put an apostrophe before what a spreadsheet would execute.
    return cell[1:] if cell[:1] == "'" and cell[1:].lstrip().startswith(FORMULA_SIGNS) else cell


def _trimmed(cells: list[Cell]) -> tuple[Cell, ...]:
    end = max((number for number, cell in enumerate(cells, 1) if str(cell).strip()), default=0)
    return tuple(cells[:end])


def _refuse_size(widest: int, many: int) -> None:
    if not many:
        raise InvalidField(_("This file has headings and no rows below them."), field="file")
    if widest > MOST_COLUMNS:
        raise InvalidField(
            _(
                "This file has more than {most_columns} columns. Take out what is not needed.",
                most_columns=MOST_COLUMNS,
            ),
            field="file",
        )
    if many > MOST_ROWS:
        said = _(
            "This file has more than {most_rows} rows. {split}", most_rows=f"{MOST_ROWS:,}", split=_SPLIT
        )
        raise InvalidField(said, field="file")
