"""Sales that look like a package no one has linked: one item each, linked and opened by one tap, or ignored."""

from typing import Any

import pytest
from sqlalchemy import func, select

from plugin.core.acts import Act, Actor, Role, Source
from plugin.courses.attention.items import list_attention, resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.views import AttentionView
from plugin.courses.catalog.packages import read_package
from plugin.errors import InvalidField, Refused
from plugin.square.catalog import link_item, search_items
from plugin.square.sync import sync
from plugin.store.ledger import History
from plugin.store.offers import IgnoredItem
from tests.square.clinic import OWNER, Clinic

Json = dict[str, Any]
DEB = Actor("Deb", Role.DESK, Source.DESK)
TEN, TWELVE = "Facial acupuncture, course of 10", "Facial acupuncture, course of 12"


def _act(clinic: Clinic, key: str) -> Act:
    return Act(DEB, clinic.clock(), key)


def _item(clinic: Clinic, name: str, *variations: tuple[str, int]) -> list[str]:
    """Create an item in Square, as a seller does; return its variations."""
    told = [
        {
            "type": "ITEM_VARIATION",
            "id": f"#v{number}",
            "item_variation_data": {
                "name": called,
                "pricing_type": "FIXED_PRICING",
                "price_money": {"amount": price, "currency": "USD"},
            },
        }
        for number, (called, price) in enumerate(variations)
    ]
    data = {"name": name, "product_type": "REGULAR", "variations": told}
    wanted = {"type": "ITEM", "id": "#i", "item_data": data}
    answer = clinic.services.square.upsert_catalog_object(clinic.services.store.new_id(), wanted)
    return [one["id"] for one in answer["catalog_object"]["item_data"]["variations"]]


def _made_again(clinic: Clinic, name: str = "ten") -> str:
    """Delete a package's variation and make an item of the same name and price; return its variation."""
    package = clinic.packages[name]
    clinic.till.delete_item(package.square_variation_id or "")
    (variation,) = _item(clinic, package.name, ("Regular", package.price.amount))
    clinic.catch_up()
    return variation


def _sell(clinic: Clinic, variation: str, **sale: Any) -> Json:
    order: Json = clinic.till.sell([{"variation_id": variation, "quantity": "1"}], **sale)["order"]
    clinic.catch_up()
    return order


def _asked(clinic: Clinic) -> list[AttentionView]:
    return [item for item in clinic.attention() if item.kind == "unlinked_sale"]


def _decide(clinic: Clinic, decision: str, item: AttentionView | None = None, **more: Any) -> AttentionView:
    one = item or _asked(clinic)[0]
    wish = Resolution("As it was", decision=decision, **more)
    return resolve(clinic.services.store, _act(clinic, f"{decision}-{one.id}"), one.id, wish)


def _ana(clinic: Clinic) -> str:
    made: str = clinic.till.add_customer(given_name="Ana", family_name="López")["id"]
    return made


def _told(clinic: Clinic) -> list[tuple[str, str | None, int]]:
    return [(row[3], row[4], row[5]) for row in clinic.ledger()]


def test_an_item_made_again_under_its_name_is_asked_about_linked_and_opened(clinic: Clinic) -> None:
    """B9."""
    variation = _made_again(clinic)
    order = _sell(clinic, variation, customer_id=_ana(clinic))
    (item,) = _asked(clinic)
    assert item.summary == (
        f"“{TEN}” was sold for $1,650.00, but this Square item is not linked to a package. No course was opened."
    )
    assert item.proposal == f"Link it to “{TEN}” and open the course for Ana López."
    assert (item.square_order_id, item.proposed_package_id) == (order["id"], clinic.packages["ten"].id)
    assert _told(clinic) == []
    assert _decide(clinic, "link_and_open").answer == "Linked, course opened"
    assert _told(clinic) == [(TEN, "Ana López", 165000)]
    clinic.errands()
    clinic.catch_up()
    assert clinic.attention() == []
    package = read_package(clinic.services.store, clinic.packages["ten"].id)
    assert package.square_variation_id == variation
    assert package.on_till is not None
    assert (package.on_till.seen_item_name, package.differs_in_square) == (TEN, False)
    _sell(clinic, variation, customer_id=_ana(clinic))
    assert len(clinic.ledger()) == 2
    assert clinic.is_sound()


