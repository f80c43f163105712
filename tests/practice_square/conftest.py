"""A running practice Square, the real SDK calling it over HTTP, and a listener for its webhooks."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from square import Square

from practice_square.serving import PracticeServer, running_practice
from tests.practice_square.contract import Contract

Json = dict[str, Any]


class Listener:
    """Receives webhooks. `answers`: the statuses of the next answers; 200 when it is empty."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
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


@pytest.fixture(scope="session")
def _one_listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.close()


@pytest.fixture(scope="session")
def _one_contract() -> Contract:
    return Contract()


@pytest.fixture(scope="session")
def _one_practice(
    tmp_path_factory: pytest.TempPathFactory, _one_listener: Listener, _one_contract: Contract
) -> Iterator[PracticeServer]:
    """Eighty routes take longer to compile than a test to run."""
    with running_practice(
        tmp_path_factory.mktemp("one-practice"),
        webhook_url=_one_listener.url,
        middleware=_one_contract.middleware,
    ) as server:
        yield server


@pytest.fixture
def listener(_one_listener: Listener) -> Listener:
    """Has received nothing yet and answers 200."""
    _one_listener.taken.clear()
    _one_listener.answers.clear()
    return _one_listener


@pytest.fixture
def contract(_one_contract: Contract) -> Iterator[Contract]:
    _one_contract.breaches.clear()
    _one_contract.seen.clear()
    yield _one_contract
    _one_contract.assert_kept()


@pytest.fixture
def serve(tmp_path: Path, listener: Listener, contract: Contract) -> Iterator[Callable[..., PracticeServer]]:
    """Start a practice Square with settings of the test's own; all traffic is checked against the contract."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(**settings: Any) -> PracticeServer:
            own: dict[str, Any] = {"webhook_url": listener.url, "middleware": contract.middleware}
            return stack.enter_context(running_practice(tmp_path, **(own | settings)))

        yield start


@pytest.fixture
def practice(
    _one_practice: PracticeServer, contract: Contract, listener: Listener
) -> Iterator[PracticeServer]:
    """As on its first day, with its usual settings; all traffic is checked against the contract."""
    yield _one_practice
    _one_practice.practice.reset()
    # Events in flight from this test must not reach the next one.
    _one_practice.practice.sender.flush()


@pytest.fixture(scope="session")
def _one_client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as client:
        yield client


@pytest.fixture
def sdk(practice: PracticeServer, _one_client: httpx.Client) -> Square:
    return Square(base_url=practice.base_url, token=practice.access_token, httpx_client=_one_client)


@pytest.fixture
def variation(sdk: Square) -> Callable[[str], str]:
    """Find the id of an item's first variation by a word of its name."""

    def find(word: str) -> str:
        items = sdk.catalog.search_items(text_filter=word).items or []
        return str(items[0].item_data.variations[0].id)

    return find
