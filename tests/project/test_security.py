"""The table of docs/security.md: every requirement of ASVS 5.0 at level 1 and 2 once, and what it names is there."""

import re

import pytest

from tests.project.tree import ROOT

PAGE = ROOT / "docs" / "security.md"
STATES = ("met", "partly", "not met", "n/a")
# The numbers of levels 1 and 2, by section, from OWASP ASVS 5.0.0; those of level 3 stand between them.
LEVEL_2 = {
    **{"V1.1": "1-2", "V1.2": "1-9", "V1.3": "1-11", "V1.4": "1-3", "V1.5": "1-2"},
    **{"V2.1": "1-3", "V2.2": "1-3", "V2.3": "1-4", "V2.4": "1"},
    **{"V3.2": "1-2", "V3.3": "1-4", "V3.4": "1-6", "V3.5": "1-5", "V3.7": "1-2"},
    **{"V4.1": "1-3", "V4.2": "1", "V4.3": "1-2", "V4.4": "1-4"},
    **{"V5.1": "1", "V5.2": "1-3", "V5.3": "1-2", "V5.4": "1-3"},
    **{
        "V6.1": "1-3",
        "V6.2": "1-12",
        "V6.3": "1-4",
        "V6.4": "1-4",
        "V6.5": "1-5",
        "V6.6": "1-3",
        "V6.8": "1-4",
    },
    **{"V7.1": "1-3", "V7.2": "1-4", "V7.3": "1-2", "V7.4": "1-5", "V7.5": "1-2", "V7.6": "1-2"},
    **{"V8.1": "1-2", "V8.2": "1-3", "V8.3": "1", "V8.4": "1", "V9.1": "1-3", "V9.2": "1-4"},
    **{"V10.1": "1-2", "V10.2": "1-2", "V10.3": "1-4", "V10.4": "1-11", "V10.5": "1-5", "V10.6": "1-2"},
    **{"V10.7": "1-3", "V11.1": "1-2", "V11.2": "1-3", "V11.3": "1-3", "V11.4": "1-4", "V11.5": "1"},
    **{"V11.6": "1", "V12.1": "1-3", "V12.2": "1-2", "V12.3": "1-4", "V13.1": "1", "V13.2": "1-5"},
    **{"V13.3": "1-2", "V13.4": "1-5", "V14.1": "1-2", "V14.2": "1-4", "V14.3": "1-3", "V15.1": "1-3"},
    **{"V15.2": "1-3", "V15.3": "1-7", "V16.1": "1", "V16.2": "1-5", "V16.3": "1-4", "V16.4": "1-3"},
    **{"V16.5": "1-3", "V17.1": "1", "V17.2": "1-4", "V17.3": "1-2"},
}


def _numbers(text: str) -> list[int]:
    first, _, last = text.replace("–", "-").partition("-")
    return list(range(int(first), int(last or first) + 1))


def _rows() -> list[list[str]]:
    lines = re.findall(r"^\| (V\d+\.\d+\..*) \|$", PAGE.read_text(), re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def _ids(cell: str) -> list[str]:
    section, _, numbers = cell.rpartition(".")
    return [f"{section}.{number}" for number in _numbers(numbers)]


def test_every_requirement_of_both_levels_is_judged_once() -> None:
    judged = [each for row in _rows() for each in _ids(row[0])]
    wanted = [f"{section}.{number}" for section, span in LEVEL_2.items() for number in _numbers(span)]
    assert len(wanted) == 253
    assert sorted(judged) == sorted(wanted)


def test_the_judgments_are_counted_right_and_give_a_reason_where_it_is_not_met() -> None:
    counts = dict.fromkeys(STATES, 0)
    for ids, _words, state, where, test in _rows():
        counts[state] += len(_ids(ids))
        assert where, ids
        assert test or state != "met", ids
    met, partly, not_met, elsewhere = (counts[state] for state in STATES)
    said = f"{met} met, {partly} partly, {not_met} not met, {elsewhere} not applicable."
    assert said in PAGE.read_text()


@pytest.mark.parametrize("cell", [3, 4])
def test_what_the_table_names_is_there(cell: int) -> None:
    named = [each for row in _rows() for each in re.findall(r"`([a-z_]+/[^`]+)`", row[cell])]
    for path, _, test in (each.partition("::") for each in named):
        assert (ROOT / path).exists(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(), test