def test_its_history_says_who_opened_it_from_what(clinic: Clinic) -> None:
    """B9."""
    _sell(clinic, _made_again(clinic), customer_id=_ana(clinic))
    _decide(clinic, "link_and_open")
    with clinic.services.store.reading() as session:
        (row,) = session.scalars(select(History).where(History.kind == "linked")).all()
        told = (row.text, row.by, row.reason)
    assert told == (f"Opened from the sale of “{TEN}”, linked to “{TEN}” afterwards", "Deb", "As it was")


def test_the_same_order_seen_again_asks_nothing_and_opens_nothing(clinic: Clinic) -> None:
    """B9."""
    _sell(clinic, _made_again(clinic), customer_id=_ana(clinic))
    for _ in range(2):
        sync(clinic.services)
        clinic.catch_up()
    assert len(_asked(clinic)) == 1
    item = _asked(clinic)[0]
    _decide(clinic, "link_and_open", item)
    with pytest.raises(Refused, match="already"):
        resolve(
            clinic.services.store,
            _act(clinic, "again"),
            item.id,
            Resolution("Twice", decision="link_and_open"),
        )
    for _ in range(2):
        clinic.errands()
        clinic.clock.advance(minutes=15)
        sync(clinic.services)
        clinic.catch_up()
    assert (len(clinic.ledger()), clinic.attention()) == (1, [])
    assert clinic.is_sound()


def test_a_dismissed_sale_is_not_asked_about_again(lite_clinic: Clinic) -> None:
    """B9."""
    variation = _made_again(lite_clinic)
    _sell(lite_clinic, variation)
    _decide(lite_clinic, "dismiss")
    sync(lite_clinic.services)
    lite_clinic.catch_up()
    assert (_asked(lite_clinic), lite_clinic.ledger()) == ([], [])
    _sell(lite_clinic, variation)
    assert len(_asked(lite_clinic)) == 1


def test_every_sale_of_the_item_that_waits_is_opened_with_it(clinic: Clinic) -> None:
    """B9."""
    variation = _made_again(clinic)
    for _ in range(3):
        _sell(clinic, variation, customer_id=_ana(clinic))
    assert len(_asked(clinic)) == 3
    _decide(clinic, "link_and_open")
    assert (len(clinic.ledger()), _asked(clinic)) == (3, [])
    answers = {item.answer for item in list_attention(clinic.services.store, resolved=True).rows}
    assert {"Linked, course opened", "The course is open."} <= answers
    assert clinic.is_sound()


def test_an_item_that_is_no_package_is_ignored_from_now_on(lite_clinic: Clinic) -> None:
    """B9."""
    variation = _made_again(lite_clinic)
    for _ in range(2):
        _sell(lite_clinic, variation)
    assert _decide(lite_clinic, "ignore_item").answer == "Not a package"
    assert _asked(lite_clinic) == []
    _sell(lite_clinic, variation)
    sync(lite_clinic.services)
    lite_clinic.catch_up()
    assert (_asked(lite_clinic), lite_clinic.ledger()) == ([], [])
    link_item(
        lite_clinic.services,
        Act(OWNER, lite_clinic.clock(), "link"),
        lite_clinic.packages["ten"].id,
        variation,
    )
    with lite_clinic.services.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(IgnoredItem)) == 0
    _sell(lite_clinic, variation)
    assert len(lite_clinic.ledger()) > 0


