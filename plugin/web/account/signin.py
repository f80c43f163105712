"""Sign-in and sign-out through Flask-Security, for the staff of the clinic (docs/decisions/0014-sign-in.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Flask, make_response, render_template, request, session
from flask_limiter.util import get_remote_address
from flask_login import current_user, user_logged_in, user_logged_out  # type: ignore[import-untyped]  # ships no types
from flask_security import LoginForm, Security
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]  # ships no types
from werkzeug.wrappers import Response

from plugin.courses.accounts.sign_ins import LASTS, end_sign_in, prove_sign_in, start_sign_in
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.account import reset, resume
from plugin.web.account.devices import device_of
from plugin.web.account.passwords import LONGEST, MEMORY_KIB, PASSES
from plugin.web.account.people import SIGN_IN, StaffStore, StaffUser, load_by_sign_in
from plugin.web.actions import Notice, flash_notice, redirect_after_post
from plugin.web.limits import guess_limiter

PER_ADDRESS = "30 per 5 minutes"
PER_ACCOUNT = "10 per 5 minutes"
# Flask-Security's own note in the cookie of when the password was given; ours is in the row of the sign-in.
_PROVED = "fs_paa"

# Only what differs from Flask-Security's defaults.
CONFIGURATION: dict[str, object] = {
    "PERMANENT_SESSION_LIFETIME": LASTS,
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGIN_USER_TEMPLATE": "account/sign_in.html",
    "SECURITY_VERIFY_TEMPLATE": "account/verify.html",
    "SECURITY_POST_LOGIN_VIEW": "today.show",
    "SECURITY_POST_VERIFY_VIEW": "today.show",
    "SECURITY_POST_LOGOUT_VIEW": "security.login",
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_FLASH_MESSAGES": False,
    # Signing out must also work from a page of yesterday.
    "SECURITY_LOGOUT_CSRF": False,
    # Staff are added by our own command.
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    # One message for an unknown address, a wrong password and a person who left.
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    # Also computed for unknown addresses, so that they take as long to answer as known ones.
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__memory_cost": MEMORY_KIB,
        "argon2__time_cost": PASSES,
        "argon2__parallelism": 1,
    },
    **reset.CONFIGURATION,
}


class SignInForm(LoginForm):
    """E-mail and password; the form does not set how long a sign-in lasts."""

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        """Check both; an impossible password is rejected before anything is looked up or hashed."""
        if len(self.password.data or "") > LONGEST:
            self.form_errors.append("Too long.")
            return False
        return bool(super().validate(**kwargs))


def set_up(app: Flask, *, without_csrf: Iterable[Blueprint]) -> None:
    """Add CSRF protection, the staff's sign-in and its rate limits to the application."""
    csrf = CSRFProtect(app)
    for blueprint in without_csrf:
        csrf.exempt(blueprint)
    # A view may return a page with its status; Flask-Security's type allows only the page.
    page = cast("Callable[..., str]", _page)
    security = Security(
        app,
        StaffStore(),
        login_form=SignInForm,
        password_util_cls=reset.PasswordRules,
        render_template=page,
    )
    security.want_json(lambda _request: False)
    load_by_sign_in(app)
    user_logged_in.connect(_start, app)
    user_logged_out.connect(_end, app)
    views = app.view_functions
    views["security.login"] = _limited(app, _going_on(views["security.login"]), _account)
    verify = allow(*AT_THE_DESK)(_going_on(_proving(views["security.verify"]), resume.PROVED))
    views["security.verify"] = _limited(app, verify, _person)
    reset.set_up(app)


def _going_on(enter: Callable[..., Any], said: str = resume.SAID) -> Callable[..., Any]:
    """After the sign-in, show the form again that it interrupted, as it was filled in."""

    @wraps(enter)
    def answer(**arguments: str) -> Response:
        response = make_response(enter(**arguments))
        form = resume.carried()
        if form is None or response.status_code != HTTPStatus.FOUND:
            return response
        again = resume.shown_again(form, said)
        if again is None:
            flash_notice(Notice(resume.NOT_SAVED if said == resume.SAID else said, is_bad=True))
            return redirect_after_post(response.headers["Location"])
        again.status_code = HTTPStatus.OK
        return again

    return answer


def _proving(verify: Callable[..., Any]) -> Callable[..., Any]:
    """Note in the row of the sign-in that the password was given again."""

    @wraps(verify)
    def answer(**arguments: str) -> Any:
        before = session.get(_PROVED)
        response = verify(**arguments)
        if session.get(_PROVED) != before:
            services = current_services()
            prove_sign_in(services.store, session[SIGN_IN], services.clock())
        return response

    return answer


def _limited(app: Flask, view: Any, account: Callable[[], str]) -> Any:
    limiter = guess_limiter(app)
    for allowance, key in ((PER_ADDRESS, get_remote_address), (PER_ACCOUNT, account)):
        view = limiter.limit(allowance, key_func=key, methods=["POST"], deduct_when=_was_refused)(view)
    return view


def _account() -> str:
    return f"account:{request.form.get('email', '').strip().casefold()[:254]}"


def _person() -> str:
    return f"person:{current_user.get_id()}"


def _was_refused(response: Response) -> bool:
    return response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def _page(template: str, **context: Any) -> tuple[str, int]:
    form = context.get("verify_form") or context.get("login_user_form")
    going_on = {"wanted": form.next.data, "carried": resume.carried()} if form else {}
    page = render_template(template, **going_on, **context)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK


def _start(_app: Flask, user: StaffUser, **_: Any) -> None:
    services = current_services()
    session.permanent = True
    device = device_of(request.user_agent.string)
    session[SIGN_IN] = start_sign_in(services.store, user.staff_id, services.clock(), device=device)


def _end(_app: Flask, **_: Any) -> None:
    services = current_services()
    end_sign_in(services.store, session.pop(SIGN_IN, ""), services.clock())
