"""A running practice Square, the real SDK speaking to it over HTTP, and a listener for its webhooks."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from square import Square

from plugin.practice.serving import PracticeServer, running_practice
from tests.practice.contract import Contract

Json = dict[str, Any]


class Listener:
    """Takes webhooks. `answers` holds the statuses of the next answers; 200 when it is empty."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, str]]] = []
        self.answers: list[int] = []
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}/square/webhooks"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def events(self) -> list[Json]:
        return [json.loads(body) for body, _ in self.taken]

    def types(self) -> list[str]:
        return [event["type"] for event in self.events()]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        listener = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                listener.taken.append((body, {name.lower(): value for name, value in self.headers.items()}))
                status = listener.answers.pop(0) if listener.answers else 200
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        return Handler


@pytest.fixture
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def contract() -> Iterator[Contract]:
    made = Contract()
    yield made
    made.assert_kept()


@pytest.fixture
def serve(tmp_path: Path, listener: Listener, contract: Contract) -> Iterator[Callable[..., PracticeServer]]:
    """Start a practice Square with settings of the test's own; all traffic is held against the contract."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(**settings: Any) -> PracticeServer:
            settings = {"webhook_url": listener.url, "middleware": contract.middleware} | settings
            return stack.enter_context(running_practice(tmp_path, **settings))

        yield start


@pytest.fixture
def practice(serve: Callable[..., PracticeServer]) -> PracticeServer:
    return serve()


@pytest.fixture
def sdk(practice: PracticeServer) -> Iterator[Square]:
    with httpx.Client(timeout=10) as client:
        yield Square(base_url=practice.base_url, token=practice.access_token, httpx_client=client)


@pytest.fixture
def variation(sdk: Square) -> Callable[[str], str]:
    """Find the id of an item's first variation by a word of its name."""

    def find(word: str) -> str:
        items = sdk.catalog.search_items(text_filter=word).items or []
        return str(items[0].item_data.variations[0].id)

    return find
