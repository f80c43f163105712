"""What answers may be kept, and what no template may hold. `test_access.py` looks at the headers of every answer."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin.web.headers import POLICY
from plugin.web.pages import TEMPLATES
from tests.web.visitor import Visitor

# Letters are read by mail programs, which know neither our policy nor a style sheet.
PAGES = sorted(each for each in TEMPLATES.rglob("*.html") if each.parent.name != "mail")
LETTERS = sorted((TEMPLATES / "mail").glob("*.html"))


def test_the_policy_allows_nothing_written_into_a_page() -> None:
    assert "unsafe" not in POLICY
    assert "default-src 'none'" in POLICY
    assert "*" not in POLICY


def test_pages_of_people_are_kept_by_nobody(small_deb: Visitor) -> None:
    for address in ("/", "/clients", "/attention", "/today/live", "/nowhere"):
        assert small_deb.get(address).headers["Cache-Control"] == "no-store"


def test_a_file_is_kept_for_ever_under_its_fingerprint(small_deb: Visitor) -> None:
    sheets = [
        each.attributes["href"]
        for each in small_deb.page("/").elements
        if each.attributes.get("rel") == "stylesheet"
    ]
    assert len(sheets) == 2
    for address in sheets:
        assert "immutable" in small_deb.get(address).headers["Cache-Control"]
        assert small_deb.get(address.split("?")[0]).headers["Cache-Control"] == "no-cache"


def test_no_template_writes_a_script_or_a_style() -> None:
    assert len(PAGES) > 100
    written = {str(path.relative_to(TEMPLATES)): list(_written_into(path)) for path in PAGES}
    assert {name: found for name, found in written.items() if found} == {}


def _written_into(path: Path) -> Iterator[str]:
    html = path.read_text(encoding="utf-8")
    yield from re.findall(
        r"<style|\sstyle\s*=|\son[a-z]+\s*=|javascript:|hx-on|hx-vals=['\"]js|\|\s*safe\b", html
    )
    yield from (script for script in re.findall(r"<script[^>]*>", html) if "src=" not in script)
    for address in re.findall(r"(?:src|href|action)=[\"']([^\"'{]+)", html):
        if re.match(r"(?i)(https?:)?//", address):
            yield address


def test_templates_are_found_and_there_are_some() -> None:
    assert (TEMPLATES / "static" / "desk" / "main.js").is_file()
    assert len(PAGES) > 10


@pytest.mark.parametrize("path", LETTERS, ids=lambda path: path.name)
def test_no_letter_runs_or_fetches_anything(path: Path) -> None:
    html = path.read_text(encoding="utf-8")
    # Only a style element can say what a dark mailbox shows.
    plain = re.sub(r"<style>(@media \(prefers-color-scheme: dark\) \{[^<]*\})</style>", r"\1", html)
    refused = r"<script|<style|<link|<img|@import|\son[a-z]+\s*=|javascript:|url\(|\|\s*safe\b"
    assert not re.search(refused, plain)
