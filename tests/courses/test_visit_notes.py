"""The note of a visit: before, during and after the session is used, by two at once, and read by whom it may be."""

import json
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from invoices.papers import to_json
from plugin.core.acts import Actor, Role, Source
from plugin.core.money import Money
from plugin.courses.accounts.staff import add_staff
from plugin.courses.catalog.names import TypedName, named_things, save_names
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.catalog.visit_options import (
    MOST_ACTIVE,
    OptionKind,
    add_option,
    list_options,
    move_option,
    rename_option,
    retire_option,
)
from plugin.courses.handouts.content import aftercare_paper, summary_paper
from plugin.courses.lists.outcomes import Why
from plugin.courses.reports.follow_ups import follow_ups
from plugin.courses.visits.my_day import my_day, past_visits_of
from plugin.courses.visits.note_views import NoteContent, NotePlace, read_note
from plugin.courses.visits.notes import save_note
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from plugin.store.tables import METADATA
from tests.courses.desk import FACIAL, OLGA, Desk
from tests.courses.notes import draft_note, write_note
from tests.databases import sqlite_alone

JAWLINE, PUFFINESS, LED = "focus-1", "focus-2", "add_on-7"
SECRET = "KD3 and LI4, bilaterally"


@pytest.fixture
def wu(desk: Desk) -> Actor:
    return _practitioner(desk, "wu@example.org", "Dr. Wu")


def _practitioner(desk: Desk, email: str, name: str) -> Actor:
    who: dict[str, Any] = {"role": Role.PRACTITIONER, "password_hash": "none", "now": desk.clock()}
    return add_staff(desk.store, email=email, name=name, **who).actor


@pytest.fixture
def course(desk: Desk) -> str:
    return desk.sell()


@pytest.fixture
def client(desk: Desk, course: str) -> str:
    return desk.course(course).client_id or ""


@pytest.fixture
def today(desk: Desk) -> date:
    return desk.clock().date()


class TestBeforeTheSession:
    def test_a_note_joins_the_session_of_its_day(
        self, desk: Desk, wu: Actor, course: str, client: str, today: date
    ) -> None:
        said = {"option_ids": (JAWLINE, LED), "focus": "brow", "interval_days": 14, "points": SECRET}
        draft = draft_note(desk.store, desk.act(wu), client, today, practitioner_id=wu.staff_id, **said)
        assert draft.is_draft
        desk.use(course)
        (visit,) = desk.course(course).visits
        assert (visit.areas, visit.add_ons, visit.focus) == (("Jawline",), ("LED light",), "brow")
        assert (visit.practitioner, visit.interval_days, visit.noted_by) == ("Dr. Wu", 14, "Deb")
        note = read_note(desk.store, desk.act(wu), NotePlace(client, visit_id=visit.id))
        assert (note.content.points, note.is_draft) == (SECRET, False)
        assert [(each.by, each.what) for each in note.changes] == [
            ("Deb", "joined to the session"),
            ("Dr. Wu", "written"),
        ]

    @pytest.mark.parametrize("days", [-1, 1])
    def test_of_another_day_it_stays_a_draft(
        self, desk: Desk, wu: Actor, course: str, client: str, today: date, days: int
    ) -> None:
        day = today + timedelta(days=days)
        draft_note(desk.store, desk.act(wu), client, day, focus="brow")
        desk.use(course)
        assert desk.course(course).visits[0].focus == ""
        assert read_note(desk.store, desk.act(wu), NotePlace(client, on_day=day)).content.focus == "brow"

    def test_of_another_client_it_stays_a_draft(
        self, desk: Desk, wu: Actor, course: str, today: date
    ) -> None:
        other = desk.client("Bea Cruz")
        draft_note(desk.store, desk.act(wu), other, today, focus="brow")
        desk.use(course)
        assert desk.course(course).visits[0].noted_at is None

    def test_only_one_of_two_sessions_takes_it(
        self, desk: Desk, wu: Actor, course: str, client: str, today: date
    ) -> None:
        draft_note(desk.store, desk.act(wu), client, today, focus="brow")
        desk.use(course)
        desk.use(course, known=1)
        assert [each.focus for each in desk.course(course).visits] == ["brow", ""]

    def test_what_is_added_to_a_treatment_leaves_it_to_the_treatment(
        self, desk: Desk, wu: Actor, today: date
    ) -> None:
        led = "LED light dome, 15 min"
        contents = (
            NewContent(FACIAL, 12, Money(16500, "USD"), kind="main"),
            NewContent(led, 12, Money(0, "USD"), kind="add_on"),
        )
        package = create_package(desk.store, desk.act(OLGA), NewPackage("Both", Money(1, "USD"), contents)).id
        desk.list_on_till(package, f"var-{package}")
        course = desk.course(desk.sell(package))
        draft_note(desk.store, desk.act(wu), course.client_id or "", today, focus="brow")
        added = next(each.id for each in course.allowances if each.treatment == led)
        desk.use(course.id, allowance_id=added)
        assert [each.focus for each in desk.course(course.id).visits] == [""]
        desk.use(course.id)
        assert sorted(each.focus for each in desk.course(course.id).visits) == ["", "brow"]

    def test_an_undone_session_gives_it_back_to_the_next(
        self, desk: Desk, wu: Actor, course: str, client: str, today: date
    ) -> None:
        draft_note(desk.store, desk.act(wu), client, today, practitioner_id=wu.staff_id, points=SECRET)
        desk.undo(desk.use(course).entry.id)
        draft = read_note(desk.store, desk.act(wu), NotePlace(client, on_day=today))
        assert (draft.is_draft, draft.content.points) == (True, SECRET)
        desk.use(course)
        (visit,) = desk.course(course).visits
        note = read_note(desk.store, desk.act(wu), NotePlace(client, visit_id=visit.id))
        assert (note.content.points, visit.practitioner) == (SECRET, "Dr. Wu")

    def test_a_form_opened_before_the_session_saves_after_it(
        self, desk: Desk, wu: Actor, course: str, client: str, today: date
    ) -> None:
        place = NotePlace(client, on_day=today)
        seen = read_note(desk.store, desk.act(wu), place).version
        desk.use(course)
        saved = save_note(desk.store, desk.act(wu), place, NoteContent(focus="brow"), seen_version=seen)
        assert not saved.is_draft
        assert [each.focus for each in desk.course(course).visits] == ["brow"]

    def test_not_for_any_day(self, desk: Desk, client: str, today: date) -> None:
        with pytest.raises(InvalidField, match="within 60 days"):
            draft_note(desk.store, desk.act(), client, today + timedelta(days=61), focus="brow")


