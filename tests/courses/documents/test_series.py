"""How numbers look: the owner's prefix and first number, which no later choice makes untrue."""

import pytest

from plugin.courses.documents.series import read_series, save_series
from plugin.errors import InvalidField, NotAllowed, Refused
from tests.courses.desk import OLGA
from tests.courses.documents.sales import Papers


def test_before_anybody_has_chosen_they_look_plain(papers: Papers) -> None:
    assert [(each.kind, each.next_number, each.can_change_first) for each in read_series(papers.store)] == [
        ("invoice", "INV-0001", True),
        ("credit_note", "CN-0001", True),
        ("receipt", "REC-0001", True),
    ]


def test_the_owner_chooses_prefix_and_first_number(papers: Papers) -> None:
    saved = save_series(papers.store, papers.desk.act(OLGA), "invoice", prefix=" JR-2026/", first=4800)
    assert saved.next_number == "JR-2026/4800"
    papers.sell("O1")
    papers.sell("O2")
    papers.work()
    assert [row.number for row in papers.rows()] == ["JR-2026/4800", "JR-2026/4801"]
    assert read_series(papers.store)[0].next_number == "JR-2026/4802"


def test_another_prefix_holds_for_later_numbers(papers: Papers) -> None:
    papers.sell("O1")
    papers.work()
    save_series(papers.store, papers.desk.act(OLGA), "invoice", prefix="R-", first=1)
    papers.sell("O2")
    papers.work()
    assert [row.number for row in papers.rows()] == ["INV-0001", "R-0002"]


def test_the_first_number_stands_once_one_was_issued(papers: Papers) -> None:
    papers.sell("O1")
    papers.work()
    with pytest.raises(Refused, match="can no longer change") as refusal:
        save_series(papers.store, papers.desk.act(OLGA), "invoice", prefix="INV-", first=2)
    assert (refusal.value.code, refusal.value.field) == ("series_begun", "first")
    assert read_series(papers.store)[0].can_change_first is False
    assert read_series(papers.store)[1].can_change_first is True


@pytest.mark.parametrize(
    ("prefix", "first", "field"),
    [
        ("INV-1", 1, "prefix"),
        ("a long prefix-", 1, "prefix"),
        ("INV ", 0, "first"),
        ("INV-", 10**7, "first"),
        ("<b>", 1, "prefix"),
        ("nº-", 1, "prefix"),
    ],
)
def test_it_refuses_what_makes_no_number(papers: Papers, prefix: str, first: int, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        save_series(papers.store, papers.desk.act(OLGA), "invoice", prefix=prefix, first=first)
    assert refusal.value.field == field


def test_only_the_owner_chooses(papers: Papers) -> None:
    with pytest.raises(NotAllowed):
        save_series(papers.store, papers.desk.act(), "invoice", prefix="X-", first=1)
