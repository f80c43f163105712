"""The second step of the sign-in, by Flask-Security: a code of an authenticator app, or a recovery code."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Flask, abort, make_response, redirect, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security.forms import TwoFactorRescueForm
from werkzeug.wrappers import Response
from wtforms import RadioField  # type: ignore[import-untyped]  # ships no types

from plugin.courses.accounts.second_factors import count_recovery_codes
from plugin.web import current_services
from plugin.web.account.doors import going_on, half_signed_in, limited
from plugin.web.account.totp import WINDOW_S
from plugin.web.actions import Notice, flash_notice, redirect_after_post
from plugin.web.translations import _

# Who knows the password has so many codes to guess, of a million, three of which are right.
PER_DAY = "50 per day"

CONFIGURATION: dict[str, object] = {
    "SECURITY_TWO_FACTOR": True,
    # Whatever stands here is what its own set-up page would offer; ours stands in its place.
    "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["email"],
    "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": WINDOW_S,
    "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
    "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/sign-in/code",
    "SECURITY_TWO_FACTOR_VERIFY_CODE_TEMPLATE": "account/code.html",
    # It seals nothing: our vault does (`totp.StaffTotp`).
    "SECURITY_TOTP_SECRETS": {"1": "unused"},
    "SECURITY_TOTP_ISSUER": "Coursekeeper",
    "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
    "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/sign-in/recovery",
    "SECURITY_MULTI_FACTOR_RECOVERY_TEMPLATE": "account/recovery.html",
}
# Views of Flask-Security that ours replace, or that nobody needs here.
_CLOSED = (
    "two_factor_setup",
    "two_factor_setup_validate",
    "two_factor_rescue",
    "tf_select",
    "mf_recovery_codes",
    "wan_delete",
)


class NoRescue(TwoFactorRescueForm):
    """Flask-Security builds this form for each page of a code; nobody is offered any of its ways."""

    help_setup = RadioField(choices=[])


def set_up(app: Flask) -> None:
    """Put limits and our going on around Flask-Security's views, and close those that ours replace."""
    views = app.view_functions
    for name, wrap in (("two_factor_token_validation", going_on), ("mf_recovery", _counting)):
        endpoint = f"security.{name}"
        views[endpoint] = limited(app, _for_strangers(wrap(views[endpoint])), half_signed_in, PER_DAY)
    for name in _CLOSED:
        views[f"security.{name}"] = _closed


def _for_strangers(enter: Callable[..., Any]) -> Callable[..., Any]:
    """Lead away who is signed in: Flask-Security would sign them out, so that a mere link could do it."""

    @wraps(enter)
    def answer(**arguments: str) -> Any:
        if current_user.is_authenticated:
            return redirect(url_for("today.show"), code=HTTPStatus.FOUND)
        return enter(**arguments)

    return answer


def _closed(**_: str) -> Any:
    abort(404)


def _counting(enter: Callable[..., Any]) -> Callable[..., Any]:
    """Tell who came in by a recovery code how many are left."""

    @wraps(enter)
    def answer(**arguments: str) -> Response:
        response = make_response(enter(**arguments))
        if response.status_code != HTTPStatus.FOUND or not current_user.is_authenticated:
            return response
        left = count_recovery_codes(current_services().store, current_user.staff_id)
        said = _(
            "Signed in with a recovery code; {left} left. Make new ones under Ways to sign in.", left=left
        )
        flash_notice(Notice(said))
        told = redirect_after_post(response.headers["Location"])
        told.status_code = response.status_code
        return told

    return going_on(answer)
