"""A paper's content survives being written down, and has one name for ever."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from invoices.papers import Paper, PaperRefused, Stamp, content_sha256, from_json, kind_of, stamps, to_json
from invoices.samples import aftercare, course, samples, visit_days


@pytest.mark.parametrize("paper", samples().values(), ids=samples().keys())
def test_every_paper_comes_back_from_its_json_unchanged(paper: Paper) -> None:
    assert from_json(to_json(paper)) == paper


def test_it_keeps_any_character_even_half_ones() -> None:
    paper = replace(course(1), client_name="Nguyễn 山田 \ud83d \x00 🌿 עברית")
    assert from_json(to_json(paper)) == paper
    assert to_json(paper).isascii()


def test_the_json_is_canonical() -> None:
    text = to_json(course(3))
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def test_the_same_content_has_the_same_hash_and_any_change_another() -> None:
    paper = course(3)
    assert content_sha256(paper) == content_sha256(from_json(to_json(paper)))
    assert content_sha256(paper) != content_sha256(replace(paper, sessions_left=8))


def test_it_names_the_kinds() -> None:
    assert kind_of(course(1)) == "course_summary"
    assert kind_of(aftercare()) == "aftercare_sheet"


def test_a_field_added_later_takes_its_default_in_an_old_paper() -> None:
    content = json.loads(to_json(course(3)))
    del content["paper"]["earlier_visits"]
    assert from_json(json.dumps(content)) == course(3)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sessions_left": "7"}, "CourseSummary.sessions_left can't be '7'"),
        ({"sessions_left": True}, "CourseSummary.sessions_left can't be 'True'"),
        ({"status": "lost"}, "CourseSummary.status can't be 'lost'"),
        ({"sold_on": "yesterday"}, "Invalid isoformat string"),
        ({"visits": {}}, "CourseSummary.visits can't be '{}'"),
        ({"shoe_size": 42}, "CourseSummary has no shoe_size"),
        ({"paid": None}, "Money is not an object"),
    ],
)
def test_it_refuses_content_of_the_wrong_kind(change: dict[str, object], reason: str) -> None:
    content = json.loads(to_json(course(3)))
    content["paper"].update(change)
    with pytest.raises(PaperRefused, match="not the content of a paper") as refusal:
        from_json(json.dumps(content))
    assert reason in str(refusal.value)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"kind": "poem", "paper": {}}', '{"kind": "course_summary"}']
)
def test_it_refuses_what_is_no_paper(text: str) -> None:
    with pytest.raises(PaperRefused):
        from_json(text)


def test_it_refuses_a_paper_with_a_missing_field() -> None:
    content = json.loads(to_json(course(3)))
    del content["paper"]["client_name"]
    with pytest.raises(PaperRefused, match=r"CourseSummary\.client_name is missing"):
        from_json(json.dumps(content))


def test_a_punch_card_holds_the_used_ones_by_date_then_the_left_then_the_lost() -> None:
    first, second = visit_days(2)
    card = stamps(granted=5, used_on=[second, first], left=1, lost="expired")
    lost = Stamp("expired")
    assert card == (Stamp("used", first), Stamp("used", second), Stamp("left"), lost, lost)
