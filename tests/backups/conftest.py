"""The cast of the backups' tests: Coursekeeper on each engine, with a data folder and PostgreSQL's programs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from plugin.backups import passphrase
from plugin.courses.audit import audit
from plugin.services import Services
from plugin.settings import Settings
from plugin.square.client import SquareClient
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import render_nothing

SECRETS = {"secret_key": "s" * 48, "encryption_keys": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="}


@pytest.fixture(scope="session", autouse=True)
def quick_derivation() -> Iterator[None]:
    """Derive keys from passphrases a hundred times faster: the format is the same."""
    slow, passphrase._LOG_N = passphrase._LOG_N, 10
    yield
    passphrase._LOG_N = slow


def services_on(store: Store, clock: HandMovedClock, data: Path, **settings: str) -> Services:
    """Coursekeeper on this database. Its files lie in `data`, on SQLite beside the database."""
    url = store.url.render_as_string(hide_password=False)
    known = Settings.model_validate({"database_url": url, "data_dir": str(data), **SECRETS, **settings})
    return Services(known, store, clock, render_nothing, cast(SquareClient, None), store.close)


@pytest.fixture
def programs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the PostgreSQL programs of the tests' own server found."""
    if "postgresql" in request.node.name:
        folder = request.getfixturevalue("postgres").programs
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def services(database_url: str, clock: HandMovedClock, tmp_path: Path, programs: None) -> Iterator[Services]:
    with Store(database_url) as store:
        yield services_on(store, clock, tmp_path / "data", backup_dir=str(tmp_path / "backups"))


@pytest.fixture
def small(sqlite_url: str, clock: HandMovedClock, tmp_path: Path) -> Iterator[Services]:
    """On SQLite alone, in a folder of its own, for what no engine decides."""
    with Store(sqlite_url) as store:
        yield services_on(store, clock, tmp_path)


@pytest.fixture
def desk(services: Services, clock: HandMovedClock) -> Iterator[Desk]:
    yield Desk(services.store, clock)
    assert audit(services.store) == ()
