"""The calls about what clients answer themselves: their ratings, and the check before a treatment."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StrictInt

from plugin.core.ratings import HIGHEST, LOWEST, MOST_CONCERNS
from plugin.courses.checks.answers import answer_check, check_of, read_list
from plugin.courses.clients.clients import read_client
from plugin.courses.ratings import choices
from plugin.courses.ratings.choices import rate
from plugin.courses.ratings.views import ratings_of
from plugin.errors import NotFound
from plugin.web.access import TREATS
from plugin.web.api.answers import Answer, Count, Id, Moment, example_id, shown
from plugin.web.api.calls import Key, Reply, Request, call
from plugin.web.api.inputs import GivenId, Input, VisibleText

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
