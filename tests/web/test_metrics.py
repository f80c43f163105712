"""Metrics for Prometheus: off by default, behind a token, numbers only."""

import dataclasses
import errno
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from werkzeug.test import TestResponse

from plugin import create_app
from plugin.backups import folder
from plugin.core.acts import Role
from plugin.courses.health_facts import WORKER, sign_of_life
from plugin.errors import ConfigurationError
from plugin.services import Services
from plugin.settings import read_settings
from plugin.store import Store
from tests.applications import SharedApplication
from tests.courses.desk import Desk
from tests.web.conftest import signed_in

TOKEN = "a-token-of-prometheus-alone"


@pytest.fixture
def watched(small_house: Services, _shared_small_app: SharedApplication) -> Flask:
    settings = small_house.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    return _shared_small_app.serving(dataclasses.replace(small_house, settings_source=settings))


def scrape(app: Flask, token: str = TOKEN) -> TestResponse:
    return app.test_client().get("/metrics", headers={"Authorization": f"Bearer {token}"})


def numbers(app: Flask) -> dict[tuple[str, ...], float]:
    answer = scrape(app)
    assert answer.status_code == 200
    return {
        (sample.name.removeprefix("coursekeeper_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_it_is_off_by_default(small_app: Flask) -> None:
    assert scrape(small_app, "").status_code == 404
    assert scrape(small_app).status_code == 404


@pytest.mark.parametrize("token", ["", "wrong", f"{TOKEN}x", TOKEN[:-1], "ü"])
def test_it_takes_its_own_token_only(watched: Flask, token: str) -> None:
    answer = scrape(watched, token)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert "coursekeeper_" not in answer.text


def test_a_signed_in_owner_is_not_prometheus(watched: Flask, small_house: Services) -> None:
    assert signed_in(watched, small_house, Role.OWNER).get("/metrics").status_code == 401


def test_a_short_token_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="METRICS_TOKEN is too short"):
        read_settings({"METRICS_TOKEN": "x" * 19})


def test_it_says_what_was_served_and_what_waits(watched: Flask, small_desk: Desk) -> None:
    before = numbers(watched)
    watched.test_client().get("/nowhere")
    small_desk.sell(small_desk.package())
    small_desk.clock.advance(minutes=2)
    sign_of_life(small_desk.store, WORKER, small_desk.clock())
    after = numbers(watched)
    served = ("http_requests_total", "none", "GET", "404")
    assert after[served] == before.get(served, 0) + 1
    assert before["queue_pending", "papers"] == 0
    assert after["queue_pending", "papers"] == 1
    assert after["queue_overdue_seconds", "papers"] == 120
    assert after["last_worker_sign_of_life_timestamp_seconds",] == small_desk.clock().timestamp()
    assert after["database_up",] == 1


def test_it_names_nobody(watched: Flask, small_desk: Desk) -> None:
    course = small_desk.sell(small_desk.package())
    client = small_desk.course(course).client_id or ""
    watched.test_client().get(f"/clients/{client}")
    text = scrape(watched).text
    assert [word for word in (course, client, "Ana", "Souza", "+1415", "@") if word in text] == []


def test_without_a_database_it_says_so(small_house: Services) -> None:
    settings = small_house.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)})
    with Store("postgresql://nobody@127.0.0.1:1/none") as gone:
        app = create_app(services=dataclasses.replace(small_house, settings_source=settings, store=gone))
        known = numbers(app)
    assert known["database_up",] == 0
    assert not any("queue" in name for name, *_ in known)


def test_a_backup_folder_that_cannot_be_read_hides_no_other_number(
    watched: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_folder: Path) -> list[str]:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(folder, "names_in", broken)
    found = numbers(watched)
    assert found["condition_is_wrong", "copies_are_made"] == 1
    assert found["alarms_active",] == 0
    assert ("last_backup_timestamp_seconds",) not in found
