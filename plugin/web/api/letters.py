"""The calls about what clients get and answer: letters, their own ratings, and the check before a treatment."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictBool, StrictInt

from plugin.core.letters import LetterKind
from plugin.core.ratings import HIGHEST, LOWEST, MOST_CONCERNS
from plugin.courses.checks.answers import answer_check, check_of, read_list
from plugin.courses.clients.clients import read_client
from plugin.courses.letters.kinds import choose_letter, declined_by, list_letter_kinds, list_letters
from plugin.courses.letters.sending import PREVIEW_DAYS, coming_letters
from plugin.courses.ratings import choices
from plugin.courses.ratings.choices import rate
from plugin.courses.ratings.views import ratings_of
from plugin.emails.client_letter import rules_of
from plugin.errors import NotFound
from plugin.web.access import DESK, TREATS
from plugin.web.api.calls import THE_OWNER, Key, Reply, Request, call
from plugin.web.api.inputs import (
    BY_VALUE,
    Answer,
    Count,
    Cursor,
    GivenId,
    Id,
    Input,
    Moment,
    Paging,
    VisibleText,
    example_id,
    number_in_text,
    shown,
    words,
)

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


ConcernText = Annotated[VisibleText, Field(max_length=choices.CONCERN_LENGTH)]


class RatingBeforeVisit(Answer):
    """A place before a visit."""

    on: date | None = shown("2026-11-17", "The day of the visit; null before the next one.")
    value: int | None = shown(6, "0 to 10; null where nothing was rated: a gap.")


class RatedConcern(Answer):
    """A concern of the client, in their words."""

    id: Id = shown(example_id(5))
    words: str = shown("Jawline")
    is_ended: bool = shown(False, "The client no longer rates it.")
    visits_before: Count = shown(0, "How many visits were before its first rating.")
    ratings: list[RatingBeforeVisit] = shown(
        description="Before each visit, from the first rating on.", at="places"
    )
    today: int | None = shown(6, "What was rated today.")


class OwnRatings(Answer):
    """What a client rated themselves: 0 does not bother them, 10 bothers them most. No result is promised."""

    client_id: Id = shown(example_id(0))
    is_declined: bool = shown(False, at="choice.is_declined")
    is_on_papers: bool = shown(True, at="choice.is_on_papers")
    concerns: list[RatedConcern]


class ConcernChoice(Input, json_schema_extra={"examples": [{"concerns": ["Jawline", "Dark circles"]}]}):
    """What the client rates from now on."""

    concerns: list[ConcernText] = Field(min_length=1, max_length=MOST_CONCERNS)
    """In the client's words. One that is left out ends and keeps its ratings."""


class RatingOfConcern(Input):
    """A rating of one concern."""

    concern_id: GivenId = Field(examples=[example_id(5)])
    value: StrictInt = Field(ge=LOWEST, le=HIGHEST)


class NewRatings(
    Input, json_schema_extra={"examples": [{"ratings": [{"concern_id": example_id(5), "value": 6}]}]}
):
    """The client's ratings of today."""

    ratings: list[RatingOfConcern] = Field(min_length=1, max_length=MOST_CONCERNS)
    """A second rating of the same day replaces the first."""


@call("GET", "/clients/{client_id}/ratings", OwnRatings, roles=TREATS)
def read_ratings(request: Request, client_id: str) -> Reply:
    """Read a client's own ratings."""
    return _ratings(request, client_id)


@call("POST", "/clients/{client_id}/concerns", OwnRatings, roles=TREATS, key=Key.NONE)
def choose_concerns(request: Request, body: ConcernChoice, client_id: str) -> Reply:
    """Set what a client rates."""
    choices.choose_concerns(request.store, request.act, client_id, body.concerns)
    return _ratings(request, client_id)


@call("POST", "/clients/{client_id}/ratings", OwnRatings, roles=TREATS, key=Key.NONE)
def save_ratings(request: Request, body: NewRatings, client_id: str) -> Reply:
    """Save what a client rated today."""
    values = {each.concern_id: each.value for each in body.ratings}
    rate(request.store, request.act, client_id, values, source="api")
    return _ratings(request, client_id)


@call("DELETE", "/clients/{client_id}/ratings", OwnRatings, roles=TREATS, key=Key.NONE)
def delete_ratings(request: Request, client_id: str) -> Reply:
    """Delete all ratings and concerns of a client, as they wish."""
    choices.delete_ratings(request.store, request.act, client_id)
    return _ratings(request, client_id)


def _ratings(request: Request, client_id: str) -> Reply:
    return Reply(OwnRatings.of(ratings_of(request.store, request.act, client_id)))


class CheckList(Answer):
    """The clinic's list in force."""

    version: int = shown(3)
    points: dict[str, list[str]] = shown({"en": ["I am or may be pregnant"]}, "By language, in their order.")
    reviewed_by: str = shown("A. Kim, L.Ac.")
    written_at: Moment = shown("2026-11-20T09:12:00Z")


class TreatmentCheck(Answer):
    """What the client answered today. Which point it was is stored nowhere."""

    client_id: Id = shown(example_id(0))
    on_day: date = shown("2026-11-28")
    answer: Literal["none", "ask"] = shown("ask", "none: none of the points apply; ask: ask me.")
    list_version: int = shown(3)
    answered_at: Moment = shown("2026-11-28T17:55:00Z")
    talked_at: Moment | None = shown(
        "2026-11-28T18:02:00Z", description="When whoever treats said that they have asked."
    )


class NewCheck(Input, json_schema_extra={"examples": [{"answer": "none", "list_version": 3}]}):
    """The client's answer of today."""

    answer: Literal["none", "ask"]
    """Of the client, to the whole list."""
    list_version: StrictInt = Field(ge=1, le=999999)
    """The version that the client has read; an older one than that in force is refused."""


@call("GET", "/check-list", CheckList, refusals=(404,))
def read_check_list(request: Request) -> Reply:
    """Read the clinic's list of points to check before a treatment."""
    found = read_list(request.store)
    if found is None:
        raise NotFound("The clinic has saved no list yet.")
    said = {"version": found.version, "reviewed_by": found.reviewed_by, "written_at": found.written_at}
    return Reply(CheckList.of(said | {"points": {name: list(lines) for name, lines in found.points.items()}}))


@call("GET", "/clients/{client_id}/check", TreatmentCheck)
def read_check(request: Request, client_id: str) -> Reply:
    """Read what a client answered today."""
    living = read_client(request.store, client_id)
    found = check_of(request.store, request.act, living.id)
    if found is None:
        raise NotFound("The client has not answered today.")
    return Reply(TreatmentCheck.of(found))


@call("POST", "/clients/{client_id}/check", TreatmentCheck, key=Key.NONE)
def save_check(request: Request, body: NewCheck, client_id: str) -> Reply:
    """Save what a client answers today."""
    saved = answer_check(request.store, request.act, client_id, body.answer, body.list_version, source="api")
    return Reply(TreatmentCheck.of(saved))
