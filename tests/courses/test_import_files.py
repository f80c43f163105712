"""What a file may be: letters of old encodings never garbled in silence (D8), damaged workbooks refused (H4)."""

import io
import random
import re
import zipfile
from datetime import date

import pytest
from xlsxwriter import Workbook

from plugin.courses.imports.cells import Table
from plugin.courses.imports.reading import read_table
from plugin.errors import InvalidField

HEADINGS = "Client,Package,Left,Purchased\n"


def written(names: list[str], encoding: str) -> bytes:
    return (HEADINGS + "".join(f"{name},Facial 10,5,2026-01-05\n" for name in names)).encode(encoding)


def names_of(table: Table) -> list[str]:
    return [str(row.cells[0]) for row in table.rows]


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8-sig", ["Łukasz Żak", "李梅", "Ana"]),
        ("utf-16", ["Łukasz Żak", "José Muñoz"]),
        ("utf-16-le", ["Ana Ruiz", "José Muñoz"]),
        ("cp1250", ["Łukasz Żak", "Małgorzata Wójcik"]),
        ("cp1250", ["Anna Kamińska"]),
        ("cp1250", ["Jiří Dvořák", "Věra Nováková"]),
        ("cp1250", ["Gergő Szűcs"]),
        ("iso8859_2", ["Łukasz Żak", "Zdzisław Święs"]),
        ("cp1252", ["José Muñoz", "Zoë Krüger"]),
        ("cp1252", ["Inês Müller"]),
        ("cp1252", ["Ana Peña"]),
        ("cp1252", ["Renée O’Brien", "François Côté"]),
        ("mac_roman", ["José Muñoz", "Zoë Krüger"]),
        ("mac_roman", ["Renée Lefèvre"]),
        ("mac_latin2", ["Łukasz Żak"]),
        ("cp1251", ["Ольга Иванова"]),
        ("cp1253", ["Ελένη Παπαδοπούλου"]),
        ("cp1254", ["Ayşe Yıldız", "Çağla Şahin"]),
        ("cp1257", ["Jānis Bērziņš"]),
        ("cp850", ["José Muñoz"]),
        ("shift_jis", ["山田花子", "田中太郎"]),
        ("gb18030", ["李梅", "王小明", "张伟"]),
        ("big5", ["陳美玲", "王小明"]),
    ],
)
def test_letters_are_read_as_they_were_written(encoding: str, names: list[str]) -> None:
    table = read_table(written(names, encoding))
    assert (names_of(table), table.readings) == (names, ())


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1252", "Søren Holm"),
        ("cp1252", "Hélène Dubois"),
        ("cp1250", "Ćwik"),
        ("gb18030", "李梅"),
        ("cp949", "김민지"),
    ],
)
def test_letters_that_read_in_two_ways_are_asked_about(encoding: str, name: str) -> None:
    table = read_table(written([name], encoding))
    assert name in {reading.sample for reading in table.readings}
    assert names_of(read_table(written([name], encoding), encoding)) == [name]


WESTERN = "José García,Ana Muñoz,João Silva,Zoë Krüger,Renée Lefèvre,François Côté,Søren Holm,Åsa Lund,Inês Conceição"
EASTERN = (
    "Łukasz Żak,Anna Kamińska,Grażyna Kędzierska,Jan Ćwik,Jiří Dvořák,Gergő Szűcs,Ștefan Ionescu,Željko Šarić"
)
NAMES = {
    "cp1252": WESTERN.split(","),
    "mac_roman": WESTERN.split(","),
    "cp1250": EASTERN.replace("Ș", "Ş").split(","),
    "cp1251": ["Ольга Иванова", "Иван Петров", "Юлия Щербакова"],
    "cp1254": ["Ayşe Yıldız", "Çağla Şahin", "İbrahim Kılıç", "Müge Doğan"],
    "shift_jis": ["山田花子", "田中太郎", "佐藤健", "伊藤さくら"],
    "gb18030": ["李梅", "王小明", "陈静", "张伟", "欧阳娜娜", "赵磊"],
    "big5": ["陳美玲", "王小明", "張惠妹", "李淑芬"],
    "cp949": ["김민지", "이서준", "정하늘"],
}