@pytest.mark.parametrize("has_webhooks", [True, False], ids=["told by events", "found by a sweep"])
@pytest.mark.parametrize(
    ("name", "amount"),
    [(TWELVE, 198000), (TWELVE.upper(), 150000), ("12 facials", 198000), ("Custom Amount", 198000)],
)
def test_an_amount_typed_at_the_till_is_asked_about_and_opened(
    lite_clinic: Clinic, name: str, amount: int, has_webhooks: bool
) -> None:
    """B9: without any item, by the name, or by the price with a name like it or none."""
    lite_clinic.till.set_faults(has_withheld_events=not has_webhooks)
    line = {"name": name, "amount": amount, "quantity": "1", "tax_percent": "10"}
    lite_clinic.till.sell([line], customer_id=_ana(lite_clinic))
    for _ in range(2):
        if not has_webhooks:
            sync(lite_clinic.services)
        lite_clinic.catch_up()
    (item,) = _asked(lite_clinic)
    assert item.decisions == ("link_and_open", "dismiss")
    assert "it was entered as an amount" in item.summary
    assert item.proposal == f"Open the course as “{TWELVE}” for Ana López."
    _decide(lite_clinic, "link_and_open")
    for _ in range(2):
        lite_clinic.errands()
        sync(lite_clinic.services)
        lite_clinic.catch_up()
    assert _told(lite_clinic) == [(TWELVE, "Ana López", amount)]
    assert lite_clinic.attention() == []
    assert lite_clinic.is_sound()


@pytest.mark.parametrize(
    "line",
    [
        {"name": "Facial oil", "amount": 5400},
        {"name": "Silk pillowcase", "amount": 165000},
        {"name": "Facial acupuncture, 60 min", "amount": 16500},
        {"name": "Facial acupuncture, course of 11", "amount": 16500},
        {"name": "Custom Amount", "amount": 198001},
        {"amount": 100000},
        {"name": "Regular", "amount": 5400},
    ],
    ids=str,
)
def test_ordinary_lines_are_not_asked_about(lite_clinic: Clinic, line: Json) -> None:
    """B9."""
    lite_clinic.till.sell([{**line, "quantity": "1"}])
    lite_clinic.catch_up()
    sync(lite_clinic.services)
    lite_clinic.catch_up()
    assert lite_clinic.attention() == []


def test_nothing_the_till_sells_on_its_first_day_is_asked_about(lite_clinic: Clinic) -> None:
    items = [one for word in ("a", "e", "i", "o") for one in search_items(lite_clinic.services, word)]
    for variation in {one.square_variation_id for one in items}:
        _sell(lite_clinic, variation)
    assert (len(items) > 4, lite_clinic.attention()) == (True, [])


class TestVariationsOfOurItems:
    """B9: a variation no one linked, beside one that sells a package."""

    def _beside(self, clinic: Clinic, item_of: str, name: str, price: int) -> str:
        variation = clinic.services.square.catalog_object(item_of)
        item_id = variation["item_variation_data"]["item_id"]
        wanted = {
            "type": "ITEM_VARIATION",
            "id": "#v",
            "item_variation_data": {
                "item_id": item_id,
                "name": name,
                "pricing_type": "FIXED_PRICING",
                "price_money": {"amount": price, "currency": "USD"},
            },
        }
        answer = clinic.services.square.upsert_catalog_object(clinic.services.store.new_id(), wanted)
        made: str = answer["catalog_object"]["id"]
        return made

    def test_any_of_the_item_made_here_is_asked_about(self, lite_clinic: Clinic) -> None:
        ours = lite_clinic.packages["ten"].square_variation_id or ""
        _sell(lite_clinic, self._beside(lite_clinic, ours, "Course of 6", 90000))
        (item,) = _asked(lite_clinic)
        assert "“Prepaid courses, Course of 6” was sold for $900.00" in item.summary
        with pytest.raises(InvalidField):
            _decide(lite_clinic, "link_and_open", package_id="nobody's")
        _decide(lite_clinic, "link_and_open", package_id=lite_clinic.packages["twelve"].id)
        assert _told(lite_clinic) == [(TWELVE, None, 90000)]

    @pytest.mark.parametrize(("price", "is_asked"), [(16500, False), (198000, True)])
    def test_of_a_linked_item_one_that_costs_as_much_is_and_a_single_visit_is_not(
        self, lite_clinic: Clinic, price: int, is_asked: bool
    ) -> None:
        (course,) = _item(lite_clinic, "Acupuncture", ("Ten visits", 165000))
        link_item(
            lite_clinic.services,
            Act(OWNER, lite_clinic.clock(), "link"),
            lite_clinic.packages["ten"].id,
            course,
        )
        _sell(lite_clinic, self._beside(lite_clinic, course, "Another", price))
        assert bool(_asked(lite_clinic)) is is_asked


