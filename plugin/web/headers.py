"""Security headers of every response, set in one place so that no screen can omit them."""

from flask import Flask, g, request
from flask.wrappers import Response

from plugin.web import current_services

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


def set_up(app: Flask) -> None:
    """Set the headers on every response, errors and files included."""
    app.after_request(_guarded)


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _policy()
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "SAMEORIGIN" if "is_framed" in g else "DENY"
    # Where the address itself is a key, the view has set that it is sent as a referrer to no one.
    response.headers.setdefault("Referrer-Policy", "same-origin")
    camera = "self" if "has_camera" in g else ""
    response.headers["Permissions-Policy"] = f"camera=({camera}), {_NO_DEVICES}"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if current_services().settings.is_https:
        response.headers["Strict-Transport-Security"] = _TWO_YEARS
    response.headers["Cache-Control"] = _keeping(response)
    return response


def unlist(response: Response) -> Response:
    """Exclude a page whose address is its key from search engines and from referrers."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
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
    """Let this page ask for the camera."""
    g.has_camera = True


def _policy() -> str:
    if "is_framed" in g:
        return FRAMED
    policy = f"{POLICY}; frame-src 'self'" if "has_frame" in g else POLICY
    if "form_origin" not in g:
        return policy
    return policy.replace("form-action 'self'", f"form-action 'self' {g.form_origin}")


def _keeping(response: Response) -> str:
    if request.endpoint in _KEPT and response.status_code in (200, 304):
        return _FOR_EVER if "v" in request.args or "v" in (request.view_args or {}) else "no-cache"
    return "no-store"
