"""Serves the practice Square: from the command line, or in a thread on a free port for tests.

with running_practice(tmp_path, webhook_url="http://127.0.0.1:8000/square/webhooks") as practice:
    Square(base_url=practice.base_url, token=practice.access_token)
    practice.control.sell([{"variation_id": ..., "quantity": "1"}], customer_id=...)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import WSGIRequestHandler, make_server

from practice_square.control import PracticeControl
from practice_square.practice import Practice, practice_square_of
from practice_square.server import create_practice
from practice_square.settings import PracticeSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOK_FOR_STOP_S = 0.02
Middleware = Callable[["WSGIApplication"], "WSGIApplication"]


class _QuietHandler(WSGIRequestHandler):
    def log_request(self, *_args: Any, **_named: Any) -> None:
        """Log nothing."""


class PracticeServer:
    """A practice Square on an address. `start` and `stop`, or a `with` block.

    `port` 0 selects a free one. `middleware` wraps the WSGI app, for a checker that reads all traffic.
    """

    def __init__(
        self,
        settings: PracticeSettings,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        middleware: Middleware | None = None,
    ) -> None:
        self.settings = settings
        self.app = create_practice(settings)
        served: WSGIApplication = self.app.wsgi_app if middleware is None else middleware(self.app.wsgi_app)
        self._server = make_server(host, port, served, threaded=True, request_handler=_QuietHandler)
        self._thread: threading.Thread | None = None
        self.base_url = f"http://{host}:{self._server.server_port}"
        self.access_token = settings.access_token
        self.signature_key = settings.signature_key
        self.location_id = settings.location_id
        self.control = PracticeControl(self.base_url, settings.access_token)

    @property
    def practice(self) -> Practice:
        return practice_square_of(self.app)

    def start(self) -> PracticeServer:
        """Start answering and delivering, in threads."""
        self.practice.sender.start()
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(LOOK_FOR_STOP_S,), name="practice-server", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop answering, stop delivering, close the file. Pending events are delivered after the next start."""
        self._server.shutdown()
        self._server.server_close()
        if self._thread is not None:
            self._thread.join(timeout=10)
        self.practice.close()

    def __enter__(self) -> PracticeServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def running_practice(
    folder: Path,
    *,
    webhook_url: str | None = None,
    seed: str = "clinic",
    middleware: Middleware | None = None,
    port: int = 0,
    **settings: Any,
) -> Iterator[PracticeServer]:
    """Serve a practice Square with its file in `folder`. Other PracticeSettings fields are keyword arguments."""
    plain = PracticeSettings(
        file=folder / "practice.db",
        access_token="practice-access-token",  # noqa: S106 the practice server's own
        signature_key="practice-signature-key",
        webhook_url=webhook_url,
        seed=seed,
    )
    with PracticeServer(replace(plain, **settings), port=port, middleware=middleware) as server:
        yield server
