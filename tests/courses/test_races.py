"""Eight at once on the same thing: exactly as many are granted as were sold (docs/reliability.md, A4)."""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from plugin.core.ledger import Kind
from plugin.courses.base.inbox import claim, receive
from plugin.courses.base.views import Reversed, Used
from plugin.courses.clients.clients import create_client, find_clients
from plugin.courses.sales.sales import Booking
from tests.courses.desk import Desk, back
from tests.courses.racing import RACERS, race

ROOT = Path(__file__).parents[2]


def uses(desk: Desk, course_id: str) -> int:
    return sum(entry.kind is Kind.USED for entry in desk.course(course_id).entries)


def codes(answers: Sequence[object]) -> Counter[object]:
    return Counter(answer for answer in answers if isinstance(answer, str))


def test_eight_tablets_race_for_the_last_session(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=1))
    answers = race(lambda number: desk.use(course_id, key=f"tablet-{number}"))
    assert codes(answers) == {"none_left": RACERS - 1}
    assert uses(desk, course_id) == 1


def test_one_tap_sent_eight_times_is_one_session_and_one_answer(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=12))
    answers = race(lambda _: desk.use(course_id, key="tap"))
    assert codes(answers) == {}
    assert len({answer.entry.id for answer in answers if isinstance(answer, Used)}) == 1
    assert {answer.sessions_left for answer in answers if isinstance(answer, Used)} == {11}
    assert sum(not answer.is_repeat for answer in answers if isinstance(answer, Used)) == 1
    assert uses(desk, course_id) == 1


def test_one_tap_sent_eight_times_for_the_last_session_is_never_told_none_left(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=1))
    answers = race(lambda _: desk.use(course_id, key="tap"))
    assert codes(answers) == {}
    assert uses(desk, course_id) == 1


def test_of_a_hundred_sold_exactly_a_hundred_are_granted(desk: Desk) -> None:
    course_id = desk.sell(desk.package(sessions=100), paid=100_001)

    def twenty(number: int) -> Counter[object]:
        answers: Counter[object] = Counter()
        for attempt in range(20):
            try:
                desk.use(course_id, key=f"tablet-{number}-{attempt}")
                answers["granted"] += 1
            except Exception as refusal:
                answers[getattr(refusal, "code", repr(refusal))] += 1
        return answers

    total: Counter[object] = Counter()
    for answers in race(twenty):
        assert isinstance(answers, Counter)
        total += answers
    assert total == {"granted": 100, "none_left": 60}
    assert uses(desk, course_id) == 100
    assert desk.balance(course_id) == (0, 0)


def test_eight_processes_are_granted_what_was_sold(desk: Desk) -> None:
    one, twenty = desk.sell(desk.package(sessions=1)), desk.sell(desk.package(sessions=20))
    url = desk.store.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "tests.courses.racing", url, f"{one}=1", f"{twenty}=10"]
    raced = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert raced.returncode == 0, raced.stderr
    assert Counter(raced.stdout.splitlines()) == {
        f"{one} granted": 1,
        f"{one} none_left": RACERS - 1,
        f"{twenty} granted": 20,
        f"{twenty} none_left": RACERS * 10 - 20,
    }
    assert (uses(desk, one), uses(desk, twenty)) == (1, 20)


def test_one_sale_booked_eight_times_at_once_is_one_course_and_one_client(desk: Desk) -> None:
    sale = desk.sale(desk.line(desk.package(), quantity=2))
    answers = race(lambda _: desk.book(sale))
    assert codes(answers) == {}
    opened = [each for answer in answers if isinstance(answer, Booking) for each in answer.opened]
    assert len(opened) == 2
    assert len(find_clients(desk.store, "", today=desk.today).rows) == 1


def test_a_sale_without_a_client_met_eight_times_at_once_asks_once(desk: Desk) -> None:
    sale = desk.sale(desk.line(desk.package()), buyer=None)
    assert codes(race(lambda _: desk.book(sale))) == {}
    assert len(desk.questions()) == 1


