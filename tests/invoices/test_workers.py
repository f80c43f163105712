"""Paper workers draw, die, hang, wear out and end without affecting other processes."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from invoices.pages.fit import fit
from invoices.papers import Clinic, PaperFailed, PaperRefused
from invoices.press.workers import PaperWorkers
from plugin.courses.handouts.text_check import example_summary
from tests.papers.quick_worker import quick
from tests.papers.real import paper, pdf, sheet, summary

ROOT = Path(__file__).parents[2]
SMALL = example_summary(Clinic(name="Juniper Street"), language="en", currency="USD")
OTHER = replace(SMALL, client_name="Ines Reis")
# They start in a fifth of the time: what is tested is the process, not the drawing.
QuickWorkers = partial(PaperWorkers, program="tests.papers.quick_worker")
# A program that has workers draw a paper, and does not close them.
PROGRAM = (
    "from invoices.papers import Clinic; from invoices.press.workers import PaperWorkers;"
    "from plugin.courses.handouts.text_check import example_summary;"
    "w = PaperWorkers(program='tests.papers.quick_worker');"
    "w.render(example_summary(Clinic(name='Clinic'), language='en', currency='USD'));"
)


def run(program: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment)


def is_gone(pid: int) -> bool:
    """A process that ended counts as gone even while no one has collected it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        threads = len(os.listdir(f"/proc/{pid}/task"))
    except FileNotFoundError:
        return True
    # A process is only over when its last thread is: until then its parent is not notified.
    return state == "Z" and threads <= 1


