"""Names of people: put together, taken apart, spoken, and compared."""

import pytest

from plugin.core.text import full_name, name_key, name_parts, spoken_name


@pytest.mark.parametrize(
    ("given", "family", "name"),
    [
        ("Ana", "Souza", "Ana Souza"),
        (" Ana ", "", "Ana"),
        ("", "Souza", "Souza"),
        ("", "", ""),
        ("美玲", "陳", "陳美玲"),
        ("지은", "김", "김지은"),
        ("はな", "やまだ", "やまだはな"),
        ("ハナ", "ヤマダ", "ヤマダハナ"),
        # One Latin letter, and it is read as Latin.
        ("Mei", "陳", "Mei 陳"),
        ("美玲", "Chen", "美玲 Chen"),
        # A letter without a name in Unicode is of no script.
        ("\ue000", "陳", "陳"),
        ("\U0003fffd", "陳", "陳"),
        # A space inside a name is no Latin letter.
        ("美 玲", "陳", "陳美 玲"),
    ],
)
def test_a_name_is_put_together_as_its_script_is_read(given: str, family: str, name: str) -> None:
    assert full_name(given, family) == name


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ana Souza", ("Ana", "Souza")),
        ("  Ana   de Souza ", ("Ana", "de Souza")),
        ("Ana", ("Ana", "")),
        ("陳美玲", ("陳美玲", "")),
        ("陳 美玲", ("陳 美玲", "")),
        ("", ("", "")),
    ],
)
def test_a_name_is_taken_apart_such_that_it_goes_together_again(name: str, parts: tuple[str, str]) -> None:
    assert name_parts(name) == parts


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Kim, Grace", "Grace Kim"),
        ("Kim, Grace, MD", "Grace Kim, MD"),
        ("Kim, Grace, M.D., Ph. D.", "Grace Kim, M.D., Ph. D."),
        ("Kim, Jr., Grace", "Grace Kim, Jr."),
        ("Kim, Grace, III", "Grace Kim, III"),
        (" Kim ,, Grace ,", "Grace Kim"),
        # Nobody's last name first: left as it is.
        ("Grace Kim", "Grace Kim"),
        ("Grace Kim, MD", "Grace Kim, MD"),
        ("MD, Grace", "Grace MD"),
        ("Kim, Grace, Lotus Clinic", "Kim, Grace, Lotus Clinic"),
    ],
)
def test_a_name_is_spoken_with_the_last_name_last(written: str, spoken: str) -> None:
    assert spoken_name(written) == spoken


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Grace Kim", "Kim, Grace"),
        ("Dr. Grace Kim", "Grace Kim, Ph.D."),
        ("Grace M. Kim", "Grace Kim"),
        ("GRACE KIM", "grace kim"),
        ("Siobhán O’Malley", "Siobhan O’Malley"),
        ("Łukasz Nowak", "Lukasz Nowak"),
    ],
)
def test_two_ways_to_write_one_name_have_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Kim, Grace", "grace kim"),
        ("Siobhan O'Malley", "o'malley siobhan"),
        ("Grace Kim Jr.", "grace jr kim"),
        # A single letter says little, a single sign of Chinese is a name.
        ("J Kim", "kim"),
        ("陳 美玲", "美玲 陳"),
        # Nothing but titles and initials: they are what there is.
        ("Dr. J", "dr j"),
        ("Anna_Berg", "anna berg"),
        ("", ""),
    ],
)
def test_the_key_is_the_telling_words_in_their_order(name: str, key: str) -> None:
    assert name_key(name) == key


def test_two_people_of_one_family_have_two_keys() -> None:
    assert name_key("Grace Kim") != name_key("Joon Kim")
    assert name_key("Grace Kim Jr.") != name_key("Grace Kim Sr.")
