"""A client that leaves before its answer."""

from __future__ import annotations

import socket
import struct
import threading
from typing import Any

from practice_square.serving import local_server

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class _SlowAnswer:
    """Fails as a write does once the client has left, and knows when it was closed."""

    def __init__(self) -> None:
        self.client_left = threading.Event()
        self.closed = threading.Event()

    def __iter__(self) -> _SlowAnswer:
        return self

    def __next__(self) -> bytes:
        self.client_left.wait(10)
        raise BrokenPipeError

    def close(self) -> None:
        self.closed.set()


def test_an_answer_is_closed_when_the_client_resets_the_connection() -> None:
    slow_answer = _SlowAnswer()

    def answer(_environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return slow_answer

    server = local_server(answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        client = socket.create_connection(("127.0.0.1", server.server_port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        client.close()
        slow_answer.client_left.set()
        assert slow_answer.closed.wait(5)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
