"""A form received after its sign-in expired: carried through the sign-in, then shown again as filled in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask, Response, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user  # type: ignore[import-untyped]  # ships no types
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]  # ships no types
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException, Unauthorized

from plugin.errors import CoursekeeperError
from plugin.web import current_services
from plugin.web.access import ProveAgain, require_access
from plugin.web.actions import Notice, flash_notice, is_fragment
from plugin.web.api.errors import is_api
from plugin.web.refusals import Refusal, http_error, show_again
from plugin.web.translations import N_

# The pages that carry a form on: those by which a person comes in.
DOORS = frozenset(
    f"security.{name}"
    for name in (
        *("login", "two_factor_token_validation", "mf_recovery", "verify"),
        *("wan_signin", "wan_signin_response", "wan_verify", "wan_verify_response"),
    )
)
SAID = N_("Your sign-in had ended, so nothing was saved. Check it and send it again.")
PROVED = N_("Password confirmed. Nothing was saved yet: check the form and send it again.")
# More than any text field accepts; a larger body contains a file, which can't be carried.
NOT_SAVED = N_("Your sign-in had ended, so your last form was not saved. Please send it again.")
LARGEST = 64 * 1024
_OWN_FIELDS = ("csrf_token",)


def set_up(app: Flask) -> None:
    """Send a form without a sign-in, or with an earlier session's token, to the sign-in instead of losing it."""
    app.register_error_handler(Unauthorized, _sign_in_first)
    app.register_error_handler(ProveAgain, _prove_first)
    app.register_error_handler(CSRFError, _token_refused)


@dataclass(frozen=True, slots=True)
class CarriedForm:
    """The address of the form, and its fields in the encoding that browsers send."""

    address: str
    fields: str

    @property
    def typed(self) -> MultiDict[str, str]:
        """Return the fields as a view reads them."""
        return MultiDict(parse_qsl(self.fields, keep_blank_values=True))


def carried() -> CarriedForm | None:
    """Return the form that the sign-in page of this response carries, None where there is none."""
    if request.endpoint in DOORS:
        return _carried_by_sign_in()
    if request.method != "POST" or not _is_from_our_page():
        return None
    pairs = [(name, value) for name, value in request.form.items(multi=True) if _may_be_carried(name)]
    fields = urlencode(pairs)
    return CarriedForm(request.script_root + request.path, fields) if len(fields) <= LARGEST else None


def _may_be_carried(name: str) -> bool:
    # No page must hold a password that was typed.
    return name not in _OWN_FIELDS and "password" not in name


def _sign_in_first(error: HTTPException) -> ResponseReturnValue:
    if is_api(request) or is_fragment() or request.method != "POST":
        return http_error(error)
    if (locked := locked_screen()) is not None:
        return locked
    page = render_template(
        "account/sign_in.html", login_user_form=None, wanted=came_from(), carried=carried()
    )
    return page, 401


def locked_screen() -> ResponseReturnValue | None:
    """Return the locked screen of a shared device, None elsewhere; `lock.py` puts itself here."""
    shown: Callable[[], ResponseReturnValue | None] = current_app.extensions["coursekeeper_locked"]
    return shown()


def _prove_first(error: HTTPException) -> ResponseReturnValue:
    if is_fragment():
        # The script on the page asks for it over the page, then sends the form again.
        response = make_response(http_error(error))
        response.headers["X-Prove"] = url_for("security.verify")
        return response
    if request.method != "POST":
        wanted = request.script_root + request.full_path.rstrip("?")
        return redirect(url_for("security.verify", next=wanted), code=303)
    return _proof_page(carried()), 401


def _proof_page(form: CarriedForm | None) -> str:
    return render_template("account/verify.html", verify_form=None, wanted=came_from(), carried=form)


def _token_refused(error: HTTPException) -> ResponseReturnValue:
    if request.endpoint in DOORS or request.blueprint == "setup":
        return http_error(error)
    if not current_user.is_authenticated:
        return _sign_in_first(Unauthorized())
    if is_fragment():
        # The script on the page fetches the token of the current sign-in.
        response = make_response(http_error(error))
        response.headers["X-Stale-Token"] = "1"
        return response
    form = carried()
    shown = shown_again(form) if form else None
    if shown is None:
        return http_error(error)
    shown.status_code = 400
    return shown


def _carried_by_sign_in() -> CarriedForm | None:
    address, fields = request.form.get("carried_to", ""), request.form.get("carried", "")
    return CarriedForm(address, fields) if address.startswith("/") and fields else None


def _is_from_our_page() -> bool:
    """Return whether our own page sent this: another site's form must never be shown, filled in, as ours."""
    origin = urlsplit(request.headers.get("Origin", "")).netloc
    return bool(origin) and origin in (request.host, urlsplit(current_services().settings.public_url).netloc)


def came_from() -> str | None:
    """Return the address of our page that sent this request, to return to it after the sign-in."""
    sent_by = urlsplit(request.referrer or "")
    if sent_by.netloc != request.host or not sent_by.path.startswith(request.script_root + "/"):
        return None
    return sent_by._replace(scheme="", netloc="", fragment="").geturl()


def shown_again(form: CarriedForm, said: str = SAID) -> Response | None:
    """Return the page of a carried form, filled in as typed, None where there is no such page.

    Who may not open it now without their password or passkey is asked for it first, and the form is carried on.
    """
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return None
    try:
        endpoint, arguments = adapter.match(form.address.removeprefix(request.script_root), method="POST")
        view: Any = current_app.view_functions[str(endpoint)]
        page: Callable[..., ResponseReturnValue] | None = getattr(view, "refused_shows", None)
        if page is None:
            return None
        require_access(view)
        flash_notice(Notice(said, is_bad=True))
        # No field is wrong, but given no errors at all some pages would not show the form.
        return show_again(page, Refusal(said, "", form.typed), arguments)
    except ProveAgain:
        return make_response(_proof_page(form))
    except (CoursekeeperError, HTTPException):
        return None
