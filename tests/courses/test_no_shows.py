"""Missed visits: forgiven or charged by one tap, counted, undone, and named wherever the course is shown."""

from datetime import date, timedelta

import pytest

from invoices.language import language_for
from invoices.pages.summary import visit_text
from plugin.core.money import Money
from plugin.core.terms import NoShow, Terms, no_show_offer
from plugin.courses.base.clinic import read_clinic
from plugin.courses.catalog.packages import NewContent, NewPackage, create_package
from plugin.courses.handouts.content import aftercare_paper, summary_paper
from plugin.errors import InvalidField, NoneLeft, Refused
from plugin.store.queues import Outbox
from plugin.web.desk.card import card_of, lines_of
from tests.courses.appointments import Appointments, at
from tests.courses.desk import FACIAL, OLGA

EARLIER = at("2026-11-22T16:00:00Z")
ASK, CHARGE, FORGIVE = NoShow


def sold(lite: Appointments, terms: Terms | None = None, sessions: int = 12) -> str:
    """Ana's course, sold three weeks ago."""
    package = lite.desk.package(sessions=sessions, terms=terms)
    return lite.desk.sell(package, paid_at=lite.desk.clock() - timedelta(weeks=3))


@pytest.mark.parametrize("rule", [ASK, CHARGE, FORGIVE])
@pytest.mark.parametrize("forgiven", [0, 1, 2])
@pytest.mark.parametrize("tap", ["charge", "forgive"])
def test_whatever_the_rule_proposes_the_tap_decides(
    lite: Appointments, rule: NoShow, forgiven: int, tap: str
) -> None:
    terms = Terms(no_show=rule, forgiven_no_shows=1)
    course = sold(lite, terms)
    for number in range(forgiven):
        lite.told(f"F{number}", start_at=EARLIER, status="NO_SHOW")
        lite.missed("forgive", f"F{number}")
    lite.told(start_at=EARLIER, status="NO_SHOW")
    offered = lite.one().offer
    assert offered == no_show_offer(terms, forgiven)
    answer = lite.missed(tap)
    is_charged = tap == "charge"
    assert lite.desk.balance(course)[0] == 12 - is_charged
    assert answer.outcome == lite.one().state == ("charged" if is_charged else "forgiven")
    assert answer.offer.forgiven == forgiven + (not is_charged)


def test_nothing_is_charged_by_itself(lite: Appointments) -> None:
    course = sold(lite, Terms(no_show=CHARGE))
    lite.told(start_at=EARLIER)
    lite.told(status="NO_SHOW")
    assert lite.one().state == "no_show"
    assert lite.desk.balance(course) == (12, 198000)


def test_a_decision_is_made_once(lite: Appointments) -> None:
    course = sold(lite)
    lite.told(start_at=EARLIER)
    first = lite.missed("charge", key="tap")
    again = [lite.missed("charge", key="tap"), lite.missed("charge"), lite.missed("forgive")]
    assert first.charged is not None
    assert [each.outcome for each in again] == ["charged"] * 3
    assert lite.desk.balance(course) == (11, 198000 - 16500)


@pytest.mark.parametrize("decision", ["charge", "forgive"])
def test_a_decision_can_be_undone_and_made_again(lite: Appointments, decision: str) -> None:
    course = sold(lite)
    lite.told(start_at=EARLIER, status="NO_SHOW")
    lite.missed(decision)
    lite.undo()
    arrival = lite.one()
    assert (arrival.state, lite.desk.balance(course)) == ("no_show", (12, 198000))
    assert arrival.offer is not None
    assert arrival.offer.forgiven == 0
    assert lite.missed("charge").charged is not None


def test_the_visit_that_took_place_is_no_no_show(lite: Appointments) -> None:
    sold(lite)
    lite.told(start_at=EARLIER)
    lite.use()
    with pytest.raises(Refused, match="Undo that first"):
        lite.missed("charge")
    lite.undo()
    lite.missed("forgive")
    with pytest.raises(Refused, match="Undo that first"):
        lite.use()


def test_what_can_not_be_decided_is_refused_in_words(lite: Appointments) -> None:
    sold(lite, sessions=1)
    lite.told("LATER", start_at=at("2026-11-22T20:00:00Z"))
    with pytest.raises(Refused, match="in the future"):
        lite.missed("charge", "LATER")
    # Square's own status counts before the hour: the client called to cancel.
    lite.told("LATER", status="NO_SHOW")
    lite.missed("charge", "LATER")
    lite.told(start_at=EARLIER)
    with pytest.raises(NoneLeft):
        lite.missed("charge")
    with pytest.raises(InvalidField):
        lite.missed("punish")


def test_the_last_session_that_is_paid_for_can_be_charged_for_its_part_of_the_price(
    lite: Appointments,
) -> None:
    course, _sale = lite.desk.sell_by_invoice(deposit=16500, net=198000)
    lite.told(start_at=EARLIER, status="NO_SHOW")
    lite.missed("charge")
    assert lite.desk.balance(course) == (11, 0)


