"""The examples of docs/ledger.md, executed: their output is what the program prints."""

import doctest
import sqlite3
import subprocess
import sys
from pathlib import Path

from sqlalchemy import select

from plugin.courses.base.sealing import seal
from plugin.store import Store
from plugin.store.backup import backup
from plugin.store.ledger import Allowance, Entry
from tests.clock import HandMovedClock
from tests.courses.desk import Desk, back
from tests.project.tree import ROOT


def test_every_example_prints_what_the_document_says(lite_store: Store, clock: HandMovedClock) -> None:
    def print_entries(course_id: str) -> None:
        """Print the entries of a course in the order of its allowances and their chains."""
        chains = select(Entry).join(Allowance).where(Allowance.course_id == course_id)
        print("seq kind     sessions        value                     granted")
        with lite_store.reading() as session:
            for row in session.scalars(chains.order_by(Allowance.position, Entry.seq)):
                sessions = f"{row.sessions_before:>3}{row.sessions_delta:>+4} = {row.sessions_after:>2}"
                value = f"{row.value_before:>7}{row.value_delta:>+8} = {row.value_after:>6}"
                print(f"{row.seq:>3} {row.kind:<8} {sessions}  {value}  {row.granted_after:>3}")

    # The closing fence of a block would count as output.
    document = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8").replace("\n```", "\n")
    names = {"desk": Desk(lite_store, clock), "back": back, "print_entries": print_entries}
    examples = doctest.DocTestParser().get_doctest(document, names, "ledger.md", "docs/ledger.md", 0)
    outcome = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(examples)

    assert outcome.attempted > 20
    assert outcome.failed == 0


def test_a_stranger_checks_the_hashes_by_the_program_in_the_document(
    lite_store: Store, clock: HandMovedClock, tmp_path: Path
) -> None:
    desk = Desk(lite_store, clock)
    desk.undo(desk.use(desk.sell()).entry.id)
    head = seal(lite_store, clock())
    document = (ROOT / "docs" / "ledger.md").read_text(encoding="utf-8")
    program = document[document.index("import hashlib") :].partition("\n```")[0]
    copy = tmp_path / "copy.db"
    backup(lite_store, copy)
    assert _output(program, copy) == f"0 wrong. The head is {head}\n"
    with sqlite3.connect(copy) as connection:
        for trigger in ("entry_refuses_update", "sealed_row_refuses_update"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("UPDATE entry SET by = 'Eve' WHERE seq = 1")
        connection.execute("UPDATE sealed_row SET sha256 = 'a' WHERE kind = 'course'")
    said = _output(program, copy)
    assert said.startswith("not what was written: ")
    assert "not as it was sealed: 1\n2 wrong" in said


def _output(program: str, database: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", program, str(database)], capture_output=True, text=True, check=True
    )
    return ran.stdout
