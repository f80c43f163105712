"""The restore drill by hand and by program: `python -m tests.backups.drill`.

A clinic is made, backed up and lost; from the backup and its passphrase alone it stands again. Then the backup is
opened without Coursekeeper, by tar and age, and sent by rclone and restic, where these programs are installed; and
Litestream's recipe of docs/operate.md is tried where it is. What is not installed is said.
"""

import os
import pty
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from plugin.services import wall_clock
from plugin.store import Store
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

PASSED, LEFT_OUT = "passed  ", "left out"


def say(state: str, what: str) -> None:
    print(f"{state}  {what}", flush=True)


def run(folder: Path, *words: str, stdin: str = "", **environment: str) -> str:
    """Run `coursekeeper` on the database of a folder; return what it prints. Raises CalledProcessError."""
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/coursekeeper.db", **environment}
    command = [sys.executable, "-m", "plugin", *words]
    return subprocess.run(command, env=env, input=stdin, capture_output=True, text=True, check=True).stdout


def clinic(folder: Path) -> None:
    folder.mkdir()
    run(folder, "db", "upgrade")
    with Store(f"sqlite:///{folder}/coursekeeper.db") as store:
        desk = Desk(store, HandMovedClock(wall_clock()))
        desk.use(desk.sell())


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="ck-drill-") as place:
        old, new = Path(place, "old"), Path(place, "new")
        clinic(old)
        passphrase = run(old, "backup", "--new-passphrase").splitlines()[-1]
        (copy,) = (old / "backups").glob("*.encrypted.tar")
        new.mkdir()
        run(new, "restore", str(copy), "--passphrase-stdin", stdin=f"{passphrase.lower()}\n")
        assert "Clean." in run(new, "audit")
        assert entries(new) == entries(old)
        say(PASSED, "an empty folder became the clinic, from the backup and its passphrase alone")
        by_hand(copy, passphrase, Path(place, "hand"))
        elsewhere(old, Path(place, "elsewhere"))
        litestream(Path(place, "stream", "old"), Path(place, "stream", "new"))


def by_hand(copy: Path, passphrase: str, folder: Path) -> None:
    if shutil.which("age") is None:
        say(LEFT_OUT, "opening by hand: age is not installed")
        return
    folder.mkdir()
    subprocess.run(["tar", "-xf", copy, "-C", folder], check=True)
    _age(folder, passphrase)
    opened = ["age", "--decrypt", "--identity", f"{folder}/key.txt", f"{folder}/copy.tar.gz.age"]
    with subprocess.Popen(opened, stdout=subprocess.PIPE) as age:
        subprocess.run(["tar", "-xzC", folder], stdin=age.stdout, check=True)
    assert (folder / "database").read_bytes().startswith(b"SQLite format 3")
    say(PASSED, "the backup was opened by tar and age alone")


def _age(folder: Path, passphrase: str) -> None:
    """Have age ask for the passphrase, which it reads from a terminal only."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvp("age", ["age", "--decrypt", "--output", str(folder / "key.txt"), str(folder / "key.age")])
    time.sleep(1)
    os.write(terminal, f"{passphrase}\n".encode())
    _, status = os.waitpid(child, 0)
    assert status == 0, "age did not open the key"


def elsewhere(old: Path, folder: Path) -> None:
    folder.mkdir()
    if shutil.which("rclone") is None:
        say(LEFT_OUT, "sending by rclone: it is not installed")
    else:
        remote = {"RCLONE_CONFIG_NAS_TYPE": "local", "BACKUP_REMOTE": f"rclone:nas:{folder}/copies"}
        time.sleep(1)
        run(old, "backup", **remote)
        assert list((folder / "copies").glob("*.encrypted.tar"))
        say(PASSED, "copies were sent by rclone")
    if shutil.which("restic") is None:
        say(LEFT_OUT, "sending by restic: it is not installed")
    else:
        repository, word = f"{folder}/restic", {"RESTIC_PASSWORD": "drill"}
        subprocess.run(["restic", "-q", "-r", repository, "init"], env={**os.environ, **word}, check=True)
        time.sleep(1)
        run(old, "backup", BACKUP_REMOTE=f"restic:{repository}", BACKUP_REMOTE_PASSWORD="drill")
        subprocess.run(["restic", "-q", "-r", repository, "check"], env={**os.environ, **word}, check=True)
        say(PASSED, "copies were sent by restic")


def litestream(old: Path, new: Path) -> None:
    if shutil.which("litestream") is None:
        say(LEFT_OUT, "streaming by Litestream: it is not installed")
        return
    for folder in (old, new):
        folder.mkdir(parents=True)
    run(old, "db", "upgrade")
    replica = f"file://{old}/replica"
    with Store(f"sqlite:///{old}/coursekeeper.db") as store:
        desk = Desk(store, HandMovedClock(wall_clock()))
        course = desk.sell()
        with subprocess.Popen(["litestream", "replicate", f"{old}/coursekeeper.db", replica]) as streaming:
            try:
                time.sleep(3)
                # What is written while it streams is what matters.
                desk.use(course)
                time.sleep(3)
            finally:
                streaming.kill()
    subprocess.run(["litestream", "restore", "-o", f"{new}/coursekeeper.db", replica], check=True)
    assert "Clean." in run(new, "audit")
    assert entries(new) == entries(old)
    assert ",used," in entries(new)
    say(PASSED, "the database was streamed while it was written to, and restored by Litestream")


def entries(folder: Path) -> str:
    return run(folder, "export", "entries", "--format", "csv")


if __name__ == "__main__":
    main()
