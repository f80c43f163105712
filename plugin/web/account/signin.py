"""Sign-in and sign-out through Flask-Security, for the staff of the clinic (docs/decisions/0014-sign-in.md)."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from flask import Blueprint, Flask, g, request, session
from flask_login import user_logged_in, user_logged_out  # type: ignore[import-untyped]  # ships no types
from flask_security import LoginForm, Security
from flask_wtf import CSRFProtect  # type: ignore[import-untyped]  # ships no types

from plugin.courses.accounts.shared_devices import open_device, start_pin_sign_in
from plugin.courses.accounts.sign_ins import (
    SIGN_IN_LASTS,
    device_of,
    end_sign_in,
    staff_signed_in,
    start_sign_in,
)
from plugin.web import check_in_cookie, current_services
from plugin.web.access import AT_THE_DESK, allow
from plugin.web.account import lock, reset, resume, totp
from plugin.web.account.doors import going_on, limited, page, proving, signed_in
from plugin.web.account.passwords import LONGEST, MEMORY_KIB, PASSES
from plugin.web.account.people import SIGN_IN, StaffStore, StaffUser, current_device, load_by_sign_in
from plugin.web.account.totp import RecoveryCodes, StaffTotp
from plugin.web.translations import _

# Only what differs from Flask-Security's defaults.
CONFIGURATION: dict[str, object] = {
    "PERMANENT_SESSION_LIFETIME": SIGN_IN_LASTS,
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
    **totp.CONFIGURATION,
    **totp.PASSKEYS,
}


class SignInForm(LoginForm):
    """E-mail and password; the form does not set how long a sign-in lasts."""

    remember = None

    def validate(self, **kwargs: Any) -> bool:
        """Check both; an impossible password is rejected before anything is looked up or hashed."""
        if len(self.password.data or "") > LONGEST:
            self.form_errors.append(_("Too long."))
            return False
        return bool(super().validate(**kwargs))


def set_up(app: Flask, *, without_csrf: Iterable[Blueprint]) -> None:
    """Add CSRF protection, the staff's sign-in and its rate limits to the application."""
    csrf = CSRFProtect(app)
    for blueprint in without_csrf:
        csrf.exempt(blueprint)
    security = Security(
        app,
        StaffStore(),
        login_form=SignInForm,
        two_factor_rescue_form=totp.NoRescue,
        wan_register_form=totp.NewPasskeyForm,
        wan_signin_response_form=totp.PasskeyAnswerForm,
        webauthn_util_cls=totp.PasskeyRules,
        password_util_cls=reset.PasswordRules,
        totp_cls=StaffTotp,
        mf_recovery_codes_util_cls=RecoveryCodes,
        # A view may return a page with its status; Flask-Security's type allows only the page.
        render_template=cast("Callable[..., str]", page),
    )
    security.want_json(lambda _request: False)
    # It looks into the session after every request for a sign-in to be remembered beyond it, which there is none of.
    app.after_request_funcs[None].remove(app.login_manager._update_remember_cookie)  # type: ignore[attr-defined]
    # It would load who is signed in for every request, for rules that are not ours (plugin.web.access).
    app.before_request_funcs[None].remove(security.principal._on_before_request)
    load_by_sign_in(app)
    user_logged_in.connect(_start, app)
    user_logged_out.connect(_end, app)
    views = app.view_functions
    views["security.login"] = limited(app, going_on(views["security.login"]), _account)
    verify = allow(*AT_THE_DESK)(going_on(proving(views["security.verify"]), resume.PROVED))
    views["security.verify"] = limited(app, verify, signed_in)
    reset.set_up(app)
    totp.set_up(app)
    totp.set_up_passkeys(app)
    lock.set_up(app)


def _account() -> str:
    return f"account:{request.form.get('email', '').strip().casefold()[:254]}"


def _start(_app: Flask, user: StaffUser, **_: Any) -> None:
    services = current_services()
    session.permanent = True
    session[SIGN_IN] = _started(user)
    check_in_cookie.leave(user.actor)
    # The page of this very response may be shown to them.
    user.signed = staff_signed_in(services.store, user.fs_uniquifier, session[SIGN_IN], services.clock())


def _started(user: StaffUser) -> str:
    store, now = current_services().store, current_services().clock()
    browser = device_of(request.user_agent.string)
    if "pin_device" in g:
        return start_pin_sign_in(store, g.pin_device, user.staff_id, now, device=browser)
    sign_in_id = start_sign_in(store, user.staff_id, now, device=browser)
    device = current_device()
    if device is not None:
        open_device(store, device.id, sign_in_id, user.staff_id, now)
    return sign_in_id


def _end(_app: Flask, **_: Any) -> None:
    services = current_services()
    end_sign_in(services.store, session.pop(SIGN_IN, ""), services.clock())
