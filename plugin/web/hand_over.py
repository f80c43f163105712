"""A device of the clinic in one client's hands: they answer for themselves, and reach nothing else.

It is opened by its cookie alone, as a check-in screen is; nobody is signed in there. Done, it shows nothing any more.
"""

from dataclasses import replace
from http import HTTPStatus

from flask import Blueprint, Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from invoices.language import language_for
from plugin.core.acts import Actor, Role, Source
from plugin.courses.accounts.shared_devices import HandOverView, end_hand_over
from plugin.courses.base.views import ClientView
from plugin.courses.catalog.names import names_in
from plugin.courses.clients.clients import read_client
from plugin.web import current_services, pages
from plugin.web.access import CHECK_IN_COOKIE, refuse_nul
from plugin.web.actions import act_by
from plugin.web.check_in_cookie import current_hand_over, forget_cookie
from plugin.web.client_page.data import first_name
from plugin.web.client_page.ratings import CHECK, check_part, ratings_part, save_answer
from plugin.web.limits import limit_views, page_limiter
from plugin.web.translations import N_, speak

OFTEN = "60 per minute"
_CLIENT = Actor(N_("Device handed to the client"), Role.DESK, Source.DESK)

blueprint = Blueprint("hand_over", __name__, url_prefix="/check-in/client")


@blueprint.before_request
def _only_where_handed() -> ResponseReturnValue | None:
    refuse_nul()
    handed = current_hand_over()
    if handed is None:
        return forget_cookie(redirect(url_for("lock.show"), code=303))
    g.handed = handed
    return None


@blueprint.get("")
def show() -> Response:
    return _page()


@blueprint.post("")
def answer() -> ResponseReturnValue:
    client = _client()
    wrong = save_answer(act_by(_CLIENT), client.id, language_for(client.language), source="handed")
    return _page(wrong) if wrong else redirect(url_for("hand_over.show"), code=303)


@blueprint.post("/done")
def done() -> Response:
    """End it: whoever has the device sees nothing of the client any more."""
    client = _client()
    end_hand_over(current_services().store, act_by(_CLIENT), request.cookies.get(CHECK_IN_COOKIE, ""))
    language = speak(language_for(client.language))
    clinic = replace(pages.clinic(), language=language.tag)
    page = make_response(render_template("client/handed_back.html", language=language, clinic=clinic))
    forget_cookie(page)
    return page


def set_up(app: Flask) -> None:
    """Limit how often one device sends."""
    often = page_limiter(app).limit(OFTEN)
    limit_views(app, ("hand_over.answer", "hand_over.done"), often)


def _handed() -> HandOverView:
    handed: HandOverView = g.handed
    return handed


def _client() -> ClientView:
    return read_client(current_services().store, _handed().client_id)


def _page(wrong: str = "") -> Response:
    client, store = _client(), current_services().store
    language = speak(language_for(client.language))
    with store.reading() as session:
        names = names_in(session, language.tag)
    today = pages.today()
    is_check = request.form.get("do") == CHECK
    response = make_response(
        render_template(
            "client/handed.html",
            language=language,
            clinic=replace(pages.clinic(), language=language.tag),
            first_name=first_name(client.name),
            names=names,
            answers=url_for("hand_over.answer"),
            **ratings_part(client.id, today=today, names=names, wrong="" if is_check else wrong),
            **check_part(client.id, language, today=today),
            check_wrong=wrong if is_check else "",
        )
    )
    response.status_code = HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK
    return response
