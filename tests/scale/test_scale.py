"""The simulation of many clinics, held against what is known of such queues."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest

from tests.scale.machine import Machine, Work
from tests.scale.monday import simulate
from tests.scale.morning import Clinic, morning
from tests.scale.service_times import ServiceTimes, read_service_times


@pytest.mark.parametrize(
    ("cores", "arriving", "took"),
    [
        (1, [(0, 2)], [2]),
        (1, [(0, 2), (0, 2)], [4, 4]),
        (2, [(0, 2), (0, 2)], [2, 2]),
        # The short one passes the long one.
        (1, [(0, 3), (1, 1)], [2, 4]),
        (0.5, [(10, 1)], [2]),
    ],
)
def test_work_shares_the_cores(cores: float, arriving: list[tuple[float, float]], took: list[float]) -> None:
    done = Machine(cores).run(Work(at, "use", seconds) for at, seconds in arriving)
    assert [each.took for each in done] == pytest.approx(took)


@pytest.mark.parametrize("load", [0.3, 0.7])
def test_the_mean_is_that_of_the_theory(load: float) -> None:
    # M/M/1 with processor sharing: the mean of 1 / (1 - load) times the service, whatever its distribution.
    chance, at, arriving = random.Random(7), 0.0, []
    for _ in range(20_000):
        at += chance.expovariate(load)
        arriving.append(Work(at, "use", chance.expovariate(1)))
    took = [each.took for each in Machine(1).run(arriving)]
    assert sum(took) / len(took) == pytest.approx(1 / (1 - load), rel=0.1)


def test_the_busy_minutes_add_up_to_the_work() -> None:
    machine = Machine(2)
    arriving = [Work(at, "use", 30.0) for at in range(0, 300, 20)]
    assert len(list(machine.run(arriving))) == len(arriving)
    assert sum(machine.busy_s.values()) == pytest.approx(30.0 * len(arriving))


def test_a_morning_comes_in_order_and_from_its_seed() -> None:
    first, again = (morning([Clinic(12, 9.0)], ServiceTimes(), random.Random(3)) for _ in range(2))
    assert first == again
    assert all(one.at <= other.at for one, other in pairwise(first))
    uses = [each for each in first if each.kind == "use"]
    # 12 rooms, 1.2 visits an hour, 4 hours.
    assert len(uses) == pytest.approx(12 * 1.2 * 4, rel=0.25)


def test_more_clinics_on_a_machine_need_more_of_it() -> None:
    few, many = (simulate(40, number, ServiceTimes(), seed=1) for number in (10, 40))
    assert (few.machines, many.machines) == (4, 1)
    assert many.memory == pytest.approx(4 * few.memory)
    assert many.busiest > few.busiest


def test_a_machine_that_is_busy_without_a_visit_does_not_hold() -> None:
    row = simulate(40, 40, ServiceTimes(idle=400.0), seed=1)
    assert (row.waits, "does not hold" in row.line) == ((), True)


def test_the_times_are_those_of_the_benchmark_where_it_has_them(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    idle = {"what": "idle", "unit": "% of a processor", "median": 0.4}
    missing = {"what": "use a session, over HTTP", "unit": "ms of processor", "median": None}
    file.write_text(json.dumps({"parts": {"clinic": [idle], "http": [missing]}}))
    times, measured = read_service_times(file)
    assert (times.idle, times.use) == (4.0, ServiceTimes().use)
    assert measured == {"idle"}
