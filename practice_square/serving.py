"""Serves the practice Square: from the command line, or in a thread on a free port for tests.

with running_practice(tmp_path, webhook_url="http://127.0.0.1:8000/square/webhooks") as practice:
    Square(base_url=practice.base_url, token=practice.access_token)
    practice.control.sell([{"variation_id": ..., "quantity": "1"}], customer_id=...)
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from practice_square.control import PracticeControl
from practice_square.practice import Practice, practice_square_of
from practice_square.server import create_practice
from practice_square.settings import PracticeSettings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOK_FOR_STOP_S = 0.02
Middleware = Callable[["WSGIApplication"], "WSGIApplication"]


ANSWER = "practice_square.answer"


class _Handler(WSGIRequestHandler):
    def log_request(self, *_args: Any, **_named: Any) -> None:
        """Log nothing."""

    def connection_dropped(self, _error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        """Close an answer that nobody reads to its end.

        Werkzeug leaves it open when the client resets the connection; a static file is then open until collected.
        """
        close = getattr((environ or {}).get(ANSWER), "close", None)
        if close is not None:
            close()


def local_server(app: WSGIApplication, host: str = "127.0.0.1", port: int = 0) -> BaseWSGIServer:
    """A threaded server that logs nothing, for the practice Square and for tests. `port` 0 selects a free one."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[ANSWER] = answered = app(environ, start_response)
        return answered

    return make_server(host, port, answer, threaded=True, request_handler=_Handler)


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
        # What answers on the address, and answers a caller in this process without it.
        self.wsgi_app: WSGIApplication = (
            self.app.wsgi_app if middleware is None else middleware(self.app.wsgi_app)
        )
        self._server = local_server(self.wsgi_app, host, port)
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
