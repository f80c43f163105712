"""Own ratings: who chooses and rates, what a day keeps, who may read, what is deleted, and where each one stands."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import func, select

from plugin.core.acts import Actor, Role, Source
from plugin.core.ratings import before_visits
from plugin.courses.clients.merge import merge_clients, undo_merge
from plugin.courses.handouts.cache import SUMMARY, hand_out
from plugin.courses.handouts.content import summary_paper
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.courses.privacy.export import export_client
from plugin.courses.ratings.choices import choose_concerns, decide, delete_ratings, rate
from plugin.courses.ratings.views import OwnRatings, has_rated_today, own_ratings, rated_clients, ratings_of
from plugin.courses.retention import drop_old_rows
from plugin.errors import InvalidField, NotAllowed, Refused
from plugin.store.clinical import OwnRating
from plugin.store.queues import Handout
from tests.courses.appointments import Appointments
from tests.courses.desk import DEB, OLGA, Desk

KIM = Actor("A. Kim", Role.PRACTITIONER, Source.DESK)
DAYS = tuple(date(2026, 11, day) for day in (3, 10, 17))


class Ana:
    """Ana rates her jawline at a desk that has sold her a course."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.store = desk, desk.store
        self.course = desk.sell()
        self.id = desk.course(self.course).client_id or ""
        choose_concerns(self.store, desk.act(), self.id, ["Jawline"])

    def seen(self) -> OwnRatings:
        return own_ratings(self.store, self.id, today=self.desk.today)

    def rate(self, value: int) -> int:
        (jaw,) = self.seen().current
        return rate(self.store, self.desk.act(), self.id, {jaw.id: value}, source="page")

    def come(self, rated: int | None = None) -> None:
        """Rate, or not, be treated, and come again in a week."""
        if rated is not None:
            self.rate(rated)
        self.desk.use(self.course)
        self.desk.clock.advance(days=7)

    def values(self) -> list[int | None]:
        (jaw,) = self.seen().concerns
        return [each.value for each in jaw.places]


@pytest.fixture
def ana(lite: Appointments) -> Ana:
    return Ana(lite.desk)


@pytest.mark.parametrize(
    ("rated", "places"),
    [
        ({}, (None, None, None)),
        ({DAYS[0]: 8}, (8, None, None)),
        ({date(2026, 10, 1): 8}, (8, None, None)),
        ({date(2026, 10, 1): 8, DAYS[0]: 7}, (7, None, None)),
        ({date(2026, 11, 4): 6}, (None, 6, None)),
        ({DAYS[2]: 3}, (None, None, 3)),
        ({date(2026, 11, 18): 3}, (None, None, None, 3)),
    ],
)
def test_a_rating_stands_before_the_visit_that_follows_it(
    rated: dict[date, int], places: tuple[int | None, ...]
) -> None:
    assert before_visits(DAYS, rated) == places


def test_worse_is_kept_like_better_and_a_visit_without_one_is_a_gap(ana: Ana) -> None:
    for value in (8, None, 6, 9):
        ana.come(value)
    assert ana.values() == [8, None, 6, 9]
    ana.rate(5)
    assert ana.values() == [8, None, 6, 9, 5]


def test_what_is_rated_first_after_visits_says_so(ana: Ana) -> None:
    for value in (None, None, 4):
        ana.come(value)
    (jaw,) = ana.seen().concerns
    assert (jaw.visits_before, ana.values()) == (2, [4])


def test_the_second_answer_of_a_day_replaces_the_first_which_is_kept(ana: Ana) -> None:
    assert [ana.rate(7), ana.rate(7), ana.rate(5)] == [1, 0, 1]
    with ana.store.reading() as session:
        rows = session.execute(select(OwnRating.value, OwnRating.replaced_at).order_by(OwnRating.id)).all()
    assert [(value, replaced is None) for value, replaced in rows] == [(7, False), (5, True)]


@pytest.mark.parametrize("value", [-1, 11])
def test_no_other_number_is_a_rating(ana: Ana, value: int) -> None:
    with pytest.raises(InvalidField, match="0 to 10"):
        ana.rate(value)
    assert ana.values() == []


def test_one_to_three_concerns_in_their_words(ana: Ana) -> None:
    for words, code in ((["", "  "], "no_concern"), (["A", "B", "C", "D"], "too_many_concerns")):
        with pytest.raises(InvalidField) as refused:
            choose_concerns(ana.store, ana.desk.act(), ana.id, words)
        assert refused.value.code == code
    with pytest.raises(InvalidField):
        choose_concerns(ana.store, ana.desk.act(), ana.id, ["x" * 61])
    ana.rate(8)
    choose_concerns(ana.store, ana.desk.act(), ana.id, ["My frown", "my  FROWN"])
    assert [(each.words, each.is_ended) for each in ana.seen().concerns] == [
        ("Jawline", True),
        ("my FROWN", False),
    ]
    choose_concerns(ana.store, ana.desk.act(), ana.id, ["Jawline"])
    (jaw,) = ana.seen().current
    assert jaw.today == 8


