"""Late acts: done at the time of the tap, once; what can’t be done any more is an item that a person answers."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.core.acts import Act, Actor, Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.views import AttentionView, CourseView, Used
from plugin.courses.visits.late import (
    About,
    Late,
    Postponed,
    about_note,
    about_use,
    about_written_note,
    carry_out,
    describe_late,
)
from plugin.courses.visits.note_views import NoteContent, NotePlace, read_note
from plugin.courses.visits.notes import save_note
from plugin.courses.visits.use import UseSession, use_session
from plugin.courses.visits.visits import VisitDetails
from plugin.errors import InvalidField, NoneLeft, NotAllowed, Refused
from plugin.store.queues import Attention
from tests.courses.appointments import Appointments
from tests.courses.changes.changing import Changes
from tests.courses.desk import MANY, Desk

HALF_AN_HOUR = timedelta(minutes=30)


@dataclass
class Tablet:
    """A tablet that sends what was tapped on it half an hour ago; Deb is signed in there."""

    desk: Desk
    deb: Actor
    kim: Actor
    course: str

    def send(
        self,
        about: About,
        do: Callable[[Act], object],
        *,
        key: str | None = None,
        by: Actor | None = None,
        sender: Actor | None = None,
        ago: timedelta = HALF_AN_HOUR,
    ) -> object:
        sender = sender or self.deb
        late = Late((by or sender).staff_id or "", ago)
        return carry_out(self.desk.store, self.desk.act(sender, key=key), late, about, do)

    def use(self, course: str | None = None, *, known: int = MANY, **how: Any) -> object:
        wish, store = UseSession(course or self.course), self.desk.store
        return self.send(
            about_use(store, asdict(wish)),
            lambda act: use_session(store, act, wish, known_charges=known),
            **how,
        )

    def describe(self, visit_id: str, details: VisitDetails, before: VisitDetails, **how: Any) -> object:
        store = self.desk.store
        about = about_note(store, visit_id, details)
        return self.send(about, lambda act: describe_late(store, act, visit_id, details, before), **how)

    def write(self, place: NotePlace, content: NoteContent, *, seen: int = 0, **how: Any) -> object:
        store = self.desk.store
        about = about_written_note(store, place, content)
        return self.send(about, lambda act: save_note(store, act, place, content, seen_version=seen), **how)

    def item(self) -> AttentionView:
        (item,) = self.desk.questions()
        return item

    def view(self) -> CourseView:
        return self.desk.course(self.course)


@pytest.fixture
def tablet(lite: Appointments) -> Tablet:
    desk = lite.desk

    def person(name: str, role: Role) -> Actor:
        email = f"{name.split()[-1].lower()}@example.org"
        return add_staff(
            desk.store, email=email, name=name, role=role, password_hash="x", now=desk.clock()
        ).actor

    sold_at = desk.clock() - timedelta(days=20)
    course = desk.sell(paid_at=sold_at)
    return Tablet(desk, person("Deb Lane", Role.DESK), person("A. Kim", Role.PRACTITIONER), course)


class TestAUse:
    def test_it_happened_when_it_was_tapped(self, tablet: Tablet) -> None:
        used = tablet.use(key="tap")
        assert isinstance(used, Used)
        assert used.entry.happened_at == tablet.desk.clock() - HALF_AN_HOUR
        assert used.entry.written_at == tablet.desk.clock()
        again = tablet.use(key="tap", ago=2 * HALF_AN_HOUR)
        assert isinstance(again, Used)
        assert (again.is_repeat, again.entry.id, tablet.view().left) == (True, used.entry.id, 11)

    def test_the_desk_sends_what_another_person_tapped_which_is_told(self, tablet: Tablet) -> None:
        tablet.use(by=tablet.kim)
        view = tablet.view()
        assert view.entries[-1].by == "Deb Lane"
        assert view.visits[-1].practitioner == "A. Kim"
        assert [(each.kind, each.text) for each in view.happenings] == [
            ("late", "Session tapped offline by A. Kim at Nov 22, 2026, 9:30\u202fAM")
        ]

    def test_what_one_taps_and_sends_is_told_of_nobody_else(self, tablet: Tablet) -> None:
        tablet.use()
        assert (tablet.view().happenings, tablet.view().visits[-1].practitioner) == ((), "")

    def test_a_practitioner_sends_nobody_else_s(self, tablet: Tablet) -> None:
        with pytest.raises(NotAllowed):
            tablet.use(sender=tablet.kim, by=tablet.deb)
        assert tablet.view().left == 12

    def test_nobody_of_that_id_tapped(self, tablet: Tablet) -> None:
        with pytest.raises(InvalidField) as refusal:
            tablet.use(by=replace(tablet.kim, staff_id="nobody"))
        assert refusal.value.field == "late_by"

    def test_a_clock_that_was_set_back_dates_nothing_into_the_future(self, tablet: Tablet) -> None:
        tablet.use(ago=timedelta(days=-1))
        assert tablet.view().entries[-1].happened_at == tablet.desk.clock()

    def test_one_of_more_than_a_week_ago_is_asked_about_and_recorded_on_its_day(self, tablet: Tablet) -> None:
        waits = tablet.use(ago=timedelta(days=7, seconds=1))
        assert isinstance(waits, Postponed)
        item = tablet.item()
        assert (waits.item_id, waits.said) == (item.id, "It was tapped more than 7 days before.")
        tablet.desk.answer(item.id, "record_visit")
        assert tablet.view().visits[-1].visited_on == tablet.desk.today - timedelta(days=7)

    def test_one_of_a_week_ago_is_not(self, tablet: Tablet) -> None:
        assert isinstance(tablet.use(ago=timedelta(days=7)), Used)

    def test_what_is_refused_waits_once_with_who_when_and_why(self, tablet: Tablet) -> None:
        desk = tablet.desk
        Changes(desk).freeze(tablet.course)
        first, again = (tablet.use(key="tap", by=tablet.kim) for _ in range(2))
        item = tablet.item()
        assert first == again == Postponed(item.id, "This course is frozen. Unfreeze it first.")
        assert item.summary == (
            "A session for Ana Souza, entered offline by A. Kim at Nov 22, 2026, 9:30\u202fAM, is not saved. "
            "This course is frozen. Unfreeze it first."
        )
        assert (item.kind, item.decisions, item.course_ids) == (
            "late_use",
            ("record_visit", "not_charged"),
            (tablet.course,),
        )
        with pytest.raises(Refused, match="frozen"):
            desk.answer(item.id, "record_visit")
        Changes(desk).thaw(tablet.course)
        desk.answer(item.id, "record_visit")
        assert (tablet.view().left, tablet.view().visits[-1].practitioner) == (11, "A. Kim")

    def test_one_that_is_not_charged_stands_in_the_history(self, tablet: Tablet) -> None:
        Changes(tablet.desk).freeze(tablet.course)
        tablet.use()
        tablet.desk.answer(tablet.item().id, "not_charged")
        text = "Session tapped offline at Nov 22, 2026, 9:30\u202fAM: not charged"
        assert (tablet.view().left, tablet.view().happenings[-1].text) == (12, text)

    def test_another_course_of_the_client_is_offered_and_used(self, tablet: Tablet) -> None:
        desk = tablet.desk
        last = desk.sell(desk.package(sessions=1))
        desk.use(last)
        tablet.use(last)
        item = tablet.item()
        assert item.decisions == ("other_course", "record_visit", "not_charged")
        desk.use(tablet.course, sessions=12)
        with pytest.raises(NoneLeft, match="no other package"):
            desk.answer(item.id, "other_course")
        desk.undo(tablet.view().entries[-1].id)
        desk.answer(item.id, "other_course")
        assert tablet.view().left == 11

    def test_a_package_sold_since_is_used_where_none_was_left(self, tablet: Tablet) -> None:
        desk = tablet.desk
        desk.use(tablet.course, sessions=12)
        tablet.use(known=1)
        item = tablet.item()
        assert item.decisions == ("other_course", "record_visit", "not_charged")
        sold = desk.sell(desk.package(name="Another", sessions=10))
        desk.answer(item.id, "other_course")
        assert desk.course(sold).left == 9

    def test_a_second_one_of_the_day_may_be_the_same_visit_or_another(self, tablet: Tablet) -> None:
        desk = tablet.desk
        desk.use(tablet.course)
        for decision, left in (("same_visit", 11), ("charge_again", 10)):
            tablet.use(known=0)
            assert tablet.item().decisions == ("same_visit", "charge_again")
            desk.answer(tablet.item().id, decision)
            assert tablet.view().left == left

    def test_one_of_no_known_course_stays_with_the_tablet(self, tablet: Tablet) -> None:
        about = about_use(tablet.desk.store, {"course_id": "nothing"})
        assert about == About("late_use", None, None, {"use": {"course_id": "nothing"}})

        def refuse(_act: Act) -> None:
            raise Refused("No.")

        with pytest.raises(Refused):
            tablet.send(about, refuse, ago=timedelta(days=30))
        assert tablet.desk.questions() == ()

    def test_an_appointment_stands_for_the_course_it_is_linked_to(
        self, tablet: Tablet, lite: Appointments
    ) -> None:
        lite.told("B1")
        lite.use("B1")
        wish = {"course_id": None, "allowance_id": None}
        client_id = tablet.view().client_id
        known, none, unknown = (about_use(tablet.desk.store, wish, each) for each in ("B1", "", "B2"))
        assert (known.course_id, known.client_id) == (tablet.course, client_id)
        assert known.details["use"]["course_id"] == tablet.course
        assert none.course_id is none.client_id is unknown.course_id is None


class TestANote:
    JAW, CHEEKS, BLANK = (VisitDetails(None, focus, "") for focus in ("Jawline", "Cheeks", ""))

    def visit(self, tablet: Tablet) -> str:
        return tablet.desk.use(tablet.course).entry.visit_id or ""

    def test_the_details_of_a_visit_are_saved_once(self, tablet: Tablet) -> None:
        visit_id = self.visit(tablet)
        tablet.describe(visit_id, self.JAW, self.BLANK, key="tap")
        assert tablet.view().visits[-1].focus == "Jawline"
        tablet.describe(visit_id, self.CHEEKS, self.JAW, key="another")
        # Sent again, it is not written over what was typed since.
        tablet.describe(visit_id, self.JAW, self.BLANK, key="tap")
        assert tablet.view().visits[-1].focus == "Cheeks"
        assert tablet.desk.questions() == ()

    @pytest.mark.parametrize(("decision", "focus"), [("use_note", "Jawline"), ("keep_note", "Cheeks")])
    def test_details_that_were_changed_meanwhile_are_asked_about(
        self, tablet: Tablet, decision: str, focus: str
    ) -> None:
        visit_id = self.visit(tablet)
        tablet.describe(visit_id, self.CHEEKS, self.BLANK)
        tablet.describe(visit_id, replace(self.JAW, note="Slept well"), self.BLANK)
        item = tablet.item()
        assert (item.kind, item.proposal) == ("late_note", "Jawline · Slept well")
        assert item.summary == (
            "A visit note for Ana Souza, entered offline by Deb Lane at Nov 22, 2026, 9:30\u202fAM, is not saved. "
            "Someone else changed it meanwhile."
        )
        tablet.desk.answer(item.id, decision)
        assert tablet.view().visits[-1].focus == focus
        with tablet.desk.store.reading() as session:
            assert "note" not in session.get_one(Attention, item.id).details

    def test_details_of_a_visit_that_was_undone_are_kept_to_be_read(self, tablet: Tablet) -> None:
        used = tablet.desk.use(tablet.course).entry
        tablet.desk.undo(used.id)
        tablet.describe(used.visit_id or "", self.JAW, self.BLANK)
        item = tablet.item()
        assert (item.proposal, item.decisions) == ("Jawline", ("dismiss",))

    def test_a_note_of_the_day_replaces_the_one_saved_meanwhile_where_a_person_says_so(
        self, tablet: Tablet
    ) -> None:
        desk = tablet.desk
        place = NotePlace(tablet.view().client_id or "", on_day=desk.today)
        mine = NoteContent(focus="Cheeks")
        hers = NoteContent(option_ids=("focus-0",), focus="Jawline", points="LI4", observations="Pale")
        tablet.write(place, mine)
        tablet.write(place, hers, sender=tablet.kim)
        item = tablet.item()
        assert item.proposal is not None
        assert item.proposal.endswith(" · Jawline · (with points or observations)")
        assert "LI4" not in item.proposal
        desk.answer(item.id, "use_note")
        now = read_note(desk.store, desk.act(tablet.kim), place).content
        assert (now.focus, now.points, now.option_ids) == ("Jawline", "LI4", ("focus-0",))
        with desk.store.reading() as session:
            assert "written" not in session.get_one(Attention, item.id).details

    def test_a_note_of_a_visit_is_about_its_course(self, tablet: Tablet) -> None:
        place = NotePlace("nobody", visit_id=self.visit(tablet))
        about = about_written_note(tablet.desk.store, place, NoteContent(note="Slept well"))
        assert (about.course_id, about.client_id, about.proposal) == (tablet.course, None, "Slept well")
