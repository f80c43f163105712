"""The check before a treatment on a page for the client: the clinic's list, and two answers."""

from datetime import date
from typing import Any

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from invoices.language import Language
from plugin.core.acts import Act
from plugin.courses.checks.answers import answer_check, checks_in, list_in
from plugin.web import current_services
from plugin.web.address import whole_number

# Long enough to read the list at the check-in screen.
TICKET_LASTS_S = 300
_SALT = "check before a treatment"
_MOST_DIGITS = 6


def check_part(client_id: str, language: Language, *, today: date) -> dict[str, Any]:
    """Return the clinic's list and what the client answered today; nothing where it is off or has no list."""
    services = current_services()
    if not services.settings.treatment_check:
        return {"check_list": None}
    with services.store.reading() as session:
        found = list_in(session)
        answered = checks_in(session, [client_id], today).get(client_id) if found else None
    if found is None:
        return {"check_list": None}
    return {
        "check_list": found,
        "check_points": found.in_language(language.tag),
        "check_answered": answered.answer if answered and answered.list_version == found.version else "",
    }


def save_check(act: Act, client_id: str, *, source: str) -> None:
    """Save the answer that was sent; raises as `answer_check` does."""
    number = whole_number(request.form.get("version", ""), _MOST_DIGITS) or 0
    answer = request.form.get("answer", "")
    answer_check(current_services().store, act, client_id, answer, number, source=source)


def ticket_for(client_id: str) -> str:
    """Return what lets a client who has just checked in answer at that screen."""
    return str(_tickets().dumps(client_id))


def client_of_ticket(ticket: str) -> str | None:
    """Return who may answer with this ticket, None once it is too old or was made up."""
    try:
        return str(_tickets().loads(ticket, max_age=TICKET_LASTS_S))
    except BadSignature:
        return None


def _tickets() -> URLSafeTimedSerializer:
    secret = current_services().settings.needing("secret_key").secret_key.get_secret_value()
    return URLSafeTimedSerializer([secret], salt=_SALT)
