"""Checks of a paper's picture before the renderer opens it: a small file can contain very many pixels."""

import hashlib
import struct
from collections.abc import Mapping

from invoices.papers import Logo, Paper, PaperRefused

MOST_BYTES = 2 * 1024 * 1024
MOST_PIXELS = 1_000_000
# Every PNG starts with its signature and a first chunk with its width and height.
_HEAD = struct.Struct(">8s4s4sII")
_SIGNATURE, _FIRST_CHUNK = b"\x89PNG\r\n\x1a\n", b"IHDR"


def pictures_of(paper: Paper, assets: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the assets the paper shows. Raises PaperRefused where they differ from what the paper states."""
    logo = paper.clinic.logo
    if logo is None:
        return {}
    if logo.sha256 not in assets:
        raise PaperRefused("The clinic’s logo was not handed over with the paper; send the logo again.")
    png = assets[logo.sha256]
    if len(png) > MOST_BYTES or not 0 < logo.width * logo.height <= MOST_PIXELS:
        raise PaperRefused(
            f"A logo may have {MOST_PIXELS} pixels and {MOST_BYTES} bytes; send a smaller one."
        )
    if not _is_what_it_says(png, logo):
        raise PaperRefused("The clinic’s logo is not the picture that the paper names; send the logo again.")
    return {logo.sha256: png}


def _is_what_it_says(png: bytes, logo: Logo) -> bool:
    if len(png) < _HEAD.size or hashlib.sha256(png).hexdigest() != logo.sha256:
        return False
    signature, _, chunk, width, height = _HEAD.unpack_from(png)
    return (signature, chunk, width, height) == (_SIGNATURE, _FIRST_CHUNK, logo.width, logo.height)
