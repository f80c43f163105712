"""Forwarded headers count from a trusted proxy alone, and only what that proxy itself has written."""

import pytest
from flask import Flask, Response, request

from plugin import create_app
from plugin.errors import ConfigurationError
from plugin.settings import read_settings
from plugin.store import Store
from plugin.web import check_in_cookie
from plugin.web.account import people
from plugin.web.application import make_application
from tests.clock import HandMovedClock
from tests.web.conftest import open_house_on

HTTPS = "https://desk.example.org"


def _app(store: Store, clock: HandMovedClock, **settings: str) -> Flask:
    app = create_app(services=open_house_on(store, clock, **settings))
    app.add_url_rule("/seen", "health.seen", lambda: {"seen": (request.remote_addr, request.scheme)})
    return app


def _seen(app: Flask, peer: str, forwarded_for: str) -> list[str]:
    headers = {"X-Forwarded-For": forwarded_for, "X-Forwarded-Proto": "https"}
    answer = app.test_client().get("/seen", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.json is not None, answer.text
    seen: list[str] = answer.json["seen"]
    return seen


@pytest.fixture
def app(lite_store: Store, clock: HandMovedClock) -> Flask:
    return _app(lite_store, clock, public_url=HTTPS, trusted_proxies="172.30.0.0/24, fd00::2")


@pytest.mark.parametrize("peer", ["172.30.0.5", "fd00::2", "::ffff:172.30.0.5"])
def test_a_trusted_proxy_names_the_visitor(app: Flask, peer: str) -> None:
    assert _seen(app, peer, "192.0.2.7") == ["192.0.2.7", "https"]


def test_what_the_visitor_sent_before_the_proxy_does_not_count(app: Flask) -> None:
    assert _seen(app, "172.30.0.5", "10.1.1.1, 192.0.2.7") == ["192.0.2.7", "https"]


@pytest.mark.parametrize("peer", ["172.30.1.5", "127.0.0.1", "192.0.2.9", "fd00::3", "nonsense", ""])
def test_nobody_else_names_a_visitor(app: Flask, peer: str) -> None:
    assert _seen(app, peer, "192.0.2.7") == [peer, "http"]


def test_by_default_a_proxy_is_on_this_machine(lite_store: Store, clock: HandMovedClock) -> None:
    app = _app(lite_store, clock, public_url=HTTPS)
    assert _seen(app, "127.0.0.1", "192.0.2.7") == ["192.0.2.7", "https"]
    assert _seen(app, "10.0.0.5", "192.0.2.7") == ["10.0.0.5", "http"]


def test_without_tls_in_front_no_header_counts(lite_store: Store, clock: HandMovedClock) -> None:
    assert _seen(_app(lite_store, clock), "127.0.0.1", "192.0.2.7") == ["127.0.0.1", "http"]


@pytest.mark.parametrize(("peer", "is_trusted"), [("10.9.8.7", True), ("100.64.0.1", False)])
def test_private_networks_have_one_name(
    lite_store: Store, clock: HandMovedClock, peer: str, is_trusted: bool
) -> None:
    app = _app(lite_store, clock, public_url=HTTPS, trusted_proxies="private_ranges")
    assert (_seen(app, peer, "192.0.2.7")[0] == "192.0.2.7") is is_trusted


@pytest.mark.parametrize("value", ["caddy", "10.0.0.5/8", "10.0.0.1;10.0.0.2", "*"])
def test_anything_else_than_networks_stops_the_start(value: str) -> None:
    with pytest.raises(ConfigurationError, match="TRUSTED_PROXIES is no list of addresses or networks"):
        read_settings({"TRUSTED_PROXIES": value})


@pytest.mark.parametrize(
    ("address", "root", "name"),
    [
        (HTTPS, "/", "__Host-coursekeeper"),
        (HTTPS, "/courses", "__Secure-coursekeeper"),
        ("http://localhost:8000", "/", "coursekeeper"),
    ],
)
def test_over_tls_cookies_are_bound_to_it(
    lite_store: Store, clock: HandMovedClock, address: str, root: str, name: str
) -> None:
    services = open_house_on(lite_store, clock, public_url=address)
    app = make_application(services=services, root=root)
    with app.test_request_context():
        response = Response()
        for kept in (people, check_in_cookie):
            kept.put_cookie(response, "token")
    assert app.session_interface.get_cookie_name(app) == name
    cookies = response.headers.getlist("Set-Cookie")
    assert [("Secure" in each, "HttpOnly" in each) for each in cookies] == [(address == HTTPS, True)] * 2
