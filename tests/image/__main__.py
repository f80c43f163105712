"""Try a built image: `python -m tests.image [TAG]`. Ends with exit code 1 and a traceback at the first defect."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plugin.version import VERSION
from tests.image.clinic import Clinic, practice_square
from tests.image.container import Engine, Mounted, opened
from tests.servers import fetch, running

USER = 10001
LONGEST_STOP_S = 15.0


def main(tag: str) -> None:
    """Drive the image from an empty volume to a printed paper, stop it, and start it again."""
    with opened(tag) as image, tempfile.TemporaryDirectory() as folder:
        _say(f"Trying {tag} with {image.program if isinstance(image, Engine) else 'buildah'}")
        _says_what_it_is(image)
        data = Path(folder, "data")
        data.mkdir(mode=0o700)
        os.chown(data, USER, USER)
        with practice_square(Path(folder)) as square:
            _drive(image, data, Path(folder), square)
    _say("1 passed, 0 failed")


def _says_what_it_is(image: Engine | Mounted) -> None:
    config = image.configuration()
    assert config["User"] == f"{USER}:{USER}", config["User"]
    assert list(config["Volumes"]) == ["/data"]
    assert config["StopSignal"] == "SIGTERM"
    assert "/healthz" in str(config["Healthcheck"]["Test"])
    assert config["Labels"]["org.opencontainers.image.version"] == VERSION
    assert (config["Entrypoint"], config["Cmd"][:3]) == (["coursekeeper"], ["serve", "--host", "0.0.0.0"])


def _drive(image: Engine | Mounted, data: Path, folder: Path, square: Clinic) -> None:
    address, environment = square.desk, square.settings()

    def run(*words: str) -> str:
        said = subprocess.run(image.command(data, environment, words), capture_output=True, text=True)
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout

    serve = image.command(
        data, environment, ["serve", "--host", "127.0.0.1", "--port", str(square.desk_port)]
    )
    with running(serve, f"{address}/readyz", environment=os.environ, folder=folder) as process:
        _say("It starts on an empty volume, without rights, on a read-only root")
        _is_confined(process.pid if isinstance(image, Mounted) else None)
        square.set_up(run("setup-code").split()[-1])
        _say("The set-up page takes the code and makes the owner, once")
        token = run("token", "add", "image", "--role", "owner").splitlines()[-1]
        course = square.sell_and_use(token)
        _say("A sale at the register opens a course; a session is used")
        paper = fetch(f"{address}/api/v1/courses/{course}/summary.pdf", token=token)
        assert paper[:2] == (200, "application/pdf"), paper
        assert len(paper[2]) > 5_000
        _say(f"A paper comes as PDF, {len(paper[2]) // 1024} kB")
        _stops_in_time(process)
    with running(serve, f"{address}/readyz", environment=os.environ, folder=folder) as process:
        assert square.left(token, course) == 11
        _say("The second start has everything")
        _stops_in_time(process)
    assert run("audit").strip(), "the audit said nothing"
    owned = {(each.stat().st_uid, oct(each.stat().st_mode & 0o077)) for each in data.rglob("secrets")}
    assert owned == {(USER, "0o0")}, owned
    _say("The ledger is clean, and the secrets are the user's alone")


def _is_confined(pid: int | None) -> None:
    """Assert by what the kernel says of the process that it has no rights and can't write to its root."""
    if pid is None:
        return
    status = dict(
        line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line
    )
    assert status["Uid"].split() == [str(USER)] * 4, status["Uid"]
    assert status["NoNewPrivs"] == "1"
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapBnd")} == {0}
    mounts = [line.split() for line in Path(f"/proc/{pid}/mounts").read_text().splitlines()]
    assert next(each[3] for each in reversed(mounts) if each[1] == "/").split(",")[0] == "ro", mounts


def _stops_in_time(process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    code = process.wait(LONGEST_STOP_S)
    took = time.monotonic() - began
    assert code == 0, code
    _say(f"SIGTERM ends it in {took:.1f} s")


def _say(sentence: str) -> None:
    print(sentence, flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "coursekeeper:dev")
