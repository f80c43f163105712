"""What happens on the day that `coursekeeper demo --day` plays: sales and refunds of every kind, with faults on.

Each is played as people do it, at the till or at the desk; none looks into Coursekeeper's tables.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from plugin.courses.attention.items import list_attention, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.visits.use import UseSession, use_session
from plugin.square.parsing import rfc3339
from tests.stories.day import desk_scenarios as desk
from tests.stories.day.harness import Json, Stage


@dataclass(frozen=True, slots=True)
class Scenario:
    """One thing that happens. `faults` are on while it does; `fault` says so in words."""

    title: str
    play: Callable[[Stage], object]
    faults: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


def _card(stage: Stage) -> Json:
    return stage.sell(stage.line(12), to="Maribel")


def _cash(stage: Stage) -> Json:
    return stage.sell(stage.line(10), to="Ana", tenders=[{"type": "cash"}])


def _split(stage: Stage) -> Json:
    parts = [{"type": "card", "amount": 100000}, {"type": "cash"}]
    return stage.sell(stage.line(12), to="Siobhán", tenders=parts)


def _two_units(stage: Stage) -> Json:
    return _kept(stage, "two", stage.sell(stage.line(10, "2"), to="Grace"))


def _two_packages(stage: Stage) -> Json:
    return _kept(stage, "mixed", stage.sell(stage.line(10), stage.line(12), to="美玲"))


def _with_retail(stage: Stage) -> Json:
    oil = {"name": "Facial oil", "amount": 5400, "tax_percent": "9.5"}
    return stage.sell(stage.line(10), oil, to="Denise", tenders=[{"type": "card", "tip": 2000}])


def _line_discount(stage: Stage) -> Json:
    return _kept(stage, "discounted", stage.sell(stage.line(12, discount={"percent": "12.5"}), to="Renée"))


def _order_discount(stage: Stage) -> Json:
    roller = {"name": "Jade roller", "amount": 3800}
    return stage.sell(stage.line(10), roller, to="Thu Hà", discount={"amount": 10001})


def _tax_on_top(stage: Stage) -> Json:
    return stage.sell(stage.line(10), to="Jo", tax_percent="8.875")


def _tax_inside(stage: Stage) -> Json:
    return stage.sell(stage.line(12), to="Priya", tax_percent="10", tax_included=True)


def _comped(stage: Stage) -> Json:
    return stage.sell(stage.line(10, discount={"percent": "100"}), to="Carol")


def _gift_card(stage: Stage) -> Json:
    parts = [{"type": "gift_card", "amount": 50000}, {"type": "card"}]
    return stage.sell(stage.line(10), to="Alexandrina Wilhelmina", tenders=parts)


def _nobody(stage: Stage) -> Json:
    return _kept(stage, "nobody", stage.sell(stage.line(12)))


def _customer_on_order(stage: Stage) -> Json:
    return stage.sell(stage.line(10), to="Maribel", customer_on="order")


def _customer_on_tender(stage: Stage) -> Json:
    return stage.sell(stage.line(10), to="Ana", customer_on="tender")


def _late(stage: Stage) -> Json:
    then = rfc3339(stage.clock() - timedelta(hours=71))
    return stage.sell(stage.line(12), to="Siobhán", created_at=then)


def _silent(stage: Stage) -> Json:
    return _kept(stage, "silent", stage.sell(stage.line(12), to="Jo", delivered=False))


def _retail_only(stage: Stage) -> Json:
    return stage.sell({"name": "Silk pillowcase", "amount": 6200}, to="Grace")


def _assign(stage: Stage) -> None:
    order_id = stage.kept["nobody"]["id"]
    item = next(one for one in list_attention(stage.services.store).rows if one.square_order_id == order_id)
    client_id = stage.client_of("Priya")
    resolve(
        stage.services.store,
        stage.act("assign"),
        item.id,
        Resolution("She had forgotten her phone", client_id=client_id),
    )


def _visits(given: str, many: int) -> Callable[[Stage], None]:
    def play(stage: Stage) -> None:
        course = next(one for one in stage.courses_of(stage.client_of(given)) if one.is_live)
        for known in range(many):
            act = stage.act(f"use-{given}")
            use_session(stage.services.store, act, UseSession(course.id), known_charges=known)

    return play


def _return_one_of_two(stage: Stage) -> None:
    order = stage.kept["two"]
    stage.till.refund_lines(
        order["id"], {order["line_items"][0]["uid"]: "1"}, "One of the sisters moved away"
    )


def _return_a_line(stage: Stage) -> None:
    order = stage.kept["mixed"]
    stage.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})


def _amount_only(stage: Stage) -> None:
    stage.till.refund_amount(33000, order_id=stage.kept["discounted"]["id"], reason="Two visits short")


def _take_sessions(stage: Stage) -> None:
    order_id = stage.kept["discounted"]["id"]
    item = next(one for one in list_attention(stage.services.store).rows if one.square_order_id == order_id)
    wish = Resolution(
        "As agreed on the phone", course_id=item.course_ids[0], sessions=2, decision="take_sessions"
    )
    resolve(stage.services.store, stage.act("take"), item.id, wish)


def _whole_amount(stage: Stage) -> None:
    order = stage.kept["silent"]
    stage.sync()
    stage.settle()
    stage.till.refund_amount(order["total_money"]["amount"], order_id=order["id"])


def _failed_refund(stage: Stage) -> None:
    order = stage.sell(stage.line(10), to="Carol")
    stage.settle()
    stage.till.set_faults(refund_outcome="PENDING")
    [refund] = stage.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})["refunds"]
    stage.settle()
    stage.till.end_refund(refund["id"], "FAILED")


def _upgrade(stage: Stage) -> None:
    order = stage.sell(stage.line(10), to="Thu Hà")
    stage.settle()
    uid = order["line_items"][0]["uid"]
    customer = {"customer_id": stage.customer_id("Thu Hà")}
    stage.till.exchange(order["id"], {uid: "1"}, [stage.line(12)], **customer)


def _merge(stage: Stage) -> None:
    double = stage.till.add_customer(given_name="Maribel", family_name="Okonkwo", phone_number="+13105550101")
    stage.till.sell([stage.line(10)], customer_id=double["id"])
    stage.settle()
    stage.till.merge_customers(stage.customer_id("Maribel"), double["id"])


def _kept(stage: Stage, name: str, order: Json) -> Json:
    stage.kept[name] = order
    return order


_TWICE = ({"has_duplicate_events": True}, "every event comes twice")
_SHUFFLED = ({"has_shuffled_events": True, "has_duplicate_events": True}, "events out of order")
_SILENT = ({"has_withheld_events": True}, "no event comes at all")
_NO_LINES = ({"hidden_line_reads": 2}, "the order is without lines at first")


def _lost(call: str) -> tuple[dict[str, Any], str]:
    plan = [{"call": call, "how": "cut", "after": True, "times": 1}]
    return {"fail_plan": plan}, "Square does it, and its answer is lost"


DAY: tuple[Scenario, ...] = (
    Scenario("Maribel buys a course of 12, by card", _card),
    Scenario("Ana buys a course of 10, in cash", _cash, *_TWICE),
    Scenario("Siobhán splits her course of 12 over card and cash", _split, *_SHUFFLED),
    Scenario(
        "Grace buys two courses of 10 on one line",
        _two_units,
        {"fail_next": 4},
        "Square fails four times",
    ),
    Scenario("美玲 buys one of 10 and one of 12", _two_packages, *_NO_LINES),
    Scenario(
        "Denise buys a course of 10 with an oil, and tips",
        _with_retail,
        {"fail_next": 3, "fail_how": "429"},
        "Square asks for fewer requests",
    ),
    Scenario("Maribel comes in twice", _visits("Maribel", 2)),
    Scenario("Renée has 12.5 % off her course of 12", _line_discount, *_TWICE),
    Scenario(
        "Thu Hà has $100.01 off the whole ticket",
        _order_discount,
        {"fail_every": 3},
        "every third call fails",
    ),
    Scenario("Jo buys a course of 10, tax on top", _tax_on_top),
    Scenario(
        "Priya buys a course of 12, tax inside the price",
        _tax_inside,
        {"fail_next": 2, "fail_how": "garbage"},
        "Square's answers can’t be read",
    ),
    Scenario("Carol is given a course of 10", _comped, *_SHUFFLED),
    Scenario(
        "Alexandrina pays partly with a gift card",
        _gift_card,
        {"fail_next": 3, "fail_how": "cut"},
        "the connection is cut three times",
    ),
    Scenario("A course of 12 is sold without a client", _nobody),
    Scenario("Maribel buys another one; her name stands on the order", _customer_on_order),
    Scenario("Ana buys another one; her name stands on the tender", _customer_on_tender, *_TWICE),
    Scenario("The desk says that the course without a client is Priya's", _assign),
    Scenario("A sale made 71 hours ago, when the Wi-Fi was down, arrives", _late),
    Scenario("Jo buys a course of 12", _silent, *_SILENT),
    Scenario("Grace buys a pillowcase", _retail_only),
    Scenario("Grace gives one of her two courses back", _return_one_of_two, *_SHUFFLED),
    Scenario("Renée comes in three times", _visits("Renée", 3)),
    Scenario("美玲 gives her course of 10 back", _return_a_line, {"fail_next": 5}, "Square fails five times"),
    Scenario("Renée is given $330.00 back, nobody says for what", _amount_only),
    Scenario("The desk decides that this was for two sessions", _take_sessions),
    Scenario("Jo is given back all of the course nobody had heard of", _whole_amount, *_TWICE),
    Scenario("Carol's refund fails at her bank", _failed_refund),
    Scenario("Thu Hà changes a course of 10 for one of 12", _upgrade, *_SILENT),
    Scenario("Two profiles of Maribel are joined in Square", _merge, *_SHUFFLED),
    Scenario(
        "Siobhán pays a course of 12 at the Terminal", desk.at_terminal("Siobhán", 12, desk.card), *_TWICE
    ),
    Scenario(
        "Grace pays at the Terminal; Square's answer to the checkout is lost",
        desk.at_terminal("Grace", 10, desk.card),
        *_lost("POST /v2/terminals/checkouts"),
    ),
    Scenario("Ana presses cancel at the Terminal", desk.at_terminal("Ana", 10, desk.client_cancels)),
    Scenario(
        "Nobody taps, and the Terminal gives up", desk.at_terminal("Jo", 10, desk.nobody_pays), *_SILENT
    ),
    Scenario("Renée pays a link on her phone, later", desk.by_link, *_SHUFFLED),
    Scenario("Ana's link is called off", desk.called_off),
    Scenario("Priya pays a course of 10 in cash at the desk", desk.in_cash, *_lost("POST /v2/payments")),
    Scenario("Carol has paid by bank transfer", desk.by_bank, *_SILENT),
    Scenario("Jo pays the deposit of an invoice", desk.invoice_with_deposit, *_lost("POST /v2/invoices")),
    Scenario("Jo pays the rest", desk.balance_of_invoice, *_SHUFFLED),
    Scenario("Grace pays a deposit; the rest is due next month", desk.second_invoice, *_TWICE),
    Scenario("Two visits are booked in Square", desk.book_two),
    Scenario("Ana comes", desk.comes),
    Scenario("Siobhán does not, and is charged a session", desk.stays_away),
    Scenario(
        "Maribel's course is refunded from the desk",
        desk.refund("Maribel"),
        *_lost("POST /v2/refunds"),
    ),
    Scenario("Renée's course is refunded from the desk", desk.refund("Renée"), *_SHUFFLED),
    Scenario("Alexandrina's bank questions a payment", desk.disputed),
    Scenario("Somebody changes a price in Square", desk.price_changed),
)
