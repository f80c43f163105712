"""`coursekeeper demo`: a practice Square and a small clinic on this machine, for trying everything out."""

import base64
import hashlib
import json
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from plugin.bootstrap import open_services
from plugin.errors import CoursekeeperError, Refused
from plugin.listening import PortInUse, open_listener
from plugin.processes import Child, Family
from plugin.settings import Settings, read_settings
from plugin.store.creation import upgrade

HOST = "127.0.0.1"
_WORDS = [
    "amber",
    "birch",
    "cedar",
    "clover",
    "fennel",
    "hazel",
    "juniper",
    "linden",
    "maple",
    "myrtle",
    "olive",
    "poppy",
    "sage",
    "thyme",
    "willow",
]
_MARK = "demo.json"


@dataclass(frozen=True)
class Secrets:
    """The secrets generated at the demo's first start and stored for the next."""

    secret_key: str
    access_token: str
    signature_key: str
    password: str


def run_demo(folder: Path, *, port: int, till_port: int, fresh: bool) -> int:
    """Run the demo until Ctrl-C; return the exit code."""
    _ports_must_be_free(port, till_port)
    # Not before: the data of a running demo must not be deleted.
    if fresh:
        _forget(folder)
    folder.mkdir(parents=True, exist_ok=True)
    kept = _secrets(folder)
    environment = _environment(folder, kept, port, till_port)
    family = Family([])
    family.stop_on_signals()
    try:
        log = folder / "demo.log"
        family.add(Child("practice register", _till_arguments(folder, till_port), environment, log=log))
        _await(f"http://{HOST}:{till_port}/", "The practice register", family, log)
        furnish_once(folder, environment, kept, till_port)
        serve = ["-m", "plugin", "serve", "--port", str(port)]
        family.add(Child("desk", serve, environment, log=log))
        _await(f"http://{HOST}:{port}/readyz", "The desk", family, log)
        if not family.is_stopping:
            _welcome(port, till_port, kept)
        return family.wait()
    finally:
        family.stop()


def _forget(folder: Path) -> None:
    if not folder.exists():
        return
    if not (folder / _MARK).exists():
        raise Refused(f"{folder} is not a folder of the demo; nothing was thrown away.")
    shutil.rmtree(folder)


def _ports_must_be_free(port: int, till_port: int) -> None:
    if port == till_port:
        raise Refused(
            f"The desk and the register need a port each: make demo PORT={port} TILL_PORT={port + 1000}"
        )
    for name, value in (("PORT", port), ("TILL_PORT", till_port)):
        try:
            open_listener(HOST, value).close()
        except PortInUse:
            raise Refused(
                f"Port {value} is taken. Choose another one: make demo {name}={value + 10}"
            ) from None


def _secrets(folder: Path) -> Secrets:
    file = folder / _MARK
    if file.exists():
        return Secrets(**json.loads(file.read_text(encoding="utf-8")))
    words = "-".join(secrets.SystemRandom().sample(_WORDS, 3))
    made = Secrets(
        secret_key=secrets.token_urlsafe(48),
        access_token=secrets.token_urlsafe(24),
        signature_key=secrets.token_urlsafe(24),
        password=f"{words}-{secrets.randbelow(90) + 10}",
    )
    file.touch(mode=0o600)
    file.write_text(json.dumps(asdict(made)), encoding="utf-8")
    return made


def _environment(folder: Path, kept: Secrets, port: int, till_port: int) -> dict[str, str]:
    return {
        "DATABASE_URL": f"sqlite:///{folder.resolve() / 'coursekeeper.db'}",
        "SECRET_KEY": kept.secret_key,
        "PUBLIC_URL": f"http://{HOST}:{port}",
        "SQUARE_ENVIRONMENT": "practice",
        "SQUARE_BASE_URL": f"http://{HOST}:{till_port}",
        "SQUARE_ACCESS_TOKEN": kept.access_token,
        "SQUARE_LOCATION_ID": "",
        "SQUARE_WEBHOOK_SIGNATURE_KEY": kept.signature_key,
        "SQUARE_WEBHOOK_URL": f"http://{HOST}:{port}/square/webhooks",
        "ENCRYPTION_KEYS": _sealing_key(kept),
    }


def _sealing_key(kept: Secrets) -> str:
    # Derived from a stored secret, so that a demo of an earlier version still works.
    return base64.urlsafe_b64encode(hashlib.sha256(kept.secret_key.encode()).digest()).decode()


def _till_arguments(folder: Path, till_port: int) -> list[str]:
    return ["-m", "practice_square", "--port", str(till_port), "--file", str(folder / "practice.db")]


def furnish_once(folder: Path, environment: dict[str, str], kept: Secrets, till_port: int) -> None:
    """Fill the clinic where it is empty, and upgrade it to this version where it is not; raises Refused."""
    done = folder / "furnished"
    settings: Settings = read_settings(environment)
    # A demo of an earlier version continues with its data.
    upgrade(settings.database_url)
    if done.exists():
        return
    from practice_square.control import PracticeControl
    from practice_square.demo.clinic import furnish

    print("Setting up a small clinic …", flush=True)
    services = open_services(settings)
    try:
        furnish(services, PracticeControl(f"http://{HOST}:{till_port}", kept.access_token), kept.password)
    except CoursekeeperError as error:
        raise Refused(
            f"The clinic could not be set up: {error.message} Start over with: make demo FRESH=1"
        ) from error
    finally:
        services.close()
    done.touch()


def _await(address: str, what: str, family: Family, log: Path, *, most_s: float = 60) -> None:
    deadline = time.monotonic() + most_s
    while time.monotonic() < deadline and not family.is_stopping:
        # Checked first: where the port was lost, another program answers.
        if family.has_lost_one:
            raise Refused(f"{what} did not start. The end of {log} says why.")
        try:
            with urllib.request.urlopen(address, timeout=2):  # noqa: S310 - our own address on this machine
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    if not family.is_stopping:
        raise Refused(f"{what} did not come up at {address}. {log} may say why.")


def _welcome(port: int, till_port: int, kept: Secrets) -> None:
    from practice_square.demo.clinic import OWNER_EMAIL

    print(
        f"""
  Desk      http://{HOST}:{port}
  Register  http://{HOST}:{till_port}   (practice, no real money)

  Sign in   {OWNER_EMAIL}
  Password  {kept.password}

  Stop with Ctrl-C. The next start keeps the data; make demo FRESH=1 starts over.
""",
        flush=True,
    )
    sys.stdout.flush()
