"""A paper's content survives serialization, and has one hash for ever."""

import json
from dataclasses import replace
from datetime import date

import pytest

from invoices.papers import PaperRefused, Stamp, content_sha256, from_json, kind_of, stamps, to_json
from tests.papers.real import NAMES, paper, summary


@pytest.mark.parametrize("name", NAMES)
def test_every_paper_comes_back_from_its_json_unchanged(name: str) -> None:
    assert from_json(to_json(paper(name))) == paper(name)


def test_it_keeps_any_character_even_half_ones() -> None:
    odd = replace(summary(), client_name="Nguyễn 山田 \ud83d \x00 🌿 עברית")
    assert from_json(to_json(odd)) == odd
    assert to_json(odd).isascii()


def test_the_json_is_canonical() -> None:
    text = to_json(summary())
    assert text == json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def test_the_same_content_has_the_same_hash_and_any_change_another() -> None:
    found = summary()
    assert content_sha256(found) == content_sha256(from_json(to_json(found)))
    assert content_sha256(found) != content_sha256(replace(found, sessions_left=8))


def test_the_kinds_keep_the_names_under_which_papers_are_stored() -> None:
    assert {kind_of(paper(name)) for name in NAMES} == {
        *(
            "course_summary",
            "aftercare_sheet",
            "welcome_sheet",
            "visit_planner",
            "course_agreement",
            "course_quote",
        ),
        *(
            "invoice",
            "credit_note",
            "receipt",
            "account_statement",
            "prepaid_balance",
            "owners_month",
            "year_end",
        ),
        *("gift_voucher", "voucher_letter", "shop_poster", "guide"),
    }


def test_a_field_added_later_takes_its_default_in_an_old_paper() -> None:
    content = json.loads(to_json(summary()))
    del content["paper"]["earlier_visits"]
    assert from_json(json.dumps(content)) == summary()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"sessions_left": "7"}, "CourseSummary.sessions_left can’t be '7'"),
        ({"sessions_left": True}, "CourseSummary.sessions_left can’t be 'True'"),
        ({"status": "lost"}, "CourseSummary.status can’t be 'lost'"),
        ({"sold_on": "yesterday"}, "Invalid isoformat string"),
        ({"visits": {}}, "CourseSummary.visits can’t be '{}'"),
        ({"shoe_size": 42}, "CourseSummary has no shoe_size"),
        ({"paid": 198000}, "Money is not an object"),
    ],
)
def test_it_refuses_content_of_the_wrong_kind(change: dict[str, object], reason: str) -> None:
    content = json.loads(to_json(summary()))
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
    content = json.loads(to_json(summary()))
    del content["paper"]["client_name"]
    with pytest.raises(PaperRefused, match=r"CourseSummary\.client_name is missing"):
        from_json(json.dumps(content))


def test_a_punch_card_holds_the_used_ones_by_date_then_those_to_use_then_the_locked_then_the_lost() -> None:
    first, second = date(2026, 10, 6), date(2026, 10, 13)
    card = stamps(granted=7, used_on=[second, first], left=3, locked=2, expired=1)
    assert card == (
        Stamp("used", first),
        Stamp("used", second),
        Stamp("left"),
        Stamp("locked"),
        Stamp("locked"),
        Stamp("expired"),
        Stamp("gone"),
    )


def test_sessions_used_before_anything_was_kept_of_their_days_come_first() -> None:
    day = date(2026, 10, 6)
    card = stamps(granted=4, used_on=[day], left=1, undated=2)
    assert card == (Stamp("used"), Stamp("used"), Stamp("used", day), Stamp("left"))
