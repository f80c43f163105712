"""The second steps of the sign-in, by Flask-Security: a code of an app, a recovery code, or a passkey.

Each code works once; their secrets are sealed in the database.
"""

import base64
import secrets
from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import (
    Flask,
    abort,
    has_app_context,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security import (
    MfRecoveryCodesUtil,
    Totp,
    WebAuthnRegisterForm,
    WebAuthnSigninResponseForm,
    WebauthnUtil,
)
from flask_security.forms import TwoFactorRescueForm
from flask_security.webauthn import WebAuthnTfPlugin
from passlib.exc import TokenError, UsedTokenError  # type: ignore[import-untyped]  # ships no types
from passlib.totp import TOTP  # type: ignore[import-untyped]
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from werkzeug.wrappers import Response
from wtforms import HiddenField, RadioField  # type: ignore[import-untyped]  # ships no types

from plugin.configuration.stored import sealing
from plugin.core.text import in_fours
from plugin.courses.accounts import second_factors
from plugin.courses.accounts.second_factors import count_recovery_codes, remove_passkey, use_challenge
from plugin.vault import WrongKey
from plugin.web import current_services, pages
from plugin.web.access import AT_THE_DESK, FRESH_FOR, Screens, allow, fresh
from plugin.web.account import resume
from plugin.web.account.doors import going_on, half_signed_in, limited, proving, signed_in, wanted
from plugin.web.actions import Notice, current_act, flash_notice, redirect_after_post, redirect_to
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


passkeys = Screens("passkeys", __name__, url_prefix="/account/passkeys")

PASSKEYS: dict[str, object] = {
    "SECURITY_WEBAUTHN": True,
    "SECURITY_WAN_RP_NAME": "Coursekeeper",
    # Nobody is asked who they are: the passkey says it.
    "SECURITY_WAN_ALLOW_USER_HINTS": False,
    "SECURITY_WAN_NAME_ALLOWED_CHARS": None,
    "SECURITY_WAN_REGISTER_URL": "/account/passkeys/new",
    "SECURITY_WAN_REGISTER_TEMPLATE": "account/passkey_new.html",
    "SECURITY_WAN_POST_REGISTER_VIEW": "ways.show",
    "SECURITY_WAN_SIGNIN_URL": "/sign-in/passkey",
    "SECURITY_WAN_SIGNIN_TEMPLATE": "account/passkey.html",
    "SECURITY_WAN_VERIFY_URL": "/verify/passkey",
    "SECURITY_WAN_VERIFY_TEMPLATE": "account/passkey.html",
    "SECURITY_WAN_DELETE_URL": "/account/passkeys/closed",
    "SECURITY_TWO_FACTOR_IMPLEMENTATIONS": {
        "code": "flask_security.twofactor.CodeTfPlugin",
        "webauthn": "plugin.web.account.totp.PasskeyStep",
    },
}


WANTED = AuthenticatorSelectionCriteria(
    resident_key=ResidentKeyRequirement.REQUIRED,
    user_verification=UserVerificationRequirement.REQUIRED,
)


class PasskeyRules(WebauthnUtil):
    """What is demanded of a passkey: it is found without an address, and it checks its owner (finger, face, PIN)."""

    def authenticator_selection(self, user: Any, usage: str) -> AuthenticatorSelectionCriteria:  # noqa: ARG002
        """Return what a new passkey must be able to do."""
        return WANTED

    def user_verification(self, user: Any, usage: list[str]) -> UserVerificationRequirement:  # noqa: ARG002
        """Return that the owner is checked each time: a passkey alone signs in."""
        return UserVerificationRequirement.REQUIRED


class PasskeyStep(WebAuthnTfPlugin):
    """The second step of who has a passkey and no app: the password alone must not open the account."""

    def get_setup_methods(self, user: Any) -> list[tuple[str, str]]:
        """Return the passkey, unless there is an app, whose page offers the passkey as well."""
        return [("webauthn", _("Passkey"))] if not user.tf_totp_secret and user.webauthn else []


class NewPasskeyForm(WebAuthnRegisterForm):
    usage = HiddenField(default="first")


class PasskeyAnswerForm(WebAuthnSigninResponseForm):
    def validate(self, **known: Any) -> bool:
        """Check it, and that it is answered once, by somebody who still works here, and by whose password it was."""
        if not super().validate(**known) or self.credential.errors or self.user is None:
            return False
        if self.is_secondary and self.user.fs_uniquifier != session.get("tf_user_id"):
            self.credential.errors.append(_("Another person’s passkey."))
            return False
        services = current_services()
        return self.user.active and use_challenge(services.store, self.challenge, services.clock())


def set_up_passkeys(app: Flask) -> None:
    """Put limits, words and our rules around Flask-Security's views."""
    app.jinja_env.globals["why_no_passkey"] = why_not
    views = app.view_functions
    enter = going_on(_in_words(views["security.wan_signin_response"]))
    views["security.wan_signin_response"] = limited(app, enter, get_remote_address)
    verify = going_on(_in_words(proving(views["security.wan_verify_response"])), resume.PROVED)
    views["security.wan_verify_response"] = limited(app, allow(*AT_THE_DESK)(verify), signed_in)
    views["security.wan_verify"] = allow(*AT_THE_DESK)(views["security.wan_verify"])
    views["security.wan_register"] = allow(*AT_THE_DESK)(
        fresh()(_on_one_page(views["security.wan_register"]))
    )
    views["security.wan_register_response"] = allow(*AT_THE_DESK)(
        fresh()(_told(views["security.wan_register_response"]))
    )


@passkeys.post("/<passkey_id>/removal", roles=AT_THE_DESK, fresh=FRESH_FOR)
def remove(passkey_id: str) -> ResponseReturnValue:
    name = remove_passkey(current_services().store, current_act(), passkey_id)
    return redirect_to(
        "ways.show",
        Notice(
            _(
                "The passkey “{name}” is removed. It may still be listed on the device that kept it.",
                name=name,
            )
        ),
    )


def own_name() -> str:
    """Return the name in the address of this request, to which a passkey belongs."""
    return urlsplit(request.host_url).hostname or ""


def why_not() -> str:
    """Return why a browser makes no passkeys for the address of this request, "" where it does."""
    host = own_name()
    port = urlsplit(request.host_url).port
    if _is_number(host):
        here = f"http://localhost{f':{port}' if port else ''}" if ip_address(host).is_loopback else ""
        instead = (
            _("On this computer, open {here}", here=here) if here else _("Open it by a name, with https")
        )
        return _(
            "A passkey belongs to a name, and {host} is a number. {instead}.", host=host, instead=instead
        )
    if request.is_secure or host == "localhost" or host.endswith(".localhost"):
        return ""
    return _(
        "Browsers make passkeys for https addresses only, and this is {host_url}", host_url=request.host_url
    )


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _in_words(enter: Callable[..., Any]) -> Callable[..., Any]:
    """Say that a passkey was refused, where Flask-Security would only show its first page again."""

    @wraps(enter)
    def answer(**arguments: str) -> Response:
        response = make_response(enter(**arguments))
        starts = {url_for("security.wan_signin"), url_for("security.wan_verify")}
        if urlsplit(response.headers.get("Location", "")).path not in starts:
            return response
        page = render_template(
            "account/passkey.html", is_refused=True, carried=resume.carried(), wanted=wanted()
        )
        return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY)

    return answer


def _on_one_page(view: Callable[..., Any]) -> Callable[..., Any]:
    """List passkeys where all ways to sign in stand."""

    @wraps(view)
    def answer() -> Any:
        return view() if request.method == "POST" else redirect(url_for("ways.show"), code=303)

    return answer


def _told(view: Callable[..., Any]) -> Callable[..., Any]:
    """Say what came of a new passkey."""

    @wraps(view)
    def answer(token: str) -> Any:
        before = len(current_user.webauthn)
        view(token)
        if len(current_user.webauthn) == before:
            return redirect_to("ways.show", Notice(_("The passkey was not saved. Try again."), is_bad=True))
        return redirect_to("ways.show", Notice(_("The passkey is saved. You can sign in with it.")))

    return answer
