"""The calls about the check before a treatment: the clinic's list, and a client's answer of today."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, StrictInt

from plugin.courses.checks.answers import answer_check, check_of
from plugin.courses.checks.lists import read_list
from plugin.errors import NotFound
from plugin.web.api.answers import Answer, Id, Moment, example_id, shown
from plugin.web.api.calls import Key, Reply, Request, call
from plugin.web.api.inputs import Input


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
    found = check_of(request.store, request.act, client_id)
    if found is None:
        raise NotFound("The client has not answered today.")
    return Reply(TreatmentCheck.of(found))


@call("POST", "/clients/{client_id}/check", TreatmentCheck, key=Key.NONE)
def save_check(request: Request, body: NewCheck, client_id: str) -> Reply:
    """Save what a client answers today."""
    saved = answer_check(request.store, request.act, client_id, body.answer, body.list_version, source="api")
    return Reply(TreatmentCheck.of(saved))
