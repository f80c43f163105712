"""What a browser takes compressed goes out compressed, and its length tells nothing about the form token in it."""

import gzip

import brotli
from flask import Flask, Response

from plugin.core.acts import Role
from plugin.web import compression
from plugin.web.compression import MOST_PADDING
from tests.web.conftest import As

GZIP = {"Accept-Encoding": "gzip, deflate"}
BROTLI = {"Accept-Encoding": "gzip, deflate, br"}


def test_a_page_is_the_same_page_at_a_quarter_of_its_size(small_as: As) -> None:
    olga = small_as(Role.OWNER)
    plain, packed = olga.get("/packages"), olga.get("/packages", headers=GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.data) < len(plain.data) / 2
    assert b"Packages" in gzip.decompress(packed.data)
    for answer in (plain, packed):
        assert "Accept-Encoding" in answer.headers["Vary"]


def test_the_length_of_a_page_is_random(small_as: As) -> None:
    olga = small_as(Role.OWNER)
    lengths = {len(olga.get("/packages", headers=GZIP).data) for _ in range(12)}
    assert len(lengths) > 1
    assert max(lengths) - min(lengths) <= MOST_PADDING + 20


def test_a_kept_file_is_checked_by_its_weak_tag(small_app: Flask) -> None:
    visitor, address = small_app.test_client(), "/static/htmx.min.js?v=1"
    with visitor.get(address, headers=GZIP) as packed, visitor.get(address) as plain:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(packed.data) == plain.data
        tag = packed.headers["ETag"]
    assert tag.startswith('W/"')
    with visitor.get(address, headers={**GZIP, "If-None-Match": tag}) as again:
        assert again.status_code == 304


def test_a_kept_file_is_smaller_still_by_brotli(small_app: Flask, small_as: As) -> None:
    visitor, address = small_app.test_client(), "/static/htmx.min.js?v=1"
    with visitor.get(address, headers=BROTLI) as smaller, visitor.get(address, headers=GZIP) as packed:
        assert smaller.headers["Content-Encoding"] == "br"
        assert brotli.decompress(smaller.data) == gzip.decompress(packed.data)
        assert len(smaller.data) < len(packed.data) * 0.95
    # A page is another each time; packing it that well would take longer than sending what it saves.
    assert small_as(Role.OWNER).get("/packages", headers=BROTLI).headers["Content-Encoding"] == "gzip"


def test_what_is_small_or_packed_already_goes_as_it_is(small_app: Flask, small_as: As) -> None:
    assert "Content-Encoding" not in small_app.test_client().get("/theme.css", headers=GZIP).headers
    assert "Content-Encoding" not in small_as(Role.OWNER).get("/guides/desk.pdf", headers=GZIP).headers


def test_what_an_answer_varies_by_besides_stays_in_the_same_header() -> None:
    app = Flask(__name__)
    compression.set_up(app)
    app.add_url_rule(
        "/", view_func=lambda: Response("x" * 600, mimetype="text/html", headers={"Vary": "HX-Request"})
    )
    assert app.test_client().get("/", headers=GZIP).headers.getlist("Vary") == ["HX-Request, Accept-Encoding"]
