"""Sign-in and sign-out through Flask-Security, over the staff of the clinic. Knows nothing of courses."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from http import HTTPStatus
from typing import Any, cast

from flask import Blueprint, Flask, current_app, make_response, render_template, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import user_logged_in  # type: ignore[import-untyped]  # ships no types
from flask_security import LoginForm, RoleMixin, Security, UserMixin
from flask_security.datastore import UserDatastore
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]  # ships no types
from werkzeug.wrappers import Response

from plugin.courses.accounts.staff import StaffView, note_sign_in, staff_by_email, staff_by_mark
from plugin.web import current_services
from plugin.web.account import resume
from plugin.web.account.passwords import MEMORY_KIB, PASSES, fits
from plugin.web.actions import Notice, flash_notice, redirect_after_post

PER_ADDRESS = "30 per 5 minutes"
PER_ACCOUNT = "10 per 5 minutes"
_SIGNED_IN_AT = "signed_in_at"
_NO_FIT = "E-mail and password do not fit together. Try again, or ask the owner for a new password."

CONFIGURATION: dict[str, object] = {
    "SECURITY_LOGIN_URL": "/sign-in",
    "SECURITY_LOGOUT_URL": "/sign-out",
    "SECURITY_POST_LOGIN_VIEW": "today.show",
    "SECURITY_POST_LOGOUT_VIEW": "security.login",
    "SECURITY_LOGIN_USER_TEMPLATE": "account/sign_in.html",
    "SECURITY_STATIC_FOLDER": None,
    "SECURITY_FLASH_MESSAGES": False,
    "SECURITY_REGISTERABLE": False,
    "SECURITY_RECOVERABLE": False,
    "SECURITY_TRACKABLE": False,
    # No page to type the password again: that comes with refunds, as a step of its own.
    "SECURITY_FRESHNESS": timedelta(seconds=-1),
    "SECURITY_CLI_USERS_NAME": None,
    "SECURITY_CLI_ROLES_NAME": None,
    "SECURITY_LOGOUT_CSRF": False,
    "SECURITY_RETURN_GENERIC_RESPONSES": True,
    "SECURITY_MSG_GENERIC_AUTHN_FAILED": (_NO_FIT, "error"),
    "SECURITY_PASSWORD_HASH": "argon2",
    "SECURITY_PASSWORD_SCHEMES": ["argon2"],
    "SECURITY_PASSWORD_SINGLE_HASH": ["argon2"],
    # Only spent on addresses nobody has, so that they answer no sooner than real ones.
    "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": {
        "argon2__memory_cost": MEMORY_KIB,
        "argon2__time_cost": PASSES,
        "argon2__parallelism": 1,
    },
}


class StaffUser(UserMixin):
    """A member of staff as Flask-Security sees them: a value, tied to no database session."""

    # Flask-Security looks for it on the class before it has seen a person.
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
        """Say whether the password is theirs."""
        return fits(password, self.password or "")


class StaffStore(UserDatastore):
    """Finds staff by e-mail or session mark; writes nothing."""

    def __init__(self) -> None:
        super().__init__(StaffUser, RoleMixin)

    def find_user(self, case_insensitive: bool = False, **wanted: Any) -> StaffUser | None:  # noqa: ARG002
        """Return the person with this `email` or `fs_uniquifier`."""
        store = current_services().store
        if "email" in wanted:
            staff = staff_by_email(store, wanted["email"])
        else:
            staff = None if _is_over() else staff_by_mark(store, wanted["fs_uniquifier"])
        return StaffUser(staff) if staff else None

    def commit(self) -> None:
        """Do nothing: there is nothing to keep."""


class SignInForm(LoginForm):
    """E-mail and password; who stays signed in is not for the form to say."""

    remember = None


def set_up(app: Flask, *, without_csrf: Iterable[Blueprint]) -> None:
    """Add CSRF protection, the staff's sign-in and its limits to the application."""
    csrf = CSRFProtect(app)
    for blueprint in without_csrf:
        csrf.exempt(blueprint)
    # A view may answer a page with its status; Flask-Security's type knows only the page.
    page = cast("Callable[..., str]", _page)
    security = Security(app, StaffStore(), login_form=SignInForm, render_template=page)
    security.want_json(lambda _request: False)
    user_logged_in.connect(_keep_for_the_day, app)
    app.view_functions["security.login"] = _going_on(app.view_functions["security.login"])
    _limit(app)


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


def _limit(app: Flask) -> None:
    # In memory, per process: one process serves a SQLite clinic, and more only multiply a generous number.
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://", strategy="moving-window")
    view: Any = app.view_functions["security.login"]
    for allowance, key in ((PER_ADDRESS, get_remote_address), (PER_ACCOUNT, _account)):
        view = limiter.limit(allowance, key_func=key, methods=["POST"], deduct_when=_was_refused)(view)
    app.view_functions["security.login"] = view


def _account() -> str:
    return f"account:{request.form.get('email', '').strip().casefold()[:254]}"


def _was_refused(response: Response) -> bool:
    return response.status_code == 422


def _page(template: str, **context: Any) -> tuple[str, int]:
    wanted = context["login_user_form"].next.data
    page = render_template(template, wanted=wanted, carried=resume.carried(), **context)
    return page, 422 if request.method == "POST" else 200


def _keep_for_the_day(_app: Flask, user: StaffUser, **_: Any) -> None:
    services = current_services()
    session.permanent = True
    session[_SIGNED_IN_AT] = services.clock().timestamp()
    note_sign_in(services.store, user.staff_id, services.clock())


def _is_over() -> bool:
    """Say whether the hours of this sign-in are over. The cookie's own age begins anew with all that is kept in it."""
    lasts = current_app.permanent_session_lifetime.total_seconds()
    return bool(current_services().clock().timestamp() >= session.get(_SIGNED_IN_AT, 0) + lasts)
