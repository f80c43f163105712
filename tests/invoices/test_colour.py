"""The clinic's color stays readable on paper."""

import pytest

from invoices.pages.colour import INK, LEAST_CONTRAST, contrast_with_white, pale_ground, readable_accent


@pytest.mark.parametrize("accent", ["#FFFFFF", "#FFE600", "#7FD4C1", "#0F6B5C", "#000000", "#FF0000"])
def test_no_accent_is_paler_than_can_be_read(accent: str) -> None:
    assert contrast_with_white(readable_accent(accent)) >= LEAST_CONTRAST


def test_a_readable_accent_is_left_alone() -> None:
    assert readable_accent("#0F6B5C") == "#0F6B5C"


def test_black_and_white_measure_as_the_standard_says() -> None:
    assert contrast_with_white("#000000") == pytest.approx(21)
    assert contrast_with_white("#FFFFFF") == pytest.approx(1)


@pytest.mark.parametrize("accent", ["", "jade", "#0F6B5", "#0F6B5C; }", "url(x)"])
def test_what_is_no_colour_becomes_jade(accent: str) -> None:
    assert readable_accent(accent) == "#0F6B5C"


def test_a_ground_is_pale_enough_for_dark_text() -> None:
    assert contrast_with_white(pale_ground("#0F6B5C")) < 1.2


def test_a_very_pale_accent_is_printed_in_ink_and_keeps_its_tint() -> None:
    assert readable_accent("#F9C6D3") == INK
    assert pale_ground("#F9C6D3") != pale_ground(INK)
