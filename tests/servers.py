"""Programs and applications on a port of their own, stopped again. Independent of what they do."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from practice_square.serving import local_server

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_START_WITHIN_S = 180.0
_STOP_WITHIN_S = 20.0


def free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_of(url: str, *, port: int | None = None, **more: str) -> dict[str, str]:
    """Return the environment of a program of this checkout that runs the clinic of this database."""
    own = {
        "DATABASE_URL": url,
        "SECRET_KEY": "s" * 48,
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }
    public = {"PUBLIC_URL": f"http://127.0.0.1:{port}"} if port is not None else {}
    return {**os.environ, **own, **public, **more}


@contextmanager
def served(app: WSGIApplication) -> Iterator[str]:
    """Serve the application in a thread, on a free port of this machine, and return its address."""
    server = local_server(app)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def running(
    command: Sequence[str | Path], address: str, *, environment: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `command` in `folder` until the block ends; enter it when `address` answers. It logs to server.log."""
    log = folder / "server.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=folder, env=dict(environment), stdout=said, stderr=said
        )
    try:
        _wait_for(address, process, log)
        yield process
    finally:
        _stop(process)


def fetch(address: str, *, token: str | None = None) -> tuple[int, str, bytes]:
    """Return status, content type and body of a GET; an HTTP error is an answer like any other."""
    request = urllib.request.Request(address)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read()


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_WITHIN_S
    while True:
        try:
            fetch(address)
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{address} does not answer:\n{log.read_text()}") from None
            time.sleep(0.1)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
