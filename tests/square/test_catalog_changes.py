"""What the seller changes in Square's catalog: noticed, asked about, settled when it agrees again, never obeyed."""

import pytest

from plugin.core.acts import Act
from plugin.courses.attention.items import resolve
from plugin.courses.attention.kind import Resolution
from plugin.courses.base.outbox import count_jobs
from plugin.courses.base.views import OnTillView
from plugin.courses.catalog.links import LOOK_AT_ITEM
from plugin.courses.catalog.packages import list_variation, read_package
from plugin.courses.clients.clients import create_client
from plugin.errors import Refused
from plugin.square.catalog import link_item, publish, search_items
from plugin.square.sync import sync
from tests.square.clinic import OWNER, Clinic

TEN = "Facial acupuncture, course of 10"
RAISED = f"The price of “{TEN}” was changed in Square: $1,650.00 before, $1,700.00 now."


def _id(clinic: Clinic) -> str:
    return clinic.packages["ten"].square_variation_id or ""


def _asked(clinic: Clinic) -> list[str]:
    return [item.summary for item in clinic.attention() if item.kind == "changed_item"]


def _on_till(clinic: Clinic) -> OnTillView:
    seen = read_package(clinic.services.store, clinic.packages["ten"].id).on_till
    assert seen is not None
    return seen


def _decide(clinic: Clinic, decision: str) -> None:
    (item,) = clinic.attention()
    resolve(
        clinic.services.store,
        Act(OWNER, clinic.clock(), decision),
        item.id,
        Resolution("So be it", decision=decision),
    )
    clinic.errands()
    clinic.catch_up()


def _in_square(clinic: Clinic) -> tuple[str, int]:
    data = clinic.services.square.catalog_object(_id(clinic))["item_variation_data"]
    return data["name"], data["price_money"]["amount"]


def test_our_own_publishing_raises_no_question(lite_clinic: Clinic) -> None:
    assert _asked(lite_clinic) == []
    assert (_on_till(lite_clinic).seen_name, _on_till(lite_clinic).is_deleted) == (TEN, False)


@pytest.mark.parametrize("has_webhooks", [True, False], ids=["told by an event", "found by a sweep"])
def test_a_new_price_is_asked_about_and_settled_when_it_agrees_again(
    lite_clinic: Clinic, has_webhooks: bool
) -> None:
    def notice() -> None:
        if not has_webhooks:
            sync(lite_clinic.services)
        lite_clinic.catch_up()

    lite_clinic.till.set_faults(has_withheld_events=not has_webhooks)
    lite_clinic.till.edit_variation(_id(lite_clinic), price=170000)
    notice()
    notice()
    assert _asked(lite_clinic) == [RAISED]
    lite_clinic.till.edit_variation(_id(lite_clinic), price=175000)
    notice()
    assert _asked(lite_clinic) == [RAISED.replace("1,700", "1,750")]
    lite_clinic.till.edit_variation(_id(lite_clinic), price=165000)
    notice()
    assert _asked(lite_clinic) == []
    assert read_package(lite_clinic.services.store, lite_clinic.packages["ten"].id).price.amount == 165000


@pytest.mark.parametrize(
    ("decision", "in_square", "ours", "version"),
    [
        ("publish_again", (TEN, 165000), (TEN, 165000), 1),
        ("take_price", ("Ten", 170000), ("Ten", 170000), 2),
        ("dismiss", ("Ten", 170000), (TEN, 165000), 1),
    ],
)
def test_each_decision_is_carried_out_and_not_asked_again(
    lite_clinic: Clinic, decision: str, in_square: tuple[str, int], ours: tuple[str, int], version: int
) -> None:
    lite_clinic.sell("ten")
    lite_clinic.till.edit_variation(_id(lite_clinic), price=170000, name="Ten")
    lite_clinic.catch_up()
    for item in lite_clinic.attention():
        if item.kind == "unassigned_sale":
            resolve(
                lite_clinic.services.store,
                Act(OWNER, lite_clinic.clock(), "assign"),
                item.id,
                Resolution("Hers", client_id=_somebody(lite_clinic)),
            )
    sold = lite_clinic.ledger()
    _decide(lite_clinic, decision)
    package = read_package(lite_clinic.services.store, lite_clinic.packages["ten"].id)
    assert (_in_square(lite_clinic), (package.name, package.price.amount)) == (in_square, ours)
    assert (package.version, lite_clinic.attention()) == (version, [])
    sync(lite_clinic.services)
    lite_clinic.catch_up()
    assert (lite_clinic.attention(), lite_clinic.ledger()) == ([], sold)


def _somebody(clinic: Clinic) -> str:
    return create_client(clinic.services.store, Act(OWNER, clinic.clock(), "made"), name="Ana").id


def test_a_deleted_item_is_asked_about_and_published_anew(lite_clinic: Clinic) -> None:
    lite_clinic.till.delete_item(_id(lite_clinic))
    lite_clinic.catch_up()
    assert _asked(lite_clinic) == [f"“{TEN}” was deleted in Square; the register can no longer sell it."]
    assert lite_clinic.attention()[0].decisions == ("publish_again", "dismiss")
    old = _id(lite_clinic)
    _decide(lite_clinic, "publish_again")
    anew = read_package(lite_clinic.services.store, lite_clinic.packages["ten"].id)
    assert anew.square_variation_id not in (None, old)
    assert (_on_till(lite_clinic).is_deleted, lite_clinic.attention()) == (False, [])


