"""What a worker is asked: a paper, and the pictures its content only names."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Mapping

from invoices.papers import Paper, PaperRefused, from_json, to_json


def write_request(paper: Paper, assets: Mapping[str, bytes]) -> bytes:
    """Put a paper and its pictures into one message."""
    pictures = {name: b64encode(content).decode("ascii") for name, content in assets.items()}
    return json.dumps({"paper": to_json(paper), "assets": pictures}).encode("ascii")


def read_request(message: bytes) -> tuple[Paper, dict[str, bytes]]:
    """Read what `write_request` wrote; raises PaperRefused."""
    try:
        asked = json.loads(message)
        return from_json(asked["paper"]), {name: b64decode(one) for name, one in asked["assets"].items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PaperRefused(f"This is not the content of a paper: {error}.") from error
