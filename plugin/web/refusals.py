"""Errors as responses: pages and fragments for people, plain text for Square. Views catch nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from http import HTTPStatus
from inspect import signature
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]  # ships no types
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException

from plugin.courses.visits.same_day import AlreadyCharged, DayCharge
from plugin.errors import CoursekeeperError, InvalidField, KeyReused, NotFound, Refused
from plugin.web.actions import Notice, is_fragment
from plugin.web.api.errors import DATABASE_AWAY, RETRY_AFTER, api_error_response, is_api
from plugin.web.request_log import log_failure, request_id
from plugin.web.translations import N_, _

# The window of every rate limit of the desk, in seconds.
WAIT_S = "300"
WEBHOOKS = "/square/webhooks"

# A form whose first response was lost, changed and sent again.
_SAVED_BEFORE = N_(
    "This form was saved already, as you first sent it. Check what is saved, then change it if needed."
)

View = TypeVar("View", bound=Callable[..., Any])


class InvalidForm(InvalidField):
    """Fields of a form are invalid: `errors` has a sentence for each by name, "" for the form as a whole."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        field, message = next(iter(errors.items()))
        super().__init__(message, field=field or None)
        self.errors = dict(errors)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refused form: the reason, the error of each field, and everything that was typed.

    `charges`: the desk must confirm a second charge beside these; then the form is sent again.
    """

    message: str
    field: str | None
    typed: MultiDict[str, str]
    charges: tuple[DayCharge, ...] = ()
    errors: Mapping[str, str] = dataclass_field(default_factory=dict)

    @classmethod
    def of(cls, error: CoursekeeperError, typed: MultiDict[str, str]) -> Refusal:
        if isinstance(error, AlreadyCharged):
            return cls(error.message, error.field, typed, error.charges)
        message = _SAVED_BEFORE if isinstance(error, KeyReused) else error.message
        errors = error.errors if isinstance(error, InvalidForm) else {error.field or "": message}
        return cls(message, error.field, typed, errors=errors)

    @property
    def linkable(self) -> DayCharge | None:
        """Return the latest charge that no appointment is linked to."""
        return next((each for each in reversed(self.charges) if each.booking_id is None), None)


def refused_shows(page: Callable[..., ResponseReturnValue]) -> Callable[[View], View]:
    """Show this page again, filled in and with the reason, when the view's form is refused.

    The page is called with `refusal`, and with those of the view's own arguments that it takes.
    """

    def mark(view: View) -> View:
        view.refused_shows = page  # type: ignore[attr-defined]
        return view

    return mark


def shows_refusals(view: View) -> View:
    """Show the view itself again when its own request is refused; it is called with `refusal`."""
    return refused_shows(view)(view)


def set_up(app: Flask) -> None:
    """Map our errors, and Flask's own, to responses."""
    app.register_error_handler(CoursekeeperError, _coursekeeper_error)
    app.register_error_handler(HTTPException, http_error)
    for failure in DATABASE_AWAY:
        app.register_error_handler(failure, _database_away)


def _database_away(error: Exception) -> ResponseReturnValue:
    """Answer as a gateway does whose server is away, without a notice: scripts send the same form again by its key."""
    if is_api(request):
        return api_error_response(error)
    log_failure(error)
    if is_fragment() or request.path == WEBHOOKS:
        return _AWAY.said + "\n", 503, {**RETRY_AFTER, "Content-Type": "text/plain; charset=utf-8"}
    return _broken(_AWAY), 503, RETRY_AFTER


def _coursekeeper_error(error: CoursekeeperError) -> ResponseReturnValue:
    if is_api(request):
        return api_error_response(error)
    if isinstance(error, Refused | InvalidField) and (shown := _shown_again(error)) is not None:
        return shown
    if error.status >= 500:
        log_failure(error)
    return _answer(Words.of_error(error), error.status)


def _shown_again(error: CoursekeeperError) -> Response | None:
    view = current_app.view_functions.get(request.endpoint or "")
    page: Callable[..., ResponseReturnValue] | None = getattr(view, "refused_shows", None)
    if page is None:
        return None
    # The input of a GET, such as the period of a report, is in the query string.
    typed = request.args if request.method == "GET" else request.form
    try:
        response = show_again(page, Refusal.of(error, typed), request.view_args or {})
    except (NotFound, Refused, InvalidField):
        # The form's page is gone or refuses as well: the refusal is shown on a page of its own.
        return None
    response.status_code = error.status
    return response


