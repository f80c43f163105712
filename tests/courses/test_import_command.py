"""Importing a file from the command line: a line for each step, a question in words, and nothing is written twice."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from plugin.courses.imports.run import Prepared, Wishes, prepare, write
from plugin.errors import InvalidField, NotAllowed
from tests.courses.appointments import Appointments
from tests.courses.desk import DEB, OLGA, Desk

BOOK = "Client,Treatment,Bought,Left,Sold on\nAna,Facial,12,5,2026-03-02\nBea,Facial,12,0,2026-03-02\n"


@dataclass
class CommandLine:
    """The owner's file, and what the command has said about it."""

    desk: Desk
    folder: Path
    said: list[str] = field(default_factory=list)

    def prepare(self, text: str | bytes = BOOK, *columns: str, by: Any = OLGA, **wish: Any) -> Prepared | str:
        file = self.folder / "book.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.said.clear()
        wishes = Wishes(columns, **wish)
        return prepare(self.desk.store, self.desk.act(by), file, wishes, self.said.append)

    def prepared(self, text: str | bytes = BOOK, *columns: str, **wish: Any) -> Prepared:
        found = self.prepare(text, *columns, **wish)
        assert isinstance(found, Prepared)
        return found


@pytest.fixture
def line(lite: Appointments, tmp_path: Path) -> CommandLine:
    return CommandLine(lite.desk, tmp_path)


def test_it_says_what_each_column_is_taken_for_and_writes_on_demand(line: CommandLine) -> None:
    ready = line.prepared(BOOK.replace("Sold on", "Sold on,Shoe").replace("02\n", "02,38\n"))
    assert line.said[0].startswith("Rows: 2, ")
    assert any("(treatment): “Treatment”" in each and "(Facial" in each for each in line.said)
    assert any(each.startswith("  Skipped: “Shoe”") for each in line.said)
    assert line.said[-1] == "2 of 2 rows checked."
    report = ready.to_json(is_written=False)
    assert report["message"] == "Courses that can be imported: 2. Their clients: 2 new, 0 known."
    assert (report["ok"], report["courses"], report["left"], report["wrong"]) == (True, 2, 5, [])
    assert (report["skipped"], report["mapping"]["left"]) == (["Shoe"], ["Left"])
    done = write(line.desk.store, line.desk.act(OLGA), ready).to_json(is_written=True)
    assert done["message"] == "Courses imported: 2. Their clients: 2 new, 0 known."


def test_the_same_file_is_not_imported_twice(line: CommandLine) -> None:
    write(line.desk.store, line.desk.act(OLGA), line.prepared())
    said = "“book.csv”, was imported by Olga on Nov 22, 2026. Nothing was written."
    for text in (BOOK, BOOK + "\n"):
        assert str(line.prepare(text)).endswith(said)


def test_a_row_that_is_wrong_is_named_with_its_column(line: CommandLine) -> None:
    ready = line.prepared(BOOK.replace(",5,", ",55,"))
    assert ready.wrong == ("Line 2, Left: 55 left is more than the 12 bought.",)
    report = ready.to_json(is_written=False)
    assert (report["ok"], report["message"]) == (
        False,
        "Rows that can’t be imported: 1. Nothing was written.",
    )


def test_columns_are_named_by_whoever_knows_them(line: CommandLine) -> None:
    text = "Who,What,Rest,All,When\nAna,Facial,5,12,03/04/2026\n"
    named = ("name=Who", "treatment=What", "left=Rest", "sessions=All", "sold_on=When")
    asked = line.prepared(text, *named).to_json(is_written=False)
    assert asked["message"].startswith("“03/04/2026” can be read as two days. Say --dates day-first")
    assert line.prepared(text, *named, is_day_first=True).checked.is_clean
    without = line.prepared(text, *named[:4], "skip=When", sold_on=date(2026, 3, 2))
    assert without.checked.is_clean
    assert line.said[-2] == "  Rows without a date of purchase: 2026-03-02"


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("Who,What\nAna,Facial\n", (), "Use --map FIELD=HEADING"),
        (BOOK, ("left=Where",), "The file has no column “Where”."),
        (BOOK, ("rest=Left",), "“rest” is none of: name, "),
    ],
    ids=["unknown columns", "no such column", "no such field"],
)
def test_what_is_not_understood_is_asked_in_words(
    line: CommandLine, text: str, columns: tuple[str, ...], says: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        line.prepare(text, *columns)
    assert says in str(refusal.value)


def test_a_file_of_two_readings_is_asked_which_it_is(line: CommandLine) -> None:
    text = BOOK.replace("Ana", "Zoë").replace("Bea", "Łucja Müller")
    with pytest.raises(InvalidField, match="--encoding"):
        line.prepare(text.replace("Łucja", "Lucja").encode("cp1250"))


def test_only_the_owner_imports(line: CommandLine) -> None:
    with pytest.raises(NotAllowed):
        line.prepare(by=DEB)
