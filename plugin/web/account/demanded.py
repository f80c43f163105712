"""The second step that owners must have where real money is: until then only the pages that set it up open."""

from flask import Flask, redirect, request, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from werkzeug.wrappers import Response

from plugin.core.acts import Role
from plugin.web import current_services
from plugin.web.actions import is_fragment

_BLUEPRINTS = frozenset({"ways", "authenticator", "passkeys", "pages", "security", "lock"})


def set_up(app: Flask, *, open_blueprints: frozenset[str]) -> None:
    """Lead an owner without a second step to it, after access was checked."""

    @app.before_request
    def lead() -> Response | None:
        is_open = request.blueprint in _BLUEPRINTS | open_blueprints or request.endpoint in (None, "static")
        if is_open or not is_demanded():
            return None
        if request.headers.get("X-Live"):
            # A page that polls stays as it is.
            return Response(status=204)
        if is_fragment():
            return Response(status=204, headers={"HX-Redirect": url_for("ways.show")})
        return redirect(url_for("ways.show"), code=303)


def is_demanded() -> bool:
    """Return whether who is signed in must set up an app or a passkey first."""
    if not current_user.is_authenticated or current_user.role != Role.OWNER:
        return False
    is_practice = current_services().settings.square_environment == "practice"
    return not is_practice and not current_user.signed.has_second_factor
