"""The unsubscribe link of every e-mail: buttons for people, one POST for mail programs (RFC 8058).

The signed link is sufficient, and discloses only the clinic's name. A letter's link also offers to stop its kind alone.
"""

import secrets
from typing import Any

from flask import Blueprint, Flask, abort, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, NotFound, TooManyRequests

from invoices.language import Language, language_for
from plugin.core.acts import Act, Actor, Role, Source
from plugin.core.letters import LetterKind
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.email_choice import client_of_stop_token, stop_letters
from plugin.courses.letters.choices import choose_letter
from plugin.errors import Refused
from plugin.web import current_services, pages
from plugin.web.headers import unlist
from plugin.web.limits import limit_views, page_limiter
from plugin.web.translations import speak

PER_ADDRESS = "60 per 5 minutes"
_BY_LINK = Actor("The link in an e-mail", Role.DESK, Source.DESK)

blueprint = Blueprint("mail_choice", __name__)
blueprint.after_request(unlist)


@blueprint.get("/mail/stop/<token>")
def ask(token: str) -> ResponseReturnValue:
    """Show the one button: a mail program that only opens the link changes nothing."""
    kind = request.args.get("kind", "")
    kind = kind if kind in list(LetterKind) else ""
    return _page("client/stop.html", _words(_client(token)), token=token, kind=kind)


@blueprint.post("/mail/stop/<token>")
def stop(token: str) -> ResponseReturnValue:
    """Unsubscribe the client."""
    client_id = _client(token)
    services = current_services()
    act = Act(_BY_LINK, services.clock(), secrets.token_hex(16))
    stop_letters(services.store, act, client_id)
    return _page("client/stopped.html", _words(client_id), kind="")


@blueprint.post("/mail/stop/<token>/<kind>")
def stop_kind(token: str, kind: str) -> ResponseReturnValue:
    """Stop the letters of one kind."""
    if kind not in list(LetterKind):
        abort(404)
    client_id, services = _client(token), current_services()
    act = Act(_BY_LINK, services.clock(), secrets.token_hex(16))
    try:
        choose_letter(services.store, act, client_id, LetterKind(kind), is_wanted=False)
    except Refused:
        # Their data was erased: nothing is sent anyway.
        abort(404)
    return _page("client/stopped.html", _words(client_id), kind=kind)


@blueprint.errorhandler(NotFound)
@blueprint.errorhandler(TooManyRequests)
def nothing(error: HTTPException) -> ResponseReturnValue:
    """Return the same page for every link that was not made here."""
    language = language_for(pages.clinic().language)
    said = (
        language.gettext("This was opened very often just now. Wait five minutes, then try again.")
        if error.code == TooManyRequests.code
        else language.gettext(
            "This address shows nothing, or nothing any more. Ask {clinic} for your own page."
        )
    )
    return _page("client/nothing.html", language, said=said), error.code or 404


def set_up(app: Flask) -> None:
    """Limit the rate of links tried from one address."""
    often = page_limiter(app).shared_limit(PER_ADDRESS, scope="stopping letters")
    limit_views(app, ("mail_choice.ask", "mail_choice.stop", "mail_choice.stop_kind"), often)


def _client(token: str) -> str:
    services = current_services()
    client_id = client_of_stop_token(services.store, services.settings.secret_key.get_secret_value(), token)
    if client_id is None:
        abort(404)
    return client_id


def _words(client_id: str) -> Language:
    return language_for(read_client(current_services().store, client_id).language)


def _page(template: str, language: Language, **more: Any) -> str:
    return render_template(template, language=speak(language), **more)
