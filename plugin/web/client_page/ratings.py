"""What clients answer before a visit: their own ratings, and the check before a treatment, as the clinic's list and two
answers; on their private page, or on a device of the clinic in their hands.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.datastructures import MultiDict

from invoices.language import Language
from plugin.core.acts import Act
from plugin.core.ratings import HIGHEST, LOWEST, MOST_CONCERNS
from plugin.courses.catalog.names import Names
from plugin.courses.catalog.visit_options import OptionKind, list_options
from plugin.courses.checks.answers import answer_check, checks_in, list_in
from plugin.courses.ratings.choices import CONCERN_LENGTH, choose_concerns, decide, delete_ratings, rate
from plugin.courses.ratings.views import own_ratings
from plugin.errors import CoursekeeperError
from plugin.web import current_services
from plugin.web.tables import whole_number

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


_LONGEST = 200
CHECK = "check"


def ratings_part(client_id: str, *, today: date, names: Names, wrong: str = "") -> dict[str, Any]:
    """Return what the page shows of a client's ratings; `wrong`: why their answer was refused."""
    services = current_services()
    ratings = own_ratings(services.store, client_id, today=today)
    is_asked = services.settings.own_ratings
    if not is_asked and not ratings.concerns:
        return {"ratings": None}
    typed = request.form if wrong else MultiDict[str, str]()
    is_chosen = typed.get("do") == "choose"
    chosen = _typed_concerns(typed) if is_chosen else [each.words for each in ratings.current]
    focus = [
        each.name
        for each in list_options(services.store)
        if each.kind is OptionKind.FOCUS and not each.is_retired
    ]
    # What they rate already stays a box to tick, in their language, also when the clinic's list has it no more.
    offered = [*focus, *(each.words for each in ratings.current if each.words not in focus)]
    return {
        "ratings": ratings,
        "ratings_are_asked": is_asked,
        "ratings_wrong": wrong,
        "focus_areas": [(each, names(each), each in chosen) for each in offered] if is_asked else [],
        "own_words": [each for each in chosen if each not in offered],
        "is_choice_refused": is_chosen,
        # What they tapped before it was refused, else what is saved.
        "numbers": {each.id: typed.get(f"c-{each.id}", each.today, type=int) for each in ratings.current},
        "most_concerns": MOST_CONCERNS,
        "concern_length": CONCERN_LENGTH,
    }


def save_answer(act: Act, client_id: str, language: Language, *, source: str) -> str:
    """Save what the client sent; return why it was refused, in their language, else ""."""
    do = _ACTS.get(request.form.get("do", ""))
    if do is None:
        return ""
    try:
        do(act, client_id, source)
    except CoursekeeperError as error:
        return _why(error, language)
    return ""


def _rate(act: Act, client_id: str, source: str) -> None:
    sent = {name.removeprefix("c-"): value for name, value in request.form.items() if name.startswith("c-")}
    values = {name: int(value) for name, value in sent.items() if value in _NUMBERS}
    rate(current_services().store, act, client_id, values, source=source)


def _choose(act: Act, client_id: str, _source: str) -> None:
    choose_concerns(current_services().store, act, client_id, _typed_concerns(request.form))


def _typed_concerns(form: MultiDict[str, str]) -> list[str]:
    return [each[:_LONGEST] for each in (*form.getlist("focus"), *form.getlist("own")) if each.strip()]


def _decline(act: Act, client_id: str, _source: str) -> None:
    decide(current_services().store, act, client_id, is_declined=True)


def _resume(act: Act, client_id: str, _source: str) -> None:
    decide(current_services().store, act, client_id, is_declined=False)


def _papers(act: Act, client_id: str, _source: str) -> None:
    decide(current_services().store, act, client_id, is_on_papers="on_papers" in request.form)


def _delete(act: Act, client_id: str, _source: str) -> None:
    delete_ratings(current_services().store, act, client_id)


def _check(act: Act, client_id: str, source: str) -> None:
    save_check(act, client_id, source=source)


_NUMBERS = frozenset(map(str, range(LOWEST, HIGHEST + 1)))
_ACTS: dict[str, Callable[[Act, str, str], None]] = {
    "rate": _rate,
    "choose": _choose,
    "decline": _decline,
    "resume": _resume,
    "papers": _papers,
    "delete": _delete,
    CHECK: _check,
}


def _why(error: CoursekeeperError, language: Language) -> str:
    if request.form.get("do") == CHECK:
        return language.gettext("The list has changed. Please read it and answer again.")
    if error.code == "no_concern":
        return language.gettext("Choose at least one concern.")
    if error.code == "too_many_concerns":
        return language.gettext("Choose at most three concerns.")
    if request.form.get("do") == "choose":
        return language.gettext("Write a concern in at most 60 letters.")
    return language.gettext("Tap a number from 0 to 10 for each concern, then send again.")
