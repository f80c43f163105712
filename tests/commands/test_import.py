"""`coursekeeper import`: all of a file or none of it, with an exit code a script can trust."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plugin.cli import main
from tests.commands.command import Command

CLEAN = "Client,Treatment,Bought,Left,Sold on\nAna,Facial,12,5,2026-03-02\nBea,Facial,12,0,2026-03-02\n"


Import = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str) -> Import:
    def command(text: str | bytes, *words: str) -> Result:
        file = tmp_path / "book.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Command(sqlite_url)("import", str(file), *words)

    return command


def test_a_dry_run_tells_and_writes_nothing(run: Import) -> None:
    for _ in range(2):
        done = run(CLEAN, "--dry-run")
        assert (done.exit_code, done.stdout) == (
            0,
            "Courses that can be imported: 2. Their clients: 2 new, 0 known.\n",
        )
    assert "2 of 2 rows checked." in done.stderr


def test_it_imports_once(run: Import) -> None:
    done = run(CLEAN, "--yes", "--json")
    assert done.exit_code == 0
    report = json.loads(done.stdout)
    assert (report["ok"], report["courses"], report["left"]) == (True, 2, 5)
    again = run(CLEAN)
    assert (again.exit_code, "Nothing was written" in again.stdout) == (0, True)


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        (CLEAN.replace(",5,", ",55,"), (), "Line 2, Left: 55 left is more than the 12 bought."),
        (b"\x00\x01\x02", (), "This is no table"),
        ("Who,What\nAna,Facial\n", (), "Say which column holds the client’s name."),
        (CLEAN, ("--column", "Where=left"), "no column “Where”"),
        (CLEAN, ("--column", "Left=rest"), "is none of: name"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_code_1(
    run: Import, text: str | bytes, words: tuple[str, ...], says: str
) -> None:
    done = run(text, *words)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_columns_and_dates_can_be_said(run: Import) -> None:
    text = "Who,What,Rest,All,When\nAna,Facial,5,12,03/04/2026\n"
    said = [
        f"--column={each}"
        for each in ("Who=name", "What=treatment", "Rest=left", "All=sessions", "When=sold_on")
    ]
    asked = run(text, *said)
    assert (asked.exit_code, "Say --dates" in asked.stdout) == (1, True)
    assert run(text, *said, "--dates", "day-first", "--yes").exit_code == 0


def test_a_file_that_is_not_there_is_a_wrong_use(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["import", str(tmp_path / "none.csv")])
    assert done.exit_code == 2


OTHER_SYSTEM = (
    "Invoice Number,Location Name,Name,Treatment,Bought,Remaining,Purchased\n"
    "812,Westside,Ana Ruiz,Facial,12,5,2026-03-02\n"
)


def test_it_shows_the_columns_it_took_and_those_it_skipped(run: Import) -> None:
    done = run(OTHER_SYSTEM, "--dry-run")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert "  Client (name): “Name”, 90% (Ana Ruiz)" in lines
    assert "  Sessions left (left): “Remaining”, 100% (5)" in lines
    assert "  Skipped: “Invoice Number” (Not needed, or not understood)" in lines
    assert "  Skipped: “Location Name” (Not needed, or not understood)" in lines


def test_without_a_terminal_it_writes_nothing_unless_told_yes(run: Import) -> None:
    done = run(OTHER_SYSTEM)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "Nothing was written" in done.stderr
    assert "--yes" in done.stderr
    assert (
        run(OTHER_SYSTEM, "--dry-run").stdout
        == "Courses that can be imported: 1. Their clients: 1 new, 0 known.\n"
    )
    assert run(OTHER_SYSTEM, "--yes").stdout == "Courses imported: 1. Their clients: 1 new, 0 known.\n"


@pytest.mark.parametrize(("said", "code", "tells"), [(b"y\n", 0, "Courses imported: 1."), (b"n\n", 1, "")])
def test_at_a_terminal_it_asks(tmp_path: Path, sqlite_url: str, said: bytes, code: int, tells: str) -> None:
    file = tmp_path / "book.csv"
    file.write_text(OTHER_SYSTEM)
    ours, theirs = pty.openpty()
    os.write(ours, said)
    done = subprocess.run(
        [sys.executable, "-m", "plugin", "import", str(file)],
        stdin=theirs,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "DATABASE_URL": sqlite_url, "SQUARE_ACCESS_TOKEN": ""},
    )
    os.close(ours)
    os.close(theirs)
    assert (done.returncode, tells in done.stdout) == (code, True)
    assert "Import 1 courses with these columns?" in done.stderr


def test_a_program_learns_the_columns_as_well(run: Import) -> None:
    report = json.loads(run(OTHER_SYSTEM, "--yes", "--json").stdout)
    assert report["mapping"]["name"] == ["Name"]
    assert report["mapping"]["left"] == ["Remaining"]
    assert report["skipped"] == ["Invoice Number", "Location Name"]


def test_a_file_without_a_date_of_purchase_needs_one_said(run: Import) -> None:
    """D5."""
    text = "Client,Treatment,Bought,Left\nAna,Facial,12,5\n"
    asked = run(text, "--yes")
    assert asked.exit_code == 1
    assert "--sold-on" in asked.stderr
    assert run(text, "--yes", "--sold-on", "2099-01-01").exit_code == 1
    assert run(text, "--yes", "--sold-on", "soon").exit_code == 1
    done = run(text, "--yes", "--sold-on", "2026-03-02")
    assert (done.exit_code, "Rows without a date of purchase: 2026-03-02" in done.stderr) == (0, True)


def test_a_column_can_be_said_or_skipped(run: Import) -> None:
    text = "Who,Treatment,Bought,Left,Sold on,Note\nAna,Facial,12,5,2026-03-02,vip\n"
    done = run(text, "--yes", "--map", "name=Who", "--map", "skip=Note")
    assert (done.exit_code, "Skipped: “Note”" in done.stderr) == (0, True)


def test_letters_that_read_in_two_ways_need_to_be_said(run: Import) -> None:
    """D8."""
    data = "Client,Treatment,Bought,Left,Sold on\nSøren,Facial,12,5,2026-03-02\n".encode("cp1252")
    asked = run(data, "--yes")
    assert asked.exit_code == 1
    assert "--encoding cp1252: Søren" in asked.stderr
    done = run(data, "--yes", "--encoding", "cp1252")
    assert (done.exit_code, "Søren" in done.stderr) == (0, True)


def test_two_columns_that_fit_alike_need_one_said(run: Import) -> None:
    text = "Client,Treatment,Bought,Left,Start date,Activation date\nAna,Facial,12,5,2026-03-02,2026-03-09\n"
    asked = run(text, "--yes")
    assert (asked.exit_code, "--map" in asked.stderr) == (1, True)
    assert run(text, "--yes", "--map", "sold_on=Activation date").exit_code == 0
