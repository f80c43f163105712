"""The whole cluster: etcd, two PostgreSQL under Patroni, HAProxy, PgBouncer, Redis, two web processes, two workers."""

import base64
import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.cluster import configuration
from tests.cluster.configuration import DATABASE, ETCDS, NODES, USER, WEBS, Ports
from tests.cluster.programs import found, postgresql_folder
from tests.postgres import someone_but_root
from tests.processes import Process, nobody_left, until
from tests.servers import fetch

_ROOT = Path(__file__).resolve().parents[2]
WORKERS = ("c", "d")
# Nothing of this cluster outlives it.
_KEY = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


class Cluster:
    """Runs from `start` until `stop`; each program has a name and can be killed by it."""

    def __init__(self, *, waits_for_standby: bool = True) -> None:
        self._waits_for_standby = waits_for_standby
        # A socket's path may have 104 bytes, and another user must get there.
        self.folder = Path(tempfile.mkdtemp(prefix="ck-cluster-"))
        self._user = someone_but_root(self.folder)
        self.ports = Ports.free()
        self._programs = found()
        self._postgresql = postgresql_folder() or Path()
        self.all: dict[str, Process] = {}

    @property
    def direct_url(self) -> str:
        """The address of the primary, wherever it is, past the pooler."""
        return self._url("primary")

    def start(self) -> None:
        """Start everything in order, on an empty database."""
        for name in ETCDS:
            self._add(name, [self._programs["etcd"], *configuration.etcd(name, self.ports, self.folder)])
        until(self.etcd_leader, "a leader of etcd")
        for name in NODES:
            text = configuration.patroni(
                name, self.ports, self.folder, self._postgresql, waits=self._waits_for_standby
            )
            self._add(name, [self._programs["patroni"], self._write(f"{name}.yml", text)])
            until(self.primary, "a primary", most_s=120)
        until(self.is_paired, "a synchronous standby", most_s=120)
        self._make_database()
        self._add("redis", [*self._redis(), "--save", "", "--dir", str(self.folder)])
        for name in ("haproxy", "pgbouncer"):
            self._add(name, [self._programs[name], *self._options(name)])
        for name in WEBS:
            self._add_web(name)
        for name in WORKERS:
            self._add(f"worker-{name}", [sys.executable, "-m", "plugin", "worker"], self._ours(name, _ROOT))
        until(self.is_whole, "web and workers", most_s=180)

    def stop(self) -> None:
        """End everything and delete its data."""
        for process in reversed(self.all.values()):
            process.send(signal.SIGCONT)
            process.kill()
        for name in NODES:
            self.signal_postgres(name, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def restart(self, name: str, root: Path) -> None:
        """Stop a web or worker process in good order and start it from this folder; return once it is ready."""
        process = self.all[name]
        process.stop()
        process.environment["PYTHONPATH"] = str(root)
        process.start()
        until(lambda: self.is_up(name), name, most_s=180)

    def is_up(self, name: str) -> bool:
        """Return whether a program runs, and a web process says that it is ready."""
        if not self.all[name].is_running:
            return False
        if not name.startswith("web-"):
            return True
        return fetch(f"http://127.0.0.1:{self.ports[name]}/readyz")[0] == 200

    def is_whole(self) -> bool:
        """Return whether everything runs, and a standby is there that commits wait for."""
        return bool(self.etcd_leader()) and self.is_paired() and all(map(self.is_up, self.all))

    def etcd_leader(self) -> str:
        """Return the name of etcd's leader, "" while there is none."""
        for name in ETCDS:
            try:
                state = self._ask(f"{name}-client", "/v3/maintenance/status", {})
            except (OSError, ValueError):
                continue
            if state.get("leader") == state["header"]["member_id"]:
                return name
        return ""

    def members(self) -> list[dict[str, Any]]:
        """Return the nodes as Patroni sees them: name, role, state."""
        for name in NODES:
            try:
                known: list[dict[str, Any]] = self._ask(f"{name}-rest", "/cluster")["members"]
            except (OSError, ValueError):
                continue
            return known
        return []

    def primary(self) -> str:
        """Return the name of the node that holds the lock and runs, "" while there is none."""
        return self._with_role("leader")

    def standby(self) -> str:
        """Return the name of the standby that commits wait for, "" while there is none."""
        return self._with_role("sync_standby" if self._waits_for_standby else "replica")

    def is_paired(self) -> bool:
        """Return whether there is a primary, and a standby that streams."""
        return bool(self.primary() and self.standby())

    def switch_over(self, leader: str) -> None:
        """Let the standby become primary, in good order."""
        other = next(each for each in NODES if each != leader)
        self._ask(f"{leader}-rest", "/switchover", {"leader": leader, "candidate": other}, as_json=False)

    def signal_postgres(self, name: str, number: signal.Signals, called: str = "") -> None:
        """Send a signal to a node's PostgreSQL and its children, of which each has a group of its own.

        `called`: only to those whose title has this word.
        """
        with nobody_left():
            first = int((self.folder / name / "postmaster.pid").read_text().split("\n", 1)[0])
            children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
            for process in (first, *map(int, children)):
                with nobody_left():
                    if called in Path(f"/proc/{process}/cmdline").read_text():
                        os.kill(process, number)

    def connect(self, node: str, database: str = DATABASE) -> psycopg.Connection:
        """Connect to one node itself, as its superuser."""
        port = self.ports[f"{node}-postgres"]
        return psycopg.connect(host="127.0.0.1", port=port, user="postgres", dbname=database, autocommit=True)

    def _add(self, name: str, command: list[str], environment: dict[str, str] | None = None) -> None:
        user = None if environment else self._user
        self.all[name] = Process(name, command, self.folder, environment=environment, user=user)
        self.all[name].start()

    def _add_web(self, name: str) -> None:
        port = str(self.ports[f"web-{name}"])
        command = [sys.executable, "-m", "plugin", "serve", "--no-worker", "--port", port]
        self._add(f"web-{name}", command, self._ours(name, _ROOT))

    def _ours(self, name: str, root: Path) -> dict[str, str]:
        return {
            "DATABASE_URL": self._url("pooler"),
            "DATABASE_DIRECT_URL": self.direct_url,
            "LIMITS_URL": f"redis://127.0.0.1:{self.ports['redis']}",
            "DATA_DIR": str(self.folder / f"data-{name}"),
            "SECRET_KEY": "s" * 48,
            "ENCRYPTION_KEYS": _KEY,
            "PUBLIC_URL": f"http://127.0.0.1:{self.ports['desk']}",
            "PYTHONPATH": str(root),
        }

    def _url(self, way: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.ports[way]}/{DATABASE}"

    def _redis(self) -> list[str]:
        return [self._programs["redis-server"], "--bind", "127.0.0.1", "--port", str(self.ports["redis"])]

    def _options(self, name: str) -> list[str]:
        if name == "haproxy":
            return ["-db", "-f", self._write("haproxy.cfg", configuration.haproxy(self.ports))]
        return [self._write("pgbouncer.ini", configuration.pgbouncer(self.ports, self.folder))]

    def _write(self, name: str, text: str) -> str:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def _make_database(self) -> None:
        with self.connect(self.primary(), "postgres") as connection:
            for statement in ("CREATE ROLE {} LOGIN CREATEDB", "CREATE DATABASE {0} OWNER {0}"):
                connection.execute(sql.SQL(statement).format(sql.Identifier(DATABASE)))

    def _with_role(self, role: str) -> str:
        fitting = (
            each["name"]
            for each in self.members()
            if each["role"] == role and each["state"] in ("running", "streaming")
        )
        return next(fitting, "")

    def _ask(self, port: str, path: str, body: object = None, *, as_json: bool = True) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[port]}{path}", data)
        request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30 if not as_json else 3) as answer:
            said = answer.read()
        return json.loads(said) if as_json else said
