"""A program on 127.0.0.1 that receives events and answers as it is told. Independent of the tests."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    """`got`: the headers and body of each call. `answer` writes the answer to one."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Answering = lambda call: say(call, 200, b"ok")


def say(call: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    call.send_response(status)
    for name, value in headers.items():
        call.send_header(name, value)
    call.send_header("Content-Length", str(len(body)))
    call.end_headers()
    call.wfile.write(body)


def hang_up(call: BaseHTTPRequestHandler) -> None:
    """End the connection without an answer."""
    call.connection.shutdown(socket.SHUT_RDWR)
    call.close_connection = True


def endless(call: BaseHTTPRequestHandler) -> None:
    """Answer with a body that does not end, and no line break."""
    call.send_response(200)
    call.end_headers()
    for _ in range(100_000):
        call.wfile.write(b"x" * 65536)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver for the time of the block."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((dict(self.headers.items()), body))
            try:
                receiver.answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_told: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
