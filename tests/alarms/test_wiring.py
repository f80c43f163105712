"""What the alarms know of Square's clock and of the mail server is noted by those who talk to them."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime

import httpx
import pytest
from sqlalchemy.orm import Session

from plugin.alarms.machine_checks import run_if_due
from plugin.bootstrap import open_services
from plugin.core.acts import Act
from plugin.courses import audit
from plugin.courses.audit import Finding
from plugin.courses.base.clinic import save_hours
from plugin.courses.health_facts import clock_offset, mail_failing
from plugin.errors import MailFailed
from plugin.mail import Letter
from plugin.settings import read_settings
from plugin.square.connection.tokens import open_square
from plugin.store import Store
from plugin.vault import Vault
from tests.alarms.clinic import CONNECTED, OLGA, Watched
from tests.alarms.test_audit_runs import DAYTIME
from tests.clock import HandMovedClock
from tests.servers import free_port


@pytest.mark.parametrize(("environment", "noted"), [("sandbox", timedelta(minutes=5)), ("practice", None)])
def test_each_answer_of_square_is_compared_with_our_clock(
    lite_store: Store, clock: HandMovedClock, environment: str, noted: timedelta | None
) -> None:
    date = format_datetime(clock() - timedelta(minutes=5), usegmt=True)
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(200, json={"locations": []}, headers={"Date": date})
    )
    settings = read_settings(CONNECTED | {"SQUARE_ENVIRONMENT": environment})
    square = open_square(settings, lite_store, Vault(), clock, transport=transport)
    assert square.locations() == []
    square.close()
    assert clock_offset(lite_store) == noted


def test_an_e_mail_that_no_server_takes_is_noted(lite_store: Store) -> None:
    environment = {
        "DATABASE_URL": str(lite_store.url),
        "MAIL_URL": f"smtp://127.0.0.1:{free_port()}",
        "MAIL_FROM": "Lotus Clinic <desk@example.org>",
    }
    services = open_services(read_settings(environment))
    with pytest.raises(MailFailed):
        services.mail.send(Letter(to="olga@example.org", subject="Test", text="Test"))
    services.close()
    failing = mail_failing(lite_store)
    assert failing is not None
    assert failing.said == "The mail server can’t be reached. Coursekeeper tries again."


def test_while_the_audit_runs_others_write(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also within one of its checks, however long that takes."""
    save_hours(watched.store, Act(OLGA, watched.clock(), "daytime"), DAYTIME)
    watched.clock.advance(hours=4)
    written: list[bool] = []

    def write() -> None:
        save_hours(watched.store, Act(OLGA, watched.clock(), "meanwhile"), DAYTIME)
        written.append(True)

    def slow(session: Session) -> Iterator[Finding]:
        session.connection()
        writer = threading.Thread(target=write)
        writer.start()
        writer.join(timeout=20)
        yield Finding("slow", "row", "It ended.")

    monkeypatch.setattr(audit, "_CHECKS", (slow,))
    result = run_if_due(watched.services)
    assert result is not None
    assert (result.findings, written) == (1, [True])
