"""What every answer tells the browser, and what no template may hold."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from plugin.core.acts import Role
from plugin.web.headers import FRAMED, POLICY
from plugin.web.pages import TEMPLATES
from tests.web.conftest import As
from tests.web.visitor import Visitor

ALWAYS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Where an answer to its reader may say something else: the paper beside its form, and the page that holds it.
_HOLDS_FRAME = {"Content-Security-Policy": f"{POLICY}; frame-src 'self'"}
_IS_FRAMED = {"Content-Security-Policy": FRAMED, "X-Frame-Options": "SAMEORIGIN"}
# Where the address is the key, it is told to no other site.
_TELLS_NOBODY = {"Referrer-Policy": "no-referrer"}
_KEYS = (
    "my.show",
    "my.answer",
    "my.agreement",
    "my.summary",
    "my.welcome",
    "my.planner",
    "my.calendar",
    "my.wallet_pass",
    "my.google_wallet",
    "my.aftercare",
    "my.help_card",
    "my.document",
    "my.statement",
    "my.prepaid_balance",
    "buy_again.show",
    "buy_again.buy",
    "tips.show",
    "tips.give",
    "tips.follow",
    "quote.show",
    "quote.pdf",
    "quote.pay",
    "agree.show",
    "agree.pdf",
    "agree.sign",
    "mail_choice.ask",
    "mail_choice.stop",
    "mail_choice.stop_kind",
)
OTHERWISE: dict[str, dict[str, str]] = {
    **dict.fromkeys(_KEYS, _TELLS_NOBODY),
    # The check of its form needs the origin.
    "security.reset_password": {"Referrer-Policy": "strict-origin"},
    "letterhead.show": _HOLDS_FRAME,
    "texts.edit": _HOLDS_FRAME,
    "texts.read": _HOLDS_FRAME,
    "setup_paper.show": _HOLDS_FRAME,
    "letterhead.preview": _IS_FRAMED,
    "public_page.poster": _IS_FRAMED,
}
# Letters are read by mail programs, which know neither our policy nor a style sheet.
PAGES = sorted(each for each in TEMPLATES.rglob("*.html") if each.parent.name != "mail")
LETTERS = sorted((TEMPLATES / "mail").glob("*.html"))


def _endpoint(app: Flask, address: str, method: str) -> str:
    """Who answers there: the same words may fit another address's rule, or nobody's."""
    try:
        endpoint, _ = app.url_map.bind("localhost").match(address, method)
    except HTTPException:
        return ""
    return str(endpoint)


@pytest.mark.parametrize("who", ["owner", "stranger"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_every_answer_of_every_address_carries_them(
    small_app: Flask, small_as: As, who: str, method: str
) -> None:
    visitor = small_as(Role.OWNER) if who == "owner" else Visitor(small_app)
    for rule in small_app.url_map.iter_rules():
        address = re.sub(r"<[^>]+>", "unknown", rule.rule)
        otherwise = OTHERWISE.get(_endpoint(small_app, address, method), {})
        answer = visitor.client.open(address, method=method, buffered=True)
        missing = {
            name: value
            for name, value in ALWAYS.items()
            if answer.headers.get(name) not in (value, otherwise.get(name))
        }
        assert not missing, (method, address, answer.status_code, missing)


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
    assert not re.search(r"<script|<style|<link|<img|\son[a-z]+\s*=|javascript:|url\(|\|\s*safe\b", html)
