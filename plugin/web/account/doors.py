"""What every door of the sign-in shares: limits, the form that was interrupted, and where it leads."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask, make_response, render_template, request, session, url_for
from flask_limiter.util import get_remote_address
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from sqlalchemy.exc import OperationalError
from werkzeug.wrappers import Response

from plugin.courses.accounts.sign_ins import device_of, note_failed_sign_in, prove_sign_in
from plugin.courses.accounts.staff import staff_by_email, staff_by_mark
from plugin.web import current_services
from plugin.web.account import resume
from plugin.web.account.people import SIGN_IN
from plugin.web.actions import Notice, flash_notice, redirect_after_post
from plugin.web.limits import guess_limiter

PER_ADDRESS = "30 per 5 minutes"
PER_ACCOUNT = "10 per 5 minutes"
# Set by the script that signs in over a page: it stays where it is.
OVER_PAGE = "X-Over-Page"
# Flask-Security's own note in the cookie of when the password was given; ours is in the row of the sign-in.
_PROVED = "fs_paa"
_WAYS = {
    "login": "Password",
    "verify": "Password, asked again",
    "two_factor_token_validation": "Code of the authenticator app",
    "mf_recovery": "Recovery code",
    "wan_signin_response": "Passkey",
    "wan_verify_response": "Passkey, asked again",
    "pin": "PIN",
}
_FORMS = (
    *("login_user_form", "verify_form", "two_factor_verify_code_form", "mf_recovery_form"),
    *("wan_signin_form", "wan_verify_form"),
)


def going_on(enter: Callable[..., Any], said: str = resume.SAID) -> Callable[..., Any]:
    """After the sign-in, show the form again that it interrupted, as it was filled in.

    Where a second step comes first, its page carries the form on.
    """

    @wraps(enter)
    def answer(**arguments: str) -> Response:
        response = make_response(enter(**arguments))
        form, is_over_page = resume.carried(), OVER_PAGE in request.headers
        if response.status_code != HTTPStatus.FOUND:
            return response
        if not current_user.is_authenticated:
            return _second_step(response, form, is_over_page=is_over_page)
        if not (form or is_over_page):
            return response
        if is_over_page:
            return Response(status=HTTPStatus.NO_CONTENT)
        assert form is not None
        return _again(form, said, response.headers["Location"])

    return answer


def _second_step(response: Response, form: resume.CarriedForm | None, *, is_over_page: bool) -> Response:
    if session.get("tf_state") != "ready":
        return response
    if form or is_over_page:
        is_passkey = urlsplit(response.headers["Location"]).path == url_for("security.wan_signin")
        template = "account/passkey.html" if is_passkey else "account/code.html"
        return make_response(render_template(template, carried=form, wanted=wanted()))
    # Without a page that was wanted, Flask-Security names the sign-in itself as the one to return to.
    page = urlsplit(response.headers["Location"])
    query = urlencode({"next": wanted()}) if wanted() else ""
    response.headers["Location"] = page._replace(query=query).geturl()
    return response


def _again(form: resume.CarriedForm, said: str, otherwise: str) -> Response:
    again = resume.shown_again(form, said)
    if again is None:
        flash_notice(Notice(resume.NOT_SAVED if said == resume.SAID else said, is_bad=True))
        return redirect_after_post(otherwise)
    again.status_code = HTTPStatus.OK
    return again


def proving(verify: Callable[..., Any]) -> Callable[..., Any]:
    """Note in the row of the sign-in that the password was given again."""

    @wraps(verify)
    def answer(**arguments: str) -> Any:
        before = session.get(_PROVED)
        response = verify(**arguments)
        if session.get(_PROVED) != before:
            store, now = current_services().store, current_services().clock()
            prove_sign_in(store, session[SIGN_IN], now)
            # The page of this very response may need it.
            current_user.signed = replace(current_user.signed, proved_at=now)
        return response

    return answer


def limited(app: Flask, view: Any, account: Callable[[], str], *more: str) -> Any:
    """Limit wrong tries per address and per account, and record them; `more`: further allowances per account."""
    view, limiter = noting_failures(view), guess_limiter(app)
    keys = ((PER_ADDRESS, get_remote_address), *((each, account) for each in (PER_ACCOUNT, *more)))
    for allowance, key in keys:
        view = limiter.limit(allowance, key_func=key, methods=["POST"], deduct_when=was_refused)(view)
    return view


def noting_failures(view: Any) -> Any:
    """Record each wrong try in the activity log, under the person whose account it was."""

    @wraps(view)
    def answer(**arguments: str) -> Response:
        mark = session.get("tf_user_id")
        response = make_response(view(**arguments))
        if request.method == "POST" and was_refused(response):
            note_failure(_person_tried(mark), (request.endpoint or "").removeprefix("security."))
        return response

    return answer


def note_failure(staff_id: str, way: str) -> None:
    """Record a wrong password, code or PIN; a busy database must not keep anybody from the next try."""
    services = current_services()
    with suppress(OperationalError):
        note_failed_sign_in(
            services.store,
            staff_id,
            services.clock(),
            device=device_of(request.user_agent.string),
            way=_WAYS.get(way, way),
        )


def _person_tried(mark: str | None) -> str:
    store = current_services().store
    if current_user.is_authenticated:
        return str(current_user.staff_id)
    typed = request.form.get("email", "")[:254].replace("\0", "")
    person = staff_by_mark(store, mark) if mark else staff_by_email(store, typed)
    return person.id if person else ""


def half_signed_in() -> str:
    """Return the account whose password was right and whose second step is asked for, as the key of a limit."""
    return f"second step:{session.get('tf_user_id', '')}"


def signed_in() -> str:
    """Return the person who is signed in, as the key of a limit."""
    return f"person:{current_user.get_id()}"


def was_refused(response: Response) -> bool:
    """Return whether a try was wrong, and so counts."""
    return response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def page(template: str, **context: Any) -> tuple[str, int]:
    """Render a page for Flask-Security, with what it carries; a refused form is answered with 422."""
    form = next((context[name] for name in _FORMS if name in context), None)
    going = {} if form is None else {"wanted": wanted(form), "carried": resume.carried()}
    is_refused = request.method == "POST" and (form is None or (bool(form.errors) and _is_filled(form)))
    status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
    return render_template(template, **{**context, **going}), status


def _is_filled(form: Any) -> bool:
    # The page of the code leads here with nothing typed yet.
    return form.__class__.__name__ != "MfRecoveryForm" or bool(form.code.data)


def wanted(form: Any = None) -> str:
    """Return the page that was wanted before the sign-in."""
    return (form.next.data if form is not None and "next" in form else "") or request.values.get("next", "")