class TestItemsRenamed:
    """B13: the name of the item around a variation is watched like the variation's own."""

    def _linked(self, clinic: Clinic) -> str:
        """Have an item that the clinic sells already sell the course of 10; return the item's id."""
        (item,) = search_items(clinic.services, "gua sha")
        linked = link_item(
            clinic.services,
            Act(OWNER, clinic.clock(), "link"),
            clinic.packages["ten"].id,
            item.square_variation_id,
        )
        assert linked.on_till is not None
        assert linked.on_till.seen_item_name == item.item_name
        variation = clinic.services.square.catalog_object(item.square_variation_id)
        return str(variation["item_variation_data"]["item_id"])

    @pytest.mark.parametrize("has_webhooks", [True, False], ids=["told by an event", "found by a sweep"])
    def test_a_linked_item_renamed_in_square_is_asked_about_and_settled_when_it_is_back(
        self, lite_clinic: Clinic, has_webhooks: bool
    ) -> None:
        def renamed(name: str) -> list[str]:
            lite_clinic.till.edit_item(item_id, name=name)
            for _ in range(2):
                if not has_webhooks:
                    sync(lite_clinic.services)
                lite_clinic.catch_up()
            return _asked(lite_clinic)

        item_id = self._linked(lite_clinic)
        lite_clinic.till.set_faults(has_withheld_events=not has_webhooks)
        said = f"The item of “{TEN}” is called “Jade facial” in Square now, “Gua sha stone” before."
        assert renamed("Jade facial") == [said]
        assert lite_clinic.attention()[0].decisions == ("dismiss",)
        assert renamed("Gua sha stone") == []
        assert renamed("Jade facial") == [said]
        _decide(lite_clinic, "dismiss")
        assert renamed("Jade facial") == []
        assert len(renamed("Jade course")) == 1

    def test_a_new_price_with_a_new_name_is_one_question(self, lite_clinic: Clinic) -> None:
        item_id = self._linked(lite_clinic)
        lite_clinic.till.set_faults(has_withheld_events=True)
        lite_clinic.till.edit_item(item_id, name="Jade facial")
        lite_clinic.till.edit_variation(_id_of(lite_clinic), price=170000)
        sync(lite_clinic.services)
        lite_clinic.catch_up()
        (item,) = lite_clinic.attention()
        assert "The price of" in item.summary
        assert "is called “Jade facial” in Square now" in item.summary
        assert item.decisions == ("publish_again", "take_price", "dismiss")

    def test_the_item_of_several_packages_is_asked_about_once(self, lite_clinic: Clinic) -> None:
        variation = lite_clinic.services.square.catalog_object(_id(lite_clinic))
        lite_clinic.till.edit_item(variation["item_variation_data"]["item_id"], name="Courses")
        lite_clinic.catch_up()
        (said,) = _asked(lite_clinic)
        assert said.endswith("is called “Courses” in Square now, “Prepaid courses” before.")


def _id_of(clinic: Clinic) -> str:
    return read_package(clinic.services.store, clinic.packages["ten"].id).square_variation_id or ""


class TestLinking:
    def _sold_already(self, clinic: Clinic) -> str:
        (wanted,) = search_items(clinic.services, "gua sha")
        return wanted.square_variation_id

    def test_an_item_sold_already_is_found_linked_and_keeps_its_name(self, lite_clinic: Clinic) -> None:
        act = Act(OWNER, lite_clinic.clock(), "link")
        item = self._sold_already(lite_clinic)
        package_id = lite_clinic.packages["ten"].id
        linked = link_item(lite_clinic.services, act, package_id, item)
        assert linked.square_variation_id == item
        assert linked.on_till is not None
        assert linked.on_till.seen_price != linked.price
        lite_clinic.catch_up()
        assert lite_clinic.attention() == []
        name = linked.on_till.seen_name
        publish(lite_clinic.services, act, package_id)
        data = lite_clinic.services.square.catalog_object(item)["item_variation_data"]
        assert (data["name"], data["price_money"]["amount"]) == (name, 165000)
        lite_clinic.catch_up()
        assert lite_clinic.attention() == []

    def test_an_item_that_is_not_there_or_sells_another_package_is_refused(self, lite_clinic: Clinic) -> None:
        act = Act(OWNER, lite_clinic.clock(), "link")
        for wanted, code in (
            ("NOSUCHITEM", "no_item"),
            (lite_clinic.packages["twelve"].square_variation_id or "", "item_taken"),
        ):
            with pytest.raises(Refused) as refused:
                link_item(lite_clinic.services, act, lite_clinic.packages["ten"].id, wanted)
            assert refused.value.code == code

    @pytest.mark.parametrize("is_there", [True, False])
    def test_an_item_named_by_its_id_alone_is_looked_at_afterwards(
        self, lite_clinic: Clinic, is_there: bool
    ) -> None:
        item = self._sold_already(lite_clinic) if is_there else "ONLY-IN-ORDERS"
        list_variation(
            lite_clinic.services.store,
            Act(OWNER, lite_clinic.clock(), "link"),
            lite_clinic.packages["ten"].id,
            square_variation_id=item,
            square_item_id=None,
            square_version=None,
        )
        assert count_jobs(lite_clinic.services.store, of=(LOOK_AT_ITEM,)) == 1
        lite_clinic.errands()
        assert (_on_till(lite_clinic).seen_at is not None) is is_there
        assert lite_clinic.attention() == []
