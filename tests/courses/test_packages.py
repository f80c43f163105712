"""Packages: what can be sold, and under which Square variation."""

from typing import Any

import pytest

from plugin.core.acts import Actor, Role, Source
from plugin.core.money import Money
from plugin.core.terms import Terms
from plugin.courses.catalog.names import names_in
from plugin.courses.catalog.packages import (
    NewContent,
    NewPackage,
    create_package,
    known_variations_in,
    list_packages,
    listing_of,
    read_package,
)
from plugin.errors import InvalidField, KeyReused, NotAllowed, NotFound, Refused
from practice_square.demo.packages import FACIAL, TOUCH_UP, default_catalog
from tests.courses.desk import OLGA, Desk

SINGLE = Money(16500, "USD")


def content(**other: Any) -> NewContent:
    return NewContent(**{"treatment": "Facial", "sessions": 10, "single_price": SINGLE, **other})


def make(desk: Desk, *contents: NewContent, key: str | None = None, **other: Any) -> Any:
    said = {
        "name": "Course of 10",
        "price": Money(165000, "USD"),
        "contents": contents or (content(),),
        **other,
    }
    return create_package(desk.store, desk.act(OLGA, key=key), NewPackage(**said))


def test_a_package_is_kept_as_it_was_made(desk: Desk) -> None:
    terms = Terms(expires_after_months=12)
    made = make(
        desk, content(), content(treatment="Touch-up", sessions=2, usable_from_session=10), terms=terms
    )
    assert read_package(desk.store, made.id) == made
    assert (made.version, made.is_active, made.terms, made.square_variation_id) == (1, True, terms, None)
    assert [(each.treatment, each.kind, each.sessions) for each in made.contents] == [
        ("Facial", "main", 10),
        ("Touch-up", "touch_up", 2),
    ]


@pytest.mark.parametrize("sessions", [1, 2, 998, 999])
def test_from_one_session_to_999_can_be_sold(desk: Desk, sessions: int) -> None:
    assert make(desk, content(sessions=sessions)).contents[0].sessions == sessions


