"""Pages, styles, scripts and JSON go out compressed: a first visit weighs a quarter.

Files that a browser keeps are packed once, by Brotli where it takes that (over HTTPS): a sixth less than by gzip.

A page has its form token beside words of the request, so that its compressed length would tell something about
the token (BREACH). A header of random length hides it, as Django's GZipMiddleware does
(https://ieeexplore.ieee.org/document/9754554).
"""

import gzip
import secrets
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO

import brotli  # type: ignore[import-untyped]  # it ships no types
from flask import Flask, request
from flask.wrappers import Response

LEAST_BYTES = 500
MOST_PADDING = 100
_LEVEL = 5
_NO_BODY = (204, 206, 304)
_KINDS = frozenset(
    {
        "application/json",
        "application/manifest+json",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
        "text/plain",
    }
)


def set_up(app: Flask) -> None:
    """Compress what a browser takes compressed. To be set up first: what is registered first runs last."""
    app.after_request(_compressed)


def _compressed(response: Response) -> Response:
    length = response.headers.get("Content-Length", type=int)
    if response.status_code == HTTPStatus.NO_CONTENT or (length is not None and length < LEAST_BYTES):
        # Most answers to programs, and to an open page that hears nothing new: the same whatever they accept.
        return response
    if response.mimetype not in _KINDS or (response.is_streamed and not response.direct_passthrough):
        return response
    response.vary.add("Accept-Encoding")
    if not request.accept_encodings["gzip"] or _is_final(response):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < LEAST_BYTES:
        return response
    # The same file again and again; a page is another each time.
    is_kept = "immutable" in response.headers.get("Cache-Control", "")
    encoding = "br" if is_kept and request.accept_encodings["br"] else "gzip"
    response.set_data(_packed_once(body, encoding) if is_kept else _packed(body))
    response.headers["Content-Encoding"] = encoding
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)
    return response


def _is_final(response: Response) -> bool:
    return response.status_code in _NO_BODY or "Content-Encoding" in response.headers


def _packed(body: bytes) -> bytes:
    packed = BytesIO()
    padding = "a" * secrets.randbelow(MOST_PADDING)
    with gzip.GzipFile(padding, "wb", _LEVEL, packed, mtime=0) as file:
        file.write(body)
    return packed.getvalue()


@lru_cache(maxsize=64)
def _packed_once(body: bytes, encoding: str) -> bytes:
    return brotli.compress(body) if encoding == "br" else gzip.compress(body, 9, mtime=0)