@pytest.mark.parametrize("in_words", [True, False], ids=["by its line", "by the amount"])
def test_a_sale_refunded_before_anybody_answered_needs_no_answer(lite_clinic: Clinic, in_words: bool) -> None:
    order = _sell(lite_clinic, _made_again(lite_clinic), customer_id=_ana(lite_clinic))
    if in_words:
        lite_clinic.till.refund_lines(order["id"], {order["line_items"][0]["uid"]: "1"})
    else:
        lite_clinic.till.refund_amount(165000, order_id=order["id"])
    lite_clinic.catch_up()
    sync(lite_clinic.services)
    lite_clinic.catch_up()
    assert (_asked(lite_clinic), lite_clinic.ledger()) == ([], [])


def test_part_of_it_refunded_before_is_asked_about_once_the_course_is_open(clinic: Clinic) -> None:
    order = _sell(clinic, _made_again(clinic), customer_id=_ana(clinic))
    clinic.till.refund_amount(33000, order_id=order["id"])
    clinic.catch_up()
    _decide(clinic, "link_and_open")
    clinic.errands()
    clinic.catch_up()
    assert [item.kind for item in clinic.attention()] == ["unclear_refund"]
    assert clinic.is_sound()


def test_a_package_and_a_look_alike_on_one_sale_are_each_their_own(clinic: Clinic) -> None:
    lines = [clinic.line("ten"), {"name": TWELVE, "amount": 198000, "quantity": "2"}]
    clinic.till.sell(lines, customer_id=_ana(clinic))
    clinic.catch_up()
    assert len(clinic.ledger()) == 1
    assert _asked(clinic)[0].proposal == f"Open 2 courses as “{TWELVE}” for Ana López."
    _decide(clinic, "link_and_open")
    for _ in range(2):
        clinic.errands()
        sync(clinic.services)
        clinic.catch_up()
    assert sorted(row[3] for row in clinic.ledger()) == [TEN, TWELVE, TWELVE]
    assert clinic.attention() == []
    assert clinic.is_sound()


def test_one_sold_without_a_client_waits_for_one_after_it_is_opened(lite_clinic: Clinic) -> None:
    _sell(lite_clinic, _made_again(lite_clinic))
    _decide(lite_clinic, "link_and_open")
    assert [item.kind for item in lite_clinic.attention()] == ["unassigned_sale"]


def test_an_item_linked_beside_one_that_lives_takes_over_once_that_is_deleted(lite_clinic: Clinic) -> None:
    lite_clinic.clock.advance(minutes=1)
    (second,) = _item(lite_clinic, TEN, ("Regular", 165000))
    _sell(lite_clinic, second)
    first = lite_clinic.packages["ten"].square_variation_id or ""
    _decide(lite_clinic, "link_and_open")
    lite_clinic.errands()
    package_id = lite_clinic.packages["ten"].id
    assert read_package(lite_clinic.services.store, package_id).square_variation_id == first
    lite_clinic.till.delete_item(first)
    lite_clinic.catch_up()
    assert read_package(lite_clinic.services.store, package_id).square_variation_id == second
    assert "changed_item" not in [item.kind for item in lite_clinic.attention()]


def test_linked_on_the_package_s_page_the_question_is_answered_by_the_next_sync(lite_clinic: Clinic) -> None:
    variation = _made_again(lite_clinic)
    _sell(lite_clinic, variation, customer_id=_ana(lite_clinic))
    link_item(
        lite_clinic.services,
        Act(OWNER, lite_clinic.clock(), "link"),
        lite_clinic.packages["ten"].id,
        variation,
    )
    sync(lite_clinic.services)
    lite_clinic.catch_up()
    assert (len(lite_clinic.ledger()), _asked(lite_clinic)) == (1, [])
