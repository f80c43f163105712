"""The log of requests: one line each, an id to find them by, and nothing about a person in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from flask import Flask

from plugin import create_app
from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.courses.clients.private_page import token_of
from plugin.log import WEB
from plugin.services import Services
from plugin.worker import Worker
from tests.courses.desk import Desk
from tests.web.conftest import signed_in
from tests.web.page import Page
from tests.web.test_webhooks import Box
from tests.web.visitor import PASSWORD, Visitor, email_of

PROXY_ID = "0123456789abcdef0123456789abcdef"
NAME, PHONE, EMAIL, NOTE = "Wilhelmina Okonkwo", "+14155550177", "mina@okonkwo.example", "Bruises easily"
TYPED = (*NAME.split(), PHONE, "5550177", EMAIL, *NOTE.split())


class Lines(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(self.format(record))

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(text) for text in self.texts]

    def last(self) -> dict[str, Any]:
        return self.lines[-1]


@pytest.fixture
def log() -> Iterator[Lines]:
    lines, logger = Lines(), logging.getLogger(WEB)
    logger.addHandler(lines)
    logger.setLevel(logging.DEBUG)
    yield lines
    logger.removeHandler(lines)
    logger.setLevel(logging.NOTSET)


def test_a_request_is_one_line_with_its_route_not_its_address(
    small_deb: Visitor, small_desk: Desk, log: Lines
) -> None:
    client = small_desk.client(NAME)
    answer = small_deb.get(f"/clients/{client}?q=secret")
    line = log.last()
    assert line.pop("ms") >= 0
    assert line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "method": "GET",
        "route": "/clients/<client_id>",
        "status": 200,
        "role": "desk",
        "request_id": answer.headers["X-Request-ID"],
    }


@pytest.mark.parametrize(
    ("sent", "is_taken"),
    [
        (PROXY_ID, True),
        ("7d444840-9dc0-11d1-b245-5ffdce74fad2", True),
        ("7D444840-9DC0-11D1-B245-5FFDCE74FAD2", True),
        ("0" * 15, False),
        ("f" * 65, False),
        ("mina@okonkwo.example", False),
        ('"}\n{"event":"forged', False),
        ("-" * 32, False),
    ],
)
def test_an_id_of_the_proxy_is_taken_where_it_is_one(small_app: Flask, sent: str, is_taken: bool) -> None:
    environ = {"HTTP_X_REQUEST_ID": sent}
    known = small_app.test_client().get("/healthz", environ_overrides=environ).headers["X-Request-ID"]
    assert (known == sent.lower()) is is_taken
    assert len(known) >= 16


def test_an_error_page_shows_the_id(small_deb: Visitor) -> None:
    answer = small_deb.get("/nowhere", headers={"X-Request-ID": PROXY_ID})
    assert f"Request ID: {PROXY_ID}" in Page(answer.text).text


def test_a_job_carries_the_id_of_the_request_that_caused_it(
    small_deb: Visitor, small_house: Services, small_desk: Desk
) -> None:
    course = small_desk.sell(small_desk.package())
    told = io.StringIO()
    worker = Worker(small_house, log=structlog.wrap_logger(structlog.PrintLogger(told)))
    # What waits already is not enqueued twice.
    assert worker.run_next("papers")
    owner = small_desk.course(course).client_id
    form = small_deb.page(f"/clients/{owner}").form(f"/courses/{course}/uses")
    small_deb.client.post(
        form.action, data=form.filled(), headers={"X-Request-ID": PROXY_ID}, environ_base=small_deb.environ
    )
    assert PROXY_ID not in told.getvalue()
    assert worker.run_next("papers")
    assert PROXY_ID in told.getvalue()


def test_monitoring_is_not_in_the_log_unless_it_is_asked_for(small_app: Flask, log: Lines) -> None:
    small_app.test_client().get("/healthz")
    assert log.texts == []


def test_an_open_page_is_in_the_log_only_when_it_hears_something_new(
    small_deb: Visitor, small_desk: Desk, log: Lines
) -> None:
    seen = small_deb.get("/today/live", headers={"X-Live": "1"}).headers["X-Seen"]
    assert log.last()["status"] == 200
    told = len(log.texts)
    assert small_deb.get(f"/today/live?seen={seen}", headers={"X-Live": "1"}).status_code == 204
    assert len(log.texts) == told
    small_desk.sell(small_desk.package())
    assert small_deb.get(f"/today/live?seen={seen}", headers={"X-Live": "1"}).status_code == 200
    assert len(log.texts) == told + 1


def test_a_higher_level_logs_failures_only(small_house: Services, log: Lines) -> None:
    quiet = small_house.settings.model_copy(update={"log_level": "error"})
    app = create_app(services=replace(small_house, settings_source=quiet))
    app.add_url_rule("/trouble", "trouble", _fail)
    signed_in(app, small_house, Role.OWNER).get("/trouble")
    assert [line["event"] for line in log.lines] == ["failed"]


def _fail() -> str:
    raise RuntimeError(f"{NAME}, {PHONE}")


def test_an_unexpected_error_says_where_but_not_its_words(small_house: Services, log: Lines) -> None:
    app = create_app(services=small_house)
    app.add_url_rule("/trouble", "trouble", _fail)
    answer = signed_in(app, small_house, Role.OWNER).get("/trouble")
    failed = next(line for line in log.lines if line["event"] == "failed")
    assert (failed["error"], failed["request_id"]) == ("RuntimeError", answer.headers["X-Request-ID"])
    assert "_fail" in failed["where"][-1]
    assert NAME not in "".join(log.texts)


def test_a_day_of_requests_leaves_nothing_about_a_person_in_any_log(
    small_house: Services, small_desk: Desk, log: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(services=small_house)
    app.add_url_rule("/trouble", "trouble", _fail)
    deb, olga = (signed_in(app, small_house, role) for role in (Role.DESK, Role.OWNER))
    tokens = [add_token(small_house.store, name="Kiosk", role=Role.DESK, now=small_house.clock())]
    with caplog.at_level(logging.DEBUG):
        tokens += _a_day(app, small_house, small_desk, deb, olga, tokens[0])
    told = io.StringIO()
    worker = Worker(small_house, log=structlog.wrap_logger(structlog.PrintLogger(told)))
    while any(worker.run_next(loop) for loop in ("inbox", "documents", "papers")):
        pass
    written = "\n".join([*log.texts, *_except_tests(caplog), told.getvalue()])
    assert len(log.texts) > 15
    found = [
        each for each in (*TYPED, PASSWORD, *tokens, email_of(Role.DESK)) if each.lower() in written.lower()
    ]
    assert found == []


def _except_tests(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def _a_day(app: Flask, services: Services, desk: Desk, deb: Visitor, olga: Visitor, token: str) -> list[str]:
    """Play the day; return the secrets that were in addresses."""
    form = deb.page("/clients").form("/clients")
    deb.send(form, name=NAME, phone=PHONE, email=EMAIL)
    client = desk.client(f"{NAME} II", phone="+14155550188", email=f"x{EMAIL}")
    for words in (NAME, PHONE, EMAIL):
        deb.get("/clients", query_string={"q": words})
    for path in (
        f"/clients/{NAME}",
        f"/{EMAIL}",
        f"/clients/{client}",
        "/reports/overview",
        "/people-to-call",
    ):
        olga.get(path)
    course = desk.sell(desk.package())
    owner = desk.course(course).client_id or ""
    deb.send(deb.page(f"/clients/{owner}").form(f"/courses/{course}/uses"), note=NOTE, reason=NOTE)
    private = token_of(desk.store, desk.act(), owner)
    Visitor(app).get(f"/my/{private}")
    Visitor(app).sign_in(EMAIL, PHONE)
    api = app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    api.get("/api/v1/clients", query_string={"q": NAME}, headers=bearer)
    api.post("/api/v1/clients", json={"name": NAME, "phone": PHONE, "email": EMAIL}, headers=bearer)
    api.get("/api/v1/clients", headers={"Authorization": f"Bearer {EMAIL}"})
    event = {"event_id": "e-1", "type": "customer.updated", "data": {"name": NAME, "phone": PHONE}}
    Box(app, services).send(json.dumps(event).encode())
    Box(app, services).send(json.dumps({"name": NAME}).encode())
    olga.get(
        "/trouble",
        headers={"X-Request-ID": NAME, "User-Agent": EMAIL, "Referer": f"http://desk.example/?q={NAME}"},
    )
    api.open(path="/trouble", method=NAME.split()[0].upper())
    return [private]
