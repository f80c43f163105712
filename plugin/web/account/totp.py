"""The second step of the sign-in, by Flask-Security: a code of an authenticator app, or a recovery code.

Each code works once; their secrets are sealed in the database.
"""

import base64
import secrets
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, abort, has_app_context, make_response, redirect, url_for
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security import MfRecoveryCodesUtil, Totp
from flask_security.forms import TwoFactorRescueForm
from passlib.exc import TokenError, UsedTokenError  # type: ignore[import-untyped]  # ships no types
from passlib.totp import TOTP  # type: ignore[import-untyped]
from werkzeug.wrappers import Response
from wtforms import RadioField  # type: ignore[import-untyped]  # ships no types

from plugin.configuration.stored import sealing
from plugin.core.text import in_fours
from plugin.courses.accounts import second_factors
from plugin.courses.accounts.second_factors import count_recovery_codes
from plugin.vault import WrongKey
from plugin.web import current_services, pages
from plugin.web.account.doors import going_on, half_signed_in, limited
from plugin.web.actions import Notice, flash_notice, redirect_after_post
from plugin.web.translations import _

_LOG = structlog.get_logger()
# A phone's clock may be one step of 30 seconds off.
WINDOW_S = 30
CODES = 10
_CODE_BITS = 80


class StaffTotp(Totp):
    """Flask-Security's TOTP with secrets that our vault seals, and with codes that work once."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        super().__init__(secrets, issuer)
        self._totp = TOTP.using(issuer=issuer, secrets=secrets, now=_now)

    def generate_totp_secret(self) -> str:
        """Return a new secret, sealed."""
        return sealing(current_services().settings).seal(self._totp.new().to_json(encrypt=False))

    def verify_totp(self, token: str, totp_secret: str, user: Any, window: int = 0) -> bool:
        """Return whether the code is right, and was not used before."""
        try:
            return bool(super().verify_totp(token, self._opened(totp_secret), user, window))
        except WrongKey:
            _LOG.error("totp_secret_cannot_be_opened", staff_id=user.staff_id)
            return False

    def step_of(self, token: str, totp_secret: str) -> int | None:
        """Return the step of the clock that a right code belongs to, None for a wrong one; uses nothing up."""
        try:
            match = self._totp.verify(token, self._opened(totp_secret), window=WINDOW_S)
        except TokenError:
            return None
        return int(match.counter)

    def get_totp_uri(self, username: str, totp_secret: str) -> str:
        """Return the address that the QR code holds, under the name of the clinic."""
        issuer = pages.clinic().name.replace(":", " ")
        return str(self._totp.from_source(self._opened(totp_secret)).to_uri(label=username, issuer=issuer))

    def get_totp_pretty_key(self, totp_secret: str) -> str:
        return str(self._totp.from_source(self._opened(totp_secret)).pretty_key(sep=" "))

    def get_last_counter(self, user: Any) -> int | None:  # noqa: ARG002
        """Return None: the database compares, when it uses the step up."""
        return None

    def set_last_counter(self, user: Any, tmatch: Any) -> None:
        """Use the step of a right code up; raises UsedTokenError where it was used before."""
        if not second_factors.accept_totp_step(current_services().store, user.staff_id, tmatch.counter):
            raise UsedTokenError

    def generate_recovery_codes(self, number: int) -> list[str]:
        """Return so many new recovery codes."""
        return [_recovery_code() for _ in range(number)]

    def _opened(self, sealed: str) -> str:
        return sealing(current_services().settings).open(sealed)


class RecoveryCodes(MfRecoveryCodesUtil):
    """Recovery codes of which only digests are kept: shown once, used once."""

    def create_recovery_codes(self, user: Any) -> list[str]:
        """Replace the person's codes; return the new ones, this once."""
        codes = [_recovery_code() for _ in range(CODES)]
        second_factors.set_recovery_codes(current_services().store, user.staff_id, codes)
        return codes

    def get_recovery_codes(self, user: Any) -> list[str]:  # noqa: ARG002
        """Return none: they can't be shown again."""
        return []

    def check_recovery_code(self, user: Any, code: str) -> bool:
        """Use a code up; return whether it was one that was left. Two at once: one of them is right."""
        return second_factors.use_recovery_code(current_services().store, user.staff_id, code)

    def delete_recovery_code(self, user: Any, code: str) -> bool:  # noqa: ARG002
        """Do nothing: checking a code has used it up."""
        return True


def _recovery_code() -> str:
    plain = base64.b32encode(secrets.token_bytes(_CODE_BITS // 8)).decode().lower()
    return in_fours(plain)


def _now() -> float:
    # The library asks once, to see a number, before there is any request.
    return current_services().clock().timestamp() if has_app_context() else 0.0


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