def test_nobody_rates_what_is_another_clients(ana: Ana) -> None:
    bea = ana.desk.client("Bea Wong")
    (jaw,) = ana.seen().current
    with pytest.raises(InvalidField, match="no longer rated"):
        rate(ana.store, ana.desk.act(), bea, {jaw.id: 3}, source="page")


def test_the_desk_learns_only_whether(ana: Ana) -> None:
    assert not has_rated_today(ana.store, ana.desk.act(DEB), ana.id)
    ana.rate(8)
    assert has_rated_today(ana.store, ana.desk.act(DEB), ana.id)
    with pytest.raises(NotAllowed):
        ratings_of(ana.store, ana.desk.act(DEB), ana.id)
    with pytest.raises(NotAllowed):
        rated_clients(ana.store, ana.desk.act(DEB))


def test_a_practitioner_reads_of_those_they_treated(ana: Ana) -> None:
    ana.come(8)
    assert rated_clients(ana.store, ana.desk.act(replace(KIM, staff_id="nobody"))) == ()
    (row,) = rated_clients(ana.store, ana.desk.act(OLGA))
    assert (row.client_name, row.concern.words) == ("Ana Souza", "Jawline")


def test_a_client_may_decline_and_begin_after_all(ana: Ana) -> None:
    decide(ana.store, ana.desk.act(), ana.id, is_declined=True)
    with pytest.raises(Refused, match="chose not to rate"):
        ana.rate(4)
    decide(ana.store, ana.desk.act(), ana.id, is_declined=False)
    assert ana.rate(4) == 1


class TestOnPaper:
    def test_the_summary_shows_the_line_unless_the_client_keeps_it_off(self, ana: Ana) -> None:
        ana.come(8)
        ana.come()
        (jaw,) = summary_paper(ana.store, ana.course, now=ana.desk.clock()).ratings
        assert (jaw.words, [mark.value for mark in jaw.marks]) == ("Jawline", [8, None])
        decide(ana.store, ana.desk.act(), ana.id, is_on_papers=False)
        assert summary_paper(ana.store, ana.course, now=ana.desk.clock()).ratings == ()

    def test_no_record_of_a_paper_keeps_them(self, ana: Ana) -> None:
        ana.come(8)
        hand_out(ana.store, lambda *_: b"paper", ana.desk.act(), ana.course, SUMMARY)
        with ana.store.reading() as session:
            assert "Jawline" not in (session.scalar(select(Handout.content)) or "")


class TestWhatIsDeleted:
    def kept(self, ana: Ana) -> int:
        with ana.store.reading() as session:
            return session.scalar(select(func.count()).select_from(OwnRating)) or 0

    def test_all_of_a_clients_by_themselves(self, ana: Ana) -> None:
        ana.come(8)
        assert [delete_ratings(ana.store, ana.desk.act(), ana.id) for _ in range(2)] == [True, False]
        assert (self.kept(ana), ana.seen().concerns) == (0, ())

    def test_with_their_data(self, ana: Ana) -> None:
        ana.come(8)
        sections = export_client(ana.store, ana.desk.act(OLGA), ana.id).sections
        (rating,) = next(each.rows for each in sections if each.name == "own_rating")
        assert rating["value"] == 8
        erase_client(ana.store, ana.desk.act(OLGA), Erasure(ana.id, "Ana Souza", gives_up=True))
        assert self.kept(ana) == 0

    def test_after_the_days_the_owner_set(self, ana: Ana) -> None:
        ana.rate(8)
        ana.desk.clock.advance(days=91)
        drop_old_rows(ana.store, ana.desk.clock(), days=36500, log_days=36500, answer_days=90)
        assert self.kept(ana) == 0


def test_a_merge_takes_them_along_and_its_undo_gives_them_back(ana: Ana) -> None:
    ana.rate(8)
    twin = ana.desk.client("Ana de Souza")
    merged = merge_clients(ana.store, ana.desk.act(), ana.id, twin)
    assert [each.words for each in own_ratings(ana.store, twin, today=ana.desk.today).concerns] == ["Jawline"]
    undo_merge(ana.store, ana.desk.act(), merged.merge_id or "")
    assert own_ratings(ana.store, twin, today=ana.desk.today).concerns == ()
    assert ana.values() == [8]
