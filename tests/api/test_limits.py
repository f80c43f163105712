"""How often a program may call, and how often somebody may try a bad token."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.services import Services
from tests.api.caller import Caller, refusal
from tests.api.conftest import api_application, caller_with


@pytest.fixture
def strict_app(small_house: Services) -> Flask:
    return api_application(small_house, per_token="3 per minute", bad_per_address="2 per minute")


def test_a_token_that_calls_too_often_is_told_when_to_come_again(strict_app: Flask) -> None:
    caller = caller_with(strict_app, Role.DESK)
    assert [caller.get("/clients").status_code for _ in range(3)] == [200, 200, 200]
    answer = caller.get("/clients")
    assert refusal(answer) == (429, "too_many_requests", None)
    assert 0 < int(answer.headers["Retry-After"]) <= 61


def test_calls_of_every_kind_count_together(strict_app: Flask) -> None:
    caller = caller_with(strict_app, Role.DESK)
    statuses = [caller.get("/clients"), caller.post("/clients", {"name": "Ana"}), caller.get("/packages")]
    assert [answer.status_code for answer in statuses] == [200, 201, 200]
    assert caller.get("/attention").status_code == 429


def test_one_tokens_haste_does_not_slow_another(strict_app: Flask) -> None:
    hasty, calm = caller_with(strict_app, Role.DESK), caller_with(strict_app, Role.DESK)
    for _ in range(4):
        hasty.get("/clients")
    assert (hasty.get("/clients").status_code, calm.get("/clients").status_code) == (429, 200)


def test_an_address_may_not_go_on_guessing_tokens(strict_app: Flask) -> None:
    guesses = _guesses(strict_app, 3)
    assert [answer.status_code for answer in guesses] == [401, 401, 429]
    assert 0 < int(guesses[-1].headers["Retry-After"]) <= 61


def test_a_good_token_beside_a_guesser_still_works(strict_app: Flask) -> None:
    caller = caller_with(strict_app, Role.DESK)
    _guesses(strict_app, 5)
    assert caller.get("/clients").status_code == 200


def test_guesses_count_together_in_all_processes(small_house: Services) -> None:
    one, other = (api_application(small_house, bad_per_address="2 per minute") for _ in range(2))
    assert [answer.status_code for answer in _guesses(one, 2)] == [401, 401]
    assert [answer.status_code for answer in _guesses(other, 1)] == [429]


def _guesses(app: Flask, number: int) -> list[TestResponse]:
    stranger, answers = Caller(app, None), []
    for guess in range(number):
        stranger.token = f"ck_guess_{guess}"
        answers.append(stranger.get("/clients"))
    return answers


def test_the_usual_limits_leave_a_busy_clinic_alone(small_desk: Caller) -> None:
    assert {small_desk.get("/packages").status_code for _ in range(100)} == {200}
