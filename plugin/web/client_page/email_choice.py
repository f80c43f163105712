"""The unsubscribe link of every e-mail: buttons for people, one POST for mail programs (RFC 8058).

The signed link is sufficient, and discloses only the clinic's name. A letter's link also offers to stop its kind alone.
"""

from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from invoices.language import Language, language_for
from plugin.core.acts import Actor, Role, Source
from plugin.core.letters import LetterKind
from plugin.courses.clients.clients import read_client
from plugin.courses.clients.private_page import client_of_stop_token, stop_letters
from plugin.courses.letters.kinds import choose_letter
from plugin.errors import Refused
from plugin.web import current_services
from plugin.web.actions import act_by
from plugin.web.client_page.keyed import KeyedPages
from plugin.web.translations import speak

_BY_LINK = Actor("The link in an e-mail", Role.DESK, Source.DESK)

blueprint = KeyedPages(
    "mail_choice", __name__, scope="stopping letters", often="60 per 5 minutes", unknown="", failed=None
)


@blueprint.get("/mail/stop/<token>")
def ask(token: str) -> ResponseReturnValue:
    """Show the one button: a mail program that only opens the link changes nothing."""
    asked = request.args.get("kind", "")
    kind = asked if asked in list(LetterKind) else ""
    return _page("client/stop.html", _words(_client(token)), token=token, kind=kind)


@blueprint.post("/mail/stop/<token>")
def stop(token: str) -> ResponseReturnValue:
    client_id = _client(token)
    stop_letters(current_services().store, act_by(_BY_LINK), client_id)
    return _page("client/stopped.html", _words(client_id), kind="")


@blueprint.post("/mail/stop/<token>/<kind>")
def stop_kind(token: str, kind: str) -> ResponseReturnValue:
    if kind not in list(LetterKind):
        abort(404)
    client_id = _client(token)
    try:
        choose_letter(
            current_services().store, act_by(_BY_LINK), client_id, LetterKind(kind), is_wanted=False
        )
    except Refused:
        # Their data was erased: nothing is sent anyway.
        abort(404)
    return _page("client/stopped.html", _words(client_id), kind=kind)


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
