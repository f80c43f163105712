"""A client that costs little beside the server: requests written beforehand, many connections in one thread."""

import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

# Gives the next request, ready to be sent.
Next = Callable[[], bytes]
_WITHIN_S = 60.0


@dataclass
class Exchange:
    """A connection with one request under way."""

    connection: socket.socket
    began: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.received.clear()
        self.began = time.perf_counter()
        self.connection.sendall(request)

    def has_answer(self) -> bool:
        """Read what is there; return whether the answer is whole."""
        more = self.connection.recv(1 << 16)
        if not more:
            raise ConnectionError("The server closed the connection.")
        self.received += more
        return is_whole(self.received)

    @property
    def status(self) -> int:
        return int(self.received[9:12])


def is_whole(received: bytes | bytearray) -> bool:
    """Return whether this is all of an answer."""
    head, blank, body = bytes(received).partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
    if fields.get(b"transfer-encoding") == b"chunked":
        return body.endswith(b"0\r\n\r\n")
    return bool(blank) and len(body) >= int(fields.get(b"content-length", 0))


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Write a request; underscores in the names of headers stand for hyphens."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join((*lines, "", "")).encode() + body


def saturate(port: int, source: Next, *, connections: int, requests: int) -> tuple[float, list[float]]:
    """Keep so many connections busy until so many requests were answered.

    Returns the answers a second and each one's seconds; raises AssertionError for any that is not a success.
    """
    took: list[float] = []
    sent = 0
    with ExitStack() as stack, selectors.DefaultSelector() as selector:
        began = time.perf_counter()
        for _ in range(connections):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), _WITHIN_S))
            each = Exchange(connection)
            selector.register(connection, selectors.EVENT_READ, each)
            each.send(source())
            sent += 1
        while len(took) < requests:
            for each in _answered(selector):
                took.append(time.perf_counter() - each.began)
                assert each.status < 300, bytes(each.received[:2000])
                if sent < requests:
                    each.send(source())
                    sent += 1
                else:
                    # The server may end what is idle while others are still answered.
                    selector.unregister(each.connection)
        return requests / (time.perf_counter() - began), took


def _answered(selector: selectors.BaseSelector) -> Iterator[Exchange]:
    ready = selector.select(_WITHIN_S)
    if not ready:
        raise TimeoutError(f"No answer within {_WITHIN_S:.0f} s.")
    for key, _ in ready:
        exchange: Exchange = key.data
        if exchange.has_answer():
            yield exchange
