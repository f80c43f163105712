"""What a refund is worth by the two published formulas, and the working that is shown (docs/rules.md, rule 9)."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.core.money import Money, minor_digits
from plugin.core.refund_value import (
    Agreed,
    RefundValue,
    Sessions,
    discount_forfeited,
    price_of,
    prorated,
    sessions_covered,
)

FACIAL, TOUCH_UP, LED = "Facial", "Touch-up", "LED"


def write(money: Money) -> str:
    digits = minor_digits(money.currency)
    if not digits:
        return f"{money.currency} {money.amount}"
    return f"{money.currency} {money.amount // 10**digits}.{money.amount % 10**digits:0{digits}}"


def agreed(price: int, came: int | None = None, refunded: int = 0, currency: str = "USD") -> Agreed:
    paid = price if came is None else came
    return Agreed(Money(price, currency), Money(paid, currency), Money(refunded, currency))


def facials(used: int, of: int, single: int = 16500) -> Sessions:
    return Sessions(FACIAL, used, of - used, single)


def both(agreed: Agreed, *parts: Sessions) -> tuple[int, int]:
    return prorated(agreed, parts, write).amount.amount, discount_forfeited(
        agreed, parts, write
    ).amount.amount


# price, used of 12, prorated, discount forfeited
TWELVE = [
    (198000, 0, 198000, 198000),
    (198000, 1, 181500, 181500),
    (198000, 7, 82500, 82500),
    (198000, 12, 0, 0),
    # A package sold at a discount: what was used costs the single price again.
    (168000, 1, 154000, 151500),
    (168000, 7, 70000, 52500),
    (168000, 10, 28000, 3000),
    (168000, 11, 14000, 0),
    (168000, 12, 0, 0),
    # Rounded once, half up.
    (100001, 1, 91668, 83501),
    (100002, 6, 50001, 1002),
    (100003, 6, 50002, 1003),
    (1, 6, 1, 0),
    (0, 3, 0, 0),
]


@pytest.mark.parametrize(("price", "used", "by_share", "by_single"), TWELVE)
def test_a_course_of_twelve(price: int, used: int, by_share: int, by_single: int) -> None:
    assert both(agreed(price), facials(used, 12)) == (by_share, by_single)


MIXED = [
    ((facials(3, 12), Sessions(TOUCH_UP, 0, 2, 16500)), (155571, 148500)),
    ((facials(12, 12), Sessions(TOUCH_UP, 0, 2, 16500)), (28286, 0)),
    ((facials(12, 12), Sessions(TOUCH_UP, 1, 1, 8000)), (7402, 0)),
    # What costs nothing by itself is worth nothing in a refund.
    ((facials(6, 12), Sessions(LED, 0, 12, 0)), (99000, 99000)),
    # All free: each session counts alike.
    ((Sessions(LED, 1, 3, 0), Sessions("Mask", 0, 4, 0)), (173250, 198000)),
]


@pytest.mark.parametrize(("parts", "worth"), MIXED)
def test_several_treatments_count_by_their_single_price(
    parts: tuple[Sessions, ...], worth: tuple[int, int]
) -> None:
    assert both(agreed(198000), *parts) == worth


PART_PAID = [
    # came, used, prorated, discount forfeited: only money that came goes back
    (99000, 0, 99000, 99000),
    (99000, 2, 66000, 66000),
    (99000, 6, 0, 0),
    (99000, 7, 0, 0),
    (0, 0, 0, 0),
]


@pytest.mark.parametrize(("came", "used", "by_share", "by_single"), PART_PAID)
def test_a_part_paid_course_gives_back_only_what_came(
    came: int, used: int, by_share: int, by_single: int
) -> None:
    assert both(agreed(198000, came), facials(used, 12)) == (by_share, by_single)


def test_what_went_back_before_is_not_given_twice() -> None:
    # Three of twelve were refunded for $495.00; two of the other nine were used.
    assert both(agreed(198000, refunded=49500), Sessions(FACIAL, 2, 7, 16500)) == (115500, 115500)
    # Money only, for goodwill: all sessions stayed.
    assert both(agreed(198000, refunded=49500), facials(2, 12)) == (123750, 115500)


def test_no_session_that_counts_gives_nothing() -> None:
    gone = Sessions(FACIAL, 0, 0, 16500)
    assert both(agreed(198000, refunded=198000), gone) == (0, 0)
    assert prorated(agreed(198000), [gone], write).working == ("No session is left.",)


WORKINGS = [
    (
        prorated(agreed(168000), [facials(7, 12)], write),
        ("Facial: 5 of 12 unused.", "USD 1680.00 × 5 ÷ 12 = USD 700.00."),
    ),
    (
        prorated(agreed(100001), [facials(1, 12)], write),
        ("Facial: 11 of 12 unused.", "USD 1000.01 × 11 ÷ 12 = USD 916.68, rounded."),
    ),
    (
        prorated(agreed(198000), [facials(3, 12), Sessions(TOUCH_UP, 0, 2, 16500)], write),
        (
            "Facial: 9 of 12 unused, USD 1485.00 of USD 1980.00 at the single price.",
            "Touch-up: 2 of 2 unused, USD 330.00 of USD 330.00 at the single price.",
            "Together USD 1815.00 of USD 2310.00 unused.",
            "USD 1980.00 × USD 1815.00 ÷ USD 2310.00 = USD 1555.71, rounded.",
        ),
    ),
    (
        prorated(agreed(198000), [Sessions(LED, 1, 3, 0), Sessions("Mask", 0, 4, 0)], write),
        (
            "LED: 3 of 4 unused.",
            "Mask: 4 of 4 unused.",
            "Together 7 of 8 sessions unused.",
            "USD 1980.00 × 7 ÷ 8 = USD 1732.50.",
        ),
    ),
    (
        prorated(agreed(198000, 99000), [facials(2, 12)], write),
        (
            "Facial: 10 of 12 unused.",
            "USD 990.00 of USD 1980.00 is paid. Used: USD 1980.00 × 2 ÷ 12 = USD 330.00. "
            "USD 990.00 − USD 330.00 = USD 660.00.",
        ),
    ),
    (
        prorated(agreed(198000, 99000), [facials(7, 12)], write),
        (
            "Facial: 5 of 12 unused.",
            "USD 990.00 of USD 1980.00 is paid. Used: USD 1980.00 × 7 ÷ 12, "
            "no less than what is paid, so USD 0.00.",
        ),
    ),
    (
        discount_forfeited(agreed(168000), [facials(7, 12)], write),
        ("Facial: 7 used × USD 165.00 = USD 1155.00.", "USD 1680.00 − USD 1155.00 = USD 525.00."),
    ),
    (
        discount_forfeited(agreed(168000), [facials(11, 12)], write),
        (
            "Facial: 11 used × USD 165.00 = USD 1815.00.",
            "USD 1680.00 − USD 1815.00 is below zero, so USD 0.00.",
        ),
    ),
    (discount_forfeited(agreed(168000), [facials(0, 12)], write), ("No session was used: USD 1680.00.",)),
    # One cent above nothing, nothing, one cent below: only that is "below zero".
    (
        discount_forfeited(agreed(181501), [facials(11, 12)], write),
        (
            "Facial: 11 used × USD 165.00 = USD 1815.00.",
            "USD 1815.01 − USD 1815.00 = USD 0.01.",
        ),
    ),
    (
        discount_forfeited(agreed(181500), [facials(11, 12)], write),
        (
            "Facial: 11 used × USD 165.00 = USD 1815.00.",
            "USD 1815.00 − USD 1815.00 = USD 0.00.",
        ),
    ),
    (
        discount_forfeited(agreed(181499), [facials(11, 12)], write),
        (
            "Facial: 11 used × USD 165.00 = USD 1815.00.",
            "USD 1814.99 − USD 1815.00 is below zero, so USD 0.00.",
        ),
    ),
    # With a tax in the price, with one added to it, and where nobody knows the tax.
    (
        prorated(replace(agreed(165000), tax=27500), [facials(1, 10)], write),
        (
            "USD 1650.00 paid, including USD 275.00 tax.",
            "Facial: 9 of 10 unused.",
            "USD 1650.00 × 9 ÷ 10 = USD 1485.00.",
        ),
    ),
    (
        discount_forfeited(replace(agreed(198000), tax=33000), [Sessions(FACIAL, 1, 9, 16500, 3300)], write),
        (
            "USD 1980.00 paid, including USD 330.00 tax.",
            "Facial: 1 used × USD 198.00 (USD 165.00 and USD 33.00 tax) = USD 198.00.",
            "USD 1980.00 − USD 198.00 = USD 1782.00.",
        ),
    ),
    (
        discount_forfeited(replace(agreed(165000), is_tax_known=False), [facials(0, 10)], write),
        (
            "The tax of this sale is not known here: the amounts are without tax.",
            "No session was used: USD 1650.00.",
        ),
    ),
    (
        discount_forfeited(agreed(198000, refunded=49500), [Sessions(FACIAL, 2, 7, 16500)], write),
        (
            "USD 1980.00 paid, USD 495.00 refunded before: USD 1485.00.",
            "Facial: 2 used × USD 165.00 = USD 330.00.",
            "USD 1485.00 − USD 330.00 = USD 1155.00.",
        ),
    ),
    (
        prorated(agreed(120000, currency="JPY"), [facials(5, 12, 12000)], write),
        ("Facial: 7 of 12 unused.", "JPY 120000 × 7 ÷ 12 = JPY 70000."),
    ),
    (
        prorated(agreed(100000, currency="KWD"), [facials(5, 12)], write),
        ("Facial: 7 of 12 unused.", "KWD 100.000 × 7 ÷ 12 = KWD 58.333, rounded."),
    ),
]


@pytest.mark.parametrize(("value", "working"), WORKINGS)
def test_the_working_is_shown_line_by_line(value: RefundValue, working: tuple[str, ...]) -> None:
    assert value.working == working


@pytest.mark.parametrize(
    ("paid", "says"),
    [
        (115501, "USD 1155.01 − USD 1155.00 = USD 0.01."),
        (115500, "USD 1155.00 − USD 1155.00 = USD 0.00."),
        (115499, "USD 1154.99 − USD 1155.00 is below zero, so USD 0.00."),
    ],
)
def test_a_sum_is_below_zero_only_where_it_is(paid: int, says: str) -> None:
    assert discount_forfeited(agreed(paid), [facials(7, 12)], write).working[-1] == says


CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
PARTS = st.lists(
    st.builds(
        Sessions,
        st.just(FACIAL),
        st.integers(0, 30),
        st.integers(0, 30),
        st.sampled_from([0, 1, 9900, 16500]),
    ),
    min_size=1,
    max_size=4,
)


@st.composite
def sums(draw: st.DrawFn) -> Agreed:
    price = draw(st.integers(0, 10**7))
    came = draw(st.integers(0, price) | st.just(price))
    return agreed(price, came, draw(st.integers(0, came) | st.just(0)), draw(CURRENCIES))


@settings(max_examples=150, deadline=None)
@given(sums(), PARTS)
def test_nothing_goes_back_that_did_not_come(of: Agreed, parts: list[Sessions]) -> None:
    for value in (prorated(of, parts, write), discount_forfeited(of, parts, write)):
        assert 0 <= value.amount.amount <= of.kept.amount
        assert value.amount.currency == of.paid.currency
        assert value.working


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**7), PARTS, CURRENCIES)
def test_paid_in_full_it_is_the_share_rounded_once(price: int, parts: list[Sessions], currency: str) -> None:
    weight = [
        part.single_price if any(one.single_price for one in parts if one.total) else 1 for part in parts
    ]
    total = sum(one * part.total for one, part in zip(weight, parts, strict=True))
    left = sum(one * part.left for one, part in zip(weight, parts, strict=True))
    value = prorated(agreed(price, currency=currency), parts, write).amount.amount
    exact = Fraction(price * left, total) if total else Fraction(0)
    assert -Fraction(1, 2) <= exact - value < Fraction(1, 2) or value == exact


@settings(max_examples=200, deadline=None)
@given(sums(), PARTS)
def test_one_more_used_session_never_gives_more(of: Agreed, parts: list[Sessions]) -> None:
    first = parts[0]
    if not first.left:
        return
    later = [Sessions(first.treatment, first.used + 1, first.left - 1, first.single_price), *parts[1:]]
    for reckon in (prorated, discount_forfeited):
        assert reckon(of, later, write).amount <= reckon(of, parts, write).amount


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**7), PARTS)
def test_nothing_used_gives_back_all_that_is_kept(price: int, parts: list[Sessions]) -> None:
    unused = [replace(part, used=0) for part in parts]
    if any(part.left and (part.single_price or not _has_price(unused)) for part in unused):
        assert prorated(agreed(price), unused, write).amount.amount == price


def _has_price(parts: list[Sessions]) -> bool:
    return any(part.single_price for part in parts if part.total)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**7), st.integers(1, 30), st.sampled_from([0, 1, 9900, 16500]))
def test_an_amount_is_as_many_sessions_as_the_prorated_quote_gives_for_it(
    cents_more: int, of: int, single: int
) -> None:
    # A session costs a cent at least: below that two of them may cost the same.
    of_course = agreed(of + cents_more)
    unused = Sessions(FACIAL, 0, of, single)
    for sessions in range(of + 1):
        quoted = prorated(of_course, [Sessions(FACIAL, of - sessions, sessions, single)], write).amount.amount
        assert price_of(of_course, [unused], unused, sessions) == quoted
        assert sessions_covered(of_course, [unused], unused, quoted) == sessions
        assert sessions_covered(of_course, [unused], unused, quoted - 1) == max(0, sessions - 1)


@settings(max_examples=150, deadline=None)
@given(sums(), PARTS, st.integers(0, 10**7))
def test_an_amount_never_covers_more_than_is_left_or_than_it_pays_for(
    of: Agreed, parts: list[Sessions], amount: int
) -> None:
    covered = sessions_covered(of, parts, parts[0], amount)
    assert 0 <= covered <= parts[0].left
    assert price_of(of, parts, parts[0], covered) <= amount