def test_a_visit_from_before_a_charged_no_show_has_the_number_before_it(lite: Appointments) -> None:
    course = sold(lite)
    lite.told(start_at=EARLIER, status="NO_SHOW")
    lite.missed("charge")
    visit = lite.desk.use(course, visited_on=EARLIER.date() - timedelta(days=2))
    assert (visit.session_number, lite.desk.use(course).session_number) == (1, 3)


def test_what_the_desk_chooses_is_charged(lite: Appointments) -> None:
    led, desk = "LED light dome, 15 min", lite.desk
    contents = (
        NewContent(FACIAL, 12, Money(16500, "USD"), kind="main"),
        NewContent(led, 12, Money(2500, "USD"), kind="add_on"),
    )
    package = create_package(desk.store, desk.act(OLGA), NewPackage("Both", Money(1, "USD"), contents)).id
    desk.list_on_till(package, f"var-{package}")
    course = desk.sell(package)
    lite.told(start_at=EARLIER, status="NO_SHOW")
    dome = next(each.id for each in desk.course(course).allowances if each.treatment == led)
    lite.missed("charge", course_id=course, allowance_id=dome)
    assert [each.used for each in desk.course(course).allowances] == [0, 1]


def test_a_charged_no_show_is_named_and_counted_everywhere(lite: Appointments) -> None:
    desk = lite.desk
    course = sold(lite)
    desk.use(course, visited_on=date(2026, 11, 10))
    lite.told(start_at=at("2026-11-17T18:00:00Z"), status="NO_SHOW")
    lite.missed("charge")
    used = desk.use(course, visited_on=date(2026, 11, 20))
    view = desk.course(course)
    assert used.session_number == 3
    assert [visit.number for visit in view.visits] == [1, 3]
    assert [(each.number, each.missed_on) for each in view.no_shows] == [(2, date(2026, 11, 17))]

    entry = next(each for each in view.entries if each.is_no_show)
    assert (entry.reason, entry.happened_at) == ("No-show on Nov 17, 2026", at("2026-11-17T18:00:00Z"))

    line = next(each for each in lines_of(view, read_clinic(desk.store)) if each.what == "no_show")
    assert (line.number, line.left, line.can_undo, line.visit) == (2, 10, True, None)

    days = [place.day for place in card_of(view).places[:4]]
    assert days == [date(2026, 11, 10), date(2026, 11, 17), date(2026, 11, 20), None]

    paper = summary_paper(desk.store, course, now=desk.clock())
    rows = [(row.on.day, row.session_number, row.is_no_show) for row in paper.visits]
    assert rows == [(10, 1, False), (17, 2, True), (20, 3, False)]
    assert [stamp.on for stamp in paper.allowances[0].stamps[:3]] == days[:3]
    assert paper.sessions_left == 9
    said = {tag: visit_text(paper.visits[1], language_for(tag)) for tag in ("en", "es")}
    assert said == {"en": "No-show", "es": "No asistió"}

    # No aftercare for skin that was not treated.
    assert aftercare_paper(desk.store, course, now=desk.clock()).visited_on == date(2026, 11, 20)


def test_an_undone_no_show_stays_in_the_history_and_leaves_the_papers(lite: Appointments) -> None:
    course = sold(lite)
    lite.told(start_at=EARLIER)
    lite.missed("charge")
    lite.undo()
    view = lite.desk.course(course)
    told = [(line.what, line.is_undone) for line in lines_of(view, read_clinic(lite.desk.store))]
    assert told[:2] == [("undone", False), ("no_show", True)]
    assert summary_paper(lite.desk.store, course, now=lite.desk.clock()).visits == ()
    with pytest.raises(Refused, match="nothing to take care of"):
        aftercare_paper(lite.desk.store, course, now=lite.desk.clock())


def test_forgiving_is_told_in_the_history_and_moves_nothing(lite: Appointments) -> None:
    course = sold(lite)
    lite.told(start_at=EARLIER)
    lite.missed("forgive")
    lite.undo()
    told = [each.text for each in lite.desk.course(course).happenings if each.kind == "no_show"]
    assert told == ["No-show on Nov 22, 2026: waived", "No-show on Nov 22, 2026: no longer waived"]
    assert [each.kind.value for each in lite.desk.course(course).entries] == ["sold", "paid"]


def test_a_charge_has_the_papers_made_anew(lite: Appointments) -> None:
    sold(lite)
    lite.told(start_at=EARLIER)
    with lite.desk.store.writing() as session:
        session.query(Outbox).delete()
    lite.missed("charge")
    with lite.desk.store.reading() as session:
        assert {row.kind for row in session.query(Outbox)} >= {"papers"}