def wait_until_gone(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while not is_gone(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_a_worker_draws_the_same_bytes(workers: PaperWorkers) -> None:
    assert workers.render(summary()) == pdf("summary")
    assert workers.render(sheet()) == pdf("aftercare-facial")
    assert workers.render(paper("agreement-signed")) == pdf("agreement-signed")


def test_no_worker_starts_before_it_is_needed() -> None:
    with QuickWorkers(count=2) as workers:
        assert workers.pids() == ()


def test_one_paper_after_the_other_needs_one_worker() -> None:
    with QuickWorkers(count=2) as workers:
        workers.render(SMALL)
        workers.render(OTHER)
        assert len(workers.pids()) == 1


def test_what_nobody_waits_for_is_drawn_by_a_nicer_process() -> None:
    with QuickWorkers(niceness=10) as workers:
        workers.render(SMALL)
        (pid,) = workers.pids()
        threads = [int(each) for each in os.listdir(f"/proc/{pid}/task")]
        assert {os.getpriority(os.PRIO_PROCESS, each) for each in threads} == {10}


def test_many_threads_share_the_workers() -> None:
    papers = [replace(SMALL, client_name=f"Margaret {number}") for number in range(1, 6)]
    with QuickWorkers(count=2, timeout_s=60) as workers, ThreadPoolExecutor(5) as threads:
        drawn = list(threads.map(workers.render, papers))
        assert len(workers.pids()) <= 2
    assert drawn == [quick(fit(paper), {}) for paper in papers]


def test_a_worker_killed_between_papers_is_replaced_unnoticed() -> None:
    with QuickWorkers() as workers:
        first = workers.render(SMALL)
        (pid,) = workers.pids()
        os.kill(pid, signal.SIGKILL)
        # The kernel needs a moment to remove it.
        assert wait_until_gone(pid)
        assert workers.render(SMALL) == first
        assert workers.pids() != (pid,)


def test_a_hung_worker_is_killed_and_the_next_paper_gets_a_fresh_one() -> None:
    with QuickWorkers(timeout_s=2) as workers:
        workers.render(SMALL)
        (pid,) = workers.pids()
        os.kill(pid, signal.SIGSTOP)
        with pytest.raises(PaperFailed, match="longer than 2 seconds"):
            workers.render(SMALL)
        assert is_gone(pid)
        assert workers.render(SMALL).startswith(b"%PDF")


def test_a_worker_that_cannot_start_fails_the_paper_and_not_the_owner() -> None:
    with PaperWorkers(memory_mb=40) as workers:
        with pytest.raises(PaperFailed):
            workers.render(SMALL)
        assert workers.pids() == ()


def test_a_refusal_reaches_the_owner_and_the_worker_stays(workers: PaperWorkers) -> None:
    workers.render(SMALL)
    before = workers.pids()
    with pytest.raises(PaperRefused, match="the client’s name"):
        workers.render(replace(SMALL, client_name=""))
    workers.render(SMALL)
    assert workers.pids() == before


def test_a_worn_worker_is_replaced() -> None:
    with QuickWorkers(recycle_after=2) as workers:
        workers.render(SMALL)
        (first,) = workers.pids()
        workers.render(SMALL)
        assert is_gone(first)
        workers.render(SMALL)
        assert workers.pids() != (first,)


def test_a_worker_that_rests_ends_and_the_next_paper_starts_another() -> None:
    with QuickWorkers(idle_s=0.2) as workers:
        first = workers.render(SMALL)
        deadline = time.monotonic() + 20
        while workers.pids() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert workers.pids() == ()
        assert workers.render(SMALL) == first


def test_a_swollen_worker_is_replaced_where_the_platform_shows_its_memory() -> None:
    is_shown = Path("/proc/self/statm").exists()
    with QuickWorkers(recycle_mb=1) as workers:
        workers.render(SMALL)
        assert (workers.pids() == ()) is is_shown


def test_when_all_are_busy_for_too_long_the_paper_fails() -> None:
    with QuickWorkers(timeout_s=2, wait_s=0.1) as workers, ThreadPoolExecutor(1) as threads:
        workers.render(SMALL)
        os.kill(workers.pids()[0], signal.SIGSTOP)
        hanging = threads.submit(workers.render, SMALL)
        while not hanging.running():
            time.sleep(0.01)
        time.sleep(0.2)
        with pytest.raises(PaperFailed, match="busy"):
            workers.render(OTHER)
        assert isinstance(hanging.exception(), PaperFailed)


def test_closing_ends_every_worker_and_draws_no_more() -> None:
    workers = QuickWorkers()
    workers.render(SMALL)
    (pid,) = workers.pids()
    workers.close()
    assert is_gone(pid)
    with pytest.raises(PaperFailed, match="closed"):
        workers.render(SMALL)


def test_closing_twice_is_fine() -> None:
    workers = QuickWorkers()
    workers.close()
    workers.close()


def test_workers_end_when_their_owner_is_killed() -> None:
    program = f"import time; {PROGRAM} print(w.pids()[0], flush=True); time.sleep(60)"
    owner = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    owner.stdout.close()
    assert wait_until_gone(pid)


def test_an_owner_that_forgets_to_close_leaves_nothing_behind() -> None:
    done = run(f"{PROGRAM} print(w.pids()[0])")
    assert wait_until_gone(int(done.stdout))


def test_what_a_library_prints_does_not_reach_the_frames() -> None:
    done = run(
        "import os; from invoices.press.protocol import write_frame; from invoices.press.worker import private_streams;"
        "asked, answers = private_streams(); print('noise', flush=True); os.write(1, b'noise');"
        "write_frame(answers, b'paper')"
    )
    assert done.stdout == b"\x00\x00\x00\x05paper"
    assert done.stderr.count(b"noise") == 2


def test_the_owner_never_loads_the_renderer() -> None:
    done = run("import sys, invoices.press.workers, invoices.aftercare; print('weasyprint' in sys.modules)")
    assert done.stdout.strip() == b"False"


def test_a_worker_is_told_no_secrets(workers: PaperWorkers) -> None:
    workers.render(SMALL)
    told = Path(f"/proc/{workers.pids()[0]}/environ").read_bytes()
    names = {line.partition(b"=")[0] for line in told.split(b"\0") if line}
    assert not {name for name in names if b"SECRET" in name or b"TOKEN" in name or b"SQUARE" in name}
    assert b"PYTEST_CURRENT_TEST" not in names


# `late()`: what was loaded of that which cuts fonts without HarfBuzz.
WARM = (
    "import sys; from invoices.press.worker import _warm_renderer;"
    "late = lambda: sorted({'fontTools.subset', 'fontTools.varLib.instancer'} & set(sys.modules));"
)


def test_what_cuts_fonts_without_harfbuzz_is_not_loaded_where_it_is_not_used() -> None:
    assert run(f"{WARM} _warm_renderer(); print(late())").stdout == b"[]\n"


def test_without_harfbuzz_s_cutting_fonts_are_cut_all_the_same() -> None:
    program = (
        f"{WARM} draw = _warm_renderer(); from weasyprint.pdf import fonts; fonts.harfbuzz_subset = None;"
        "from invoices.papers import Clinic; from plugin.courses.handouts.text_check import example_summary;"
        "drawn = draw(example_summary(Clinic(name='Clinic'), language='en', currency='USD'), {});"
        "print(late(), drawn[:5], len(drawn) < 200_000)"
    )
    assert run(program).stdout == b"['fontTools.subset'] b'%PDF-' True\n"
