"""The client's page: how the client is reached, acts with their consequence, and the history by visit day."""

from datetime import timedelta

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.accounts.staff import add_staff
from plugin.courses.changes.gifts import NewGift, give_course
from plugin.courses.clients.clients import change_client, create_client, find_clients, read_client
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.test_client_page import client_address
from tests.web.visitor import Visitor


@pytest.fixture
def siobhan(small_desk: Desk) -> str:
    return create_client(
        small_desk.store,
        small_desk.act(),
        name="Siobhán Ní Rián",
        sounds_like="shiv-AWN",
        phone="(415) 555-2671",
        email="siobhan@example.org",
        language="es",
    ).id


class TestTheHeader:
    def test_it_says_how_the_name_is_said_and_dials_the_phone(self, small_deb: Visitor, siobhan: str) -> None:
        page = small_deb.page(f"/clients/{siobhan}")
        assert "Siobhán Ní Rián sounds like shiv-AWN" in page.text
        assert {"tel:+14155552671", "mailto:siobhan@example.org"} <= set(page.links())
        assert "Call (415) 555-2671" in page.text
        assert page.form("/particulars").fields["phone"] == "(415) 555-2671"
        assert "Language: Spanish" in page.text

    def test_the_name_is_found_as_it_is_said(self, small_desk: Desk, siobhan: str) -> None:
        found = find_clients(small_desk.store, "shiv", today=small_desk.today)
        assert [each.client.id for each in found.rows] == [siobhan]

    def test_an_edit_changes_it_and_empties_it(
        self, small_deb: Visitor, small_desk: Desk, siobhan: str
    ) -> None:
        page = small_deb.after(
            small_deb.page(f"/clients/{siobhan}").form("/particulars"), sounds_like="shi-VAWN"
        )
        assert "sounds like shi-VAWN" in page.text
        small_deb.after(page.form("/particulars"), sounds_like=" ")
        assert read_client(small_desk.store, siobhan).sounds_like == ""

    def test_a_change_that_does_not_name_it_leaves_it(self, small_desk: Desk, siobhan: str) -> None:
        changed = change_client(small_desk.store, small_desk.act(), siobhan, name="Siobhán")
        assert changed.sounds_like == "shiv-AWN"

    @pytest.mark.parametrize(("length", "status"), [(120, 303), (121, 422)])
    def test_as_much_as_a_name_fits(self, small_deb: Visitor, siobhan: str, length: int, status: int) -> None:
        form = small_deb.page(f"/clients/{siobhan}").form("/particulars")
        answer = small_deb.send(form, sounds_like="x" * length)
        assert answer.status_code == status
        assert ("at most 120 fit" in answer.text) == (status == 422)


class TestActs:
    def test_each_says_in_numbers_what_it_does(self, small_olga: Visitor, small_desk: Desk) -> None:
        course = small_desk.sell()
        for _ in range(3):
            small_desk.use(course)
        page = small_olga.page(client_address(small_desk, course))
        for said in (
            "Visit Add past visit . Uses a session on another day",
            "Package Share . Another client can use its 9 sessions",
            "Add goodwill session . Adds 1 session at no charge: 10 of 13 left",
            "Money Exchange for another package . Credits the 9 sessions left toward the new one",
            "Refund this package . Removes 9 sessions; you choose how much of $1,980.00 is refunded",
            "Ends or removes Transfer remaining sessions . Moves up to 9 sessions to another client",
            "Write off balance . Removes 9 sessions worth $1,485.00; refunds nothing",
        ):
            assert said in page.text

    def test_none_left_and_no_expiration_are_not_said_to_change(
        self, small_olga: Visitor, small_desk: Desk
    ) -> None:
        course = small_desk.sell(small_desk.package(terms=Terms()))
        page = small_olga.page(client_address(small_desk, course))
        assert "Freeze . Pauses its 12 sessions for" in page.text
        for _ in range(12):
            small_desk.use(course)
        page = small_olga.page(client_address(small_desk, course))
        assert "Refund this package . You choose how much of $1,980.00 is refunded" in page.text

    def test_one_tap_acts_are_looked_at_with_what_follows(
        self, small_olga: Visitor, small_desk: Desk
    ) -> None:
        course = small_desk.sell()
        give_course(small_desk.store, small_desk.act(), course, NewGift("Bea Wong", ""))
        form = next(
            each
            for each in small_olga.page(client_address(small_desk, course)).elements
            if each.attributes.get("data-verb") == "Cancel gift"
        )
        assert form.attributes["data-review-note"] == "Its code stops working; 12 sessions can be used again."

    def test_courses_of_one_package_differ_in_every_name(self, small_olga: Visitor, small_desk: Desk) -> None:
        package = small_desk.package()
        first, second = small_desk.sell(package), small_desk.sell(package)
        for course in (first, second):
            small_desk.use(course)
        page = small_olga.page(client_address(small_desk, first))
        for name in ("Add note session 1", "Course summary", "Aftercare sheet, session 1", "More…"):
            told = {part.split(", no. ")[1][:1] for part in page.text.split(name)[1:] if ", no. " in part}
            assert told == {"1", "2"}, name


