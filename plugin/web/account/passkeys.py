"""Passkeys (WebAuthn), by Flask-Security: signing in with one, giving one again, adding and removing."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security import WebAuthnRegisterForm, WebAuthnSigninResponseForm, WebauthnUtil
from flask_security.webauthn import WebAuthnTfPlugin
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)
from werkzeug.wrappers import Response
from wtforms import HiddenField  # type: ignore[import-untyped]  # ships no types

from plugin.courses.accounts.second_factors import remove_passkey, use_challenge
from plugin.web import current_services
from plugin.web.access import AT_THE_DESK, FRESH_FOR, Screens, allow, fresh
from plugin.web.account import resume
from plugin.web.account.doors import going_on, limited, proving, signed_in, wanted
from plugin.web.actions import Notice, current_act, redirect_to
from plugin.web.translations import _

blueprint = Screens("passkeys", __name__, url_prefix="/account/passkeys")

CONFIGURATION: dict[str, object] = {
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
        "webauthn": "plugin.web.account.passkeys.PasskeyStep",
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


def set_up(app: Flask) -> None:
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


@blueprint.post("/<passkey_id>/removal", roles=AT_THE_DESK, fresh=FRESH_FOR)
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
