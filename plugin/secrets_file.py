"""The secrets that Coursekeeper makes for itself: the file `secrets` in the data folder, readable by its user alone."""

import base64
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from plugin.errors import ConfigurationError

FILE_NAME = "secrets"
NAMES = ("SECRET_KEY", "ENCRYPTION_KEYS")
_LARGEST = 64 * 1024
_HEADER = """\
# Made by Coursekeeper. Encrypted backups hold it, plain ones do not: without it the tokens and passwords in the
# database can't be read, and everybody is signed out. A variable of the environment of the same name wins.
"""


def read_secrets(folder: Path) -> dict[str, str]:
    """Return the secrets of the data folder by name, none where there is no file; raises ConfigurationError."""
    path = folder / FILE_NAME
    try:
        with path.open(encoding="utf-8") as file:
            lines = file.read(_LARGEST).splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path} can’t be read: {error}. {_RIGHTS}") from None
    pairs = (line.partition("=") for line in lines if not line.lstrip().startswith("#"))
    return {
        name.strip(): value.strip() for name, _, value in pairs if name.strip() in NAMES and value.strip()
    }


def make_secrets(folder: Path, names: Iterable[str] = NAMES) -> None:
    """Write new secrets of these names, as `keep_secrets` does."""
    keep_secrets(folder, {name: _MAKERS[name]() for name in names})


def keep_secrets(folder: Path, values: Mapping[str, str]) -> None:
    """Write these secrets by name, unless another process has just written the file.

    The file appears with all of its content or not at all, and is never replaced. Raises ConfigurationError.
    """
    lines = [f"{name}={value}\n" for name, value in values.items()]
    path = folder / FILE_NAME
    draft = folder / f".{FILE_NAME}-{secrets.token_hex(8)}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write(draft, _HEADER + "".join(lines))
        # A link fails where the name exists: of two processes that start at once, the second reads the first's.
        with suppress(FileExistsError):
            os.link(draft, path)
    except OSError as error:
        raise ConfigurationError(f"{path} can’t be written: {error.strerror}. {_RIGHTS}") from None
    finally:
        with suppress(OSError):
            draft.unlink()


_RIGHTS = "Let the user that runs Coursekeeper read and write the data folder."


def _write(path: Path, content: str) -> None:
    number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(number, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(number)


def _secret_key() -> str:
    return secrets.token_urlsafe(48)


def _encryption_key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


_MAKERS = {"SECRET_KEY": _secret_key, "ENCRYPTION_KEYS": _encryption_key}
