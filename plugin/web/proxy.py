"""The proxy in front: whose word on a visitor's address and scheme counts."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from flask import Flask, Request, Response
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.middleware.proxy_fix import ProxyFix

from plugin.services import Services
from plugin.settings import parse_networks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def set_up(app: Flask) -> None:
    """Read forwarded headers where the connection comes from one of TRUSTED_PROXIES, and nowhere else."""
    app.wsgi_app = _BehindProxy(app)  # type: ignore[method-assign]
    app.session_interface = _Sessions()


class _Sessions(SecureCookieSessionInterface):
    """Sends the session's cookie over TLS only, while the desk is opened over TLS.

    Its name then binds it to TLS, and where it counts for all paths to this host alone (RFC 6265bis, 4.1.3).
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        # What reads cookies and its key is made anew for each request, and most programs send none.
        if "HTTP_COOKIE" in request.environ and self.get_cookie_name(app) in request.cookies:
            return super().open_session(app, request)
        return self.session_class()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        # What nobody looked at is not in the answer either.
        if session.accessed or session.modified:
            super().save_session(app, session, response)

    def get_cookie_name(self, app: Flask) -> str:
        name = super().get_cookie_name(app)
        if not self.get_cookie_secure(app):
            return name
        return f"{'__Host-' if self.get_cookie_path(app) == '/' else '__Secure-'}{name}"

    def get_cookie_secure(self, app: Flask) -> bool:
        services: Services = app.extensions["coursekeeper"]
        return services.settings.is_https


class _BehindProxy:
    """Takes the last value of X-Forwarded-For and -Proto from a trusted proxy.

    Only the last one: what stands before it came from the visitor. Settings are read at each request.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._direct: WSGIApplication = app.wsgi_app
        self._behind_proxy: WSGIApplication = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        counts = self._is_trusted(environ.get("REMOTE_ADDR", ""))
        return (self._behind_proxy if counts else self._direct)(environ, start_response)

    def _is_trusted(self, peer: str) -> bool:
        services: Services = self._app.extensions["coursekeeper"]
        # Without TLS no proxy stands in front, and a visitor on this machine speaks for nobody else.
        if not services.settings.is_https:
            return False
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        # A listener for both families names a peer of the older one ::ffff:192.0.2.1.
        if isinstance(address, IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in parse_networks(services.settings.trusted_proxies))