class TestTwoPeople:
    def test_the_second_is_told_and_the_first_is_kept(
        self, desk: Desk, wu: Actor, course: str, client: str
    ) -> None:
        desk.use(course)
        place = NotePlace(client, visit_id=desk.course(course).visits[0].id)
        save_note(desk.store, desk.act(wu), place, NoteContent(points=SECRET), seen_version=0)
        with pytest.raises(Refused, match=r"Dr\. Wu changed this note at") as refusal:
            save_note(desk.store, desk.act(OLGA), place, NoteContent(points="mine"), seen_version=0)
        assert refusal.value.code == "changed"
        note = read_note(desk.store, desk.act(OLGA), place)
        assert note.content.points == SECRET
        save_note(desk.store, desk.act(OLGA), place, NoteContent(points="mine"), seen_version=note.version)
        assert read_note(desk.store, desk.act(OLGA), place).content.points == "mine"

    def test_the_same_form_sent_twice_is_saved_once(
        self, desk: Desk, wu: Actor, course: str, client: str
    ) -> None:
        desk.use(course)
        place = NotePlace(client, visit_id=desk.course(course).visits[0].id)
        act = desk.act(wu)
        saved = [save_note(desk.store, act, place, NoteContent(focus="Jaw"), seen_version=0) for _ in "ab"]
        assert [each.version for each in saved] == [1, 1]
        assert len(saved[1].changes) == 1

    def test_the_desk_changes_what_it_sees_and_nothing_else(
        self, desk: Desk, wu: Actor, course: str, client: str
    ) -> None:
        desk.use(course)
        (visit,) = desk.course(course).visits
        write_note(desk.store, desk.act(wu), visit.id, points=SECRET, observations="pale\n\ntongue")
        write_note(desk.store, desk.act(), visit.id, note="Likes the window")
        note = read_note(desk.store, desk.act(wu), NotePlace(client, visit_id=visit.id))
        assert (note.content.points, note.content.observations) == (SECRET, "pale\n\ntongue")
        assert note.changes[0].what == "note"


