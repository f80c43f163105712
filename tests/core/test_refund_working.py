"""The working of a refund, sentence by sentence, as the desk shows it (docs/rules.md, rule 9)."""

from dataclasses import replace

import pytest

from plugin.core.money import Money
from plugin.core.refund_value import Agreed, Sessions, discount_forfeited, prorated
from plugin.staff_languages import staff_language
from plugin.wording import speaking


def write(money: Money) -> str:
    return f"${money.amount / 100:,.2f}"


def dollars(amount: int) -> Money:
    return Money(amount, "USD")


TWELVE = Agreed(dollars(198000), dollars(198000), dollars(0))
FIVE_USED = Sessions("Facial", 5, 7, 16500)
TOUCH_UPS = Sessions("Touch-up", 0, 2, 6000)


def test_sessions_of_one_kind_are_counted() -> None:
    assert prorated(TWELVE, [FIVE_USED], write).working == (
        "Facial: 7 of 12 unused.",
        "$1,980.00 × 7 ÷ 12 = $1,155.00.",
    )


def test_a_share_that_is_no_whole_cent_is_said_to_be_rounded() -> None:
    odd = Agreed(dollars(100000), dollars(100000), dollars(0))
    assert prorated(odd, [FIVE_USED], write).working[-1] == "$1,000.00 × 7 ÷ 12 = $583.33, rounded."


def test_the_rounding_is_said_in_the_language_of_the_reader() -> None:
    said = prorated(Agreed(dollars(100000), dollars(100000), dollars(0)), [FIVE_USED], write).working[-1]
    with speaking(staff_language("es")):
        assert str(said) == "$1,000.00 × 7 ÷ 12 = $583.33, redondeado."


def test_sessions_of_several_kinds_are_weighed_by_their_single_price() -> None:
    assert prorated(TWELVE, [FIVE_USED, TOUCH_UPS], write).working == (
        "Facial: 7 of 12 unused, $1,155.00 of $1,980.00 at the single price.",
        "Touch-up: 2 of 2 unused, $120.00 of $120.00 at the single price.",
        "Together $1,275.00 of $2,100.00 unused.",
        "$1,980.00 × $1,275.00 ÷ $2,100.00 = $1,202.14, rounded.",
    )


def test_sessions_without_a_price_are_counted_alike() -> None:
    free = [replace(FIVE_USED, single_price=0), replace(TOUCH_UPS, single_price=0)]
    assert prorated(TWELVE, free, write).working == (
        "Facial: 7 of 12 unused.",
        "Touch-up: 2 of 2 unused.",
        "Together 9 of 14 sessions unused.",
        "$1,980.00 × 9 ÷ 14 = $1,272.86, rounded.",
    )


def test_of_a_part_paid_course_what_was_used_is_taken_off_what_was_paid() -> None:
    part_paid = replace(TWELVE, paid=dollars(99000))
    assert prorated(part_paid, [FIVE_USED], write).working == (
        "Facial: 7 of 12 unused.",
        "$990.00 of $1,980.00 is paid. Used: $1,980.00 × 5 ÷ 12 = $825.00. $990.00 − $825.00 = $165.00.",
    )


def test_a_part_paid_course_that_is_used_beyond_what_was_paid_gives_nothing() -> None:
    part_paid = replace(TWELVE, paid=dollars(50000))
    assert prorated(part_paid, [FIVE_USED], write).working[-1] == (
        "$500.00 of $1,980.00 is paid. Used: $1,980.00 × 5 ÷ 12, no less than what is paid, so $0.00."
    )


def test_one_cent_is_an_amount() -> None:
    part_paid = replace(TWELVE, paid=dollars(82501))
    assert prorated(part_paid, [FIVE_USED], write).working[-1].endswith("$825.01 − $825.00 = $0.01.")


@pytest.mark.parametrize(
    ("agreed", "said"),
    [
        (
            replace(TWELVE, is_tax_known=False, tax=100),
            ["The tax of this sale is not known here: the amounts are without tax."],
        ),
        (replace(TWELVE, tax=14850), ["$1,980.00 paid, including $148.50 tax."]),
        (
            replace(TWELVE, refunded=dollars(16500)),
            ["$1,980.00 paid, $165.00 refunded before: $1,815.00."],
        ),
        (
            replace(TWELVE, left_with_sessions=33000),
            ["$1,980.00 paid, $330.00 left with sessions that were transferred or removed: $1,650.00."],
        ),
        (
            replace(TWELVE, refunded=dollars(16500), left_with_sessions=33000, tax=14850),
            [
                "$1,980.00 paid, including $148.50 tax.",
                "$1,980.00 paid, $165.00 refunded before, "
                "$330.00 left with sessions that were transferred or removed: $1,485.00.",
            ],
        ),
        (TWELVE, []),
    ],
)
def test_it_begins_with_what_can_be_refunded_at_all(agreed: Agreed, said: list[str]) -> None:
    assert list(prorated(agreed, [FIVE_USED], write).working[: len(said)]) == said
    assert list(discount_forfeited(agreed, [FIVE_USED], write).working[: len(said)]) == said
    assert len(prorated(agreed, [FIVE_USED], write).working) == len(said) + 2


def test_visits_used_count_at_the_price_of_a_single_one_with_the_tax_that_was_added() -> None:
    taxed = replace(FIVE_USED, added_tax=1485)
    assert discount_forfeited(TWELVE, [taxed, TOUCH_UPS], write).working == (
        "Facial: 5 used × $179.85 ($165.00 and $14.85 tax) = $899.25.",
        "$1,980.00 − $899.25 = $1,080.75.",
    )
    assert discount_forfeited(TWELVE, [FIVE_USED], write).working[0] == "Facial: 5 used × $165.00 = $825.00."


def test_without_any_session_there_is_nothing_to_share() -> None:
    none = Sessions("Facial", 0, 0, 16500)
    assert prorated(TWELVE, [none], write).working == ("No session is left.",)
    assert discount_forfeited(TWELVE, [none], write).working == ("No session was used: $1,980.00.",)
