"""Runs mutmut's changes of the rules and the ledger (docs/mutants.md), each in a fork of a process that has collected.

mutmut runs pytest anew for each change: it imports, collects and compiles statements again, which takes longer than
the test that notices the change. Here one process does that once and runs all tests without a change, to learn which
reach which function in what time.
"""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import NoReturn

import pytest
from _pytest.runner import runtestprotocol
from mutmut.__main__ import create_file_mutants
from mutmut.configuration import config
from mutmut.mutation.data import MutantLineSpans, SourceFileMutationData
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state
from mutmut.stats import status_by_exit_code
from mutmut.utils.file_utils import change_cwd, walk_mutatable_files
from mutmut.utils.format_utils import mangled_name_from_mutant_name

AT_ONCE = 2
# mutmut's codes of what became of a change.
SURVIVED, KILLED, NO_TESTS, TIMEOUT, REFUSED_BY_TYPES = 0, 1, 33, 36, 37
# A fork exits with this and the place of the test that failed; tests far back count as one.
_KILLED_BY, _FAR = 100, 150


def make_copy(patterns: Sequence[str]) -> list[Path]:
    """Copy the program into `mutants`; return the files these patterns are about, which hold all their changes."""
    set_mutant_under_test("mutant_generation")
    for path in filter(Path.exists, config().also_copy):
        if path.is_dir():
            shutil.copytree(path, "mutants" / path, copy_function=_copy_newer, dirs_exist_ok=True)
        else:
            _copy_newer(path, "mutants" / path)
    for copy in Path("mutants").rglob("*.py"):
        if not copy.relative_to("mutants").exists():
            copy.unlink()
    modules = {path: ".".join(path.with_suffix("").parts) + "." for path in walk_mutatable_files()}
    chosen = [
        path
        for path, module in modules.items()
        if any(fnmatch(module, each) or each.startswith(module) for each in patterns)
    ]
    for path in chosen:
        copy, made = "mutants" / path, Path(f"mutants/{path}.meta")
        if copy.exists() and not (made.exists() and copy.stat().st_mtime <= made.stat().st_mtime):
            # Interrupted while the changes were written.
            copy.unlink()
        if error := create_file_mutants(path).error:
            raise error
    return chosen


def _copy_newer(path: str | Path, copy: str | Path) -> None:
    # A file with its changes is newer than the file they were made of, and stays.
    if not os.path.exists(copy) or os.path.getmtime(path) > os.path.getmtime(copy):
        shutil.copy2(path, copy)


def refuse_by_types(paths: Sequence[Path]) -> None:
    """Mark the changes that mypy refuses, as it would in the program: they need no test."""
    if os.path.exists(".mypy_cache") and not os.path.exists("mutants/.mypy_cache"):
        shutil.copytree(".mypy_cache", "mutants/.mypy_cache")
    command = [sys.executable, "-m", "mypy", "--output=json", *map(str, paths)]
    said = subprocess.run(command, cwd="mutants", stdout=subprocess.PIPE, text=True).stdout.splitlines()
    errors = {(error["file"], error["line"]) for error in map(json.loads, filter(None, said))}
    for path in paths:
        data, index = SourceFileMutationData(path=path), MutantLineSpans.load(path)
        data.load()
        for name, code in data.exit_code_by_key.items():
            span = index.span_by_function_name[name.rpartition(".")[2]] if index else None
            if (
                code is None
                and span
                and any((str(path), n) in errors for n in range(span.start, span.end + 1))
            ):
                data.exit_code_by_key[name] = REFUSED_BY_TYPES
        data.save()


