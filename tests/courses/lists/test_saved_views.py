"""Saved views of a list: one's own or the clinic's, told apart by name, changed by who may."""

from dataclasses import dataclass

import pytest

from plugin.core.acts import Actor, Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.lists.saved_views import (
    MOST_SAVED_VIEWS,
    delete_view,
    rename_view,
    save_view,
    views_of,
)
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk

OPEN = {"status": "open"}


@dataclass
class Views:
    """The views of the list of courses, as two people at the desk and the owner see them."""

    desk: Desk
    deb: Actor
    dan: Actor

    def save(self, name: str, *, by: Actor, is_shared: bool = False, key: str | None = None) -> str:
        act = self.desk.act(by, key=key)
        return save_view(self.desk.store, act, "courses", name, OPEN, is_shared=is_shared)

    def rename(self, view_id: str, name: str, *, by: Actor) -> str:
        return rename_view(self.desk.store, self.desk.act(by), view_id, name)

    def delete(self, view_id: str, *, by: Actor) -> str:
        return delete_view(self.desk.store, self.desk.act(by), view_id)

    def names(self, *, of: Actor) -> list[tuple[str, bool, bool]]:
        seen = views_of(self.desk.store, of, "courses")
        return [(each.name, each.is_shared, each.may_change) for each in seen]


@pytest.fixture
def views(lite: Appointments) -> Views:
    desk = lite.desk
    deb, dan = (
        add_staff(
            desk.store, email=f"{name}@example.org", name=name, role=Role.DESK, password_hash="x",
            now=desk.clock(),
        ).actor
        for name in ("Deb", "Dan")
    )  # fmt: skip
    return Views(desk, deb, dan)


def test_each_sees_their_own_and_those_of_the_clinic_by_name(views: Views) -> None:
    views.save("To call", by=views.deb)
    views.save("Expiring", by=OLGA, is_shared=True)
    views.save("another", by=views.dan)
    assert views.names(of=views.deb) == [("Expiring", True, False), ("To call", False, True)]
    assert views.names(of=views.dan) == [("another", False, True), ("Expiring", True, False)]
    assert views.names(of=OLGA) == [("Expiring", True, True)]
    assert views_of(views.desk.store, views.deb, "clients") == ()
    mine = views_of(views.desk.store, views.deb, "courses")[1]
    assert (mine.query, mine.by) == (OPEN, "Deb")


def test_only_the_owner_shares_one_and_changes_what_is_shared(views: Views) -> None:
    with pytest.raises(NotAllowed):
        views.save("Expiring", by=views.deb, is_shared=True)
    shared = views.save("Expiring", by=OLGA, is_shared=True)
    for change in (
        lambda: views.rename(shared, "Mine", by=views.deb),
        lambda: views.delete(shared, by=views.deb),
    ):
        with pytest.raises(NotFound, match="no such saved view"):
            change()
    assert views.rename(shared, "Expires soon", by=OLGA) == "courses"
    assert views.names(of=views.deb) == [("Expires soon", True, False)]


def test_another_s_view_is_to_others_as_if_there_were_none(views: Views) -> None:
    own = views.save("To call", by=views.deb)
    with pytest.raises(NotFound):
        views.delete(own, by=views.dan)
    with pytest.raises(NotFound):
        views.delete("nothing", by=views.dan)
    assert views.delete(own, by=views.deb) == "courses"
    assert views.names(of=views.deb) == []


def test_a_name_is_there_once_for_each_person_and_once_for_the_clinic(views: Views) -> None:
    own = views.save("To call", by=views.deb)
    other = views.save("Expiring", by=views.deb)
    views.save("to CALL", by=views.dan)
    views.save("To call", by=OLGA, is_shared=True)
    with pytest.raises(InvalidField, match="has this name") as refusal:
        views.save(" to call ", by=views.deb)
    assert refusal.value.field == "view_name"
    with pytest.raises(InvalidField, match="has this name"):
        views.rename(other, "TO CALL", by=views.deb)
    # Its own name again is no change.
    assert views.rename(own, "To call", by=views.deb) == "courses"


@pytest.mark.parametrize("name", ["", "  ", "x" * 61])
def test_a_view_has_a_name_of_some_letters(views: Views, name: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        views.save(name, by=views.deb)
    assert refusal.value.field == "view_name"


def test_saved_twice_under_one_key_it_is_one_view(views: Views) -> None:
    assert views.save("To call", by=views.deb, key="tap") == views.save("To call", by=views.deb, key="tap")
    assert len(views.names(of=views.deb)) == 1


def test_there_is_an_end_to_the_views_of_one_person(views: Views) -> None:
    for number in range(MOST_SAVED_VIEWS):
        views.save(f"View {number}", by=views.deb)
    with pytest.raises(Refused, match="There are 30 saved views") as refusal:
        views.save("One more", by=views.deb)
    assert refusal.value.code == "too_many"
    views.save("The first of his", by=views.dan)
