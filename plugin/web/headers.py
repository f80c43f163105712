"""What every answer tells the browser to refuse. One place, so that no screen can forget it."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from flask.wrappers import Response

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "object-src 'none'",
    ]
)
_FOR_EVER = "public, max-age=31536000, immutable"
_TWO_YEARS = "max-age=63072000; includeSubDomains"


def set_up(app: Flask) -> None:
    """Put the headers on every answer, refusals and files included."""
    app.after_request(_guarded)


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _policy()
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers["Strict-Transport-Security"] = _TWO_YEARS
    response.headers["Cache-Control"] = _keeping(response)
    return response


def let_forms_lead_to(origin: str) -> None:
    """Let the forms of this answer end at another origin: browsers hold redirects against the policy as well."""
    g.form_origin = origin


def _policy() -> str:
    if "form_origin" not in g:
        return POLICY
    return POLICY.replace("form-action 'self'", f"form-action 'self' {g.form_origin}")


def _keeping(response: Response) -> str:
    if request.endpoint in ("static", "pages.theme") and response.status_code in (200, 304):
        return _FOR_EVER if "v" in request.args else "no-cache"
    return "no-store"
