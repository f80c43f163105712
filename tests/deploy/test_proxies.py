"""The proxies' examples, started and fetched through: TLS, addresses, large files, private pages."""

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import request

from plugin import create_app
from plugin.core.acts import Role
from plugin.store import Store
from plugin.web.owner.imports import LARGEST_FORM
from practice_square.serving import local_server
from tests.clock import HandMovedClock
from tests.deploy.proxies import NAME, PROXIES, Ports
from tests.project.tree import ROOT
from tests.servers import free_port
from tests.web.conftest import open_house_on
from tests.web.visitor import hire

SPOOFED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}


@dataclass(frozen=True)
class Desk:
    """A desk behind a proxy."""

    ports: Ports
    trust: ssl.SSLContext
    folder: Path

    def ask(self, address: str, method: str = "GET", **more: Any) -> httpx.Response:
        """Ask the proxy over TLS, or where a whole address is given that one."""
        whole = address if "://" in address else f"https://{NAME}:{self.ports.tls}{address}"
        with httpx.Client(verify=self.trust, timeout=30, trust_env=False) as client:
            return client.request(method, whole, **more)


@pytest.fixture(params=PROXIES)
def desk(
    request: pytest.FixtureRequest, lite_store: Store, clock: HandMovedClock, tmp_path: Path
) -> Iterator[Desk]:
    ports = Ports(free_port(), free_port(), free_port())
    services = open_house_on(lite_store, clock, public_url=f"https://{NAME}:{ports.tls}")
    # Without an owner there is nothing but the set-up page.
    hire(services, Role.OWNER)
    app = create_app(services=services)
    app.add_url_rule("/seen", "health.seen", _seen, methods=("GET", "POST"))
    server = local_server(app, port=ports.desk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with PROXIES[request.param](tmp_path, ports) as trust:
            yield Desk(ports, trust, tmp_path)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _seen() -> dict[str, object]:
    request.max_content_length = LARGEST_FORM
    length = len(request.get_data())
    return {
        "visitor": request.remote_addr,
        "scheme": request.scheme,
        "host": request.host,
        "length": length,
    }


def test_the_desk_is_fetched_through_a_proxy_and_nobody_names_their_own_address(desk: Desk) -> None:
    """One start of each proxy for everything: starting them is what costs."""
    page = desk.ask("/sign-in")
    assert page.status_code == 200
    assert "Sign in" in page.text
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"]

    seen = desk.ask("/seen", headers=SPOOFED).json()
    expected = {"visitor": "127.0.0.1", "scheme": "https", "host": f"{NAME}:{desk.ports.tls}"}
    assert seen == {**expected, "length": 0}

    moved = desk.ask(f"http://{NAME}:{desk.ports.plain}/clients?q=anna")
    assert moved.is_redirect
    assert moved.headers["Location"].startswith(f"https://{NAME}")
    assert moved.headers["Location"].endswith("/clients?q=anna")

    refused = desk.ask(
        f"http://{NAME}:{desk.ports.plain}/api/v1/clients", headers={"Authorization": "Bearer x"}
    )
    assert (refused.status_code, "Location" in refused.headers) == (403, False)

    # Not even by guessing is the key of Caddy's authority handed out.
    assert desk.ask(f"http://{NAME}:{desk.ports.plain}/root.key").is_redirect

    sent = desk.ask("/seen", "POST", content=b"x" * LARGEST_FORM).json()
    assert sent["length"] == LARGEST_FORM

    assert desk.ask("/my/private-page-key").status_code == 404
    logs = [path for path in desk.folder.rglob("*.log") if b"private-page-key" in path.read_bytes()]
    assert logs == []


@pytest.mark.parametrize("form", ["domain", "tailscale", "lan"])
def test_each_form_of_address_has_its_file(form: str) -> None:
    text = (ROOT / "deploy" / "caddy" / f"{form}.Caddyfile").read_text()
    assert "import common.caddy" in text
    assert "import coursekeeper" in text
    assert "import plain" in text
