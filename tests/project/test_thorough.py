"""What `make test` leaves out is there, and each test that is named is one."""

import re
from collections.abc import Iterable, Iterator

import pytest

from tests.engines import BOTH_ENGINES
from tests.project.tree import ROOT
from tests.thorough import EVERY_ID, THOROUGH, is_named, is_thorough, of_whole_files


def name_none(names: Iterable[str], ids: frozenset[str]) -> Iterator[str]:
    """Yield the names that are those of no test; of what was not collected, only the file is looked at."""
    for name in names:
        file, _, test = re.sub(r"[*\[].*", "", name).partition("::")
        within = [each for each in ids if each.startswith(file)]
        # Of a folder, all files: the test may be in any of them.
        if files_of(file) <= {each.partition("::")[0] for each in within}:
            if not any(is_named(each, name) for each in within):
                yield name
        elif not ((ROOT / file).is_dir() or _is_written(test, (ROOT / file).read_text())):
            yield name


def files_of(place: str) -> set[str]:
    """Return the files of tests in this folder, or the file itself."""
    found = (ROOT / place).rglob("test_*.py") if (ROOT / place).is_dir() else [ROOT / place]
    return {path.relative_to(ROOT).as_posix() for path in found}


def _is_written(test: str, source: str) -> bool:
    parts = filter(None, test.split("::"))
    return all(f"def {part}" in source or f"class {part}:" in source for part in parts)


def test_every_name_is_that_of_a_test(pytestconfig: pytest.Config) -> None:
    assert list(name_none(THOROUGH, pytestconfig.stash[EVERY_ID])) == []


def test_every_file_of_both_engines_has_a_test_on_postgresql(pytestconfig: pytest.Config) -> None:
    names = [f"{file}*[postgresql" for file in BOTH_ENGINES]

    assert list(name_none(names, pytestconfig.stash[EVERY_ID])) == []


def test_a_name_that_differs_in_brackets_is_noticed() -> None:
    file = "tests/budgets/test_pages.py"
    ids = frozenset({f"{file}::test_a_new_day_is_looked_at_again[sqlite-today]"})

    assert list(name_none([f"{file}::test_a_new_day_is_looked_at_again[sqlite-t"], ids)) == []
    within = "tests/courses/test_use.py::TestWhen::test_a_visit_can_be_written_down_later"
    assert list(name_none([within, f"{within}_never"], frozenset())) == [f"{within}_never"]
    gone = [f"{file}::test_a_new_day_is_looked_at_again[to", f"{file}*[postgresql"]
    assert list(name_none(gone, ids)) == gone


def test_of_a_folder_in_part_only_the_folder_is_looked_at() -> None:
    names = ["tests/budgets/*[no-such-case"]
    every_file = frozenset(f"{file}::test_one" for file in files_of("tests/budgets/"))

    assert list(name_none(names, every_file)) == names
    assert list(name_none(names, frozenset({"tests/budgets/test_pages.py::test_one"}))) == []


def test_of_a_file_in_part_only_the_file_is_looked_at() -> None:
    ids = ["tests/budgets/test_pages.py::test_one[sqlite]", "tests/courses/test_use.py::test_other"]

    assert of_whole_files(ids, ["tests/budgets", "tests/courses/test_use.py"]) == frozenset(ids)
    for asked_for in (
        "tests/budgets/test_pages.py::test_one",
        f"{ROOT}/tests/budgets/test_pages.py::test_one[sqlite]",
    ):
        assert of_whole_files(ids, [asked_for, "tests/courses"]) == {ids[1]}


def test_a_test_is_left_out_by_how_its_id_begins_or_by_its_engine() -> None:
    pages = "tests/budgets/test_pages.py::test_a_new_day_is_looked_at_again"
    assert is_thorough(f"{pages}[postgresql-today]")
    assert not is_thorough(f"{pages}[sqlite-today]")