def test_one_of_eight_assigns_a_sale(desk: Desk) -> None:
    item = desk.book(desk.sale(desk.line(desk.package()), buyer=None)).attention[0]
    clients = [desk.client(f"Client {number}") for number in range(RACERS)]
    answers = race(lambda number: desk.answer(item, client_id=clients[number], key=f"tap-{number}"))
    assert codes(answers) == {"already_resolved": RACERS - 1}


def test_one_assignment_sent_eight_times_is_one(desk: Desk) -> None:
    booked = desk.book(desk.sale(desk.line(desk.package()), buyer=None))
    ana = desk.client("Ana")
    answers = race(lambda _: desk.answer(booked.attention[0], client_id=ana, key="tap"))
    assert codes(answers) == {}
    assert len(desk.course(booked.opened[0]).happenings) == 1


def test_one_of_eight_undoes_a_session(desk: Desk) -> None:
    course_id = desk.sell()
    used = desk.use(course_id)
    answers = race(lambda number: desk.undo(used.entry.id, key=f"tap-{number}"))
    assert codes(answers) == {"already_reversed": RACERS - 1}
    assert desk.balance(course_id) == (12, 198000)


def test_one_undo_sent_eight_times_is_one_answer(desk: Desk) -> None:
    course_id = desk.sell()
    used = desk.use(course_id)
    answers = race(lambda _: desk.undo(used.entry.id, key="tap"))
    assert codes(answers) == {}
    assert len({answer.entry.id for answer in answers if isinstance(answer, Reversed)}) == 1


def test_a_refund_that_races_with_undo_and_use_leaves_a_closed_course_empty(desk: Desk) -> None:
    for round_ in range(5):
        course_id = desk.sell(order=f"O{round_}")
        used = [desk.use(course_id) for _ in range(3)]

        def deed(
            number: int, round_: int = round_, course_id: str = course_id, used: list[Used] = used
        ) -> object:
            if number < 2:
                return desk.refund(
                    f"O{round_}", 198000, back(), refund_id=f"R{round_}", return_order=f"B{round_}"
                )
            if number < 5:
                return desk.undo(used[number - 2].entry.id, key=f"undo-{round_}-{number}")
            return desk.use(course_id, key=f"use-{round_}-{number}")

        assert set(codes(race(deed))) <= {"refunded"} | {
            "1 of the sale’s courses closed.",
            "Nothing was left to close.",
        }
        assert desk.balance(course_id) == (0, 0)


def test_two_returns_at_once_close_two_courses(desk: Desk) -> None:
    package = desk.package()
    for round_ in range(5):
        order = f"O{round_}"
        sold = desk.book(desk.sale(desk.line(package, quantity=2), order=order)).opened

        def deed(number: int, order: str = order) -> str | None:
            # Each return is reported once: reported again, it would close what the race had left open.
            if number > 1:
                return None
            return_order = f"B{order}{number}"
            return desk.refund(order, 99000, back(), refund_id=f"R{order}{number}", return_order=return_order)

        race(deed)
        assert [desk.course(each).left for each in sold] == [0, 0]


def test_one_client_made_eight_times_under_one_key_is_one(desk: Desk) -> None:
    answers = race(lambda _: create_client(desk.store, desk.act(key="tap"), name="Ana").id)
    assert len(set(answers)) == 1


def test_one_message_is_kept_once_and_handed_to_one_worker(desk: Desk) -> None:
    now = desk.clock()
    kept = race(lambda _: receive(desk.store, event_id="E", event_type="x", body="{}", now=now))
    assert Counter(kept) == {True: 1, False: RACERS - 1}
    assert sum(each is not None for each in race(lambda _: claim(desk.store, now))) == 1


def test_eight_workers_take_eight_messages(desk: Desk) -> None:
    now = desk.clock()
    for number in range(RACERS):
        receive(desk.store, event_id=f"E{number}", event_type="x", body="{}", now=now)
    taken = race(lambda _: claim(desk.store, now))
    ids = {each.id for each in taken if each is not None and not isinstance(each, str)}
    rest = set()
    while (another := claim(desk.store, now)) is not None:
        rest.add(another.id)
    assert len(ids | rest) == RACERS
    assert not ids & rest
