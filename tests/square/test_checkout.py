"""Selling from the desk: each way from its begin to the course, and what may happen between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.core.status import Status
from plugin.courses.base.outbox import Job
from plugin.courses.base.read import courses_of_client
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.clients.clients import read_client
from plugin.courses.sales.checkouts import CHECKOUT_EMAIL
from plugin.courses.sales.public_orders import NewPublicOrder, begin_public_order, public_order_of_token
from plugin.errors import InvalidField, KeyReused, Refused
from plugin.mail import SmtpMailer
from plugin.square.catalog import publish
from plugin.square.checkout import link
from plugin.square.checkout.link import give_up_letter
from plugin.stored_sentences import in_words
from tests.square.clinic import OWNER, Clinic
from tests.square.selling import Selling, usd

WAYS = ("cash", "other", "terminal", "link", "invoice")


@pytest.mark.parametrize("way", WAYS)
def test_a_sale_begun_at_the_desk_ends_in_a_course_of_its_client(selling: Selling, way: str) -> None:
    begun = selling.begin(way, quantity=2)
    selling.go()
    if way not in ("cash", "other"):
        assert selling.now(begun).state == "waiting"
        selling.pay(begun)
        selling.after(5)
    ended = selling.now(begun)
    assert (ended.state, ended.came, ended.problem) == ("paid", usd(330000), "")
    told = [(one.client_id, one.paid, one.status) for one in selling.courses(begun)]
    assert told == [(begun.client_id, usd(165000), Status.OPEN)] * 2
    assert selling.order(begun)["reference_id"] == begun.id


def test_every_request_keeps_to_squares_contract_and_webhooks_bring_the_same(lite_clinic: Clinic) -> None:
    """Each way is paid once and canceled once; the clinic's Square checks every request."""
    selling = Selling(lite_clinic)
    ana = selling.client(email="ana@example.org", phone="+14155550123")
    more: dict[str, Any] = {"invoice": {"deposit": usd(50000)}, "cash": {"supplied": usd(170000)}}
    paid = [selling.begin(way, ana, **more.get(way, {})) for way in WAYS]
    selling.go()
    off = [selling.begin(way, ana) for way in ("terminal", "link", "invoice")]
    for begun in paid:
        selling.pay(begun)
    selling.go()
    for begun in off:
        selling.cancel(begun)
    lite_clinic.catch_up()
    selling.after(5)
    assert [selling.now(begun).state for begun in off] == ["canceled"] * 3
    assert [selling.now(begun).state for begun in paid] == [*["paid"] * 4, "waiting"]
    assert [len(selling.courses(begun)) for begun in paid] == [1] * 5
    selling.cancel(paid[-1])
    selling.after(5)
    assert selling.now(paid[-1]).state == "canceled"
    # Of the invoice canceled after its deposit a person decides (B3); nothing else waits.
    assert [item.kind for item in lite_clinic.attention()] == ["canceled_part_paid"]


def test_the_same_act_again_begins_nothing(selling: Selling) -> None:
    client_id, act = selling.client(), selling.act()
    first = selling.begin("cash", client_id, act=act)
    assert selling.begin("cash", client_id, act=act) == first
    with pytest.raises(KeyReused):
        selling.begin("cash", client_id, act=act, quantity=2)


def test_a_package_that_is_not_on_the_till_is_refused_before_anything_is_begun(selling: Selling) -> None:
    package_id = _package(selling, "Only on paper", 50000)
    with pytest.raises(Refused, match="is not in Square yet"):
        selling.begin("cash", package_id=package_id)


@pytest.mark.parametrize(
    ("way", "more", "field"),
    [
        ("barter", {}, "way"),
        ("cash", {"quantity": 0}, "quantity"),
        ("cash", {"quantity": 21}, "quantity"),
        ("cash", {"supplied": Money(165000, "EUR")}, "supplied"),
        ("other", {"tender": " "}, "tender"),
        ("terminal", {"device_id": "unknown"}, "device_id"),
        ("invoice", {"deposit": usd(0)}, "deposit"),
        ("invoice", {"deposit": usd(165000)}, "deposit"),
        ("link", {"mail_to": "nobody"}, "mail_to"),
    ],
)
def test_what_is_filled_in_wrong_is_named(
    selling: Selling, way: str, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidField) as refused:
        selling.begin(way, **more)
    assert refused.value.field == field


def test_cash_says_what_change_to_give(selling: Selling) -> None:
    begun = selling.begin("cash", supplied=usd(170000))
    selling.go()
    assert (selling.now(begun).state, selling.now(begun).change) == ("paid", usd(5000))


