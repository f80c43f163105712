"""Fixtures for every test: a clock, databases on both engines, a store, a browser.
Keeps the tests on this machine."""

import gc
import os
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

from tests.clock import HandMovedClock
from tests.once import folder_of_run
from tests.routes import compile_once
from tests.scheduling import ByFile, begins_after, drives_a_browser
from tests.sockets import refuse_other_machines
from tests.square_types import read_types_once
from tests.statements import compile_statements_once
from tests.templates import compile_templates_into
from tests.thorough import EVERY_ID, is_thorough, of_whole_files

pytest_plugins = ["tests.databases", "tests.chromium"]

# A quarter of the time that collecting takes: all that is made then stays.
gc.disable()

refuse_other_machines()
compile_once()
compile_statements_once()
read_types_once()

# A busy machine is no fault of the program: no property fails for the time its examples took.
settings.register_profile("any_speed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any_speed")

# Hypothesis would read the constants of every module here, in each worker: ten seconds before the first test, for
# examples that depend on which modules happen to be loaded.
vars(providers)["is_local_module_file"] = lambda _file: False

# Whatever the shell sets: else each worker, and each of the hundred programs started here, compiles every source.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.fixture(scope="session", autouse=True)
def _compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> None:
    compile_templates_into(folder_of_run(tmp_path_factory) / "templates")


@pytest.fixture
def clock() -> HandMovedClock:
    """Starts at 2026-11-22T18:00:00Z and stays there until the test moves it."""
    return HandMovedClock()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        _mark(item)
    config.stash[EVERY_ID] = of_whole_files((item.nodeid for item in items), config.args)
    items.sort(key=lambda item: begins_after(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Hand out tests by file."""
    return ByFile(config, log)


def pytest_collection_finish() -> None:
    # What is imported by now stays to the end: the garbage collector need not scan it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    # All is reported by now. To take a worker's objects apart takes seconds, in which nothing else is done.
    if "PYTEST_XDIST_WORKER" in os.environ:
        os._exit(0)


def _mark(item: pytest.Item) -> None:
    fixtures = set(getattr(item, "fixturenames", ()))
    if "browser" in fixtures:
        assert drives_a_browser(item.nodeid), (
            f"tests.scheduling does not know that {item.nodeid} takes a browser"
        )
        item.add_marker("browser")
    if "postgres" in fixtures or "[postgresql" in item.name:
        item.add_marker("postgresql")
    if is_thorough(item.nodeid):
        item.add_marker("thorough")