def test_twelve_treatments_fit_in_one(desk: Desk) -> None:
    assert len(make(desk, *(content(treatment=f"T{number}") for number in range(12))).contents) == 12


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"contents": ()}, "contents"),
        ({"contents": tuple(content(treatment=f"T{number}") for number in range(13))}, "contents"),
        ({"contents": (content(sessions=0),)}, "contents"),
        ({"contents": (content(sessions=-1),)}, "contents"),
        ({"contents": (content(sessions=1000),)}, "contents"),
        ({"contents": (content(single_price=Money(-1, "USD")),)}, "contents"),
        ({"contents": (content(usable_from_session=0),)}, "contents"),
        ({"contents": (content(usable_from_session=1000),)}, "contents"),
        ({"contents": (content(kind="extra"),)}, "contents"),
        ({"contents": (content(treatment="  "),)}, "contents"),
        ({"contents": (content(treatment="x" * 121),)}, "contents"),
        ({"contents": (content(), content(treatment="FACIAL"))}, "contents"),
        ({"contents": (content(), content(treatment=" Facial"))}, "contents"),
        ({"price": Money(-1, "USD")}, "price"),
        ({"price": Money(165000, "EUR")}, "price"),
        ({"contents": (content(single_price=Money(1, "JPY")),)}, "price"),
        ({"name": " "}, "name"),
        ({"name": "x" * 121}, "name"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_not_be_sold_is_refused_by_its_field(desk: Desk, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        make(desk, **{"contents": (content(),), **wrong})
    assert refusal.value.field == field
    assert list_packages(desk.store).rows == ()


def test_the_same_act_again_is_the_same_package(desk: Desk) -> None:
    first = make(desk, key="tap")
    assert make(desk, key="tap") == first
    with pytest.raises(KeyReused):
        make(desk, key="tap", name="Another")


def test_only_the_owner_makes_one(desk: Desk) -> None:
    for role in (Role.DESK, Role.PRACTITIONER):
        act = desk.act(Actor("Pat", role, Source.DESK))
        with pytest.raises(NotAllowed):
            create_package(desk.store, act, NewPackage("P", SINGLE, (content(),)))


def test_two_packages_share_a_treatment_and_keep_their_own_prices(desk: Desk) -> None:
    one = make(desk)
    two = make(desk, content(single_price=Money(20000, "USD"), sessions=5))
    assert [package.contents[0].single_price.amount for package in (one, two)] == [16500, 20000]
    assert two.contents[0].kind == "main"


def test_they_are_listed_in_the_order_they_were_made(desk: Desk) -> None:
    made = [make(desk, name=f"Course {number}").id for number in range(3)]
    first = list_packages(desk.store, limit=2)
    second = list_packages(desk.store, limit=2, cursor=first.cursor)
    assert [row.id for row in (*first.rows, *second.rows)] == made
    assert second.cursor is None


def test_a_package_that_is_not_there_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        read_package(desk.store, "none")
    with pytest.raises(NotFound):
        desk.list_on_till("none", "var")


class TestOnTheTill:
    def test_its_variation_is_known(self, desk: Desk) -> None:
        package = desk.package()
        assert listing_of(desk.store, package) == (f"item-{package}", f"var-{package}")
        assert read_package(desk.store, package).square_variation_id == f"var-{package}"

    def test_it_is_not_on_the_till_before(self, desk: Desk) -> None:
        assert listing_of(desk.store, make(desk).id) == (None, None)

    def test_a_variation_sells_one_package_only(self, desk: Desk) -> None:
        one, two = desk.package(), desk.package()
        with pytest.raises(Refused) as refusal:
            desk.list_on_till(two, f"var-{one}")
        assert refusal.value.code == "item_taken"

    def test_a_replaced_variation_still_sells(self, desk: Desk) -> None:
        package = desk.package()
        desk.list_on_till(package, "var-new")
        assert read_package(desk.store, package).square_variation_id == "var-new"
        with desk.store.reading() as session:
            assert known_variations_in(session) == {f"var-{package}": package, "var-new": package}
        assert desk.balance(desk.sell(package))[0] == 12

    def test_an_old_variation_can_come_back(self, desk: Desk) -> None:
        package = desk.package()
        desk.list_on_till(package, "var-new")
        desk.list_on_till(package, f"var-{package}")
        assert read_package(desk.store, package).square_variation_id == f"var-{package}"


class TestTheStartingCatalogue:
    def test_it_is_the_two_packages_of_the_first_clinic(self, desk: Desk) -> None:
        ten, twelve = default_catalog(desk.store, desk.act(OLGA))
        assert (ten.price.amount, twelve.price.amount) == (165000, 198000)
        assert [(each.treatment, each.sessions) for each in twelve.contents] == [(FACIAL, 12), (TOUCH_UP, 2)]
        assert twelve.contents[1].usable_from_session == 12

    def test_clients_read_its_names_in_their_languages(self, desk: Desk) -> None:
        packages = default_catalog(desk.store, desk.act(OLGA))
        names = [each.name for each in packages] + [FACIAL, TOUCH_UP]
        with desk.store.reading() as session:
            for language in ("es", "zh"):
                told = names_in(session, language)
                assert [name for name in names if told(name) == name] == []

    def test_it_is_made_once_and_never_beside_others(self, desk: Desk) -> None:
        first = default_catalog(desk.store, desk.act(OLGA))
        assert default_catalog(desk.store, desk.act(OLGA)) == first

    def test_it_leaves_a_clinic_that_has_packages_alone(self, desk: Desk) -> None:
        own = desk.package()
        assert [package.id for package in default_catalog(desk.store, desk.act(OLGA))] == [own]


def test_what_is_free_within_a_session_is_an_add_on(store, clock):
    desk = Desk(store, clock)
    facial = NewContent("Facial acupuncture, 60 min", 12, Money(16500, "USD"))
    dome = NewContent("LED light dome, 15 min", 12, Money(0, "USD"))
    new = NewPackage("Course of 12 with light", Money(198000, "USD"), (facial, dome))
    package = create_package(store, desk.act(OLGA), new)
    assert [content.kind for content in package.contents] == ["main", "add_on"]