class TestWhoMayRead:
    @pytest.mark.parametrize(
        "actor",
        [
            Actor("Deb", Role.DESK, Source.DESK),
            Actor("Booking site", Role.OWNER, Source.API),
        ],
    )
    def test_points_are_for_those_who_treat(
        self, desk: Desk, wu: Actor, course: str, client: str, actor: Actor
    ) -> None:
        desk.use(course)
        (visit,) = desk.course(course).visits
        write_note(desk.store, desk.act(wu), visit.id, points=SECRET, observations="pale tongue")
        place = NotePlace(client, visit_id=visit.id)
        content = read_note(desk.store, desk.act(actor), place).content
        assert (content.points, content.observations) == (None, None)
        tomorrow = visit.visited_on + timedelta(days=1)
        (past,) = past_visits_of(desk.store, desk.act(actor), client, before=tomorrow)
        assert (past.points, past.observations) == ("", "")
        with pytest.raises(NotAllowed):
            save_note(desk.store, desk.act(actor), place, NoteContent(points="x"), seen_version=1)

    def test_no_paper_has_a_word_of_them(self, desk: Desk, wu: Actor, course: str) -> None:
        desk.use(course)
        (visit,) = desk.course(course).visits
        said = {"points": SECRET, "observations": "pale tongue", "note": "quiet room", "focus": "brow"}
        write_note(desk.store, desk.act(wu), visit.id, option_ids=(JAWLINE, LED), **said)
        for paper in (
            summary_paper(desk.store, course, now=desk.clock()),
            aftercare_paper(desk.store, course, now=desk.clock()),
        ):
            printed = to_json(paper)
            assert "Jawline" in printed
            assert "LED light" in printed
            assert "brow" in printed
            for private in (SECRET, "pale tongue", "quiet room"):
                assert private not in printed

    def test_their_words_are_in_no_other_table(self, desk: Desk, wu: Actor, course: str) -> None:
        desk.use(course)
        (visit,) = desk.course(course).visits
        write_note(desk.store, desk.act(wu), visit.id, points=SECRET, observations=SECRET)
        holding = []
        with desk.store.engine.connect() as connection:
            for table in METADATA.sorted_tables:
                rows = [list(map(str, row)) for row in connection.execute(select(table))]
                if SECRET in json.dumps(rows):
                    holding.append(table.name)
        assert holding == ["visit_note"]

    def test_a_visit_of_another_client_is_not_found(self, desk: Desk, course: str) -> None:
        desk.use(course)
        (visit,) = desk.course(course).visits
        with pytest.raises(NotFound):
            read_note(desk.store, desk.act(), NotePlace(desk.client("Bea Cruz"), visit_id=visit.id))


class TestTheNextVisit:
    def test_the_asked_interval_is_on_the_summary(self, desk: Desk, wu: Actor, course: str) -> None:
        desk.use(course)
        write_note(desk.store, desk.act(wu), desk.course(course).visits[0].id, interval_days=14)
        said = summary_paper(desk.store, course, now=desk.clock()).suggested_interval
        assert said == "We suggest your next visit around Dec 6, 2026."
        desk.clock.advance(days=14)
        said = summary_paper(desk.store, course, now=desk.clock()).suggested_interval
        assert said == "We suggest a visit every 2 weeks."

    @pytest.mark.parametrize(
        ("days", "waited", "is_called"), [(14, 14, False), (14, 15, True), (91, 60, False)]
    )
    def test_who_was_asked_back_is_called_after_that_day(
        self, desk: Desk, wu: Actor, course: str, days: int, waited: int, is_called: bool
    ) -> None:
        desk.use(course)
        write_note(desk.store, desk.act(wu), desk.course(course).visits[0].id, interval_days=days)
        desk.clock.advance(days=waited)
        found = [each for each in follow_ups(desk.store, desk.clock()) if each.has(Why.LAPSED)]
        assert bool(found) is is_called

    @pytest.mark.parametrize("days", [0, 366])
    def test_it_lies_within_a_year(self, desk: Desk, course: str, days: int) -> None:
        desk.use(course)
        with pytest.raises(InvalidField):
            write_note(desk.store, desk.act(), desk.course(course).visits[0].id, interval_days=days)


