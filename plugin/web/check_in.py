"""The check-in screen: clients check in for today, and learn what they have left. It tells nothing of anybody else.

It is opened by its cookie alone, which opens nothing else; nobody is signed in there.
"""

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from invoices.language import language_for
from plugin.core.acts import Actor, Role, Source
from plugin.core.moments import day_at
from plugin.courses.visits.check_in import CheckedIn, WhoArrived, check_in
from plugin.errors import CoursekeeperError
from plugin.web import current_services, pages
from plugin.web.access import refuse_nul
from plugin.web.actions import act_by
from plugin.web.check_in_cookie import current_hand_over, current_screen, forget_cookie
from plugin.web.client_page.ratings import check_part, client_of_ticket, save_check, ticket_for
from plugin.web.headers import let_page_use_camera
from plugin.web.limits import guess_limiter, limit_views, page_limiter
from plugin.web.translations import N_, speak

# Only refused ones count: each guess needs the full name of somebody who is booked today.
TRIES = "8 per 5 minutes;40 per day"
OFTEN = "60 per minute"
SHOWN_S = 15
LONGEST = 200
LONGEST_TICKET = 400
# Somebody reads a list.
ASKS_S = 120
_SCREEN = Actor(N_("Check-in screen"), Role.DESK, Source.DESK)

blueprint = Blueprint("check_in", __name__, url_prefix="/check-in")


@blueprint.before_request
def _only_at_a_screen() -> ResponseReturnValue | None:
    refuse_nul()
    speak(language_for(pages.clinic().language))
    if current_screen() is not None:
        return None
    if current_hand_over() is not None:
        return redirect(url_for("hand_over.show"), code=303)
    return forget_cookie(redirect(url_for("security.login"), code=303))


@blueprint.get("")
def show() -> Response:
    """Ask for the code of a paper, or for name and phone."""
    return _page()


@blueprint.post("")
def enter() -> Response:
    """Check the client in, or take the answer of one who has just checked in."""
    if ticket := request.form.get("ticket"):
        return _answer(ticket[:LONGEST_TICKET])
    services = current_services()
    typed = {name: request.form.get(name, "")[:LONGEST] for name in ("code", "name", "last_digits")}
    done = check_in(
        services.store,
        act_by(_SCREEN),
        WhoArrived(**typed),
        uses_session=services.settings.check_in_uses_session,
        has_mail=services.mail.is_ready,
        needs_check=services.settings.use_needs_check,
    )
    return _page(done=done, has_failed=done is None)


def _answer(ticket: str) -> Response:
    """Save what a client who has just checked in answers to the check before a treatment."""
    client_id = client_of_ticket(ticket)
    if client_id is None:
        return _page(has_failed=True)
    try:
        save_check(act_by(_SCREEN), client_id, source="screen")
    except CoursekeeperError:
        return _page(done=CheckedIn(client_id=client_id))
    return _page(done=CheckedIn(), is_answered=True)


@blueprint.errorhandler(TooManyRequests)
def wait(_error: TooManyRequests) -> Response:
    """Return the same page where too many were refused."""
    return _page(has_failed=True, status=HTTPStatus.TOO_MANY_REQUESTS)


def set_up(app: Flask) -> None:
    """Limit what is tried at one screen."""
    wrong = guess_limiter(app).limit(TRIES, key_func=_screen, deduct_when=_was_refused)
    limit_views(app, ("check_in.enter",), wrong, page_limiter(app).limit(OFTEN, key_func=_screen))


def _screen() -> str:
    screen = current_screen()
    return f"check-in:{screen.id if screen else 'none'}"


def _was_refused(response: Response) -> bool:
    return response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def _page(
    *,
    done: CheckedIn | None = None,
    has_failed: bool = False,
    is_answered: bool = False,
    status: HTTPStatus | None = None,
) -> Response:
    let_page_use_camera()
    asked = _asked(done)
    response = make_response(
        render_template("check_in.html", done=done, has_failed=has_failed, is_answered=is_answered, **asked)
    )
    response.status_code = status or (HTTPStatus.UNPROCESSABLE_ENTITY if has_failed else HTTPStatus.OK)
    if done or has_failed:
        # Also without scripts nothing of anybody stays there.
        shown_s = ASKS_S if asked["check_list"] else SHOWN_S
        response.headers["Refresh"] = f"{shown_s};url={url_for('check_in.show')}"
    return response


def _asked(done: CheckedIn | None) -> dict[str, Any]:
    """Return the check before a treatment for whoever has just checked in, in the clinic's language."""
    if done is None or not done.client_id:
        return {"check_list": None}
    clinic = pages.clinic()
    part = check_part(done.client_id, language_for(clinic.language), today=day_at(pages.now(), clinic.zone))
    return part | {
        "ticket": ticket_for(done.client_id),
        "check_wrong": "",
        "answers": url_for("check_in.enter"),
    }
