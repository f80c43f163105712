"""The name under which a browser saves an answer, in any script. A header holds Latin letters alone (RFC 6266)."""

from __future__ import annotations

import unicodedata
from typing import Literal
from urllib.parse import quote

from flask import Response


def name_file(response: Response, name: str, shown: Literal["inline", "attachment"] = "inline") -> Response:
    """Have the answer shown, or saved, under this name; old programs get it without what is not ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().replace('"', "")
    said = f'{shown}; filename="{plain}"'
    if plain != name:
        said += f"; filename*=UTF-8''{quote(name, safe='')}"
    response.headers["Content-Disposition"] = said
    return response