@sqlite_alone
class TestTheLists:
    def test_one_is_added_renamed_moved_and_retired(self, desk: Desk, wu: Actor, course: str) -> None:
        act = desk.act(OLGA)
        neck, again = (add_option(desk.store, act, OptionKind.FOCUS, " Neck ") for _ in "ab")
        assert neck == again
        desk.use(course)
        (visit,) = desk.course(course).visits
        write_note(desk.store, desk.act(wu), visit.id, option_ids=(neck.id, JAWLINE))
        rename_option(desk.store, desk.act(OLGA), neck.id, "Neck and chest")
        up = desk.act(OLGA)
        for _ in "ab":
            move_option(desk.store, up, JAWLINE, is_up=True)
        names = [each.name for each in list_options(desk.store) if each.kind is OptionKind.FOCUS]
        assert (names[0], names[-1]) == ("Jawline", "Neck and chest")
        retire_option(desk.store, desk.act(OLGA), neck.id, is_retired=True)
        assert desk.course(course).visits[0].areas == ("Jawline", "Neck and chest")
        write_note(desk.store, desk.act(wu), visit.id, option_ids=(neck.id,))
        assert desk.course(course).visits[0].areas == ("Neck and chest",)

    def test_a_retired_one_is_not_tapped_again(self, desk: Desk, wu: Actor, course: str) -> None:
        retire_option(desk.store, desk.act(OLGA), JAWLINE, is_retired=True)
        desk.use(course)
        with pytest.raises(InvalidField, match="no longer on the list"):
            write_note(desk.store, desk.act(wu), desk.course(course).visits[0].id, option_ids=(JAWLINE,))
        again = add_option(desk.store, desk.act(OLGA), OptionKind.FOCUS, "jawline")
        assert (again.id, again.is_retired) == (JAWLINE, False)

    def test_a_new_name_keeps_the_translations_until_it_has_its_own(self, desk: Desk) -> None:
        before = {each.name: each.texts for each in named_things(desk.store)}["Jawline"]
        assert set(before) == {"es", "zh"}
        rename_option(desk.store, desk.act(OLGA), JAWLINE, "Jawline and chin")
        typed = [TypedName("Jawline and chin", "es", before["es"], "Mandíbula y mentón")]
        save_names(desk.store, desk.act(OLGA), typed)
        now = {each.name: each.texts for each in named_things(desk.store)}["Jawline and chin"]
        assert now == {**before, "es": "Mandíbula y mentón"}

    @pytest.mark.parametrize("name", ["", "JAWLINE", "x" * 61])
    def test_a_name_is_given_once(self, desk: Desk, name: str) -> None:
        with pytest.raises(InvalidField):
            add_option(desk.store, desk.act(OLGA), OptionKind.FOCUS, name)
        with pytest.raises(InvalidField):
            rename_option(desk.store, desk.act(OLGA), PUFFINESS, name)

    def test_a_list_can_be_full(self, desk: Desk) -> None:
        for number in range(MOST_ACTIVE - 1):
            add_option(desk.store, desk.act(OLGA), OptionKind.ADD_ON, f"Add-on {number}")
        with pytest.raises(InvalidField, match="holds 40"):
            add_option(desk.store, desk.act(OLGA), OptionKind.ADD_ON, "One more")

    def test_only_the_owner_keeps_them(self, desk: Desk, wu: Actor) -> None:
        for actor in (wu, Actor("Deb", Role.DESK, Source.DESK)):
            with pytest.raises(NotAllowed):
                add_option(desk.store, desk.act(actor), OptionKind.FOCUS, "Neck")


class TestMyDay:
    def test_it_shows_who_came_with_the_three_visits_before(self, desk: Desk, wu: Actor, course: str) -> None:
        for number in range(4):
            desk.use(course, actor=wu, focus=f"Visit {number}")
            desk.clock.advance(days=7)
        desk.use(course, actor=wu)
        (mine,) = my_day(desk.store, desk.act(wu))
        assert (mine.number, mine.granted, mine.state, mine.has_note) == (5, 12, "used", False)
        assert [each.focus for each in mine.past] == ["Visit 3", "Visit 2", "Visit 1"]

    def test_a_colleague_s_clients_are_shown_to_everyone_who_asks(
        self, desk: Desk, wu: Actor, course: str
    ) -> None:
        kim = _practitioner(desk, "kim@example.org", "A. Kim")
        desk.use(course, actor=kim)
        assert my_day(desk.store, desk.act(wu)) == ()
        (theirs,) = my_day(desk.store, desk.act(wu), everyone=True)
        assert theirs.practitioner == "A. Kim"

    def test_those_of_nobody_are_everybody_s(self, desk: Desk, wu: Actor, course: str) -> None:
        desk.use(course)
        (mine,) = my_day(desk.store, desk.act(wu))
        assert mine.is_unassigned

    def test_the_desk_has_none(self, desk: Desk) -> None:
        with pytest.raises(NotAllowed):
            my_day(desk.store, desk.act())
