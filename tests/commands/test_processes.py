"""Processes that belong together start, stop and fall over together, and leave nobody behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from plugin.errors import ConfigurationError
from plugin.processes import FORKS, Child, Family
from plugin.settings import Settings
from plugin.start import wait_for_server
from plugin.store.postgresql import refusal
from tests.prerequisites import missing

SLEEPER = ["-c", "import time, sys; print('up', flush=True); time.sleep(600)"]
FALLS = ["-c", "raise SystemExit(3)"]


def until(is_true: Callable[[], bool], *, most_s: float = 20) -> bool:
    deadline = time.monotonic() + most_s
    while time.monotonic() < deadline:
        if is_true():
            return True
        time.sleep(0.05)
    return False


def test_a_vital_child_that_ends_takes_the_family_along() -> None:
    lasting = Child("lasting", SLEEPER, {}, log=None)
    family = Family([lasting, Child("vital", FALLS, {})])
    family.start()
    try:
        assert family.wait() == 3
    finally:
        family.stop()
    assert lasting.exit_code is not None


@pytest.mark.parametrize("is_vital", [True, False])
def test_only_a_vital_child_that_ended_is_lost(is_vital: bool) -> None:
    child = Child("child", FALLS, {}, is_vital=is_vital)
    family = Family([child])
    assert not family.has_lost_one
    family.start()
    assert until(lambda: child.exit_code is not None)
    assert family.has_lost_one is is_vital


def test_a_child_that_may_fall_is_started_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    mark = tmp_path / "starts"
    script = f"import os, time; open({str(mark)!r}, 'a').write('x'); time.sleep(0.2); raise SystemExit(1)"
    vital = f"import os, time\nwhile os.path.getsize({str(mark)!r}) < 2: time.sleep(0.05)"
    mark.touch()
    family = Family([Child("worker", ["-c", script], {}, is_vital=False), Child("vital", ["-c", vital], {})])
    family.start()
    try:
        family.wait()
    finally:
        family.stop()
    assert len(mark.read_text()) >= 2
    assert "started again" in capfd.readouterr().err


def test_what_a_child_says_goes_into_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    child = Child("talker", ["-c", "print('hello')"], {}, log=log)
    child.start()
    assert until(lambda: child.exit_code is not None)
    assert log.read_text() == "hello\n"


def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """kill -9 gives a parent no chance to say goodbye; a worker left alone would go on for ever."""
    pid_file = tmp_path / "pid"
    child = (
        "import os, sys, threading, time\nfrom plugin.processes import end_with_parent\nend_with_parent()\n"
        # Whoever forks from it must be alone.
        "assert sys.platform != 'linux' or threading.active_count() == 1\n"
        f"open({str(pid_file)!r}, 'w').write(str(os.getpid()))\ntime.sleep(600)"
    )
    parent = (
        "import time\nfrom plugin.processes import Child, Family\n"
        f"Family([Child('child', ['-c', {child!r}], {{}})]).start()\ntime.sleep(600)"
    )
    root = Path(__file__).parents[2]
    process = subprocess.Popen([sys.executable, "-c", parent], cwd=root)
    try:
        assert until(lambda: pid_file.exists() and pid_file.read_text().isdigit())
        orphan = int(pid_file.read_text())
        time.sleep(1)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert until(lambda: not _is_alive(orphan))


FORKED = """
import os, signal, sys, time
from pathlib import Path
from plugin.processes import Child, Family, end_with_parent

mark, pids = Path(sys.argv[1]), Path(sys.argv[2])

def falls():
    with mark.open("a") as file:
        file.write("x")
    raise ValueError("what a child raises is its own")

def lasts():
    with pids.open("a") as file:
        file.write(f"{os.getpid()}\\n")
    end_with_parent()
    # A group of its own, and nothing to read.
    assert os.getpgid(0) == os.getpid() and sys.stdin.read() == ""
    time.sleep(600)

