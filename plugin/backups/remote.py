"""Sending copies elsewhere, by rclone or restic: programs that are kept by others and speak to everything.

`BACKUP_REMOTE` is `s3:https://endpoint/bucket/folder` (rclone, with the keys of the settings),
`rclone:REMOTE:PATH` (a remote of rclone's own configuration) or `restic:REPOSITORY`. Only encrypted copies are
sent.
"""

import os
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from plugin.backups.folder import DAILY, ENCRYPTED_NAMES, HOURLY, MONTHLY, names_to_drop
from plugin.errors import Refused
from plugin.settings import Settings
from plugin.wording import _

_LONGEST_S = 3600
# The next copy sends what this one could not.
_PATIENCE = ("--retries=2", "--low-level-retries=2", "--contimeout=20s", "--timeout=2m")
_TAG = "coursekeeper"
_STAMP = re.compile(r"^[0-9/]{10} [0-9:]{8} (?:ERROR *:? *:? *)?")


class SendFailed(Refused):
    """The copies could not be sent; those of the backup folder are not affected."""

    code = "send_failed"


def send_copies(settings: Settings, folder: Path, copy: Path, zone: ZoneInfo) -> None:
    """Send what the target lacks of the folder's encrypted copies, and delete there what is no longer kept.

    Raises SendFailed.
    """
    kind, _, rest = settings.backup_remote.partition(":")
    if kind == "restic":
        _send_by_restic(settings, rest, copy)
        return
    place = rest if kind == "rclone" else _s3_place(rest)
    environment = _s3_environment(settings, rest) if kind == "s3" else {}
    copying = ["copy", str(folder), place, f"--include={ENCRYPTED_NAMES}", "--immutable", *_PATIENCE]
    _run("rclone", copying, environment)
    names = _run("rclone", ["lsf", place, f"--include={ENCRYPTED_NAMES}", *_PATIENCE], environment).split(
        "\n"
    )
    for name in names_to_drop(names, zone):
        _run("rclone", ["deletefile", f"{place.rstrip('/')}/{name}", *_PATIENCE], environment)


def where_to(settings: Settings) -> str:
    """Return the target in words, without what is secret."""
    kind, _, rest = settings.backup_remote.partition(":")
    if kind == "s3":
        parts = urlsplit(rest)
        return f"{parts.hostname}{parts.path}"
    # An address may carry a password.
    return f"{kind} {rest.rpartition('@')[2]}"


def _s3_place(address: str) -> str:
    return f":s3:{urlsplit(address).path.strip('/')}"


def _s3_environment(settings: Settings, address: str) -> dict[str, str]:
    parts = urlsplit(address)
    # In the environment, not as arguments: a process list shows those to every user.
    return {
        "RCLONE_S3_PROVIDER": "Other",
        # The keys need not be allowed to make buckets.
        "RCLONE_S3_NO_CHECK_BUCKET": "true",
        "RCLONE_S3_ENDPOINT": f"{parts.scheme}://{parts.netloc}",
        "RCLONE_S3_ACCESS_KEY_ID": settings.backup_remote_key_id,
        "RCLONE_S3_SECRET_ACCESS_KEY": settings.backup_remote_secret.get_secret_value(),
    }


def _send_by_restic(settings: Settings, repository: str, copy: Path) -> None:
    secret = settings.backup_remote_secret.get_secret_value()
    given = {
        "RESTIC_REPOSITORY": repository,
        "RESTIC_PASSWORD": settings.backup_remote_password.get_secret_value(),
        "AWS_ACCESS_KEY_ID": settings.backup_remote_key_id,
        "AWS_SECRET_ACCESS_KEY": secret,
    }
    environment = {name: value for name, value in given.items() if value}
    _run("restic", ["backup", "--quiet", "--host", _TAG, "--tag", _TAG, str(copy)], environment)
    keeping = [f"--keep-hourly={HOURLY}", f"--keep-daily={DAILY}", f"--keep-monthly={MONTHLY}"]
    # Each copy is another path: without grouping all of them are one series.
    forgetting = ["forget", "--quiet", "--host", _TAG, "--tag", _TAG, "--group-by", "host,tags", "--prune"]
    _run("restic", [*forgetting, *keeping], environment)


def _run(program: str, options: list[str], environment: dict[str, str]) -> str:
    """Return what the program prints; raises SendFailed in words."""
    if shutil.which(program) is None:
        raise SendFailed(
            _(
                "{program} is not installed on this server. Install it, or choose another target.",
                program=program,
            )
        )
    try:
        done = subprocess.run(  # noqa: S603 - a program the operator chose, with our own arguments
            [program, *options],
            env={**_environment(), **environment},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_LONGEST_S,
        )
    except subprocess.TimeoutExpired:
        raise SendFailed(_("{program} did not finish within an hour.", program=program)) from None
    if done.returncode != 0:
        raise SendFailed(": ".join((program, _why(done.stderr))))
    return done.stdout


def _why(said: str) -> str:
    """Return the line that says why, of all that a program writes when it fails."""
    lines = [_STAMP.sub("", line).strip() for line in said.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("Failed", "Fatal"))]
    return (telling or lines or ["it failed without a word"])[0][:250]


def _environment() -> dict[str, str]:
    # The program's own variables (RCLONE_CONFIG, RESTIC_CACHE_DIR, proxies), without our secrets.
    # AWS_CA_BUNDLE: rclone refuses to start with it.
    ours = {name.upper() for name in Settings.model_fields} | {"AWS_CA_BUNDLE"}
    return {name: value for name, value in os.environ.items() if name not in ours}
