"""A real Firefox for tests, driven by Marionette, its own protocol: commands of WebDriver as JSON over a socket.

Playwright drives no released Firefox, and what translates WebDriver to Marionette is in no registry. Independent of
any page.
"""

import itertools
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.prerequisites import missing
from tests.servers import free_port

NAMES = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
_PATIENCE_S = 20.0
_START_WITHIN_S = 60.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# Nobody but this machine is asked: a proxy that is not there stands before everyone else.
_PREFERENCES = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "intl.accept_languages": "en-US",
    # A mouse, which a window that nobody sees is not given.
    "ui.primaryPointerCapabilities": 6,
    "ui.allPointerCapabilities": 6,
    # A page may ask to be printed, but no dialog of the system opens.
    "dom.disable_window_print": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
}


_PASSING = (
    "element click intercepted",
    "element not interactable",
    "no such element",
    "stale element reference",
)

T = TypeVar("T")


class Refused(Exception):
    """Firefox could not do it; the first argument is WebDriver's name of the reason."""


class Firefox:
    """One window of a Firefox. What is looked for is waited for; without it, `Refused` is raised."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self._answers = connection, connection.makefile("rb")
        self._numbers = itertools.count()
        self._read()
        self.ask("WebDriver:NewSession")
        self.ask("WebDriver:SetWindowRect", width=1180, height=820)

    def ask(self, command: str, **parameters: Any) -> Any:
        """Send a command of WebDriver and return its value; raises Refused."""
        sent = json.dumps([0, next(self._numbers), command, parameters]).encode()
        self._connection.sendall(b"%d:%s" % (len(sent), sent))
        _, _, error, result = self._read()
        if error:
            raise Refused(error["error"], error["message"])
        return result.get("value") if isinstance(result, dict) else result

    def _read(self) -> Any:
        length = b"".join(iter(lambda: self._answers.read(1), b":"))
        return json.loads(self._answers.read(int(length)))

    def open(self, address: str) -> None:
        self.ask("WebDriver:Navigate", url=address)

    def find(self, xpath: str) -> str:
        """Return the first element of this path, once there is one."""
        return self._patiently(lambda: self._found(xpath))

    def tap(self, xpath: str) -> None:
        """Click in the middle of it, once nothing covers it; what has just changed takes no tap for a moment."""
        self._patiently(lambda: self.ask("WebDriver:ElementClick", id=self._found(xpath)))

    def type(self, xpath: str, text: str) -> None:
        """Type into a field, after what stands there."""
        self._patiently(lambda: self.ask("WebDriver:ElementSendKeys", id=self._found(xpath), text=text))

    def _found(self, xpath: str) -> str:
        found: str = self.ask("WebDriver:FindElement", using="xpath", value=xpath)[_ELEMENT]
        return found

    # Firefox waits for an element by itself, but not from one page to the next.
    def _patiently(self, act: Callable[[], T]) -> T:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return act()
            except Refused as refused:
                if refused.args[0] not in _PASSING or time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def press(self, key: str) -> None:
        """Press and lift a key, wherever the focus is."""
        pressed = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self.ask("WebDriver:PerformActions", actions=[{"type": "key", "id": "keys", "actions": pressed}])

    def run(self, script: str) -> Any:
        """Return what the body of a function returns in the page."""
        return self.ask("WebDriver:ExecuteScript", script=script, args=[])


@contextmanager
def firefox(folder: Path) -> Iterator[Firefox]:
    """Start Firefox with a profile in this folder; fails the test, or skips it outside CI, where there is none."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        missing(
            "Firefox is not installed: `apt-get install firefox-esr` or `brew install --cask firefox`",
            is_needed=False,
        )
    port = free_port()
    preferences = {**_PREFERENCES, "marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with (folder / "firefox.log").open("wb") as said:
        process = subprocess.Popen(command, stdout=said, stderr=said)
    try:
        with _connection(port, process) as connection:
            yield Firefox(connection)
    finally:
        process.terminate()
        process.wait()


def _connection(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + _START_WITHIN_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_START_WITHIN_S * 2)
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.1)
