"""Access by role. A view without a rule is open to the owner only, so an omitted rule locks, never opens."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, TypeVar

from flask import Blueprint, Flask, current_app, redirect, request, url_for
from flask.globals import request_ctx
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from werkzeug.exceptions import BadRequest, Unauthorized
from werkzeug.wrappers import Response

from plugin.core.acts import Actor, Role, require
from plugin.courses.accounts.setup import has_staff
from plugin.courses.accounts.sign_ins import SIGN_IN_LASTS
from plugin.web import current_services
from plugin.web.request_log import note_role

View = TypeVar("View", bound=Callable[..., Any])

# The cookie by which a browser is a shared device.
DEVICE_COOKIE = "coursekeeper_device"
# The cookie by which a browser is a screen at which clients check in.
CHECK_IN_COOKIE = "coursekeeper_check_in"
FRESH_FOR = timedelta(minutes=30)
_YEAR_S = 365 * 24 * 3600

# Endpoints that need no sign-in: the sign-in itself, a link to set a password, and the files their pages load.
_SIGNING_IN = (
    "login",
    "logout",
    "forgot_password",
    "reset_password",
    "two_factor_token_validation",
    "mf_recovery",
    "wan_signin",
    "wan_signin_response",
)
_OPEN_ENDPOINTS = frozenset(
    {
        "static",
        "pages.theme",
        "pages.script",
        "offline.manifest",
        "offline.worker",
        "offline.show",
        "pages.styles",
        "lock.show",
        "lock.enter",
        "lock.lock",
        *(f"security.{each}" for each in _SIGNING_IN),
    }
)

# Where the sign-in begins, and until there is an owner the set-up.
_DOORS = frozenset({"security.login"})


def allow(*roles: Role) -> Callable[[View], View]:
    """Allow these roles to open a view; the owner always may."""

    def mark(view: View) -> View:
        view.roles = roles  # type: ignore[attr-defined]
        return view

    return mark


def fresh(within: timedelta = FRESH_FOR) -> Callable[[View], View]:
    """Ask for the password or passkey again before a view, unless it was given this recently.

    For what a stolen moment at an open screen must not reach: secrets, access, copies of all data. Mark the acts
    and downloads, not the pages that lead to them: a page that polls would ask each second.
    """

    def mark(view: View) -> View:
        view.fresh_within = within  # type: ignore[attr-defined]
        return view

    return mark


class ProveAgain(Unauthorized):
    """The person is signed in, but must first give their password or passkey again."""


DESK = (Role.DESK,)
TREATS = (Role.PRACTITIONER,)
AT_THE_DESK = (Role.DESK, Role.PRACTITIONER)


class Screens(Blueprint):
    """Pages of one subject, whose routes say who may open them. The owner always may, and alone where none is named.

    `roles`: who else may; `fresh`: as for `fresh` above; `refused`: as for `refusals.refused_shows`.
    """

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        *,
        roles: tuple[Role, ...] | None = None,
        fresh: timedelta | None = None,
        refused: Callable[..., Any] | None = None,
        **options: Any,
    ) -> None:
        """Add a route, and mark its view with what it says."""
        marks = {"roles": roles, "fresh_within": fresh, "refused_shows": refused}
        for name, value in marks.items():
            if value is not None:
                setattr(view_func, name, value)
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


def set_up(app: Flask, *, open_blueprints: frozenset[str]) -> None:
    """Check access before each view; the open blueprints do their own checks."""

    @app.before_request
    def admit() -> Response | None:
        # Itself, as each look through what stands for it costs four calls.
        asked = request_ctx.request
        if asked.blueprint in open_blueprints:
            return None
        if asked.endpoint in _DOORS and _is_new_clinic():
            return redirect(url_for("setup.show"), code=303)
        if asked.endpoint is None or asked.endpoint in _OPEN_ENDPOINTS:
            return None
        if not current_user.is_authenticated:
            return _to_the_door()
        note_role(current_user.role)
        refuse_nul()
        require_access(current_app.view_functions[asked.endpoint])
        return None


def require_access(view: Any) -> None:
    """Raise NotAllowed or ProveAgain unless who is signed in may open this view now."""
    require(current_actor(), *getattr(view, "roles", ()))
    within = _fresh_within(view)
    if within is not None:
        require_fresh(within)


def require_fresh(within: timedelta = FRESH_FOR) -> None:
    """Raise ProveAgain unless who is signed in gave their password or passkey this recently."""
    if not current_user.signed.is_fresh(within, current_services().clock()):
        raise ProveAgain


def _fresh_within(view: Any) -> timedelta | None:
    """Return how recently the password must have been given, None for no matter when.

    A PIN opens nothing that is the owner's alone: there the password is asked for once per sign-in.
    """
    is_owners_alone = not getattr(view, "roles", ())
    marked: timedelta | None = getattr(view, "fresh_within", None)
    return marked if marked is not None or not is_owners_alone else SIGN_IN_LASTS


def keep_cookie(
    response: Response, name: str, value: str, *, samesite: Literal["Lax", "Strict"] = "Lax"
) -> None:
    """Have this browser keep a cookie for a year, for our own address and no script; over TLS it stays there."""
    response.set_cookie(
        name,
        value,
        max_age=_YEAR_S,
        path=current_app.config["SESSION_COOKIE_PATH"],
        secure=current_services().settings.is_https,
        httponly=True,
        samesite=samesite,
    )


def refuse_nul() -> None:
    """Raise BadRequest for a request with a NUL character."""
    # No one types it, and PostgreSQL rejects text that contains it.
    sent = (*(request.view_args or {}).values(), *request.args.values(), *request.form.values())
    if any("\0" in value for value in sent if isinstance(value, str)):
        raise BadRequest


def current_actor() -> Actor:
    """Return the signed-in person, as the history records them."""
    actor: Actor = current_user.actor
    return actor


def _is_new_clinic() -> bool:
    return not current_user.is_authenticated and not has_staff(current_services().store)


def _to_the_door() -> Response:
    # A fragment can't show a sign-in: the script on its page does. A form's contents must not be lost.
    if request.method == "POST" or request.headers.get("HX-Request") or request.headers.get("X-Live"):
        raise Unauthorized
    if _is_new_clinic():
        return redirect(url_for("setup.show"), code=303)
    is_worth_it = request.method == "GET" and request.path != "/"
    wanted = request.script_root + request.full_path.rstrip("?") if is_worth_it else None
    if CHECK_IN_COOKIE in request.cookies:
        return redirect(url_for("check_in.show"), code=303)
    # A shared device is locked, not signed out; where no PIN is accepted, that page leads on to the sign-in.
    door = "lock.show" if DEVICE_COOKIE in request.cookies else "security.login"
    return redirect(url_for(door, next=wanted), code=303)
