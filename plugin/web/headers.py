"""Security headers of every response, set in one place so that no screen can omit them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

from flask import Flask, g, request
from flask.globals import app_ctx
from flask.wrappers import Response
from werkzeug.wrappers import Response as AnyResponse

from plugin.web import current_services

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from flask.ctx import _AppCtxGlobals

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ]
)
# A paper beside the form that edits it: only styles, fonts and its logo, framed only by our own pages.
FRAMED = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "form-action 'none'",
        "frame-ancestors 'self'",
        "base-uri 'none'",
    ]
)
# Their address contains a version of their content.
_KEPT = ("static", "pages.theme", "pages.script", "pages.styles", "looks.shared", "looks.own", "looks.font")
_FOR_EVER = "public, max-age=31536000, immutable"
_NO_DEVICES = "geolocation=(), microphone=(), payment=(), usb=()"
_TWO_YEARS = "max-age=63072000; includeSubDomains"


Headers: TypeAlias = tuple[tuple[str, str], ...]


class GuardedResponse(Response):
    """A response with late headers: nothing reads or sets them before it is sent, so that they are added then.

    A header that is set earlier is searched for among the others, checked, and copied with them.
    """

    late_headers: Headers = ()

    def get_wsgi_response(
        self, environ: WSGIEnvironment
    ) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """Return the body, the status and all headers."""
        body, status, headers = super().get_wsgi_response(environ)
        return body, status, [*headers, *self.late_headers]


def set_up(app: Flask) -> None:
    """Set the headers on every response, errors and files included."""
    app.response_class = GuardedResponse
    app.after_request(_guarded)


def _guarded(response: GuardedResponse) -> GuardedResponse:
    said = app_ctx.g
    is_framed, has_camera = "is_framed" in said, "has_camera" in said
    is_https = current_services().settings.is_https
    response.late_headers = _guards(
        _policy(said),
        said.get("referrer", "same-origin"),
        is_framed=is_framed,
        has_camera=has_camera,
        is_https=is_https,
    )
    response.headers["Cache-Control"] = _keeping(response)
    return response


@lru_cache(maxsize=64)
def _guards(policy: str, referrer: str, *, is_framed: bool, has_camera: bool, is_https: bool) -> Headers:
    guards = {
        "Content-Security-Policy": policy,
        "Referrer-Policy": referrer,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "SAMEORIGIN" if is_framed else "DENY",
        "Permissions-Policy": f"camera=({'self' if has_camera else ''}), {_NO_DEVICES}",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if is_https:
        guards["Strict-Transport-Security"] = _TWO_YEARS
    return tuple(guards.items())


def unlist(response: AnyResponse, referrer: str = "no-referrer") -> AnyResponse:
    """Exclude a page whose address is its key from search engines and, by its Referrer-Policy, from referrers."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    g.referrer = referrer
    return response


def let_forms_lead_to(origin: str) -> None:
    """Let the forms of this response end at another origin: browsers apply form-action to redirects as well."""
    g.form_origin = origin


def let_our_page_frame() -> None:
    """Let our own pages frame this response, which then can only be viewed."""
    g.is_framed = True


def let_page_hold_frame() -> None:
    """Let this page contain a frame of ours."""
    g.has_frame = True


def let_page_use_camera() -> None:
    g.has_camera = True


def _policy(said: _AppCtxGlobals) -> str:
    if "is_framed" in said:
        return FRAMED
    policy = f"{POLICY}; frame-src 'self'" if "has_frame" in said else POLICY
    if "form_origin" not in said:
        return policy
    return policy.replace("form-action 'self'", f"form-action 'self' {said.form_origin}")


def _keeping(response: Response) -> str:
    if request.endpoint in _KEPT and response.status_code in (200, 304):
        return _FOR_EVER if "v" in request.args or "v" in (request.view_args or {}) else "no-cache"
    return "no-store"
