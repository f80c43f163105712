"""The protocol between a paper worker and its owner: frames of a length and that many bytes.

A request is a paper with its pictures as JSON; the first byte of an answer is its kind.
"""

import json
import struct
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import IO

from invoices.papers import Paper, PaperRefused, from_json, to_json

READY = b"+"
PDF = b"P"
REFUSED = b"R"
FAILED = b"F"

_LENGTH = struct.Struct(">I")


def write_frame(stream: IO[bytes], body: bytes) -> None:
    stream.write(_LENGTH.pack(len(body)) + body)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes | None:
    """Receive one frame, or None when the other side has closed, also in the middle of a frame."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = stream.read(length)
    return body if len(body) == length else None


def write_request(paper: Paper, assets: Mapping[str, bytes]) -> bytes:
    """Write a paper and its pictures as one message."""
    pictures = {name: b64encode(content).decode("ascii") for name, content in assets.items()}
    return json.dumps({"paper": to_json(paper), "assets": pictures}).encode("ascii")


def read_request(message: bytes) -> tuple[Paper, dict[str, bytes]]:
    """Read what `write_request` wrote; raises PaperRefused."""
    try:
        asked = json.loads(message)
        return from_json(asked["paper"]), {name: b64decode(one) for name, one in asked["assets"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PaperRefused(f"This is not the content of a paper: {error}.") from error
