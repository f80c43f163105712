"""`coursekeeper import`: all of a file or none of it, with an exit code a script can trust."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plugin.cli import main

CLEAN = "Client,Treatment,Bought,Left,Sold on\nAna,Facial,12,5,2026-03-02\nBea,Facial,12,0,2026-03-02\n"


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str):
    def command(text: str | bytes, *words: str) -> Result:
        file = tmp_path / "book.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        known = {"DATABASE_URL": sqlite_url, "SQUARE_ACCESS_TOKEN": ""}
        return CliRunner().invoke(main, ["import", str(file), *words], env=known)

    return command


def test_a_dry_run_tells_and_writes_nothing(run):
    for _ in range(2):
        done = run(CLEAN, "--dry-run")
        assert (done.exit_code, done.stdout) == (0, "2 courses can be imported: 2 new clients, 0 known.\n")
    assert "2 of 2 rows checked." in done.stderr


def test_it_imports_once(run):
    done = run(CLEAN, "--json")
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
        ("Who,What\nAna,Facial\n", (), "Say which column holds the client's name."),
        (CLEAN, ("--column", "Where=left"), "no column “Where”"),
        (CLEAN, ("--column", "Left=rest"), "is none of: name"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_code_1(run, text, words, says):
    done = run(text, *words)
    assert done.exit_code == 1
    assert says in done.stderr
    assert "Traceback" not in done.output


def test_columns_and_dates_can_be_said(run):
    text = "Who,What,Rest,All,When\nAna,Facial,5,12,03/04/2026\n"
    said = [
        f"--column={each}"
        for each in ("Who=name", "What=treatment", "Rest=left", "All=sessions", "When=sold_on")
    ]
    asked = run(text, *said)
    assert (asked.exit_code, "Say --dates" in asked.stdout) == (1, True)
    assert run(text, *said, "--dates", "day-first").exit_code == 0


def test_a_file_that_is_not_there_is_a_wrong_use(tmp_path: Path):
    done = CliRunner().invoke(main, ["import", str(tmp_path / "none.csv")])
    assert done.exit_code == 2
