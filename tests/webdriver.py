"""Real browsers of other engines than Chromium's, driven by WebDriver as they bring it along. Independent of any page.

Playwright drives no Firefox or WebKit that a distribution has. Firefox takes the commands of WebDriver as JSON over a
socket (Marionette), WebKit's driver over HTTP.
"""

import itertools
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from glob import iglob
from pathlib import Path
from typing import Any, TypeVar

from tests.prerequisites import missing
from tests.servers import free_port

_PATIENCE_S = 20.0
_START_WITHIN_S = 60.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# What may be otherwise in a moment.
_PASSING = (
    "element click intercepted",
    "element not interactable",
    "no such element",
    "stale element reference",
)

_FIREFOX = ("firefox-esr", "firefox", "/Applications/Firefox.app/Contents/MacOS/firefox")
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
_WEBKIT_BROWSERS = "/usr/lib/*/webkit2gtk-4*/MiniBrowser"
_WEBKIT_PATHS = {
    "Navigate": ("POST", "/url"),
    "FindElement": ("POST", "/element"),
    "ElementClick": ("POST", "/element/{id}/click"),
    "ElementSendKeys": ("POST", "/element/{id}/value"),
    "PerformActions": ("POST", "/actions"),
    "ExecuteScript": ("POST", "/execute/sync"),
    "GetWindowHandles": ("GET", "/window/handles"),
    "SetWindowRect": ("POST", "/window/rect"),
}

T = TypeVar("T")
Ask = Callable[..., Any]


class Refused(Exception):
    """The browser could not do it; the first argument is WebDriver's name of the reason."""


class Window:
    """One window of a browser. What is looked for is waited for; without it, `Refused` is raised."""

    def __init__(self, engine: str, ask: Ask) -> None:
        self.engine, self._ask = engine, ask
        ask("SetWindowRect", width=1180, height=820)

    def open(self, address: str) -> None:
        self._ask("Navigate", url=address)

    def find(self, xpath: str) -> str:
        """Return the first element of this path, once there is one."""
        return self._patiently(lambda: self._found(xpath))

    def tap(self, xpath: str) -> None:
        """Click in the middle of it, once nothing covers it; what has just changed takes no tap for a moment."""
        self._patiently(lambda: self._ask("ElementClick", id=self._found(xpath)))

    def type(self, xpath: str, text: str) -> None:
        """Type into a field, after what stands there."""
        self._patiently(lambda: self._ask("ElementSendKeys", id=self._found(xpath), text=text))

    def press(self, key: str) -> None:
        """Press and lift a key, wherever the focus is."""
        pressed = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._ask("PerformActions", actions=[{"type": "key", "id": "keys", "actions": pressed}])

    def run(self, script: str) -> Any:
        """Return what the body of a function returns in the page."""
        return self._ask("ExecuteScript", script=script, args=[])

    def count_windows(self) -> int:
        """Return how many windows and tabs are open, this one with them."""
        return len(self._ask("GetWindowHandles"))

    def _found(self, xpath: str) -> str:
        found: str = self._ask("FindElement", using="xpath", value=xpath)[_ELEMENT]
        return found

    def _patiently(self, act: Callable[[], T]) -> T:
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return act()
            except Refused as refused:
                if refused.args[0] not in _PASSING or time.monotonic() > until:
                    raise
                time.sleep(0.05)


@contextmanager
def firefox(folder: Path) -> Iterator[Window]:
    """Start Firefox with a profile in this folder; skips the test where there is none."""
    program = next(filter(None, map(shutil.which, _FIREFOX)), None)
    if program is None:
        missing("There is no Firefox: `apt-get install firefox-esr`", is_needed=False)
    port = free_port()
    preferences = {**_PREFERENCES, "marionette.port": port}
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
    (folder / "user.js").write_text("".join(lines), encoding="utf-8")
    command = [program, "--headless", "--marionette", "--no-remote", "--profile", str(folder)]
    with _started(command, folder / "firefox.log") as process, _connection(port, process) as connection:
        ask = _over_socket(connection)
        ask("NewSession")
        yield Window("firefox", ask)


@contextmanager
def webkit(folder: Path) -> Iterator[Window]:
    """Start WebKit's small browser on a screen that nobody sees; skips the test where it or the screen is missing."""
    browser = next(iglob(_WEBKIT_BROWSERS), None)
    if browser is None or not shutil.which("WebKitWebDriver") or not shutil.which("Xvfb"):
        missing("There is no WebKit: `apt-get install webkit2gtk-driver xvfb`", is_needed=False)
    port = free_port()
    with ExitStack() as stack:
        display = stack.enter_context(_screen())
        # Its sandbox wants what containers do not allow; it opens nothing but pages of ours.
        environment = {
            "DISPLAY": display,
            "WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS": "1",
            "HOME": str(folder),
        }
        command = ["WebKitWebDriver", "--host=127.0.0.1", f"--port={port}"]
        process = stack.enter_context(_started(command, folder / "webkit.log", environment))
        _connection(port, process).close()
        options = {"binary": browser, "args": ["--automation"]}
        session = _over_http(
            f"http://127.0.0.1:{port}/session",
            "POST",
            {"capabilities": {"alwaysMatch": {"webkitgtk:browserOptions": options}}},
        )
        address = f"http://127.0.0.1:{port}/session/{session['sessionId']}"
        stack.callback(_over_http, address, "DELETE")

        def ask(command: str, **parameters: Any) -> Any:
            method, path = _WEBKIT_PATHS[command]
            return _over_http(
                address + path.format(**parameters), method, parameters if method == "POST" else None
            )

        yield Window("webkit", ask)


def _over_socket(connection: socket.socket) -> Ask:
    answers, numbers = connection.makefile("rb"), itertools.count()

    def read() -> Any:
        length = b"".join(iter(lambda: answers.read(1), b":"))
        return json.loads(answers.read(int(length)))

    def ask(command: str, **parameters: Any) -> Any:
        sent = json.dumps([0, next(numbers), f"WebDriver:{command}", parameters]).encode()
        connection.sendall(b"%d:%s" % (len(sent), sent))
        _, _, error, result = read()
        if error:
            raise Refused(error["error"], error["message"])
        return result.get("value", result) if isinstance(result, dict) else result

    read()  # It greets first.
    return ask


def _over_http(address: str, method: str, body: dict[str, Any] | None = None) -> Any:
    sent = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(address, sent, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=_START_WITHIN_S) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        with error:
            told = json.load(error)["value"]
        raise Refused(told["error"], told["message"]) from error


@contextmanager
def _screen() -> Iterator[str]:
    """Start a screen in memory and yield its name."""
    readable, writable = os.pipe()
    command = ["Xvfb", "-displayfd", str(writable), "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with open(readable, encoding="ascii") as number:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, pass_fds=[writable])
        os.close(writable)
        try:
            yield f":{number.readline().strip()}"
        finally:
            process.terminate()
            process.wait()


@contextmanager
def _started(
    command: Sequence[str], log: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as said:
        process = subprocess.Popen(
            command, stdout=said, stderr=said, env={**os.environ, **(environment or {})}
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _connection(port: int, process: subprocess.Popen[bytes]) -> socket.socket:
    until = time.monotonic() + _START_WITHIN_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=_START_WITHIN_S)
        except OSError:
            if process.poll() is not None or time.monotonic() > until:
                raise
            time.sleep(0.1)
