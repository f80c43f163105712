"""The line between a browser and a server: it can be cut, hang, and lose answers. Independent of what runs over it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

_CHUNK = 65536


class Line:
    """A port of its own that passes everything on to the server, as long as it is `up`.

    `down`: connections are refused, as when the server was killed. `hung`: they are accepted and never answered.
    `deaf`: requests arrive, and their answers are lost.
    """

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._server = (parts.hostname or "", parts.port or 80)
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self.port = 0
        self.state = "down"
        self.up()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def up(self) -> None:
        self.state = "up"
        self._listen()

    def down(self) -> None:
        self.state = "down"
        if self._listening is not None:
            with suppress(OSError):
                self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        self._drop()

    def hung(self) -> None:
        self.state = "hung"
        self._drop()
        self._listen()

    def deaf(self) -> None:
        self.state = "deaf"
        self._drop()
        self._listen()

    def _drop(self) -> None:
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> None:
        if self._listening is not None:
            return
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        listening.listen(64)
        self.port = listening.getsockname()[1]
        self._listening = listening
        threading.Thread(target=self._accept, args=(listening,), daemon=True).start()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                browser, _ = listening.accept()
                self._open.add(browser)
                threading.Thread(target=self._serve, args=(browser,), daemon=True).start()

    def _serve(self, browser: socket.socket) -> None:
        with suppress(OSError), browser:
            if self.state == "hung":
                while browser.recv(_CHUNK):
                    continue
                return
            with socket.create_connection(self._server) as server:
                self._open.add(server)
                back = threading.Thread(target=self._pass, args=(server, browser), daemon=True)
                back.start()
                self._pass(browser, server)
                back.join()
                self._open.discard(server)
        self._open.discard(browser)

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(_CHUNK):
                if self.state == "deaf" and one.getpeername() == self._server:
                    break
                other.sendall(data)
        for each in (one, other):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextmanager
def line_to(server: str) -> Iterator[Line]:
    """Open a line to the server, up."""
    line = Line(server)
    try:
        yield line
    finally:
        line.down()
