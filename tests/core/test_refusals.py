"""What the rules say when they refuse: the sentence, and the field it belongs to."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from plugin.core.acts import Act, Actor, Role, Source, require
from plugin.core.money import LARGEST_AMOUNT, Money
from plugin.core.terms import ExpiresFrom, NoShow, RefundFormula, Terms, terms_from_json
from plugin.errors import InvalidField, NotAllowed

FIRST_USE = ExpiresFrom.FIRST_USE
_DAY = date(2027, 3, 1)


@pytest.mark.parametrize(
    ("refused", "sentence", "field"),
    [
        (lambda: Money(1.5, "USD"), "An amount is a whole number of the smallest unit.", "amount"),  # type: ignore[arg-type]
        (lambda: Money(LARGEST_AMOUNT + 1, "USD"), "The amount is too large.", "amount"),
        (lambda: Money(1, "usd"), "A currency is a code of three capitals, such as USD.", "currency"),
        (
            lambda: Terms(expires_after_months=0),
            "The expiration is after 1 to 120 months, or never.",
            "terms",
        ),
        (
            lambda: Terms(expires_after_months=121),
            "The expiration is after 1 to 120 months, or never.",
            "terms",
        ),
        (lambda: Terms(6, _DAY), "Set months or a date of expiration, not both.", "terms"),
        (
            lambda: Terms(expires_from=FIRST_USE),
            "Counting from the first use takes a number of months.",
            "terms",
        ),
        (lambda: Terms(forgiven_no_shows=-1), "Waived no-shows are 0 to 99.", "terms"),
        (lambda: Terms(forgiven_no_shows=100), "Waived no-shows are 0 to 99.", "terms"),
        (lambda: Terms(notice_hours=-1), "The notice is 0 to 168 hours.", "terms"),
        (lambda: Terms(notice_hours=169), "The notice is 0 to 168 hours.", "terms"),
        (lambda: terms_from_json({"zest": 1, "colour": 2}), "Terms know no 'colour'.", "terms"),
        (lambda: terms_from_json([]), "Terms are an object.", "terms"),
        (lambda: terms_from_json({"notice_hours": "1"}), "notice_hours is a whole number.", "terms"),
        (
            lambda: terms_from_json({"expires_after_months": True}),
            "expires_after_months is a whole number.",
            "terms",
        ),
        (
            lambda: terms_from_json({"forgiven_no_shows": 1.5}),
            "forgiven_no_shows is a whole number.",
            "terms",
        ),
        (
            lambda: terms_from_json({"expires_on": "1.3.2027"}),
            "expires_on is a date such as 2027-03-01.",
            "terms",
        ),
        (
            lambda: terms_from_json({"expires_on": "2027-02-30"}),
            "expires_on is a date such as 2027-03-01.",
            "terms",
        ),
        (lambda: terms_from_json({"no_show": "never"}), "'never' is none of: ask, charge, forgive.", "terms"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_names_its_field(
    refused: Callable[[], Any], sentence: str, field: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        refused()
    assert (str(refusal.value), refusal.value.field) == (sentence, field)


def test_terms_at_their_bounds_are_agreed() -> None:
    assert Terms(forgiven_no_shows=99, notice_hours=0).notice_hours == 0
    assert Terms(notice_hours=168).notice_hours == 168


def test_terms_go_to_json_and_back_with_every_field() -> None:
    terms = Terms(
        expires_after_months=6,
        refund_formula=RefundFormula.DISCOUNT_FORFEITED,
        no_show=NoShow.CHARGE,
        forgiven_no_shows=2,
        expires_from=FIRST_USE,
        notice_hours=48,
    )
    assert terms.to_json() == {
        "expires_after_months": 6,
        "expires_on": None,
        "refund_formula": "discount_forfeited",
        "no_show": "charge",
        "forgiven_no_shows": 2,
        "expires_from": "first_use",
        "notice_hours": 48,
    }
    assert terms_from_json(terms.to_json()) == terms
    assert terms_from_json({"notice_hours": 0}).notice_hours == 0
    assert "notice_hours" not in Terms().to_json()


def test_months_from_the_first_use_are_counted_once_it_is_known() -> None:
    terms = Terms(expires_after_months=6, expires_from=FIRST_USE)
    assert terms.expiry(date(2026, 11, 22)) is None
    assert terms.expiry_from_first_use(None) is None
    assert terms.expiry_from_first_use(date(2026, 12, 1)) == date(2027, 6, 1)
    assert Terms(expires_after_months=6).expiry_from_first_use(date(2026, 12, 1)) is None
    assert Terms(expires_on=_DAY).expiry_from_first_use(date(2026, 12, 1)) is None
    assert Terms().expiry_from_first_use(date(2026, 12, 1)) is None


def test_who_may_not_is_sent_to_the_owner() -> None:
    desk = Actor("Deb", Role.DESK, Source.DESK)
    with pytest.raises(NotAllowed) as refusal:
        require(desk, Role.OWNER)
    assert str(refusal.value) == "Your role doesn’t allow this. Ask the owner."


def test_an_act_without_a_time_zone_is_a_mistake_of_the_program() -> None:
    actor = Actor("Deb", Role.DESK, Source.DESK)
    assert Act(actor, datetime(2026, 11, 22, tzinfo=UTC), "key")
    with pytest.raises(ValueError, match=r"^an act’s time carries its time zone$"):
        Act(actor, datetime(2026, 11, 22), "key")  # noqa: DTZ001
