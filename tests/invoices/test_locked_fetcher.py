"""The renderer opens nothing but its own fonts, even if markup should ever reach it."""

import io
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pikepdf
import pytest
from weasyprint import CSS, HTML

from invoices.press.render import LockedFetcher

SECRET = b"the combination is 4711"


class Listener(HTTPServer):
    """Counts connections."""

    visits: int = 0


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Listener)
        self.server.visits += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener(("127.0.0.1", 0), _Answer) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret.txt"
    file.write_bytes(SECRET)
    return file.as_uri()


@pytest.fixture
def fetcher() -> LockedFetcher:
    return LockedFetcher({"known.ttf": b"letters"})


MARKUP = (
    '<img src="{url}" alt="x">',
    '<object data="{url}">x</object>',
    '<embed src="{url}">',
    '<link rel="stylesheet" href="{url}">',
    '<link rel="attachment" href="{url}">',
    '<a rel="attachment" href="{url}">x</a>',
    '<style>@import "{url}";</style>',
    '<style>@font-face {{ font-family: x; src: url("{url}") }} p {{ font-family: x }}</style><p>x</p>',
    '<p style="background: url({url})">x</p>',
    '<ul style="list-style-image: url({url})"><li>x</li></ul>',
    '<svg xmlns="http://www.w3.org/2000/svg"><title>x</title><image href="{url}"/></svg>',
    '<base href="{url}"><img src="x.png" alt="x">',
)


@pytest.mark.parametrize("markup", MARKUP)
def test_no_markup_makes_it_read_a_file(fetcher: LockedFetcher, secret: str, markup: str) -> None:
    pdf = HTML(string=markup.format(url=secret), url_fetcher=fetcher, base_url="app:").write_pdf()
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert not opened.attachments
        # pikepdf unpacks each stream, so that compression can't hide the text.
        streams = [item.read_bytes() for item in opened.objects if isinstance(item, pikepdf.Stream)]
    assert not any(SECRET in stream for stream in streams)


@pytest.mark.parametrize("markup", MARKUP)
def test_no_markup_makes_it_call_an_address(fetcher: LockedFetcher, listener: Listener, markup: str) -> None:
    url = f"http://127.0.0.1:{listener.server_port}/x"
    HTML(string=markup.format(url=url), url_fetcher=fetcher, base_url="app:").write_pdf()
    assert listener.visits == 0


def test_a_stylesheet_makes_it_call_no_address_either(fetcher: LockedFetcher, listener: Listener) -> None:
    url = f"http://127.0.0.1:{listener.server_port}/x"
    style = CSS(string=f'@import "{url}"; p {{ background: url("{url}") }}', url_fetcher=fetcher)
    HTML(string="<p>x</p>", url_fetcher=fetcher).write_pdf(stylesheets=[style])
    assert listener.visits == 0


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/hostname",
        "app:../papers.py",
        "app:",
        "data:text/plain,x",
        "known.ttf",
        "APP:known.ttf",
        "",
    ],
)
def test_every_other_name_is_refused(fetcher: LockedFetcher, url: str) -> None:
    with pytest.raises(ValueError, match="fetches nothing"):
        fetcher.fetch(url)


def test_its_own_fonts_are_answered(fetcher: LockedFetcher) -> None:
    assert fetcher.fetch("app:known.ttf").read() == b"letters"


def test_every_bundled_font_comes_with_its_licence() -> None:
    folder = Path(__file__).parents[2] / "invoices" / "print" / "fonts"
    licences = {
        path.name.removesuffix("-OFL.txt"): path.read_text("utf-8") for path in folder.glob("*-OFL.txt")
    }
    assert all("SIL Open Font License, Version 1.1" in text for text in licences.values())
    assert [font.name for font in folder.glob("*.ttf") if not font.name.startswith(tuple(licences))] == []
