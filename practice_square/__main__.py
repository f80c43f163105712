"""Starts the practice Square from the command line: `python -m practice_square --help`."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from practice_square.seed import SEEDS
from practice_square.serving import PracticeServer
from practice_square.settings import (
    DEFAULT_APPLICATION_ID,
    DEFAULT_APPLICATION_SECRET,
    DEFAULT_LOCATION_ID,
    PracticeSettings,
)

# Secrets are better passed by the environment: a process list shows arguments to every user.
FROM_ENVIRONMENT = {
    "webhook_url": ("PRACTICE_WEBHOOK_URL", "SQUARE_WEBHOOK_URL"),
    "signature_key": ("PRACTICE_SIGNATURE_KEY", "SQUARE_WEBHOOK_SIGNATURE_KEY"),
    "access_token": ("PRACTICE_ACCESS_TOKEN", "SQUARE_ACCESS_TOKEN"),
    "location_id": ("PRACTICE_LOCATION_ID", "SQUARE_LOCATION_ID"),
    "application_id": ("PRACTICE_APPLICATION_ID", "SQUARE_APPLICATION_ID"),
    "application_secret": ("PRACTICE_APPLICATION_SECRET", "SQUARE_APPLICATION_SECRET"),
}


def main(arguments: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Serve until Ctrl-C or SIGTERM; return 2 when something required is missing."""
    parser = _parser()
    given = parser.parse_args(arguments)
    for name, variables in FROM_ENVIRONMENT.items():
        if getattr(given, name) is None:
            setattr(given, name, _from_environment(environment, variables))
    for name in ("signature_key", "access_token"):
        if not getattr(given, name):
            option, variable = name.replace("_", "-"), FROM_ENVIRONMENT[name][0]
            return _fail(f"The practice Square needs a {option}: set {variable}, or give --{option}.")
    settings = PracticeSettings(
        file=given.file,
        access_token=given.access_token,
        signature_key=given.signature_key,
        webhook_url=given.webhook_url,
        location_id=given.location_id or DEFAULT_LOCATION_ID,
        application_id=given.application_id or DEFAULT_APPLICATION_ID,
        application_secret=given.application_secret or DEFAULT_APPLICATION_SECRET,
        seed=given.seed,
    )
    return _serve(settings, given.host, given.port)


def _serve(settings: PracticeSettings, host: str, port: int) -> int:
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        server = PracticeServer(settings, host=host, port=port)
    except (ValueError, OSError) as error:
        return _fail(str(error))
    with server:
        print(f"Practice register: {server.base_url}", flush=True)
        stopping.wait()
    return 0


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


def _from_environment(environment: Mapping[str, str], variables: Sequence[str]) -> str | None:
    for variable in variables:
        if environment.get(variable):
            return environment[variable]
        if environment.get(f"{variable}_FILE"):
            return Path(environment[f"{variable}_FILE"]).read_text().strip()
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m practice_square",
        description="A practice Square for training and trying out: Square's interface and a register page.",
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
    )
    parser.add_argument("--port", type=int, default=9000, help="port to listen on (default: 9000)")
    parser.add_argument("--file", type=Path, default=Path("var/practice.db"), help="where everything is kept")
    parser.add_argument("--webhook-url", help="where events go (or PRACTICE_WEBHOOK_URL)")
    parser.add_argument("--signature-key", help="signs events (better: PRACTICE_SIGNATURE_KEY)")
    parser.add_argument("--access-token", help="what callers must show (better: PRACTICE_ACCESS_TOKEN)")
    parser.add_argument("--location-id", help=f"the location's id (default: {DEFAULT_LOCATION_ID})")
    parser.add_argument("--application-id", help=f"the application's id (default: {DEFAULT_APPLICATION_ID})")
    parser.add_argument("--application-secret", help="its secret (better: PRACTICE_APPLICATION_SECRET)")
    parser.add_argument("--seed", choices=SEEDS, default="clinic", help="what a new file holds")
    return parser


if __name__ == "__main__":
    sys.exit(main())
