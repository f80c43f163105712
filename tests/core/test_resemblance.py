"""Names of things for sale: the same however they are written, or like one another."""

import pytest

from plugin.core.text import is_same_name, resembles, says_something

TWELVE = "Facial acupuncture, course of 12"


@pytest.mark.parametrize(
    "name",
    [
        "FACIAL ACUPUNCTURE: course of 12",
        " facial  acupuncture – course of 12. ",
        "Fácial acupuncture course of 12",
    ],
)
def test_case_accents_and_punctuation_do_not_make_another_name(name: str) -> None:
    assert is_same_name(TWELVE, name)


@pytest.mark.parametrize(
    "name", ["Facial acupuncture, course of 10", "course of 12, facial acupuncture", "", "–"]
)
def test_another_word_or_order_does(name: str) -> None:
    assert not is_same_name(TWELVE, name)


def test_no_name_is_not_like_no_name() -> None:
    assert not is_same_name("", "—")
    assert not resembles("", "")


@pytest.mark.parametrize(
    "name", ["12 facials", "Course of 12", "Acupuncture facial x12", "Facial acupunture, course of 12"]
)
def test_names_that_share_what_they_say_resemble(name: str) -> None:
    assert resembles(TWELVE, name)


@pytest.mark.parametrize("name", ["Silk pillowcase", "Gift basket with the works", "Jade roller"])
def test_names_that_do_not_do_not(name: str) -> None:
    assert not resembles(TWELVE, name)


def test_scripts_without_spaces_are_compared_by_their_letters() -> None:
    assert resembles("面部针灸十二次疗程", "面部针灸12次疗程")
    assert not resembles("面部针灸十二次疗程", "真丝枕套")


@pytest.mark.parametrize(
    ("name", "does"),
    [("", False), ("Regular", False), ("STANDARD", False), ("Custom  amount", False), ("Rose quartz", True)],
)
def test_a_variation_called_regular_says_nothing(name: str, does: bool) -> None:
    assert says_something(name) is does


@pytest.mark.parametrize(
    ("first", "second", "does"),
    [
        # Half of the shorter name's words are shared, and less than half.
        ("Jade roller", "Jade pillow of great height", True),
        ("Jade roller set", "Jade pillow of great height", False),
        ("Facials", "Facial deluxe evening", True),
        # Three letters are too few to take an s away: "gas" is not "ga".
        ("Gas", "Ga kit evening price", False),
        # Small words tell nothing.
        ("The x", "The x", False),
        ("The", "Facial", False),
        ("abc", "abd", True),
    ],
)
def test_what_two_names_share_decides(first: str, second: str, does: bool) -> None:
    assert resembles(first, second) is does
    assert resembles(second, first) is does
