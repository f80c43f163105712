"""The passphrase of encrypted copies, and the age key that it protects.

Copies are encrypted to a public key, so the worker needs no secret to make them, and a stolen server can't
open those that were sent elsewhere. The private key is inside each copy, itself encrypted with the
passphrase in the format of age (https://age-encryption.org/v1), which `age --decrypt` opens as well.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

import pyrage  # type: ignore[import-untyped]  # ships no types
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from plugin.errors import Refused
from plugin.wording import _

# Crockford's alphabet: nothing that looks like something else.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP_LENGTH = 6, 4
# 2^16: 64 MB for a moment. The passphrase has 120 random bits, so it needs no slower derivation, and the
# library's own choice for the speed of this machine takes up to 1 GB, which a small server does not have.
_LOG_N = 16
_LONGEST_KEY_FILE = 4096


class WrongPassphrase(Refused):
    """The passphrase does not open the copy."""

    code = "wrong_passphrase"


@dataclass(frozen=True, slots=True)
class CopyKey:
    """What the worker encrypts with: `recipient` is public, `key_file` opens only with the passphrase."""

    recipient: str
    key_file: bytes


def make_passphrase() -> str:
    """Return a new passphrase of 120 random bits, such as `K7QM-2XRD-…`."""
    groups = ("".join(secrets.choice(ALPHABET) for _other in range(GROUP_LENGTH)) for _other in range(GROUPS))
    return "-".join(groups)


def as_printed(typed: str) -> str:
    """Return a typed passphrase as it was printed, whatever its case, spaces and look-alikes."""
    plain = re.sub(r"[\s\-–—_.]", "", typed).upper().translate(str.maketrans("OIL", "011"))
    groups = [plain[at : at + GROUP_LENGTH] for at in range(0, len(plain), GROUP_LENGTH)]
    return "-".join(groups)


def make_key(passphrase: str) -> CopyKey:
    """Return a new key that opens with this passphrase."""
    identity = pyrage.x25519.Identity.generate()
    return CopyKey(str(identity.to_public()), _sealed(f"{identity}\n".encode(), passphrase))


def open_key(key_file: bytes, passphrase: str) -> str:
    """Return the private key, an age identity; raises WrongPassphrase."""
    if len(key_file) > _LONGEST_KEY_FILE:
        raise Refused(_("The copy’s key is damaged."), code="damaged_copy")
    try:
        opened: bytes = pyrage.passphrase.decrypt(key_file, as_printed(passphrase))
    except pyrage.DecryptError:
        raise WrongPassphrase(
            _(
                "That passphrase does not open this copy. Check each group; a copy opens with the passphrase"
                " that was valid when it was made."
            ),
            field="passphrase",
        ) from None
    return opened.decode("ascii", "replace").strip()


def _sealed(text: bytes, passphrase: str) -> bytes:
    """Return a short text as an age file with a scrypt recipient and one chunk."""
    file_key, salt, nonce = secrets.token_bytes(16), secrets.token_bytes(16), secrets.token_bytes(16)
    wrapping = hashlib.scrypt(
        passphrase.encode(),
        salt=b"age-encryption.org/v1/scrypt" + salt,
        n=2**_LOG_N,
        r=8,
        p=1,
        maxmem=2**27,
        dklen=32,
    )
    body = ChaCha20Poly1305(wrapping).encrypt(bytes(12), file_key, None)
    header = f"age-encryption.org/v1\n-> scrypt {_b64(salt)} {_LOG_N}\n{_b64(body)}\n---".encode()
    mark = hmac.digest(_derived(file_key, b"", b"header"), header, "sha256")
    payload_key = _derived(file_key, nonce, b"payload")
    # The nonce of the only chunk, which is the last one: counter 0, flag 1.
    chunk = ChaCha20Poly1305(payload_key).encrypt(bytes(11) + b"\x01", text, None)
    return header + b" " + _b64(mark).encode() + b"\n" + nonce + chunk


def _derived(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt, info).derive(key)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")
