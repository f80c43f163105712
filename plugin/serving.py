"""Serving the web: gunicorn with threads, one process on SQLite (its one writer), several on PostgreSQL.

Measured (docs/reliability.md, A5): on SQLite one process with threads and a writer lock has the shortest slow
answers.
"""

import atexit
import gc
import importlib
import os
import shutil
import signal
import tempfile
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.sock import create_sockets  # type: ignore[import-untyped]
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]
from sqlalchemy.orm import configure_mappers

from plugin import create_app
from plugin.core.money import Money
from plugin.courses.accounts.setup import is_setup_open, new_setup_code
from plugin.courses.base.words import format_money
from plugin.listening import open_listener
from plugin.log import write_web_log_to_stderr
from plugin.processes import end_with_parent, use_one_heap
from plugin.services import wall_clock
from plugin.settings import Settings
from plugin.store import Store
from plugin.web import pages

THREADS = 8
SLOWEST_ANSWER_S = 60
# To end in, once no request is waited for.
_LAST_S = 4
_INVITATION = """
  Coursekeeper is ready to be set up. Open it in a browser:

  Address      {address}
  Set-up code  {code}

  A new code: coursekeeper setup-code
"""
_THIS_MACHINE = ("127.0.0.1", "::1", "0.0.0.0", "::")  # noqa: S104 - only compared
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
# A folder in memory, where there is one.
_MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108


class _Gunicorn(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn, configured here only: no configuration file, no command line."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Pass our options to gunicorn."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Return the application within the process that serves it, which closes it when it ends."""
        atexit.register(self._app.extensions["coursekeeper"].close)
        return self._app

    def run(self) -> None:
        """Serve until SIGTERM. One process serves by itself: gunicorn's own, which would watch it, is 8 MB."""
        if self.cfg.workers > 1:
            super().run()
            return
        log = Logger(self.cfg)
        worker = _Alone(0, 0, create_sockets(self.cfg, log), self, SLOWEST_ANSWER_S, self.cfg, log)
        worker.pid = os.getpid()
        try:
            worker.init_process()
        finally:
            # A request that is not answered by now does not keep the process, as it would not with gunicorn above it.
            signal.alarm(_LAST_S)


class _Alone(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """The process that serves, without one of gunicorn's above it."""

    def init_signals(self) -> None:
        """Go on when a terminal is closed, as gunicorn's own process does."""
        super().init_signals()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def is_parent_alive(self) -> bool:
        """Return True: who started us may leave us running, and `end_with_parent` knows who may not."""
        return True


def serve_web(settings: Settings, *, host: str, port: int, app: Flask | None = None) -> None:
    """Serve until SIGTERM; raises Refused where the port is in use.

    `app`: what `make_ready` returned, where that was called in the process that this one was forked from.
    """
    # Gunicorn would retry a port in use again and again, and log it each time.
    listener = open_listener(host, port)
    end_with_parent()
    options = {
        "bind": f"fd://{listener.detach()}",
        "workers": _processes(settings),
        # Themselves: by their names gunicorn would load them in its own process, which shares them with no other.
        "worker_class": ThreadWorker,
        "logger_class": Logger,
        "threads": THREADS,
        "timeout": SLOWEST_ANSWER_S,
        "graceful_timeout": 10,
        "keepalive": 15,
        "loglevel": "warning",
        "proc_name": "coursekeeper",
        "control_socket_disable": True,
        # Whose forwarded headers count is decided in one place: web/proxy.py.
        "forwarded_allow_ips": "",
        "worker_tmp_dir": _MEMORY,
    }
    app = app or make_ready(settings, host=host, port=port)
    if _processes(settings) > 1:
        _delete_metrics_at_end()
    _Gunicorn(app, options).run()


def make_ready(settings: Settings, *, host: str, port: int, with_worker: bool = False) -> Flask:
    """Return the application, before the processes that serve it are forked: they share that memory, and start at once.

    `with_worker`: load what the worker needs as well.
    """
    settings.needing("secret_key")
    use_one_heap()
    write_web_log_to_stderr()
    if _processes(settings) > 1:
        # The processes count requests together: prometheus_client reads this variable when it is imported.
        os.environ[_METRICS] = tempfile.mkdtemp(prefix="coursekeeper-metrics-", dir=_MEMORY)
    # Hardly anything becomes garbage now; looking for it would take a tenth of the time.
    gc.disable()
    try:
        app = create_app(settings)
        services = app.extensions["coursekeeper"]
        if with_worker:
            importlib.import_module("plugin.worker")
        configure_mappers()
        # What the first request and the first call to Square would each make in their own process.
        app.url_map.update()
        services.square.get_ready()
        # Reads the formats of all amounts and dates, 4 MB.
        format_money(Money(0, "USD"))
        _invite_to_set_up(settings, host, port)
        # Pages name the clinic's phone number also while the database is away.
        with app.app_context():
            pages.clinic()
        # No connection may be shared across a fork.
        services.store.close()
        # What is never collected is never written to, and so stays shared. Before anything is looked for: of all that
        # was loaded that would take as long as a tenth of loading it.
        gc.freeze()
    finally:
        gc.enable()
    return app


def _processes(settings: Settings) -> int:
    return 1 if settings.database_url.startswith("sqlite") else 2


def _invite_to_set_up(settings: Settings, host: str, port: int) -> None:
    """Print where to set up a clinic that has no owner yet, with a new code; print nothing for any other."""
    with Store(settings.database_url) as store:
        if not is_setup_open(store):
            return
        code = new_setup_code(store, settings.secret_key.get_secret_value(), wall_clock())
    is_set = "public_url" in settings.model_fields_set
    # By name where it can be: a passkey belongs to a name, not to a number.
    named = "localhost" if host in _THIS_MACHINE else host
    address = settings.public_url if is_set else f"http://{named}:{port}"
    print(_INVITATION.format(address=address, code=code), flush=True)


def _delete_metrics_at_end() -> None:
    owner = os.getpid()

    def delete() -> None:
        # A forked process that ends must not delete the folder of the others.
        if os.getpid() == owner:
            shutil.rmtree(os.environ[_METRICS], ignore_errors=True)

    atexit.register(delete)
