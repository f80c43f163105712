"""The e-mail with a payment's address is in the client's language."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from plugin.core.money import Money
from plugin.courses.base.views import ClinicView
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.square.checkout.link import letter_of

NOW = datetime(2026, 11, 3, 18, 0, tzinfo=UTC)
CLINIC = ClinicView(
    name="Jade Room",
    address="118 Juniper Street",
    phone="555-0100",
    email="desk@example.org",
    website="",
    country="US",
    time_zone="America/Los_Angeles",
    currency="USD",
    language="en",
    accent="#0F6B5C",
    page_size="letter",
    square_location_id=None,
)
CHECKOUT = CheckoutView(
    id="k",
    client_id="c",
    client_name="Ana Kim",
    package_id="p",
    package_name="Facial 12",
    quantity=2,
    way="link",
    state="waiting",
    amount=Money(396000, "USD"),
    came=Money(0, "USD"),
    supplied=None,
    change=None,
    deposit=Money(50000, "USD"),
    deposit_due_on=None,
    balance_due_on=None,
    tender="",
    device_name="",
    url="https://square.example/pay",
    mail_to="ana@example.org",
    mailed_at=None,
    problem="",
    notice="",
    is_canceling=False,
    created_at=NOW,
    by="Deb",
    ended_at=None,
    square_order_id=None,
    course_ids=(),
    offered=(),
)


@pytest.mark.parametrize(
    ("language", "tag", "says"),
    [
        ("en", "en", ("Hello Ana Kim,", "Facial 12, 2 of them: $3,960.00", "Questions? Call 555-0100")),
        ("es", "es-US", ("Hola, Ana Kim:", "Facial 12, 2 unidades: $3,960.00", "anticipo de $500.00")),
        ("zh-Hans", "zh-Hans", ("Ana Kim，您好：", "Facial 12，共2份：US$3,960.00", "先付订金 US$500.00")),
        ("fr", "en", ("Hello Ana Kim,",)),
    ],
)
def test_it_says_what_is_to_pay_in_the_clients_language(
    language: str, tag: str, says: tuple[str, ...]
) -> None:
    letter = letter_of(CHECKOUT, CLINIC, language)
    for said in says:
        assert said in letter.text
    assert f'<html lang="{tag}">' in letter.html
    assert letter.text.count("https://square.example/pay") == 1


def test_a_client_without_a_deposit_or_a_clinic_to_ask_reads_nothing_of_either() -> None:
    letter = letter_of(replace(CHECKOUT, deposit=None), replace(CLINIC, phone="", email=""), "en")
    assert "deposit" not in letter.text
    assert "Questions" not in letter.text
    assert "None" not in letter.html