class Forks:
    """A pytest plugin that runs the collected tests for each change that is not known to be noticed."""

    def __init__(self, patterns: Sequence[str], arguments: Sequence[str]) -> None:
        self._patterns = patterns
        self._arguments = arguments
        self._at_import: frozenset[str] = frozenset()
        self._seconds: dict[pytest.Item, float] = {}
        self._reaching: defaultdict[str, set[pytest.Item]] = defaultdict(set)
        self._kills: defaultdict[str, Counter[pytest.Item]] = defaultdict(Counter)
        self._running: dict[int, tuple[str, SourceFileMutationData, list[pytest.Item]]] = {}

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        self._learn(session.items)
        for name, data in self._waiting():
            self._begin(name, data)
        while self._running:
            self._end_one()
        return True

    def _learn(self, items: Sequence[pytest.Item]) -> None:
        self._at_import = frozenset(state()._stats)
        state()._stats.clear()
        for item, following in zip(items, [*items[1:], None], strict=True):
            began = time.process_time()
            if not _passes(item, following):
                pytest.exit(f"{item.nodeid} fails without any change", returncode=1)
            self._seconds[item] = time.process_time() - began
            for function in state()._stats:
                self._reaching[function].add(item)
            state()._stats.clear()
        print(f"{len(items)} tests took {sum(self._seconds.values()):.0f} seconds of processor", flush=True)

    def _waiting(self) -> Iterator[tuple[str, SourceFileMutationData]]:
        for path in walk_mutatable_files():
            data = SourceFileMutationData(path=path)
            with change_cwd(".."):
                data.load()
            for name, code in data.exit_code_by_key.items():
                if code not in (KILLED, REFUSED_BY_TYPES) and any(
                    fnmatch(name, one) for one in self._patterns
                ):
                    yield name, data

    def _begin(self, name: str, data: SourceFileMutationData) -> None:
        """Fork for a change: the tests that noticed other changes of the function first, then the quickest."""
        function = mangled_name_from_mutant_name(name)
        kills, seconds = self._kills[function], self._seconds
        tests = sorted(self._reaching[function], key=lambda item: (-kills[item], seconds[item]))
        at_import = function in self._at_import
        if not (tests or at_import):
            _note(name, data, NO_TESTS)
            return
        if len(self._running) == AT_ONCE:
            self._end_one()
        if at_import:
            limit = 30 + 5 * sum(seconds.values())
            pid = os.fork() or _try_anew(name, self._arguments, limit=limit)
        else:
            pid = os.fork() or _try_change(name, tests, limit=10 + 5 * sum(seconds[item] for item in tests))
        self._running[pid] = name, data, tests

    def _end_one(self) -> None:
        pid, status = os.wait()
        name, data, tests = self._running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        if code >= _KILLED_BY:
            self._kills[mangled_name_from_mutant_name(name)][tests[code - _KILLED_BY]] += 1
            code = KILLED
        elif code in (pytest.ExitCode.INTERRUPTED, pytest.ExitCode.USAGE_ERROR):
            # With the change, a module of the tests or a conftest.py can't be imported.
            code = KILLED
        _note(name, data, code)


def _note(name: str, data: SourceFileMutationData, code: int) -> None:
    data.exit_code_by_key[name] = code
    with change_cwd(".."):
        data.save()
    print(status_by_exit_code[code], name, flush=True)


def _passes(item: pytest.Item, following: pytest.Item | None) -> bool:
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=following))


def _try_change(name: str, tests: Sequence[pytest.Item], *, limit: float) -> NoReturn:
    """Run the tests until one fails, and exit. `limit`: seconds of processor."""
    # Both limits interrupt the test.
    signal.signal(signal.SIGXCPU, signal.default_int_handler)
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    _switch_on(name, limit)
    code = SURVIVED
    try:
        for place, (item, following) in enumerate(zip(tests, [*tests[1:], None], strict=True)):
            if not _passes(item, following):
                code = _KILLED_BY + min(place, _FAR)
                break
        # Its databases lie in memory.
        tests[0].session._setupstate.teardown_exact(None)
    except KeyboardInterrupt:
        code = TIMEOUT
    finally:
        os._exit(code)


def _try_anew(name: str, arguments: Sequence[str], *, limit: float) -> NoReturn:
    """Run pytest with the change switched on before anything is imported. `limit`: seconds of processor."""
    _switch_on(name, limit)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", "-x", *arguments])


def _switch_on(name: str, limit: float) -> None:
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    set_mutant_under_test(name)
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit), int(limit) + 10))
    # For a change that waits instead of working.
    signal.alarm(60 + 20 * int(limit))


def main(chosen: Sequence[str]) -> int:
    """Run the changes with these names or patterns, by these files of tests; without any, by those of setup.cfg."""
    files = [each for each in chosen if each.startswith("tests/")]
    patterns = [each for each in chosen if each not in files] or ["*"]
    refuse_by_types(make_copy(patterns))
    os.chdir("mutants")
    sys.path[0] = os.environ["PYTHONPATH"] = os.getcwd()
    files = files or config().pytest_add_cli_args_test_selection
    arguments = ["-q", "-s", "--no-header", "--rootdir=.", *config().pytest_add_cli_args, *files]
    set_mutant_under_test("stats")
    return int(pytest.main(arguments, plugins=[Forks(patterns, arguments)]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