@pytest.mark.parametrize("encoding", NAMES)
def test_whatever_names_a_file_holds_they_are_right_or_asked_about(encoding: str) -> None:
    chance = random.Random(8)
    for _ in range(60):
        names = chance.sample(NAMES[encoding], chance.randint(1, 3))
        table = read_table(written(names, encoding))
        assert names_of(table) == names or table.readings, (names, names_of(table))


def test_bytes_in_no_encoding_are_refused_or_asked_about() -> None:
    table = read_table(HEADINGS.encode() + "José,F,5,2026-01-05\n".encode() + b"Mu\xf1oz,F,5,2026-01-05\n")
    assert table.readings
    with pytest.raises(InvalidField, match="can’t be read as"):
        read_table(written(["José"], "cp1252"), "gb18030")


# Workbooks ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def workbook() -> bytes:
    made = io.BytesIO()
    with Workbook(made) as book:
        sheet = book.add_worksheet("Courses")
        sheet.write_row(0, 0, ["Client", "Phone", "Left", "Price", "Sold"])
        for line in range(1, 12):
            sheet.write_row(line, 0, [f"Ana {line}", 4155550100 + line, line, 1650.1])
            sheet.write_datetime(line, 4, date(2026, 1, line), book.add_format({"num_format": "d/m/yyyy"}))
    return made.getvalue()


def is_read_or_refused(data: bytes) -> bool:
    try:
        return bool(read_table(data).rows)
    except InvalidField as refusal:
        return bool(refusal.message)


def test_a_workbook_cut_anywhere_is_refused_in_words(workbook: bytes) -> None:
    for end in range(1, len(workbook), 23):
        with pytest.raises(InvalidField):
            read_table(workbook[:end])


@pytest.mark.parametrize("seed", range(4))
def test_a_workbook_altered_anywhere_is_read_or_refused(workbook: bytes, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(120):
        altered = bytearray(workbook)
        for _ in range(chance.choice([1, 2, 20])):
            altered[chance.randrange(len(altered))] = chance.randrange(256)
        first, last = sorted(chance.sample(range(len(workbook)), 2))
        assert is_read_or_refused(bytes(altered))
        assert is_read_or_refused(workbook[:first] + workbook[last:])
        assert is_read_or_refused(workbook[:last] + workbook[first:])


@pytest.mark.parametrize("seed", range(4))
def test_a_workbook_whose_parts_lie_is_read_or_refused(workbook: bytes, seed: int) -> None:
    chance = random.Random(seed)
    with zipfile.ZipFile(io.BytesIO(workbook)) as packed:
        parts = {name: packed.read(name) for name in packed.namelist() if name.startswith("xl/")}
        rest = {name: packed.read(name) for name in packed.namelist() if name not in parts}
    for _ in range(120):
        name = chance.choice(sorted(parts))
        numbers = list(re.finditer(rb"\d+", parts[name]))
        number = chance.choice(numbers)
        lie = chance.choice(
            [b"", b"-1", b"0", b"65536", b"4294967296", b"99999999999999999999", b"1e400", b"NaN"]
        )
        altered = parts[name][: number.start()] + lie + parts[name][number.end() :]
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            for each, content in {**rest, **parts, name: altered}.items():
                packed.writestr(each, content)
        assert is_read_or_refused(out.getvalue())


def test_a_list_that_claims_billions_is_refused_before_room_is_made(workbook: bytes) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as packed, zipfile.ZipFile(out, "w") as again:
        for name in packed.namelist():
            content = packed.read(name)
            again.writestr(name, re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4294967296"', content))
    with pytest.raises(InvalidField, match="can’t be read"):
        read_table(out.getvalue())
