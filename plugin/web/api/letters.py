"""The calls about letters: those written, those due in the next days, and what a client wants."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictBool

from plugin.core.letters import LetterKind
from plugin.courses.letters.kinds import choose_letter, declined_by, list_letter_kinds, list_letters
from plugin.courses.letters.sending import PREVIEW_DAYS, coming_letters
from plugin.emails.client_letter import rules_of
from plugin.web.access import DESK
from plugin.web.api.answers import Answer, Cursor, Id, Moment, example_id, shown
from plugin.web.api.calls import THE_OWNER, Reply, Request, call
from plugin.web.api.inputs import BY_VALUE, Input, Paging, number_in_text, words

MOST_DAYS = 31
Kind = Annotated[LetterKind, words(LetterKind)]


class Letter(Answer):
    """A letter that was written to a client."""

    id: Id = shown(example_id(1))
    kind: Kind = shown("two_left")
    client_id: Id = shown(example_id(2))
    course_id: Id = shown(example_id(3))
    state: Literal["planned", "sending", "sent", "left", "refused"] = shown(
        "sent", "`left`: its reason had gone before it was sent. `refused`: by the mail server."
    )
    said: str = shown("", "Why it was not sent, or what is uncertain.")
    at: Moment = shown("2026-11-22T18:00:00Z", "When it came to this state, or was planned.")


class Letters(Answer):
    """A page of letters, newest first."""

    rows: list[Letter]
    cursor: Cursor


class ComingLetter(Answer):
    """A letter that would be written that day."""

    on: date = shown("2026-11-23")
    kind: Kind = shown("expiring")
    client_id: Id = shown(example_id(2))
    course_id: Id = shown(example_id(3))


class ComingLetters(Answer):
    """The letters of the next days, if nothing changes until then."""

    kinds_on: list[Kind] = shown(["expiring", "two_left"])
    rows: list[ComingLetter]


class LetterChoice(Answer):
    """What a client declined."""

    client_id: Id = shown(example_id(2))
    declined: list[Kind] = shown(["lapsed"])


class ChooseLetter(Input):
    """Whether a client wants the letters of a kind."""

    kind: Annotated[LetterKind, BY_VALUE, words(LetterKind)] = Field(examples=["lapsed"])
    is_wanted: StrictBool = Field(examples=[False])
    """False: none of this kind is sent to them."""


class ComingQuery(Input):
    """How far to look ahead."""

    days: Annotated[int, number_in_text(MOST_DAYS)] = Field(PREVIEW_DAYS, ge=1, le=MOST_DAYS)
    """Today included; 1 to 31."""


@call("GET", "/letters", Letters, roles=THE_OWNER)
def letters(request: Request, query: Paging) -> Reply:
    """List the letters written to clients, newest first."""
    return Reply(Letters.of(list_letters(request.store, limit=query.limit, cursor=query.cursor)))


@call("GET", "/letters/coming", ComingLetters, roles=THE_OWNER)
def letters_coming(request: Request, query: ComingQuery) -> Reply:
    """Say who would get which letter in the next days; nothing is sent."""
    services = request.services
    rows = coming_letters(services.store, request.act.now, rules_of(services.settings), days=query.days)
    kinds_on = [each.kind for each in list_letter_kinds(services.store) if each.is_on]
    return Reply(ComingLetters.of({"kinds_on": kinds_on, "rows": rows}))


@call("POST", "/clients/{client_id}/letters", LetterChoice, roles=DESK, refusals=(404, 409))
def choose_client_letter(request: Request, body: ChooseLetter, *, client_id: str) -> Reply:
    """Have a client get the letters of a kind, or not."""
    known = choose_letter(request.store, request.act, client_id, body.kind, is_wanted=body.is_wanted)
    return Reply(LetterChoice.of({"client_id": known, "declined": sorted(declined_by(request.store, known))}))
