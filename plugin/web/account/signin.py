"""Sign-in and sign-out through Flask-Security, for the staff of the clinic (docs/decisions/0014-sign-in.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Flask, make_response, render_template, request, session
from flask_limiter.util import get_remote_address
from flask_login import user_logged_in, user_logged_out  # type: ignore[import-untyped]  # ships no types
from flask_security import LoginForm, RoleMixin, Security, UserMixin
from flask_security.datastore import UserDatastore
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]  # ships no types
from werkzeug.wrappers import Response

from plugin.courses.accounts.sign_ins import LASTS, end_sign_in, staff_signed_in, start_sign_in
from plugin.courses.accounts.staff import StaffView, staff_by_email
from plugin.web import current_services
from plugin.web.account import resume
from plugin.web.account.passwords import LONGEST, MEMORY_KIB, PASSES, fits
from plugin.web.actions import Notice, flash_notice, redirect_after_post
from plugin.web.limits import page_limiter

PER_ADDRESS = "30 per 5 minutes"
PER_ACCOUNT = "10 per 5 minutes"
_SIGN_IN = "sign_in"

# Only what differs from Flask-Security's defaults.
CONFIGURATION: dict[str, object] = {
    "PERMANENT_SESSION_LIFETIME": LASTS,
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_LOGIN_USER_TEMPLATE": "account/sign_in.html",
    "SECURITY_POST_LOGIN_VIEW": "today.show",
    "SECURITY_POST_LOGOUT_VIEW": "security.login",
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_FLASH_MESSAGES": False,
    # Signing out must also work from a page of yesterday.
    "SECURITY_LOGOUT_CSRF": False,
    # Nothing here asks for the password again yet; without this there would be an empty page that does.
    "SECURITY_FRESHNESS": timedelta(seconds=-1),
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
}


class StaffUser(UserMixin):
    """A member of staff as Flask-Security sees them: a value, detached from any database session."""

    # Flask-Security reads it from the class before it has loaded a person.
    fs_uniquifier: str = ""

    def __init__(self, staff: StaffView) -> None:
        self.staff_id = staff.id
        self.email = staff.email
        self.name = staff.name
        self.role = staff.role
        self.actor = staff.actor
        self.password = staff.password_hash
        self.active = staff.is_active
        self.fs_uniquifier = staff.session_mark
        self.roles = []

    def verify_and_update_password(self, password: str) -> bool:
        """Return whether the password is theirs."""
        return fits(password, self.password or "")


class StaffStore(UserDatastore):
    """Finds staff by their e-mail address or their sign-in; writes nothing."""

    def __init__(self) -> None:
        super().__init__(StaffUser, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> StaffUser | None:  # noqa: ARG002
        """Return the person with this `email`, or the one whose sign-in has this `fs_uniquifier`."""
        services = current_services()
        if "email" in wanted:
            staff = staff_by_email(services.store, wanted["email"])
        else:
            mark, sign_in = wanted["fs_uniquifier"], session.get(_SIGN_IN, "")
            staff = staff_signed_in(services.store, mark, sign_in, services.clock())
        return StaffUser(staff) if staff else None

    def commit(self) -> None:
        """Do nothing: there is nothing to commit."""


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
    security = Security(app, StaffStore(), login_form=SignInForm, render_template=page)
    security.want_json(lambda _request: False)
    user_logged_in.connect(_start, app)
    user_logged_out.connect(_end, app)
    app.view_functions["security.login"] = _limited(app, _going_on(app.view_functions["security.login"]))


def _going_on(sign_in: Callable[..., Any]) -> Callable[..., Any]:
    """After the sign-in, show the form again that it interrupted, as it was filled in."""

    def answer() -> Response:
        response = make_response(sign_in())
        form = resume.carried()
        if form is None or response.status_code != HTTPStatus.FOUND:
            return response
        again = resume.shown_again(form)
        if again is None:
            flash_notice(Notice(resume.NOT_SAVED, is_bad=True))
            return redirect_after_post(response.headers["Location"])
        again.status_code = HTTPStatus.OK
        return again

    return answer


def _limited(app: Flask, view: Any) -> Any:
    limiter = page_limiter(app)
    for allowance, key in ((PER_ADDRESS, get_remote_address), (PER_ACCOUNT, _account)):
        view = limiter.limit(allowance, key_func=key, methods=["POST"], deduct_when=_was_refused)(view)
    return view


def _account() -> str:
    return f"account:{request.form.get('email', '').strip().casefold()[:254]}"


def _was_refused(response: Response) -> bool:
    return response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def _page(template: str, **context: Any) -> tuple[str, int]:
    wanted = context["login_user_form"].next.data
    page = render_template(template, wanted=wanted, carried=resume.carried(), **context)
    return page, HTTPStatus.UNPROCESSABLE_ENTITY if request.method == "POST" else HTTPStatus.OK


def _start(_app: Flask, user: StaffUser, **_: Any) -> None:
    services = current_services()
    session.permanent = True
    session[_SIGN_IN] = start_sign_in(services.store, user.staff_id, services.clock())


def _end(_app: Flask, **_: Any) -> None:
    services = current_services()
    end_sign_in(services.store, session.pop(_SIGN_IN, ""), services.clock())