def test_a_price_changed_in_square_is_what_is_to_pay_and_is_shown(selling: Selling) -> None:
    with _price_in_square(selling, 170000):
        enough = selling.begin("cash", supplied=usd(170000))
        short = selling.begin("cash", supplied=usd(169999))
        selling.go()
        selling.after(5)
    paid, failed = selling.now(enough), selling.now(short)
    assert (paid.state, paid.amount) == ("paid", usd(170000))
    assert paid.notice == (
        "Square charges $1,700.00 for this, not $1,650.00 as the package says. Square’s amount is due."
    )
    assert failed.state == "failed"
    assert failed.problem.startswith("$1,700.00 is due, $1,699.99 was given.")
    assert (selling.order(short)["state"], failed.course_ids) == ("CANCELED", ())


@pytest.mark.parametrize("way", ["cash", "terminal", "link", "invoice"])
def test_a_package_that_costs_nothing_is_sold_without_a_payment(selling: Selling, way: str) -> None:
    package_id = _package(selling, f"A present by {way}", 0)
    publish(selling.clinic.services, Act(OWNER, selling.clinic.clock(), f"present-{way}"), package_id)
    begun = selling.begin(way, package_id=package_id)
    selling.go()
    assert (selling.now(begun).state, len(selling.courses(begun))) == ("paid", 1)
    assert "tenders" not in selling.order(begun)


def test_a_sale_called_off_before_square_was_asked_ends_at_once(selling: Selling) -> None:
    begun = selling.begin("terminal")
    assert selling.cancel(begun).state == "canceled"
    selling.go()
    assert selling.row(begun).square_order_id is None
    assert selling.cancel(begun).state == "canceled"


def test_a_paid_sale_is_not_called_off(selling: Selling) -> None:
    begun = selling.begin("cash")
    selling.go()
    with pytest.raises(Refused, match="is paid"):
        selling.cancel(begun)


@pytest.mark.parametrize("is_at_hand", [False, True])
def test_a_terminal_is_called_off_and_its_order_with_it(selling: Selling, is_at_hand: bool) -> None:
    begun = selling.begin("terminal")
    selling.go()
    if is_at_hand:
        selling.show()
    assert selling.cancel(begun).is_canceling
    selling.go()
    if is_at_hand:
        assert selling.now(begun).is_canceling
        selling.show()
        selling.after(1)
    assert (selling.now(begun).state, selling.order(begun)["state"]) == ("canceled", "CANCELED")


def test_a_card_that_is_quicker_than_the_cancel_is_a_sale(selling: Selling) -> None:
    begun = selling.begin("terminal")
    selling.go()
    selling.show()
    selling.cancel(begun)
    selling.go()
    selling.pay(begun)
    selling.after(2)
    assert (selling.now(begun).state, len(selling.courses(begun))) == ("paid", 1)


def test_a_client_may_cancel_or_leave_the_terminal(selling: Selling) -> None:
    begun = selling.begin("terminal")
    selling.go()
    selling.clinic.till.cancel_at_terminal(selling.object_of(begun))
    selling.after(2)
    ended = selling.now(begun)
    assert (ended.state, ended.problem) == ("canceled", "The client canceled at the Terminal.")
    left = selling.begin("terminal")
    selling.go()
    selling.after(301)
    assert (selling.now(left).state, selling.order(left)["state"]) == ("timed_out", "CANCELED")


def test_a_payment_at_the_last_moment_is_a_sale_though_the_terminal_had_timed_out(selling: Selling) -> None:
    begun = selling.begin("terminal")
    selling.go()
    selling.clinic.clock.advance(seconds=299)
    selling.pay(begun)
    selling.after(600)
    assert (selling.now(begun).state, len(selling.courses(begun))) == ("paid", 1)


def test_a_terminal_that_tells_by_event_is_looked_at_at_once(selling: Selling) -> None:
    begun = selling.begin("terminal")
    selling.go()
    told = selling.events(lambda: selling.pay(begun))
    selling.hear(one for one in told if one["type"] == "terminal.checkout.updated")
    assert selling.now(begun).state == "waiting"
    selling.go()
    assert selling.now(begun).state == "paid"


def test_while_square_is_away_the_desk_is_told_and_may_call_it_off(selling: Selling) -> None:
    assert selling.line is not None
    begun = selling.begin("terminal")
    selling.line.faults["POST /v2/orders"] = ["timeout after"]
    selling.go()
    now = selling.now(begun)
    assert (now.state, now.problem) == (
        "asking",
        "Square did not answer in time. It is retried automatically.",
    )
    assert selling.cancel(begun).is_canceling
    selling.after(5)
    # The outcome of the lost call was learned under its key, so that nothing of it is left in Square.
    assert (selling.now(begun).state, selling.order(begun)["state"]) == ("canceled", "CANCELED")


@pytest.mark.parametrize("way", ["terminal", "link", "invoice"])
def test_a_price_that_was_none_and_is_one_in_square_is_not_recorded_as_paid(
    selling: Selling, way: str
) -> None:
    package_id = _package(selling, f"No present by {way}", 0)
    act = Act(OWNER, selling.clinic.clock(), f"no-present-{way}")
    listed = publish(selling.clinic.services, act, package_id)
    selling.clinic.till.edit_variation(listed.square_variation_id or "", price=4000)
    begun = selling.begin(way, package_id=package_id)
    selling.go()
    expected = "failed" if way == "link" else "waiting"
    assert (selling.now(begun).state, selling.now(begun).came) == (expected, usd(0))


