"""The file of a kept copy: packing and unpacking, streamed, so that memory does not grow with the database.

A copy is a tar file. An encrypted one holds `README.txt`, `key.age` (the private key, encrypted with the
passphrase) and `copy.tar.gz.age`; a plain one `copy.tar.gz`. The inner archive holds `manifest.json`,
`keys.json` (encrypted copies only) and `database`. Everything encrypted is in the format of age
(https://age-encryption.org/v1), whose chunks are authenticated: what was cut or altered does not open.
docs/operate.md describes how to open a copy by hand.
"""

from __future__ import annotations

import errno
import hashlib
import io
import shutil
import tarfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import pyrage  # type: ignore[import-untyped]  # ships no types
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import DBAPIError

from plugin.backups.passphrase import CopyKey, open_key
from plugin.errors import CoursekeeperError, Refused
from plugin.store.backup import kind_of_file
from plugin.wording import _

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def size_in_words(size: int) -> str:
    """Return a number of bytes as people read it, such as 3.2 MB."""
    amount = float(size)
    for unit in ("bytes", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "bytes" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def error_in_words(error: BaseException) -> str:
    """Return an error as a sentence for people."""
    if isinstance(error, CoursekeeperError):
        return error.message
    if isinstance(error, OSError):
        if error.errno in _NO_ROOM:
            return _("The disk is full. Make room, then try again.")
        return _(
            "{value} can’t be used: {value2}.",
            value=error.filename or _("A file"),
            value2=error.strerror or error,
        )
    if isinstance(error, DBAPIError):
        # It may quote rows.
        return _("The database refused ({name__}).", name__=type(error.orig).__name__)
    first = str(error).partition("\n")[0].rstrip(".")
    return f"{type(error).__name__}: {first}." if first else f"{type(error).__name__}."


FORMAT = 1
_README, _KEY, _ENCRYPTED, _PLAIN = "README.txt", "key.age", "copy.tar.gz.age", "copy.tar.gz"
_MANIFEST, _KEYS, _DATABASE = "manifest.json", "keys.json", "database"
_LONGEST_TEXT = 64 * 1024
_CHUNK = 1024 * 1024
_SPARE = 50 * 1024 * 1024
_OUTER, _INNER = "r:", "r|gz"
_HOW_TO_OPEN = b"""This is an encrypted backup of Coursekeeper. To use it: coursekeeper restore FILE

To open it by hand, with tar and age (https://age-encryption.org):
    tar -xf FILE
    age --decrypt --output key.txt key.age                (asks for the passphrase)
    age --decrypt --identity key.txt copy.tar.gz.age | tar -xz
"""


class DamagedCopy(Refused):
    """The copy is cut, altered, or was never one of ours."""

    code = "damaged_copy"


_DAMAGED = _("The copy is damaged: it was cut short or changed after it was made. Use another copy.")
FOREIGN = _("This file is no backup of Coursekeeper.")


def newer_copy(version: str) -> Refused:
    """Return the refusal of a copy that only a newer Coursekeeper can read."""
    said = _(
        "This copy was made by a newer Coursekeeper ({version}). Install that version, or a newer one, first.",
        version=version,
    )
    return Refused(said, code="newer_copy")


class Manifest(BaseModel):
    """What a copy holds. `revision` is that of the database's tables, `sha256` and `size` the database file's."""

    model_config = ConfigDict(frozen=True)

    format: int = Field(ge=1)
    version: str = Field(max_length=40)
    revision: str = Field(max_length=40)
    engine: Literal["sqlite", "postgresql"]
    installation: str = Field(default="", max_length=40)
    clinic: str = Field(default="", max_length=200)
    created_at: datetime
    counts: dict[str, int] = {}
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    size: int = Field(ge=0)
    # The newest seal in it, as `plugin.core.fingerprint` writes it; none in copies of before there were seals.
    ledger_head: str = Field(default="", max_length=100)


class Keys(BaseModel):
    """The keys of the installation, so that an empty machine needs the copy and its passphrase only."""

    secret_key: str = ""
    encryption_keys: str = ""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A copy that was opened: its database as a file; no manifest where it is a bare database file."""

    database: Path
    manifest: Manifest | None
    keys: Keys | None


@dataclass(frozen=True, slots=True)
class Proof:
    """A key that opens one copy and is thrown away once the copy was verified."""

    identity: str
    recipient: str

    @classmethod
    def new(cls) -> Proof:
        made = pyrage.x25519.Identity.generate()
        return cls(str(made), str(made.to_public()))


def sha256_of(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def pack(
    database: Path,
    manifest: Manifest,
    file: Path,
    folder: Path,
    *,
    keys: Keys | None = None,
    key: CopyKey | None = None,
    proof: Proof | None = None,
) -> None:
    """Write the copy to `file`, encrypted if there is a key; `folder` is for what is needed meanwhile.

    `keys` are left out of a copy that is not encrypted.
    """
    inner = folder / _PLAIN
    with tarfile.open(inner, "w:gz", compresslevel=6) as tar:
        _add_text(tar, _MANIFEST, manifest.model_dump_json(indent=1).encode())
        if key is not None and keys is not None:
            _add_text(tar, _KEYS, keys.model_dump_json().encode())
        _add_file(tar, _DATABASE, database)
    with tarfile.open(file, "w") as tar:
        if key is None:
            _add_file(tar, _PLAIN, inner)
            return
        encrypted = folder / _ENCRYPTED
        recipients = [key.recipient, *([proof.recipient] if proof else [])]
        with inner.open("rb") as source, encrypted.open("wb") as target:
            pyrage.encrypt_io(source, target, [pyrage.x25519.Recipient.from_str(each) for each in recipients])
        inner.unlink()
        _add_text(tar, _README, _HOW_TO_OPEN)
        _add_text(tar, _KEY, key.key_file)
        _add_file(tar, _ENCRYPTED, encrypted)
        encrypted.unlink()


def is_encrypted(file: Path) -> bool:
    """Return whether a copy asks for a passphrase; raises DamagedCopy for what is none."""
    if kind_of_file(file) is not None:
        return False
    return _ENCRYPTED in _extracted(file, _OUTER, (), file.parent)


def unpack(file: Path, folder: Path, *, passphrase: str = "", proof: Proof | None = None) -> Unpacked:
    """Open a copy into `folder`, checked against its manifest; raises DamagedCopy or WrongPassphrase.

    A bare database file, as `coursekeeper backup FILE` writes it, is taken as it is.
    """
    if kind_of_file(file) is not None:
        return Unpacked(file, None, None)
    found = _extracted(file, _OUTER, (_KEY, _ENCRYPTED, _PLAIN), folder)
    inner = folder / _PLAIN
    if _ENCRYPTED in found:
        _decrypt(folder, inner, passphrase, proof)
    elif _PLAIN not in found:
        raise DamagedCopy(FOREIGN, code="foreign_copy")
    contents = _extracted(inner, _INNER, (_MANIFEST, _KEYS, _DATABASE), folder)
    inner.unlink()
    if not {_MANIFEST, _DATABASE} <= contents:
        raise DamagedCopy(_DAMAGED)
    return _checked(folder, has_keys=_KEYS in contents)


def _checked(folder: Path, *, has_keys: bool) -> Unpacked:
    database = folder / _DATABASE
    try:
        manifest = Manifest.model_validate_json(_text(folder / _MANIFEST))
        keys = Keys.model_validate_json(_text(folder / _KEYS)) if has_keys else None
    except ValidationError:
        raise DamagedCopy(_DAMAGED) from None
    (folder / _KEYS).unlink(missing_ok=True)
    if manifest.format > FORMAT:
        raise newer_copy(manifest.version)
    if database.stat().st_size != manifest.size or sha256_of(database) != manifest.sha256:
        raise DamagedCopy(_DAMAGED)
    return Unpacked(database, manifest, keys)


def _decrypt(folder: Path, inner: Path, passphrase: str, proof: Proof | None) -> None:
    encrypted = folder / _ENCRYPTED
    identity = proof.identity if proof else open_key(_text(folder / _KEY), passphrase)
    try:
        with encrypted.open("rb") as source, inner.open("wb") as target:
            pyrage.decrypt_io(source, target, [pyrage.x25519.Identity.from_str(identity)])
    except (pyrage.DecryptError, pyrage.IdentityError):
        raise DamagedCopy(_DAMAGED) from None
    except OSError as error:
        # The library reports a chunk that was altered or is missing so, without a number of the system.
        if error.errno is not None:
            raise
        raise DamagedCopy(_DAMAGED) from None
    finally:
        encrypted.unlink()


def _text(file: Path) -> bytes:
    if not file.is_file() or file.stat().st_size > _LONGEST_TEXT:
        raise DamagedCopy(_DAMAGED)
    return file.read_bytes()


def _extracted(archive: Path, mode: str, names: tuple[str, ...], folder: Path) -> set[str]:
    """Write the named members to the folder, whatever else is in the archive; return all names found."""
    found = set[str]()
    try:
        with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]  # a mode in a variable
            for member in tar:
                if not member.isfile() or member.name in found:
                    raise DamagedCopy(FOREIGN, code="foreign_copy")
                found.add(member.name)
                if member.name in names:
                    _extract(tar, member, folder)
    except (tarfile.TarError, EOFError, zlib.error) as error:
        is_foreign = isinstance(error, tarfile.ReadError) and not found
        raise DamagedCopy(FOREIGN if is_foreign else _DAMAGED) from None
    return found


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    # A small file may claim to expand to anything.
    need_space(folder, member.size)
    source = tar.extractfile(member)
    if source is not None:
        # The name is one of ours: no name from the archive is used as a path.
        with (folder / member.name).open("wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)


def need_space(folder: Path, size: int) -> None:
    """Raise Refused unless the disk of this folder has room for so many bytes, and something to spare."""
    free = shutil.disk_usage(folder).free
    if free < size + _SPARE:
        raise Refused(
            _(
                "The disk is nearly full: {needed} are needed, {free} are free. Make room, then try again.",
                needed=size_in_words(size + _SPARE),
                free=size_in_words(free),
            ),
            code="disk_full",
        )


def _add_text(tar: tarfile.TarFile, name: str, text: bytes) -> None:
    tar.addfile(_member(name, len(text)), io.BytesIO(text))


def _add_file(tar: tarfile.TarFile, name: str, file: Path) -> None:
    with file.open("rb") as opened:
        tar.addfile(_member(name, file.stat().st_size), opened)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member
