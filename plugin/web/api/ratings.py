"""The calls about clients' own ratings, for programs of those who treat; the front desk has none."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StrictInt

from plugin.core.acts import Role
from plugin.core.ratings import HIGHEST, LOWEST, MOST_CONCERNS
from plugin.courses.ratings import choices
from plugin.courses.ratings.rate import rate
from plugin.courses.ratings.views import ratings_of
from plugin.web.api.answers import Answer, Count, Id, example_id, shown
from plugin.web.api.calls import Key, Reply, Request, call
from plugin.web.api.inputs import GivenId, Input, VisibleText

ConcernText = Annotated[VisibleText, Field(max_length=choices.CONCERN_LENGTH)]
TREATS = (Role.PRACTITIONER,)


class RatingBeforeVisit(Answer):
    """A place before a visit."""

    on: date | None = shown("2026-11-17", "The day of the visit; null before the next one.")
    value: int | None = shown(6, "0 to 10; null where nothing was rated: a gap.")


class RatedConcern(Answer):
    """A concern of the client, in their words."""

    id: Id = shown(example_id(5))
    words: str = shown("Jawline")
    is_ended: bool = shown(False, "The client does not rate it any more.")
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
