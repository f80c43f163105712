"""Password hashing with argon2id, in the smaller profile of the OWASP sheet: 19 MiB, two passes."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from plugin.errors import InvalidField

MEMORY_KIB = 19456
PASSES = 2
SHORTEST = 10
# Longer ones only waste our time: an attacker could send a megabyte.
LONGEST = 200

_HASHER = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=1)


def hash_password(password: str) -> str:
    """Return the hash to store; raises InvalidField for a password too short or too long."""
    if len(password) < SHORTEST:
        raise InvalidField(f"A password has at least {SHORTEST} characters.", field="password")
    if len(password) > LONGEST:
        raise InvalidField(f"A password has at most {LONGEST} characters.", field="password")
    return _HASHER.hash(_typed(password))


def fits(password: str, password_hash: str) -> bool:
    """Return whether this is the password of the hash."""
    if len(password) > LONGEST:
        return False
    try:
        return _HASHER.verify(password_hash, _typed(password))
    except (VerificationError, InvalidHashError):
        return False


def _typed(password: str) -> str:
    # The same keys produce different code points on a Mac and on an iPad.
    return unicodedata.normalize("NFKC", password)