def show_again(
    page: Callable[..., ResponseReturnValue], refusal: Refusal, arguments: Mapping[str, Any]
) -> Response:
    """Return the page with what was typed, called with those of the view's arguments that it takes.

    The page of a list does not ask which row of it was meant.
    """
    takes = signature(page).parameters
    takes_all = any(each.kind is each.VAR_KEYWORD for each in takes.values())
    given = {name: value for name, value in arguments.items() if takes_all or name in takes}
    # The order of a list is read below the view.
    g.refusal = refusal
    return make_response(page(refusal=refusal, **given))


def http_error(error: HTTPException) -> ResponseReturnValue:
    """Return an HTTP error in our words."""
    status = error.code or 500
    if status < 400:
        return error
    if is_api(request):
        return api_error_response(error)
    words = _words_for("csrf" if isinstance(error, CSRFError) else status)
    response = make_response(_answer(words, status))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        response.headers.setdefault("Retry-After", WAIT_S)
    return response


def _answer(words: Words, status: int) -> ResponseReturnValue:
    if request.path == WEBHOOKS:
        return words.said + "\n", status, {"Content-Type": "text/plain; charset=utf-8"}
    if is_fragment():
        return _as_notice(words, status)
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return _broken(words), status
    again = _same_address() if request.method == "GET" else None
    return render_template("error.html", words=words, status=status, again=again), status


def _broken(words: Words) -> str:
    # Without the context of other pages: what failed may be the very thing that page needs.
    page = current_app.jinja_env.get_template("broken.html")
    is_get = request.method == "GET"
    return page.render(
        words=words, is_get=is_get, again=_same_address(), url_for=url_for, request_id=request_id()
    )


def _same_address() -> str:
    return request.script_root + request.full_path.rstrip("?")


def _as_notice(words: Words, status: int) -> ResponseReturnValue:
    page = render_template("macros/notices.html", notice=Notice(words.said, is_bad=True), is_swapped=False)
    return page, status, {"X-Notice": "1", "HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}


@dataclass(frozen=True, slots=True)
class Words:
    """A heading, the sentence under it, and the stable code for programs."""

    heading: str
    said: str
    code: str

    @classmethod
    def of_error(cls, error: CoursekeeperError) -> Words:
        """Return the words of one of our own errors."""
        heading = _HEADINGS.get(error.code) or _HEADINGS.get(type(error).code, _("That did not work"))
        return cls(heading, error.message, error.code)


_HEADINGS: dict[str, str] = {
    "not_found": N_("Page not found"),
    "set_up_already": N_("Already set up"),
    "not_allowed": N_("You don’t have permission"),
    "refused": N_("Not possible"),
    "square_failed": N_("Square did not answer as expected"),
    "not_yet": N_("Not ready yet"),
    "ledger_broken": N_("Please call the owner"),
    "paper_not_made": N_("The paper is not ready"),
    "invoice_not_ready": N_("The invoice is being made"),
}

_WORDS: dict[int | str, Words] = {
    400: Words(
        N_("That could not be read"),
        N_("The request was not complete. Go back, reload and try again."),
        "unreadable",
    ),
    401: Words(
        N_("Sign in first"), N_("Your sign-in has ended. Sign in again; nothing was changed."), "unauthorized"
    ),
    403: Words(
        N_("You don’t have permission"), N_("Your role doesn’t allow this. Ask the owner."), "not_allowed"
    ),
    404: Words(
        N_("Page not found"),
        N_("There is no page at this address. Check the address, or start from Today."),
        "not_found",
    ),
    405: Words(
        N_("Not allowed"), N_("This address can’t be used like that. Go back and try again."), "wrong_method"
    ),
    413: Words(
        N_("File too large"),
        N_("What was sent is larger than 1 MB; a logo may have 2 MB, a file to import 5 MB. Send less."),
        "too_large",
    ),
    415: Words(N_("Not readable"), N_("This kind of content is not understood."), "wrong_type"),
    429: Words(
        N_("Too many attempts"),
        N_("Too many tries in a short time. Wait five minutes, then try again."),
        "too_many",
    ),
    500: Words(
        N_("Something went wrong"),
        N_(
            "Something failed in Coursekeeper; what you sent may not be saved. Go back and check before you try again."
        ),
        "error",
    ),
    "csrf": Words(
        N_("Your session expired"),
        N_(
            "Your sign-in changed since this page was opened. Nothing was written. Go back, reload and try again."
        ),
        "stale_page",
    ),
}

_AWAY = Words(
    N_("Not available right now"),
    N_("Coursekeeper can’t reach its database. Wait a minute, then try again: nothing is counted twice."),
    "unavailable",
)


def _words_for(what: int | str) -> Words:
    """Return the words for an HTTP status, or for "csrf"."""
    known = _WORDS.get(what)
    if known is not None:
        return known
    return _WORDS[500] if isinstance(what, int) and what >= 500 else _WORDS[400]
