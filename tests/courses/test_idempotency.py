"""A request runs once under its key, and keys from before an upgrade keep their answers."""

from datetime import date
from typing import Any

import pytest

from plugin.courses.base.work import Answered, digest, is_answered, transact
from plugin.errors import KeyReused, Refused
from tests.courses.desk import Desk

USE = {"course_id": "c1", "visited_on": date(2026, 11, 22), "parts": ["a", 2, None]}


def ask(desk: Desk, request: dict[str, Any], answer: dict[str, Any]) -> Answered:
    act = desk.act(key="tap-1")
    return transact(desk.store, act, lambda work: work.once("use", request, lambda: answer))


def test_the_digest_of_a_request_never_changes() -> None:
    # It is stored with each answer: another one would refuse every key that a tablet sends again after an upgrade.
    assert digest("use", USE) == "37df31e9af20f3496e5bfd7c673436617f75f7b3b7aafb472990720aa1630b58"
    assert digest("use", dict(reversed(USE.items()))) == digest("use", USE)
    assert digest("undo", USE) != digest("use", USE)


def test_the_same_request_gets_the_first_answer(desk: Desk) -> None:
    assert ask(desk, USE, {"said": "1"}) == ({"said": "1"}, False)
    assert ask(desk, USE, {"said": "2"}) == ({"said": "1"}, True)


def test_another_request_under_the_key_is_refused(desk: Desk) -> None:
    ask(desk, USE, {"said": "1"})
    with pytest.raises(KeyReused):
        ask(desk, USE | {"course_id": "c2"}, {"said": "2"})


def test_a_refused_request_leaves_its_key_free(desk: Desk) -> None:
    def refuse() -> dict[str, Any]:
        raise Refused("No.", code="no")

    with pytest.raises(Refused):
        transact(desk.store, desk.act(key="tap-1"), lambda work: work.once("use", USE, refuse))
    assert not is_answered(desk.store, "tap-1")
    assert not ask(desk, USE, {"said": "1"}).is_repeat
