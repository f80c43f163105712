"""Who opened which client is recorded, and shown with the client's data."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from plugin.core.acts import Role
from plugin.courses.accounts.api_tokens import add_token
from plugin.courses.privacy.access_log import AccessLog
from plugin.courses.retention import drop_old_rows
from plugin.services import Services
from plugin.settings import Settings
from plugin.store.people import ClientOpening
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.visitor import Visitor

KEPT = timedelta(days=Settings().activity_days)


def openings(services: Services) -> list[tuple[str, str, str]]:
    with services.store.reading() as session:
        rows = session.scalars(select(ClientOpening).order_by(ClientOpening.at, ClientOpening.id)).all()
        return [(row.client_id, row.by, row.what) for row in rows]


@pytest.fixture
def ana(desk: Desk) -> str:
    return desk.course(desk.sell()).client_id or ""


def test_opening_a_client_is_recorded_once_in_a_quarter_of_an_hour(
    deb: Visitor, services: Services, clock: HandMovedClock, ana: str
) -> None:
    deb.page(f"/clients/{ana}")
    deb.page(f"/clients/{ana}")
    assert openings(services) == [(ana, "Deb Lane", "clients.show")]
    clock.advance(minutes=15)
    deb.page(f"/clients/{ana}")
    assert len(openings(services)) == 2


def test_a_page_that_asks_for_news_is_no_opening(deb: Visitor, services: Services, ana: str) -> None:
    deb.get(f"/clients/{ana}", headers={"X-Live": "1"})
    deb.get("/clients/none-such")
    assert openings(services) == []


def test_a_paper_of_a_course_and_a_call_of_a_program_are_recorded(
    deb: Visitor, desk: Desk, services: Services, ana: str
) -> None:
    course_id = desk.sell()
    token = add_token(services.store, name="Website", role=Role.DESK, now=services.clock())
    answer = deb.get(f"/api/v1/courses/{course_id}", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200
    assert openings(services) == [(desk.course(course_id).client_id, "Website", "api.read_course")]


def test_the_owner_reads_them_with_the_data_of_the_client(deb: Visitor, as_role: As, ana: str) -> None:
    deb.page(f"/clients/{ana}")
    page = as_role(Role.OWNER).page(f"/clients/{ana}/held")
    assert "Who opened their data" in page.text
    assert "clients.show" in page.text


def test_a_failed_write_is_tried_again_with_the_next_opening(
    desk: Desk, services: Services, ana: str
) -> None:
    log, actor = AccessLog(), desk.act().actor
    with pytest.raises(AttributeError):
        log.record(None, actor, services.clock(), what="x", client_id=ana)  # type: ignore[arg-type]
    log.record(services.store, actor, services.clock(), what="x", client_id=ana)
    log.record(services.store, actor, services.clock(), what="x", client_id="none-such")
    assert len(openings(services)) == 1


def test_it_is_kept_for_six_years(deb: Visitor, services: Services, clock: HandMovedClock, ana: str) -> None:
    deb.page(f"/clients/{ana}")
    drop_old_rows(services.store, clock() + KEPT, days=90, log_days=KEPT.days, answer_days=90)
    assert len(openings(services)) == 1
    drop_old_rows(
        services.store, clock() + KEPT + timedelta(days=1), days=90, log_days=KEPT.days, answer_days=90
    )
    assert openings(services) == []