def is_vital():
    end_with_parent()
    if not mark.with_name("killed").exists():
        mark.with_name("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    while mark.stat().st_size < int(sys.argv[3]):
        time.sleep(0.02)
    raise SystemExit(3)

children = [
    Child("lasting", [], {}, run=lasts),
    Child("worker", [*sys.argv[:5], "falls"], {}, is_vital=False, run=falls),
    Child("vital", [*sys.argv[:5], "is_vital"], {}, run=is_vital),
]
if sys.argv[5:]:
    # Started anew.
    globals()[sys.argv[5]]()
mark.touch()
family = Family(children)
family.stop_on_signals()
family.start()
try:
    if sys.argv[4] == "lets go":
        family.let_go()
    code = family.wait()
finally:
    family.stop()
print("the family has ended", flush=True)
sys.exit(code)
"""
# Whether the parent lets go of what it has loaded, and what it says at its end.
PARENTS = {"stays": "the family has ended\n", "lets go": ""}


def _forked(folder: Path, falls: int, parent: str) -> subprocess.Popen[str]:
    if not FORKS:
        missing("children are started anew here", is_needed=False)
    (folder / "forked.py").write_text(FORKED)
    return subprocess.Popen(
        [sys.executable, folder / "forked.py", folder / "mark", folder / "pids", str(falls), parent],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _is_lasting(folder: Path) -> bool:
    pids = folder / "pids"
    return pids.exists() and pids.read_text().endswith("\n")


@pytest.mark.parametrize("parent", PARENTS)
def test_forked_children_start_fall_and_end_as_others_do(tmp_path: Path, parent: str) -> None:
    said, complained = (process := _forked(tmp_path, 2, parent)).communicate(timeout=60)
    assert process.returncode == 3
    # A child that ends unwinds the parent's stack, and must not end the others on its way.
    assert said == PARENTS[parent]
    assert complained.count("The worker ended unexpectedly; it is started again.") >= 1
    # It did not mean to end.
    assert complained.count("The vital ended unexpectedly; it is started again.") == 1
    assert complained.count("ValueError: what a child raises is its own") >= 2
    assert not _is_alive(int((tmp_path / "pids").read_text()))


@pytest.mark.parametrize("parent", PARENTS)
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_forked_children_end_with_their_parent(tmp_path: Path, how: signal.Signals, parent: str) -> None:
    process = _forked(tmp_path, 600, parent)
    assert until(lambda: _is_lasting(tmp_path))
    process.send_signal(how)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, said) == ((-9, "") if how == signal.SIGKILL else (0, PARENTS[parent]))
    assert until(lambda: not _is_alive(int((tmp_path / "pids").read_text())))


def test_who_lets_go_keeps_its_number_and_none_of_what_it_had_loaded(tmp_path: Path) -> None:
    process = _forked(tmp_path, 600, "lets go")
    try:
        command, memory = Path(f"/proc/{process.pid}/cmdline"), Path(f"/proc/{process.pid}/smaps_rollup")
        assert until(lambda: b"processes.py" in command.read_bytes() and _is_lasting(tmp_path))
        assert until(lambda: b"Pss_Anon" in memory.read_bytes())
        anonymous = next(line for line in memory.read_text().splitlines() if line.startswith("Pss_Anon"))
        assert int(anonymous.split()[1]) < 10_000
    finally:
        process.terminate()
        process.communicate(timeout=60)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not (status.exists() and status.read_text().rsplit(")", 1)[1].split()[0] == "Z")


def test_a_server_waits_for_a_database_that_is_away(capsys: pytest.CaptureFixture[str]) -> None:
    pauses = list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        wait_for_server(Settings(database_url="postgresql://u@127.0.0.1:1/clinic"), sleep=sleep)
    assert pauses == [0.5, 1, 2, 4, 5, 5]
    # Said once, not with each try.
    assert capsys.readouterr().err.count("the database does not answer") == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [({"password": "wrong", "username": "nobody-here"}, "nobody-here"), ({"database": "unknown"}, "unknown")],
    ids=["a user it does not know", "a database it does not have"],
)
def test_a_server_that_refuses_us_is_not_waited_for(
    postgresql_url: str, change: dict[str, str], said: str
) -> None:
    url = make_url(postgresql_url).set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError) as refused:
        wait_for_server(Settings(database_url=url), sleep=lambda _: pytest.fail("waited"))
    assert said in refused.value.message
    assert refused.value.message.startswith("DATABASE_URL: the database server answers: ")


@pytest.mark.parametrize(
    ("said", "is_final"),
    [
        ('FATAL:  password authentication failed for user "clinic"', True),
        ("fe_sendauth: no password supplied", True),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.7", user "clinic", no encryption', True),
        ('FATAL:  database "clinc" does not exist', True),
        ('FATAL:  role "clinc" does not exist', True),
        ("FATAL:  no such database: clinc", True),
        ("Connection refused", False),
        ("FATAL:  the database system is starting up", False),
        ("FATAL:  sorry, too many clients already", False),
        ("FATAL:  terminating connection due to administrator command", False),
        ('could not translate host name "db" to address: Temporary failure in name resolution', False),
        ("FATAL:  server login has been failing, try again later (server_login_retry)", False),
    ],
)
def test_only_what_a_wait_does_not_mend_is_a_refusal(said: str, is_final: bool) -> None:
    error = Exception(f'connection failed: connection to server at "127.0.0.1", port 5432 failed: {said}')
    assert bool(refusal(OperationalError("SELECT 1", None, error))) is is_final


def test_no_server_is_waited_for_where_there_is_none(sqlite_url: str) -> None:
    wait_for_server(Settings(database_url=sqlite_url), sleep=lambda _: pytest.fail("waited"))
