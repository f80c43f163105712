"""Short forms of `make bench`, and that each of its checks can fail."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from plugin import create_app
from plugin.courses.audit import audit
from plugin.services import wall_clock
from plugin.store import Store
from practice_square.serving import local_server
from tests.bench import big
from tests.bench.client import is_whole, request, saturate
from tests.bench.desks import furnish, reopened
from tests.bench.figures import Aim, Figure, in_turns, middle, short
from tests.bench.load import LoadRun, lost_in, use_sessions
from tests.bench.pages import AT_THE_DESK, at_the_desk, scans_of
from tests.bench.replay import SqliteReplay, acts_of
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import open_house_on


@contextmanager
def served(store: Store) -> Iterator[int]:
    server = local_server(create_app(services=open_house_on(store, HandMovedClock(wall_clock()))).wsgi_app)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


def test_the_replay_leaves_the_rows_the_use_left(lite_store: Store, tmp_path: Path) -> None:
    desk = Desk(lite_store, HandMovedClock())
    course_id = desk.sell()
    before = tmp_path / "before.db"
    with closing(sqlite3.connect(before)) as target, lite_store.engine.connect() as source:
        source.connection.dbapi_connection.backup(target)
    acts = acts_of(lite_store.engine, lambda: desk.use(course_id), 3)
    replay = SqliteReplay(before)
    started = replay.rows()
    for act in acts:
        replay.run(act)
    replay.close()
    entries = "SELECT * FROM entry ORDER BY id"
    with lite_store.engine.connect() as ours, closing(sqlite3.connect(before)) as raw:
        rows = [tuple(row) for row in ours.exec_driver_sql(entries)]
        assert raw.execute(entries).fetchall() == rows
    assert len(rows) == started["entry"] + 3


def test_a_large_clinic_is_as_the_program_would_have_written_it(
    empty_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(big, "CLIENTS", 30)
    with big.build(empty_sqlite_url, 1).store as store:
        assert audit(store) == ()


def test_a_load_of_two_ipads_is_all_in_the_ledger(lite_store: Store) -> None:
    Desk(lite_store, HandMovedClock())
    tokens, courses = furnish(reopened(lite_store, wall_clock()), tokens=2, courses=2, sessions=60)
    run = LoadRun()
    with served(lite_store) as port:
        use_sessions(port, tokens, courses, 1, run)
        # A course that is not there, which an iPad must not take for a use.
        wrong = LoadRun()
        use_sessions(port, tokens[:1], ["none"], 0.4, wrong)
    assert run.errors == []
    assert len(run.acknowledged) == 6
    assert run.p99_ms > 0
    assert lost_in(lite_store, run.acknowledged) == []
    assert len(wrong.errors) == 1
    assert wrong.acknowledged == []


def test_an_acknowledged_use_that_is_lost_or_told_twice_is_found(lite_store: Store) -> None:
    desk = Desk(lite_store, HandMovedClock())
    entry = desk.use(desk.sell()).entry.id
    assert lost_in(lite_store, [entry]) == []
    assert lost_in(lite_store, [entry, "never-written", entry]) == ["never-written", entry]


def test_a_failed_request_ends_the_measuring(lite_store: Store) -> None:
    with served(lite_store) as port:
        rate, took = saturate(port, lambda: request("GET", "/healthz"), connections=2, requests=2)
        assert rate > 0
        assert len(took) == 2
        with pytest.raises(AssertionError):
            saturate(port, lambda: request("GET", "/api/v1/courses/none"), connections=1, requests=1)


@pytest.mark.parametrize(
    ("received", "is_it"),
    [
        (b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\nX: 1\r\n", False),
        (b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\nab", True),
        (b"HTTP/1.1 200 OK\r\ncontent-LENGTH: 2\r\n\r\na", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False),
    ],
)
def test_an_answer_is_whole(received: bytes, is_it: bool) -> None:
    assert is_whole(received) is is_it


@pytest.mark.parametrize(
    ("aim", "values", "others", "is_met"),
    [
        (Aim(0.5), [50.0], [100.0], True),
        (Aim(0.5), [49.0], [100.0], False),
        (Aim(1.2, is_at_most=True), [121.0], [100.0], False),
        (Aim(1.2, is_at_most=True), [120.0], [100.0], True),
        (Aim(2, is_at_most=True, of="value"), [2.1], [], False),
        (Aim(2, is_at_most=True, of="value"), [2.0], [], True),
        (Aim(0.5), [50.0], [], None),
        (None, [50.0], [100.0], None),
    ],
)
def test_an_aim_is_met_missed_or_unknown(
    aim: Aim | None, values: list[float], others: list[float], is_met: bool | None
) -> None:
    figure = Figure("a use", "a second", values, "raw", others, aim)
    assert figure.is_met is is_met
    assert figure.cells()[-1] == {True: "met", False: "MISSED", None: ""}[is_met]


def test_a_disturbed_round_does_not_move_the_ratio() -> None:
    assert Figure("a use", "a second", [50.0, 5.0, 50.0], "raw", [100.0, 10.0, 100.0]).ratio == 0.5


def test_every_round_has_each_measure_once_in_another_order() -> None:
    order: list[str] = []

    def note(name: str) -> float:
        order.append(name)
        return len(order)

    found = in_turns({"a": lambda: note("a"), "b": lambda: note("b")}, 2)
    assert order == ["b", "a", "a", "b", "b", "a"]
    assert {name: len(values) for name, values in found.items()} == {"a": 2, "b": 2}


def test_the_middle_leaves_out_a_tenth_at_each_end() -> None:
    assert middle([float(each) for each in range(11)]) == (1, 9)
    assert middle([1.0]) is None
    assert [short(each) for each in (None, 1234.5, 12.34, 1.234)] == ["", "1234", "12.3", "1.23"]


def test_a_reading_of_a_whole_table_is_counted_also_under_another_name() -> None:
    plan = [
        "SCAN entry",
        "SCAN entry_1 USING COVERING INDEX i",
        "SEARCH entry USING INDEX i (id=?)",
        "SCAN visit",
    ]
    assert scans_of("entry", "SELECT 1 FROM entry JOIN entry AS entry_1", plan) == 2
    assert scans_of("visit", "SELECT 1 FROM visit", plan) == 1


def test_each_page_of_the_desk_says_half_and_the_slowest(lite_store: Store) -> None:
    found = list(at_the_desk(Desk(lite_store, HandMovedClock()), 2))
    assert [each.what for each in found[:2]] == ["client page, half", "client page, slowest 1 %"]
    assert len(found) == 2 * len(AT_THE_DESK)
    # The slowest alone has an aim, in milliseconds.
    assert [each.aim is not None and each.aim.of == "value" for each in found[:2]] == [False, True]
