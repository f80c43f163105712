"""What `make cluster` computes, without a cluster."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import configuration, programs
from tests.cluster.configuration import ETCDS, NODES, WEBS, Ports
from tests.cluster.table import row_of, table
from tests.project.tree import ROOT
from tests.torture.crash import CrashRun

PORTS = Ports({name: 15_000 + number for number, name in enumerate(Ports.free().of)})


@pytest.mark.parametrize(
    ("answered_at", "without_s"),
    [([1.0, 2.0, 3.0, 9.0], 6.0), ([7.0, 8.0], 7.0), ([1.0, 2.0], 8.0), ([], 10.0), ([-5.0, 4.0, 12.0], 6.0)],
)
def test_the_longest_time_without_an_answer_counts_from_the_fault_to_the_end(
    answered_at: list[float], without_s: float
) -> None:
    row = row_of("a web process killed", answered_at, 0.0, 5.0, 10.0, failed=3)
    assert (row.without_s, row.whole_after_s) == (without_s, 5.0)
    assert row.line in table([row])


def test_what_is_lost_or_doubled_is_found() -> None:
    run = CrashRun(before={"old"}, acknowledged={"key-1": "e1", "key-2": "e2"})
    run.compare({"old", "e1", "e2"})
    assert run.is_right
    run.compare({"old", "e1", "e3"})
    assert (run.lost, run.doubled, run.is_right) == ({"e2"}, {"e3"}, False)


def test_whoever_can_t_install_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "found", dict)
    monkeypatch.setattr(programs, "_as_root", lambda: None)
    with pytest.raises(
        programs.Missing, match=r"sudo apt-get install --no-install-recommends .*patroni.*postgresql"
    ):
        programs.install_missing()


def test_each_program_finds_the_others() -> None:
    proxy = configuration.haproxy(PORTS)
    assert all(f":{PORTS[f'web-{each}']} check" in proxy for each in WEBS)
    assert all(f":{PORTS[f'{each}-postgres']} check port {PORTS[f'{each}-rest']}" in proxy for each in NODES)
    assert len(set(PORTS.of.values())) == len(PORTS.of) > len(ETCDS)


def test_told_to_end_it_stops_what_it_has_started(tmp_path: Path) -> None:
    left = tmp_path / "left"
    program = f"""
import time
from pathlib import Path
from tests.processes import end_in_order
end_in_order()
try:
    print("started", flush=True)
    time.sleep(60)
finally:
    Path({str(left)!r}).write_text("in order")
"""
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "started\n"
        run.terminate()
        assert run.wait() == 128 + signal.SIGTERM
    assert left.read_text() == "in order"
