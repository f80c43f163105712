"""Money: whole minor units of one currency, and nothing else."""

from typing import Any

import pytest

from plugin.core.money import LARGEST_AMOUNT, Money, minor_digits
from plugin.errors import InvalidField


def test_amounts_of_one_currency_add_up_and_take_away() -> None:
    assert Money(165000, "USD") + Money(33000, "USD") == Money(198000, "USD")
    assert Money(165000, "USD") - Money(16500, "USD") == Money(148500, "USD")


@pytest.mark.parametrize("reckon", [Money.__add__, Money.__sub__])
def test_two_currencies_are_never_reckoned_with_each_other(reckon: Any) -> None:
    with pytest.raises(InvalidField) as refusal:
        reckon(Money(1, "USD"), Money(1, "JPY"))
    assert refusal.value.field == "currency"


@pytest.mark.parametrize("amount", [1.0, 16.5, True, "165", None], ids=repr)
def test_an_amount_is_a_whole_number(amount: Any) -> None:
    with pytest.raises(InvalidField) as refusal:
        Money(amount, "USD")
    assert refusal.value.field == "amount"


@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_amount_is_the_last_that_fits(sign: int) -> None:
    assert Money(sign * (LARGEST_AMOUNT - 1), "USD").amount == sign * (LARGEST_AMOUNT - 1)
    assert Money(sign * LARGEST_AMOUNT, "USD").amount == sign * LARGEST_AMOUNT
    with pytest.raises(InvalidField, match="too large"):
        Money(sign * (LARGEST_AMOUNT + 1), "USD")


def test_a_sum_that_grows_too_large_is_refused_as_well() -> None:
    with pytest.raises(InvalidField, match="too large"):
        Money(LARGEST_AMOUNT, "USD") + Money(1, "USD")


@pytest.mark.parametrize(
    "currency", ["usd", "US", "USDT", "", "US$", "USD\n", " USD", "ÄÖÜ", None, 840], ids=map(str, range(10))
)
def test_a_currency_is_a_code_of_three_capitals(currency: Any) -> None:
    with pytest.raises(InvalidField) as refusal:
        Money(1, currency)
    assert refusal.value.field == "currency"


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("USD", 2),
        ("EUR", 2),
        ("GBP", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("CLP", 0),
        ("KWD", 3),
        ("BHD", 3),
        ("TND", 3),
    ],
)
def test_it_knows_how_many_decimals_a_currency_is_written_with(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits
