"""Sales from the desk, the public page and the private page that Square refuses, or that nobody pays."""

import pytest
from sqlalchemy import select

from plugin.core.acts import Act
from plugin.core.money import Money
from plugin.courses.base.outbox import Job
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.sales.public_orders import NewPublicOrder, begin_public_order, public_order_of_token
from plugin.courses.sales.tips import begin_tip
from plugin.square.catalog import publish
from plugin.square.checkout.job import give_up_checkout
from plugin.square.checkout.link import LATEST, give_up_tip, make_public_link, run_tip
from plugin.store.selling import PublicOrder, Tip
from tests.square.clinic import OWNER
from tests.square.selling import Selling, usd


def faults(selling: Selling) -> dict[str, list[str]]:
    assert selling.line is not None
    return selling.line.faults


def package_in_square(selling: Selling, name: str) -> tuple[str, str]:
    """Publish a package of its own; return its id and its Square variation's."""
    contents = (NewContent("Facial acupuncture, 60 min", 10, usd(16500), kind="main"),)
    act = Act(OWNER, selling.clinic.clock(), f"package-{name}".replace(" ", "-"))
    package_id = create_package(selling.store, act, NewPackage(name, usd(165000), contents)).id
    act = Act(OWNER, selling.clinic.clock(), f"publish-{name}".replace(" ", "-"))
    return package_id, publish(selling.clinic.services, act, package_id).square_variation_id or ""


def job_of(kind: str, subject: str) -> Job:
    return Job(id="1", kind=kind, subject=subject, payload={}, attempts=1)


def test_a_deposit_that_would_be_the_whole_price_in_square_ends_the_sale(selling: Selling) -> None:
    package_id, variation_id = package_in_square(selling, "Cheaper in Square")
    selling.clinic.till.edit_variation(variation_id, price=150000)
    begun = selling.begin("invoice", package_id=package_id, deposit=usd(150000))
    selling.go()
    selling.after(5)
    ended = selling.now(begun)
    assert (ended.state, ended.problem) == (
        "failed",
        "Square charges $1,500.00 for this, and the deposit is not less. Begin again with another deposit.",
    )
    assert selling.order(begun)["state"] == "CANCELED"


@pytest.mark.parametrize("call", ["POST /v2/invoices", "POST /v2/invoices/{id}/publish"])
def test_an_invoice_canceled_before_it_is_published_leaves_nothing_in_square(
    selling: Selling, call: str
) -> None:
    begun = selling.begin("invoice")
    # Not answered, and refused when the answer is asked for.
    faults(selling)[call] = ["timeout before", "400"]
    selling.go()
    assert selling.cancel(begun).is_canceling
    selling.after(5)
    assert (selling.now(begun).state, selling.order(begun)["state"]) == ("canceled", "CANCELED")
    assert bool(selling.object_of(begun)) is call.endswith("publish")


def test_a_client_whom_square_does_not_take_pays_at_the_terminal_all_the_same(selling: Selling) -> None:
    begun = selling.begin("terminal")
    # For the client’s own job, and for the sale.
    faults(selling)["POST /v2/customers"] = ["400", "400"]
    selling.go()
    assert selling.row(begun).square_customer_id is None
    assert "customer_id" not in selling.order(begun)
    selling.pay(begun)
    selling.after(5)
    assert selling.now(begun).state == "paid"
    assert [one.client_id for one in selling.courses(begun)] == [begun.client_id]


def test_a_package_deleted_in_square_can_not_be_ordered_on_the_public_page(selling: Selling) -> None:
    package_id, variation_id = package_in_square(selling, "Gone in Square")
    new = NewPublicOrder(package_id, 1, "Bea Wong", "bea@example.org", "", "en", ("Terms",))
    order = begin_public_order(selling.store, selling.act(), new)
    selling.clinic.till.delete_item(variation_id)
    selling.sync()
    selling.go()
    ended = public_order_of_token(selling.store, order.token or "")
    assert ended is not None
    assert (ended.state, ended.url) == ("failed", None)


def test_a_public_order_gets_one_link(selling: Selling) -> None:
    package = selling.clinic.packages["ten"]
    new = NewPublicOrder(package.id, package.version, "Bea Wong", "bea@example.org", "", "en", ("Terms",))
    order = begin_public_order(selling.store, selling.act(), new)
    selling.go()
    with selling.store.reading() as session:
        url = session.scalar(select(PublicOrder.url).where(PublicOrder.id == order.id))
    assert url is not None
    calls = list(selling.line.calls) if selling.line else []
    said = make_public_link(selling.clinic.services, job_of("public_link", order.id))
    assert said == "It has its link, or has ended."
    with selling.store.reading() as session:
        assert session.get_one(PublicOrder, order.id).url == url
    assert selling.line is None or selling.line.calls == calls


def tip_of(selling: Selling) -> str:
    return begin_tip(
        selling.store, selling.act(), selling.client(), Money(1500, "USD"), practitioner_id=None
    ).id


def state_of(selling: Selling, tip_id: str) -> str:
    with selling.store.reading() as session:
        return session.get_one(Tip, tip_id).state


def test_a_tip_that_nobody_pays_is_looked_for_for_three_days(selling: Selling) -> None:
    tip_id = tip_of(selling)
    selling.go()
    selling.after(3600)
    assert state_of(selling, tip_id) == "waiting"
    selling.after(LATEST.total_seconds())
    assert state_of(selling, tip_id) == "unpaid"
    assert run_tip(selling.clinic.services, job_of("tip", tip_id)) == "It has ended."


def test_a_tip_that_square_does_not_take_is_unpaid(selling: Selling) -> None:
    tip_id = tip_of(selling)
    give_up_tip(selling.clinic.services, job_of("tip", tip_id), "Square refuses it.")
    selling.go()
    assert state_of(selling, tip_id) == "unpaid"


def test_a_sale_whose_job_is_given_up_says_why(selling: Selling) -> None:
    begun = selling.begin("cash")
    give_up_checkout(selling.clinic.services, job_of("checkout", begun.id), "Square refuses it.")
    ended = selling.now(begun)
    assert (ended.state, ended.problem) == ("failed", "Square refuses it.")
    selling.go()
    assert (selling.now(begun).state, selling.row(begun).square_order_id) == ("failed", None)


@pytest.mark.parametrize(
    ("way", "call"),
    [
        ("link", "DELETE /v2/online-checkout/payment-links/{id}"),
        ("terminal", "POST /v2/terminals/checkouts/{id}/cancel"),
    ],
)
def test_what_square_no_longer_has_is_canceled_here(selling: Selling, way: str, call: str) -> None:
    begun = selling.begin(way)
    selling.go()
    faults(selling)[call] = ["404"]
    selling.cancel(begun)
    selling.after(5)
    assert (selling.now(begun).state, selling.order(begun)["state"]) == ("canceled", "CANCELED")
