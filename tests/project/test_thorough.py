"""What `make test` leaves out is there, and each test that it names is one."""

import re

from tests.project.tree import ROOT
from tests.thorough import THOROUGH, is_thorough


def test_every_name_is_that_of_a_test() -> None:
    for name in THOROUGH:
        file, _, test = re.sub(r"[*\[].*", "", name).partition("::")
        path = ROOT / file
        assert path.is_dir() or f"def {test}" in path.read_text(), name


def test_a_test_is_left_out_by_how_its_id_begins_or_by_its_engine() -> None:
    pages = "tests/budgets/test_pages.py::test_a_new_day_is_looked_at_again"
    assert is_thorough(f"{pages}[postgresql-today]")
    assert not is_thorough(f"{pages}[sqlite-today]")
