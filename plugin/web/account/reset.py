"""Links by which staff set a password: asking for one at the sign-in, and the page a link opens.

Flask-Security checks the link's signature and sets the password; `courses/accounts/staff_edits.py` says what a link
holds.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from flask import Flask, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_limiter.util import get_remote_address
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_security import logout_user
from flask_security.password_util import PasswordUtil
from flask_security.recoverable import reset_password_token_status
from werkzeug.wrappers import Response

from plugin.core.acts import Actor, Role, Source
from plugin.courses.accounts.staff import INVITATION_LASTS
from plugin.courses.accounts.staff_edits import RESET_PATH, RESET_SALT, is_loopback, request_reset
from plugin.errors import InvalidField, Refused
from plugin.web import current_services, pages
from plugin.web.account.passwords import refuse_weak, typed
from plugin.web.actions import Notice, act_by, flash_notice, redirect_after_post, redirect_to
from plugin.web.forms import Email, Form
from plugin.web.headers import unlist
from plugin.web.limits import page_limiter
from plugin.web.refusals import Refusal, refused_shows
from plugin.web.translations import N_, _

PER_ADDRESS = "10 per 5 minutes"
PER_ACCOUNT = "3 per 5 minutes"
_ASKING = Actor(N_("The sign-in page"), Role.DESK, Source.DESK)

CONFIGURATION: dict[str, object] = {
    "SECURITY_RECOVERABLE": True,
    "SECURITY_RESET_URL": RESET_PATH,
    "SECURITY_RESET_SALT": RESET_SALT,
    # The outer bound: each link holds its own end.
    "SECURITY_RESET_PASSWORD_WITHIN": INVITATION_LASTS,
    "SECURITY_RESET_PASSWORD_TEMPLATE": "account/new_password.html",
    # The same form that `passwords.typed` returns.
    "SECURITY_PASSWORD_NORMALIZE_FORM": "NFKC",
    # Sent through the outbox (`courses/accounts/staff.py`).
    "SECURITY_SEND_PASSWORD_RESET_NOTICE_EMAIL": False,
}


class PasswordRules(PasswordUtil):
    """Our rules for passwords, for Flask-Security's forms."""

    def validate(self, password: str, is_register: bool, **known: Any) -> tuple[list[str] | None, str]:  # noqa: ARG002
        """Return what is wrong, None for nothing, and the password in the form that is hashed."""
        user = known.get("user")
        about = [pages.clinic().name, *([user.name, user.email] if user else [])]
        try:
            refuse_weak(password, about)
        except InvalidField as error:
            return [error.message], password
        return None, typed(password)


class ForgottenForm(Form):
    """The address to send a link to."""

    email = Email(N_("E-mail"), called=N_("The e-mail address"), required=True, autocomplete="username")


def forgotten(refusal: Refusal | None = None) -> ResponseReturnValue:
    """Show the form that asks for a link, or what was done about it."""
    return render_template(
        "account/forgotten.html",
        form=ForgottenForm.shown(refusal),
        can_mail=_can_send_links(),
        is_sent="sent" in request.args,
    )


def _forgotten() -> ResponseReturnValue:
    services = current_services()
    if request.method != "POST" or not _can_send_links():
        return forgotten()
    email = ForgottenForm.sent().email.data or ""
    request_reset(services.store, act_by(_ASKING), email)
    return redirect_to("security.forgot_password", sent="")


def _can_send_links() -> bool:
    # Only PUBLIC_URL may stand in a link that a stranger asks for: the address of the request may be forged.
    services = current_services()
    is_reachable = not is_loopback(services.settings.public_url) or is_loopback(request.url_root)
    return services.mail.is_ready and is_reachable


def set_up(app: Flask) -> None:
    """Put our views and limits in the place of Flask-Security's, once it is set up."""
    view: Any = refused_shows(forgotten)(_forgotten)
    limiter = page_limiter(app)
    for allowance, key in ((PER_ADDRESS, get_remote_address), (PER_ACCOUNT, _account)):
        view = limiter.limit(allowance, key_func=key, methods=["POST"])(view)
    app.view_functions["security.forgot_password"] = view
    app.view_functions["security.reset_password"] = _checked(app.view_functions["security.reset_password"])


def _account() -> str:
    return f"forgotten:{request.form.get('email', '').strip().casefold()[:254]}"


def _checked(view: Callable[..., Any]) -> Callable[..., Response]:
    """Answer in our words where a link has ended, and lead to the sign-in where it was used."""

    @wraps(view)
    def answer(token: str) -> Response:
        is_expired, is_invalid, user = reset_password_token_status(token)  # type: ignore[no-untyped-call]
        if is_expired or is_invalid or user is None:
            return _ended()
        try:
            response = make_response(view(token))
        except Refused:
            # Another use of the same link came first.
            return _ended()
        if response.status_code == HTTPStatus.FOUND:
            return _saved(response)
        return _untold(response)

    return answer


def _ended() -> Response:
    page = render_template("account/link_ended.html", can_mail=_can_send_links())
    return _untold(make_response(page, HTTPStatus.GONE))


def _saved(response: Response) -> Response:
    if current_user.is_authenticated:
        # Somebody else's sign-in in this browser: the next page is for whoever has the new password.
        logout_user()
    flash_notice(Notice(_("Your password is saved. Sign in with it.")))
    return _untold(redirect_after_post(response.headers["Location"]))


def _untold(response: Response) -> Response:
    # The address holds the link. Of our own requests only the origin is told, which the check of forms needs.
    return unlist(response, referrer="strict-origin")