def test_a_link_called_off_can_not_be_paid(selling: Selling) -> None:
    begun = selling.begin("link")
    selling.go()
    selling.cancel(begun)
    selling.go()
    assert (selling.now(begun).state, selling.order(begun)["state"]) == ("canceled", "CANCELED")


def test_a_link_paid_before_it_was_called_off_is_a_sale(selling: Selling) -> None:
    begun = selling.begin("link")
    selling.go()
    selling.pay(begun)
    selling.cancel(begun)
    selling.go()
    assert (selling.now(begun).state, len(selling.courses(begun))) == ("paid", 1)


def test_a_link_paid_days_later_is_found_by_the_sweep_and_belongs_to_its_client(selling: Selling) -> None:
    begun = selling.begin("link")
    selling.go()
    selling.after(3600)
    selling.clinic.clock.advance(days=2)
    selling.pay(begun, email="mother@example.org")
    selling.sync()
    assert selling.now(begun).state == "paid"
    assert [one.client_id for one in selling.courses(begun)] == [begun.client_id]


def test_a_link_whose_worker_ends_before_the_address_is_saved_gets_it_later(
    selling: Selling, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ends(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    begun = selling.begin("link")
    with monkeypatch.context() as patched:
        patched.setattr(link, "save_waiting", ends)
        with pytest.raises(KeyboardInterrupt):
            selling.go()
    assert selling.row(begun).square_object_id is not None
    assert selling.row(begun).url is None
    # Longer than the link is watched.
    selling.clinic.clock.advance(minutes=20)
    selling.go()
    assert selling.now(begun).state == "waiting"
    selling.pay(begun)
    selling.sync()
    assert selling.now(begun).state == "paid"


def test_a_link_is_mailed_once(selling: Selling) -> None:
    begun = selling.begin("link", mail_to="ana@example.org")
    selling.go()
    selling.after(10)
    letters = [one for one in selling.letters if one.to == "ana@example.org"]
    assert [one.key for one in letters] == [f"{begun.id}-letter"]
    assert (selling.now(begun).url or "-") in letters[0].text
    assert selling.now(begun).mailed_at is not None


def test_a_letter_that_is_refused_is_told_at_the_desk(selling: Selling) -> None:
    begun = selling.begin("link", mail_to="refused@example.org")
    selling.go()
    now = selling.now(begun)
    assert (now.state, now.mailed_at) == ("waiting", None)
    assert now.notice.startswith("The e-mail was not sent.")
    assert in_words(now.notice, "es").endswith("Muestre el código o copie el enlace.")


def test_without_a_mail_server_the_desk_reads_who_sets_it_up(selling: Selling) -> None:
    begun = selling.begin("link")
    services = replace(selling.clinic.services, mail=SmtpMailer())
    job = Job(id="1", kind=CHECKOUT_EMAIL, subject=begun.id, payload={}, attempts=1)
    give_up_letter(services, job, "MAIL_URL is missing; without it no e-mail is sent.")
    notice = selling.now(begun).notice
    assert "The owner sets it up under Settings, E-mail." in notice
    assert "MAIL_URL" not in notice


def _package(selling: Selling, name: str, price: int) -> str:
    contents = (NewContent("Facial acupuncture, 60 min", 10, usd(16500), kind="main"),)
    act = Act(OWNER, selling.clinic.clock(), f"package-{name}".replace(" ", "-"))
    return create_package(selling.store, act, NewPackage(name, usd(price), contents)).id


@contextmanager
def _price_in_square(selling: Selling, price: int) -> Iterator[None]:
    variation_id = selling.clinic.packages["ten"].square_variation_id or ""
    selling.clinic.till.edit_variation(variation_id, price=price)
    try:
        yield
    finally:
        selling.clinic.till.edit_variation(variation_id, price=165000)


def test_a_package_chosen_on_the_public_page_becomes_the_course_of_who_ordered_it(selling: Selling) -> None:
    package = selling.clinic.packages["ten"]
    new = NewPublicOrder(package.id, package.version, "Bea Wong", "bea@example.org", "", "es", ("Terms",))
    order = begin_public_order(selling.store, selling.act(), new)
    selling.go()
    linked = public_order_of_token(selling.store, order.token or "")
    assert linked is not None
    assert (linked.state, linked.amount) == ("waiting", usd(165000))
    selling.clinic.till.pay_link((linked.url or "").rpartition("/")[2])
    selling.sync()
    paid = public_order_of_token(selling.store, order.token or "")
    assert paid is not None
    assert paid.state == "paid"
    client = read_client(selling.store, paid.client_id or "")
    assert (client.name, client.email, client.language) == ("Bea Wong", "bea@example.org", "es")
    (course,) = courses_of_client(selling.store, client.id, today=selling.clinic.clock().date())
    assert course.paid == usd(165000)
