"""What a paper worker and its owner say to each other: frames of a length and that many bytes.

The first byte of an answer is its kind.
"""

from __future__ import annotations

import struct
from typing import IO

READY = b"+"
PDF = b"P"
REFUSED = b"R"
FAILED = b"F"

_LENGTH = struct.Struct(">I")


def write_frame(stream: IO[bytes], body: bytes) -> None:
    """Send one frame."""
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Receive one frame, or None when the other side is gone, also in the middle of a frame."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None
