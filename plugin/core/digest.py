"""The digest by which secrets and requests are stored and compared."""

import hashlib


def sha256_hex(text: str) -> str:
    """Return the SHA-256 of a text; one with bytes that are no UTF-8, as a request may hold, has one, too."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
