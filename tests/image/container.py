"""The image run by whatever runs images here, always with a read-only root, no rights and one volume."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any


def _run(*command: str) -> str:
    said = subprocess.run(command, capture_output=True, text=True)
    assert said.returncode == 0, (command, said.stderr)
    return said.stdout.strip()


class Engine:
    """Docker or Podman, which read what the image says of itself."""

    def __init__(self, program: str, tag: str) -> None:
        self.program, self.tag = program, tag

    def configuration(self) -> dict[str, Any]:
        """Return what the image says: user, volumes, command, health check."""
        found: dict[str, Any] = json.loads(_run(self.program, "image", "inspect", self.tag))[0]
        # Podman tells the health check beside the rest.
        return {"Healthcheck": found.get("Healthcheck"), **found["Config"]}

    def command(self, data: Path, environment: Mapping[str, str], words: Sequence[str]) -> list[str]:
        """Return the command that runs the image's program with these words, as the compose file does."""
        rights = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        places = ["--tmpfs", "/tmp", "--volume", f"{data}:/data", "--network", "host"]
        known = [part for name, value in environment.items() for part in ("--env", f"{name}={value}")]
        return [self.program, "run", "--rm", "--init", *rights, *places, *known, self.tag, *words]


class Mounted:
    """The image unpacked by Buildah and entered with a read-only root: where no engine runs containers.

    Needs root and Linux. The network is this machine's.
    """

    def __init__(self, tag: str, root: str) -> None:
        self.tag, self._root = tag, root

    def configuration(self) -> dict[str, Any]:
        """Return what the image says: user, volumes, command, health check."""
        found: dict[str, Any] = json.loads(_run("buildah", "inspect", "--type", "image", self.tag))
        config: dict[str, Any] = found["Docker"]["config"]
        return config

    def command(self, data: Path, environment: Mapping[str, str], words: Sequence[str]) -> list[str]:
        """Return the command that runs the image's program with these words in a root of its own."""
        config = self.configuration()
        user, _, group = config["User"].partition(":")
        known = [*config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        inside = [
            *("/usr/bin/setpriv", "--reuid", user, "--regid", group, "--clear-groups"),
            *("--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
            *("/usr/bin/env", "-i", "-C", config["WorkingDir"], *known, *config["Entrypoint"], *words),
        ]
        return ["unshare", "--mount", "sh", "-ec", _ENTER, "enter", self._root, str(data), *inside]


# `exec` to the end: what is started here is the program itself, which then gets our signals.
_ENTER = """
root=$1 data=$2
shift 2
mount --make-rprivate /
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --bind "$data" "$root/data"
exec chroot "$root" "$@"
"""


@contextmanager
def opened(tag: str) -> Iterator[Engine | Mounted]:
    """Yield what can run the image here."""
    for program in ("docker", "podman"):
        if shutil.which(program) and _works([program, "run", "--rm", "--entrypoint", "true", tag]):
            yield Engine(program, tag)
            return
    assert shutil.which("buildah"), "Nothing here runs images: install Docker, Podman or Buildah."
    assert os.geteuid() == 0, "Buildah alone runs an image as root only."
    container = _run("buildah", "from", "--pull-never", tag)
    try:
        yield Mounted(tag, _run("buildah", "mount", container))
    finally:
        _run("buildah", "rm", container)


def _works(command: Sequence[str]) -> bool:
    return subprocess.run(command, capture_output=True).returncode == 0
