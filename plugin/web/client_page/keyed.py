"""Pages that their address alone opens: of no search engine, limited, and with one page for every unknown address.

Their forms send a key, and the version of what was seen.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, current_app, g, render_template, request
from flask.sansio.app import App
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    NotFound,
    RequestEntityTooLarge,
    TooManyRequests,
)

from invoices.language import Language, language_for, spoken_in
from plugin.core.acts import Act, Actor, Role, Source
from plugin.errors import CoursekeeperError
from plugin.settings import PAPER_LANGUAGES
from plugin.web import current_services, pages
from plugin.web.actions import fresh_key
from plugin.web.api.errors import DATABASE_AWAY, RETRY_AFTER
from plugin.web.headers import unlist
from plugin.web.limits import limit_unknown, limit_views, page_limiter
from plugin.web.refusals import Words
from plugin.web.request_log import log_failure
from plugin.web.tables import whole_number
from plugin.web.translations import speak

GUEST = Actor("Their private page", Role.OWNER, Source.DESK)
# A browser writes the region (zh-CN, es-MX), Coursekeeper at most the script.
PAPER_TAGS = {spoken_in(tag): tag for tag in PAPER_LANGUAGES}
Failed = Callable[[CoursekeeperError], ResponseReturnValue]


def read_in(tag: str) -> Language:
    """Return the language of the client whose page this is; an error of the request is told in it, too."""
    language = g.reader = language_for(tag)
    return language


def reader() -> Language:
    """Return the language of the client, as far as it is known; else the clinic's."""
    known: Language | None = g.get("reader")
    return known or language_for(pages.clinic().language)


def browser_language() -> Language | None:
    """Return the first of the browser's languages that papers have, None for none."""
    wanted = (PAPER_TAGS.get(spoken_in(tag)) for tag in request.accept_languages.values())
    tag = next(filter(None, wanted), None)
    return language_for(tag) if tag else None


def spoken(language: Language) -> dict[str, Any]:
    clinic = pages.clinic()
    # Days and amounts are in the clinic's language elsewhere; here, in the client's.
    return {"language": speak(language), "clinic": replace(clinic, language=language.tag)}


def nothing(error: HTTPException, unknown: str = "") -> ResponseReturnValue:
    """Return the same page for every unknown address; `unknown`: what it says instead of "your own page"."""
    language = reader()
    if error.code == TooManyRequests.code:
        often = language.gettext("This was opened very often just now. Wait five minutes, then try again.")
        return excuse(error, often)
    said = unknown or language.gettext(
        "This link does not work, or no longer works. Ask {clinic} for your own page."
    )
    return _answer(language, language.gettext("This link no longer works"), said, error.code)


def excuse(error: CoursekeeperError | HTTPException, said: str) -> ResponseReturnValue:
    """Return a client's page that only says this; staff would read the error itself."""
    language = reader()
    status = error.code if isinstance(error, HTTPException) else error.status
    return _answer(language, language.gettext("Please try again"), said, status)


def _answer(language: Language, heading: str, said: str, status: int | None) -> ResponseReturnValue:
    page = render_template("client/nothing.html", **spoken(language), heading=heading, said=said)
    return page, status or HTTPStatus.NOT_FOUND


def unreadable(error: HTTPException) -> ResponseReturnValue:
    """Return a client's page for a form that is too large or not complete."""
    said = reader().gettext("What was sent could not be read. Go back, reload the page and try again.")
    return excuse(error, said)


def not_begun(error: CoursekeeperError) -> ResponseReturnValue:
    """Return a page without the payment; the reason is the clinic's matter."""
    said = reader().gettext("This could not be started just now. Please try again, or call us.")
    return excuse(error, said)


def broken(error: Exception) -> ResponseReturnValue:
    """Return a page that reads no more than the phone number: what failed may be the database."""
    language = g.get("reader") or browser_language() or language_for("en")
    # What fails while another error is answered comes as an InternalServerError of it.
    cause = error.original_exception if isinstance(error, InternalServerError) else error
    is_away = isinstance(cause, DATABASE_AWAY)
    page = current_app.jinja_env.get_template("client/broken.html").render(
        language=language,
        phone=pages.phone(is_away=is_away),
        words=Words(
            language.gettext("Please try again"),
            language.gettext("This did not work just now. Try again in a few minutes, or call us."),
            "unavailable",
        ),
    )
    if is_away:
        log_failure(cause)
        return page, HTTPStatus.SERVICE_UNAVAILABLE, RETRY_AFTER
    return page, HTTPStatus.INTERNAL_SERVER_ERROR


def answer_broken(blueprint: Blueprint) -> None:
    """Answer what fails in these pages by a page of the client's, not the staff's."""
    for failure in (*DATABASE_AWAY, InternalServerError):
        blueprint.register_error_handler(failure, broken)


class KeyedPages(Blueprint):
    """Pages whose address is their key; `failed` answers the errors of use cases.

    `often`: how much of them, counted together as `scope`, one visitor opens; `unknown`: how many addresses that open
    nothing one visitor tries, of all pages with the same `unknown_scope`. An empty one is not limited.
    """

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        scope: str,
        often: str = "60 per minute",
        unknown: str = "60 per 5 minutes",
        unknown_scope: str = "unknown pages",
        failed: Failed | None = not_begun,
        url_prefix: str | None = None,
    ) -> None:
        super().__init__(name, import_name, url_prefix=url_prefix)
        self._often, self._scope = often, scope
        self._unknown, self._unknown_scope = unknown, unknown_scope
        self.after_request(unlist)
        self.register_error_handler(NotFound, nothing)
        self.register_error_handler(TooManyRequests, nothing)
        self.register_error_handler(BadRequest, unreadable)
        self.register_error_handler(RequestEntityTooLarge, unreadable)
        answer_broken(self)
        if failed is not None:
            self.register_error_handler(CoursekeeperError, failed)

    def register(self, app: App, options: dict[str, Any]) -> None:
        """Register the pages, and limit all of them."""
        super().register(app, options)
        assert isinstance(app, Flask)
        views = [each for each in app.view_functions if each.startswith(f"{self.name}.")]
        if self._unknown:
            limit_views(app, views, limit_unknown(app, self._unknown, self._unknown_scope))
        limit_views(app, views, page_limiter(app).shared_limit(self._often, scope=self._scope))


_LONGEST_KEY = 80
_MOST_DIGITS = 9


def form_act(actor: Actor, what: str) -> Act:
    """Return the act under the key of the form, so that a form sent twice begins one `what`."""
    sent = request.form.get("key", "")[:_LONGEST_KEY] or fresh_key()
    key = hashlib.sha256(sent.encode()).hexdigest()[:40]
    return Act(actor, current_services().clock(), f"{what}:{key}")


def seen_version() -> int:
    """Return the version that the form was shown with; 0, which nothing has, for none."""
    return whole_number(request.form.get("version", ""), _MOST_DIGITS) or 0
