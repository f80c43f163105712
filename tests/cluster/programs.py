"""The programs of the cluster, from Debian's packages: found, or installed where that is possible."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

# Program, and the package it comes with. The server of PostgreSQL is not on the path; see `postgresql_folder`.
PROGRAMS = {
    "etcd": "etcd-server",
    "patroni": "patroni",
    "pgbouncer": "pgbouncer",
    "haproxy": "haproxy",
    "redis-server": "redis-server",
    "pg_dump": "postgresql-client",
}
_SERVER_PACKAGE = "postgresql"
# Patroni speaks to etcd through it, and only suggests it.
_BESIDE = {"patroni": ["python3-etcd"]}
_SBIN = "/usr/sbin:/sbin"
_POLICY = Path("/usr/sbin/policy-rc.d")


class Missing(Exception):
    """Programs are missing and can't be installed; the message says how to."""


def found() -> Mapping[str, str]:
    """Return where each program is, by its name; "postgres" is there too."""
    path = f"{os.environ.get('PATH', '')}:{_SBIN}"
    there = {name: where for name in PROGRAMS if (where := shutil.which(name, path=path))}
    folder = postgresql_folder()
    return {**there, **({"postgres": str(folder / "postgres")} if folder else {})}


def postgresql_folder() -> Path | None:
    """Return the folder of the newest PostgreSQL server's programs, None where there is none."""
    folders = [each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    return max(folders, key=lambda each: float(each.parent.name), default=None)


def packages_missing() -> list[str]:
    """Return the packages to install."""
    there = found()
    names = [package for program, package in PROGRAMS.items() if program not in there]
    names += [] if "postgres" in there else [_SERVER_PACKAGE]
    names += [each for program, more in _BESIDE.items() if program not in there for each in more]
    return names


def install_missing() -> None:
    """Install what is missing by apt, without starting any service; raises Missing where that can't be done."""
    names = packages_missing()
    if not names:
        return
    by_hand = f"sudo apt-get install --no-install-recommends {' '.join(names)}"
    prefix = _as_root()
    if shutil.which("apt-get") is None or prefix is None:
        raise Missing(
            f"make cluster needs programs that are not here: {', '.join(names)}. On Debian or Ubuntu install them"
            f" with: {by_hand}. On another system run make cluster in a Debian machine or container."
        )
    print(f"Installing {', '.join(names)}; their services are not started.", flush=True)
    with _no_service_starts(prefix):
        _apt(prefix, "update", "--quiet")
        _apt(prefix, "install", "--yes", "--quiet", "--no-install-recommends", *names)
    if left := packages_missing():
        raise Missing(f"apt-get could not install {', '.join(left)}. Try it by hand: {by_hand}")


def _as_root() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    can = shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0
    return ["sudo", "-n"] if can else None


def _apt(prefix: list[str], *words: str) -> None:
    command = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *words]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Missing(f"{' '.join(command)} failed: {done.stderr.strip()[-400:]}")


@contextmanager
def _no_service_starts(prefix: list[str]) -> Iterator[None]:
    """Have Debian's own hook refuse every start, unless the machine has a hook already."""
    if _POLICY.exists():
        yield
        return
    script = f"printf '#!/bin/sh\\nexit 101\\n' > {_POLICY} && chmod 755 {_POLICY}"
    subprocess.run([*prefix, "sh", "-c", script], check=True)
    try:
        yield
    finally:
        subprocess.run([*prefix, "rm", "-f", str(_POLICY)], check=True)
