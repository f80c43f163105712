"""A port in use is said in one sentence before anything is started, and nothing loops, is left behind or lost."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from plugin.cli import main
from plugin.listening import PortInUse, open_listener
from tests.servers import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{folder / 'clinic.db'}",
        "SECRET_KEY": "ports-" * 8,
        "SQUARE_ACCESS_TOKEN": "",
    }
    command = [sys.executable, *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("alone", [[], ["--no-worker"]], ids=["with its worker", "web alone"])
def test_serving_on_a_port_in_use_is_one_sentence_and_exit_code_1(
    taken: int, tmp_path: Path, alone: list[str]
) -> None:
    """A3."""
    done = _run("-m", "plugin", "serve", "--port", str(taken), *alone, folder=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Port {taken} on 127.0.0.1 is in use by another program. Stop that program or choose another port.\n"
    )


def test_a_port_lost_after_it_was_looked_at_ends_all_in_the_same_way(taken: int, tmp_path: Path) -> None:
    """A3: the race. The web and its worker are started, and only then is the port found taken."""
    started = (
        f"import sys; from plugin.cli.running import _run_family; sys.exit(_run_family('127.0.0.1', {taken}))"
    )

    done = _run("-c", started, folder=tmp_path)

    assert done.returncode == 1
    assert done.stderr.count(f"Port {taken} on 127.0.0.1 is in use") == 1
    assert "Traceback" not in done.stderr
    assert "gunicorn" not in done.stderr.lower()


@pytest.mark.parametrize("port", ["0", "65536", "web"])
def test_what_is_no_port_is_refused_as_it_is_typed(port: str) -> None:
    done = CliRunner().invoke(main, ["serve", "--port", port])

    assert done.exit_code == 2
    assert "Invalid value for '--port'" in done.stderr


@pytest.mark.parametrize("option", ["--port", "--till-port"])
def test_the_demo_says_which_of_its_ports_is_taken_and_keeps_its_data(
    taken: int, tmp_path: Path, option: str
) -> None:
    """A3: with --fresh too, for the program on that port may be the demo itself."""
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "demo.json").write_text("kept")
    ports = {"--port": str(free_port()), "--till-port": str(free_port()), option: str(taken)}
    words = [word for pair in ports.items() for word in pair]

    done = _run("-m", "plugin", "demo", "--fresh", "--folder", str(folder), *words, folder=tmp_path)

    name = {"--port": "PORT", "--till-port": "TILL_PORT"}[option]
    assert done.returncode == 1
    assert done.stderr == f"Port {taken} is taken. Choose another one: make demo {name}={taken + 10}\n"
    assert (folder / "demo.json").read_text() == "kept"


def test_the_demo_wants_two_ports(tmp_path: Path) -> None:
    port = str(free_port())

    done = _run("-m", "plugin", "demo", "--port", port, "--till-port", port, folder=tmp_path)

    assert done.returncode == 1
    assert "a port each" in done.stderr


def test_the_practice_till_on_a_port_in_use_says_so_and_ends(taken: int, tmp_path: Path) -> None:
    words = [
        "--port",
        str(taken),
        "--file",
        str(tmp_path / "till.db"),
        "--access-token",
        "a",
        "--signature-key",
        "b",
    ]

    done = _run("-m", "practice_square", *words, folder=tmp_path)

    assert done.returncode == 1
    assert f"Port {taken} is in use" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_is_taken_by_listening_and_free_again_when_closed() -> None:
    port = free_port()
    with open_listener("127.0.0.1", port), pytest.raises(PortInUse):
        open_listener("127.0.0.1", port)
    open_listener("127.0.0.1", port).close()


def test_an_address_this_machine_has_not_is_refused_in_words(tmp_path: Path) -> None:
    done = _run("-m", "plugin", "serve", "--host", "192.0.2.1", folder=tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith("This machine can’t listen on 192.0.2.1, port 8000: ")
    assert len(done.stderr.splitlines()) == 1
