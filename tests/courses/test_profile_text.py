"""The balance as one line on a Square profile."""

from datetime import date

import pytest

from plugin.courses.clients.profile_notes import LONGEST, Part, profile_text

FACIAL = Part("Facial acupuncture, 60 min", 7, 12, date(2027, 3, 1))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([FACIAL], "Facial acupuncture: 7 of 12 left, until 2027-03-01"),
        ([Part("Touch-up", 1, 2, None)], "Touch-up: 1 of 2 left"),
        (
            [FACIAL, Part("Touch-up, 45 min", 2, 2, None)],
            "Facial acupuncture: 7 of 12 left, until 2027-03-01; Touch-up: 2 of 2 left",
        ),
        ([Part("Facial", 0, 12, None)], "No sessions left"),
        ([Part("Facial", 0, 12, None), Part("Touch-up", 1, 1, None)], "Touch-up: 1 of 1 left"),
        ([], "No sessions left"),
        ([Part(", odd", 1, 1, None)], ", odd: 1 of 1 left"),
    ],
)
def test_it_says_what_is_left(parts: list[Part], said: str) -> None:
    assert profile_text(parts) == said


@pytest.mark.parametrize("many", [9, 10, 11, 60])
def test_it_never_outgrows_its_field_and_counts_what_does_not_fit(many: int) -> None:
    whole = profile_text([FACIAL] * many)
    shown = whole.count("Facial")
    assert len(whole) <= LONGEST
    assert whole.endswith(f"and {many - shown} more") or shown == many