class TestHistory:
    @pytest.fixture
    def lines(self, small_deb: Visitor, small_desk: Desk, clock: HandMovedClock) -> str:
        """Ana came on the 22nd and the 28th; the visit of the 25th was entered on the 28th."""
        course = small_desk.sell()
        small_desk.use(course)
        clock.advance(days=6)
        small_desk.use(course)
        small_desk.use(course, visited_on=small_desk.today - timedelta(days=3))
        small_deb.sign_in_again()
        return small_deb.page(client_address(small_desk, course)).text

    def test_it_is_by_the_day_of_the_visit_with_the_day_of_entry(self, lines: str) -> None:
        days = [lines.index(f"Session {number}, Facial") for number in (3, 2, 1)]
        assert days == sorted(days)
        late = lines[days[1] : days[2]]
        assert "entered" in late
        assert "entered" not in lines[days[0] : days[1]]

    def test_what_is_left_falls_with_each_visit_as_shown(self, lines: str) -> None:
        lefts = [lines.index(f" {left} left ") for left in (9, 10, 11)]
        assert lefts == sorted(lefts)


class TestQuickly:
    def test_the_last_use_of_today_is_undone_by_one_tap(self, small_deb: Visitor, small_desk: Desk) -> None:
        course = small_desk.sell()
        small_desk.use(course)
        page = small_deb.page(client_address(small_desk, course))
        assert "Last use today: session 1, 10:00 AM." in page.text
        page = small_deb.after(page.form("/reversal"))
        assert "Last use today" not in page.text
        assert small_desk.balance(course)[0] == 12

    def test_a_use_of_another_day_is_undone_in_the_history_alone(
        self, small_deb: Visitor, small_desk: Desk, clock: HandMovedClock
    ) -> None:
        course = small_desk.sell()
        small_desk.use(course)
        clock.advance(days=1)
        small_deb.sign_in_again()
        page = small_deb.page(client_address(small_desk, course))
        assert "Last use today" not in page.text
        assert page.form("/reversal")

    def test_what_is_used_up_is_sold_again_from_its_page(self, small_deb: Visitor, small_desk: Desk) -> None:
        package = small_desk.package(sessions=1)
        course = small_desk.sell(package, paid=16500)
        small_desk.use(course)
        client_id = small_desk.course(course).client_id
        assert (
            f"/sell?client_id={client_id}&package_id={package}"
            in small_deb.page(f"/clients/{client_id}").links()
        )

    def test_who_has_nothing_is_offered_the_packages(self, small_deb: Visitor, small_desk: Desk) -> None:
        package, client_id = small_desk.package(name="Ten facials"), small_desk.client("Cleo Park")
        page = small_deb.page(f"/clients/{client_id}")
        assert "Ten facials" in page.text
        assert f"/sell?client_id={client_id}&package_id={package}" in page.links()

    def test_a_past_visit_is_recorded_with_who_treated_and_the_note(
        self, small_deb: Visitor, small_desk: Desk
    ) -> None:
        course = small_desk.sell(paid_at=small_desk.clock() - timedelta(days=9))
        address = client_address(small_desk, course)
        assert f"/courses/{course}/visits" in small_deb.page(address).links()
        kim = add_staff(
            small_desk.store,
            email="kim@example.org",
            name="A. Kim",
            role=Role.PRACTITIONER,
            password_hash="-",
            now=small_desk.clock(),
        )
        form = small_deb.page(f"/courses/{course}/visits").form("/visits")
        day = (small_desk.today - timedelta(days=3)).isoformat()
        said = {"practitioner_id": kim.id, "focus": "Jawline", "note": "Sensitive left side"}
        page = small_deb.after(form, visited_on=day, **said)
        assert "with A. Kim · Jawline" in page.text
        (visit,) = small_desk.course(course).visits
        assert (visit.practitioner_id, visit.focus, visit.note) == (kim.id, "Jawline", "Sensitive left side")

    def test_too_long_a_note_comes_back_as_typed(self, small_deb: Visitor, small_desk: Desk) -> None:
        course = small_desk.sell()
        form = small_deb.page(f"/courses/{course}/visits").form("/visits")
        answer = small_deb.send(form, focus="Jawline", note="x" * 501)
        assert (answer.status_code, "Jawline" in answer.text) == (422, True)
        assert small_desk.balance(course)[0] == 12

    def test_the_owner_extends_what_expires_soon_from_its_chip(
        self, small_deb: Visitor, small_olga: Visitor, small_desk: Desk
    ) -> None:
        package = small_desk.package(terms=Terms(expires_after_months=1))
        course = small_desk.sell(package, paid_at=small_desk.clock() - timedelta(days=20))
        address, leads = client_address(small_desk, course), f"/courses/{course}/extension"
        assert small_olga.page(address).links().count(leads) == 2
        assert leads not in small_deb.page(address).links()


class TestLargePrint:
    def test_the_desk_keeps_with_the_client_that_papers_are_in_large_print(
        self, small_deb: Visitor, small_desk: Desk, siobhan: str
    ) -> None:
        form = small_deb.page(f"/clients/{siobhan}").form("/particulars")
        assert "Print their papers in large type" in small_deb.page(f"/clients/{siobhan}").text
        small_deb.after(form, large_print="y")
        assert read_client(small_desk.store, siobhan).large_print

    def test_a_change_that_does_not_name_it_leaves_it(self, small_desk: Desk, siobhan: str) -> None:
        change_client(small_desk.store, small_desk.act(), siobhan, name="Siobhán", large_print=True)
        assert change_client(small_desk.store, small_desk.act(), siobhan, name="Siobhán").large_print
