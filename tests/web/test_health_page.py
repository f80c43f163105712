"""The page Health: what is wrong, since when, what to do, who is told; and the worst of it on the owner's Today."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from plugin.alarms import registry
from plugin.core.acts import Role
from plugin.courses.health_facts import WORKER, sign_of_life
from plugin.services import Services
from plugin.store.upkeep import AuditRun
from tests.alarms.clinic import Postbox
from tests.applications import SharedApplication
from tests.clock import HandMovedClock
from tests.web.conftest import signed_in
from tests.web.visitor import Visitor

ADDRESS = "/clinic/health"


@pytest.fixture
def postbox() -> Postbox:
    return Postbox()


@pytest.fixture
def mailing(small_house: Services, postbox: Postbox) -> Services:
    return replace(small_house, mail=postbox)


@pytest.fixture
def mailing_app(mailing: Services, _shared_small_app: SharedApplication) -> Iterator[Flask]:
    yield _shared_small_app.serving(mailing)
    _shared_small_app.assert_unchanged()


@pytest.fixture
def olga(mailing_app: Flask, mailing: Services) -> Visitor:
    return signed_in(mailing_app, mailing, Role.OWNER)


def stop_worker(services: Services, clock: HandMovedClock) -> None:
    """The worker stopped ten minutes ago, and that was noticed."""
    sign_of_life(services.store, WORKER, clock())
    for _ in range(12):
        clock.advance(minutes=1)
        registry.look(services)


def test_of_a_sound_clinic_it_says_that_nothing_is_wrong(olga: Visitor) -> None:
    page = olga.page(ADDRESS)
    assert "Nothing is wrong" in page.text
    assert "What to do" not in page.text


def test_what_is_wrong_stands_first_with_since_when_and_what_to_do(
    olga: Visitor, mailing: Services, clock: HandMovedClock
) -> None:
    stop_worker(mailing, clock)
    text = olga.page(ADDRESS).text
    assert "1 thing is wrong" in text
    assert "The worker has not run for 12 minutes" in text
    assert "What to do: Restart Coursekeeper" in text
    assert "Check: The worker runs" in text


def test_the_owners_today_shows_the_worst_and_leads_there(
    olga: Visitor, mailing_app: Flask, mailing: Services, clock: HandMovedClock
) -> None:
    stop_worker(mailing, clock)
    page = olga.page("/")
    assert "The worker has not run for 12 minutes" in page.text
    assert "/clinic/health#worker_runs" in page.links()
    assert "has not run" not in signed_in(mailing_app, mailing, Role.DESK).page("/").text


def test_a_worker_that_is_gone_shows_there_though_nobody_has_looked(
    olga: Visitor, mailing: Services, clock: HandMovedClock
) -> None:
    sign_of_life(mailing.store, WORKER, clock())
    clock.advance(minutes=5)
    assert "The worker has not run for 5 minutes" in olga.page("/").text


def test_the_rows_that_the_audit_found_are_listed(
    olga: Visitor, mailing: Services, clock: HandMovedClock
) -> None:
    found = ["price C1: The parts add up to 1, the price is 2 (minor units)."]
    with mailing.store.writing() as session:
        session.add(AuditRun(id="a1", started_at=clock(), finished_at=clock(), findings=30, first=found))
    text = olga.page(ADDRESS).text
    assert "The audit found 30 wrong rows." in text
    assert "30 rows that the audit found" in text
    assert found[0] in text


def test_a_test_alarm_is_sent_and_shown(olga: Visitor) -> None:
    page = olga.after(olga.page(ADDRESS).form("/clinic/health/test"))
    assert "The test alarm is on its way." in page.text
    assert "Test alarm owner@example.org" in page.text


def test_where_nobody_would_get_it_the_page_says_so(olga: Visitor, postbox: Postbox) -> None:
    postbox.is_ready = False
    assert "No one: e-mail is not set up" in olga.page(ADDRESS).text
    answer = olga.send(olga.page(ADDRESS).form("/clinic/health/test"))
    assert (answer.status_code, "No one would get it" in answer.text) == (409, True)
