"""What is new reaches an open page: asked for with what it shows, answered only when that changed."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from plugin.core.acts import Act, Role
from plugin.courses.accounts.sign_ins import end_others
from plugin.courses.accounts.staff import staff_by_email
from plugin.services import Services
from plugin.store import Store
from plugin.store.prepared import Prepared
from plugin.web import request_log
from tests.budgets.counting import counted
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk
from tests.databases import sqlite_alone
from tests.web.visitor import Visitor, email_of


def seen_on(visitor: Visitor, address: str) -> tuple[str, str]:
    page = visitor.page(address)
    region = page.with_id("live")
    assert region is not None
    body = next(each for each in page.elements if each.tag == "body")
    return body.attributes["data-live"], region.attributes["data-seen"]


@pytest.mark.parametrize("screen", ["today", "client", "attention"])
@sqlite_alone
def test_an_unchanged_page_gets_no_content(deb: Visitor, desk: Desk, screen: str) -> None:
    course = desk.course(desk.sell())
    desk.sell(buyer=None)
    address = {"today": "/", "client": f"/clients/{course.client_id}", "attention": "/attention"}[screen]
    live, seen = seen_on(deb, address)
    answer = deb.get(live, query_string={"seen": seen})
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["X-Attention"] == "1"


def test_a_sale_at_the_till_shows_on_the_open_page(deb: Visitor, desk: Desk) -> None:
    client = desk.course(desk.sell()).client_id
    live, seen = seen_on(deb, f"/clients/{client}")
    desk.sell(desk.package(name="Second course"))
    answer = deb.get(live, query_string={"seen": seen})
    assert answer.status_code == 200
    assert "Second course" in answer.text
    assert "<html" not in answer.text
    assert deb.get(live, query_string={"seen": answer.headers["X-Seen"]}).status_code == 204


def test_each_new_thing_shows_on_today_and_attention(deb: Visitor, desk: Desk) -> None:
    pages = [seen_on(deb, address) for address in ("/", "/attention")]
    desk.sell(buyer=None)
    for live, seen in pages:
        answer = deb.get(live, query_string={"seen": seen})
        assert answer.status_code == 200
        assert answer.headers["X-Attention"] == "1"


def test_a_page_without_a_living_part_learns_the_count(small_deb: Visitor, small_desk: Desk) -> None:
    small_desk.sell(buyer=None)
    body = next(each for each in small_deb.page("/clients").elements if each.tag == "body")
    answer = small_deb.get(body.attributes["data-live"])
    assert (answer.status_code, answer.headers["X-Attention"]) == (204, "1")


def test_each_rendering_of_a_form_has_its_own_key(small_deb: Visitor, small_desk: Desk) -> None:
    address = f"/clients/{small_desk.course(small_desk.sell()).client_id}"
    keys = {small_deb.page(address).form("/uses").fields["key"] for _ in range(3)}
    assert len(keys) == 3


ASKED = {"X-Live": "1"}


def asking(visitor: Visitor, screen: str = "/") -> Callable[[], TestResponse]:
    """Return the question of an open page, which the script on it asks each second."""
    live, seen = seen_on(visitor, screen)
    return lambda: visitor.get(live, query_string={"seen": seen}, headers=ASKED)


@sqlite_alone
def test_asked_again_it_is_told_so_by_a_word_of_the_database(
    deb: Visitor, desk: Desk, services: Services
) -> None:
    desk.sell(buyer=None)
    ask = asking(deb)
    first = ask()
    with counted(services.store.engine) as statements:
        second = ask()
    assert [each.sql.count(" FROM ") for each in statements] == [0]
    assert (second.status_code, second.data) == (204, b"")
    told, again = (dict(each.headers) for each in (first, second))
    # The id is that of the request.
    assert told.pop("X-Request-ID") != again.pop("X-Request-ID")
    assert told == again
    assert told["X-Attention"] == "1"


def test_what_is_committed_meanwhile_is_told_at_once(deb: Visitor, desk: Desk) -> None:
    ask = asking(deb)
    assert [ask().status_code for _ in range(2)] == [204, 204]
    desk.sell(buyer=None)
    assert ask().status_code == 200


def test_what_time_alone_changes_is_told_five_seconds_later_at_most(
    small_deb: Visitor, small_desk: Desk, clock: HandMovedClock
) -> None:
    Appointments(small_desk).told("B2", version=0, start_at=clock() + timedelta(hours=2))
    ask = asking(small_deb)
    clock.advance(minutes=89)
    # Notes that the sign-in was seen.
    assert ask().status_code == 204
    clock.advance(seconds=57)
    assert ask().status_code == 204
    clock.advance(seconds=4)
    assert ask().status_code == 204
    clock.advance(seconds=1)
    assert ask().status_code == 200


def test_who_is_signed_out_hears_nothing_more(small_deb: Visitor, small_house: Services) -> None:
    ask = asking(small_deb)
    assert [ask().status_code for _ in range(2)] == [204, 204]
    person = staff_by_email(small_house.store, email_of(Role.DESK))
    assert person is not None
    end_others(small_house.store, Act(person.actor, small_house.clock(), "elsewhere"), person.id)
    assert ask().status_code == 401


def test_a_sign_in_that_grows_too_old_hears_nothing_more(small_deb: Visitor, clock: HandMovedClock) -> None:
    body = next(each for each in small_deb.page("/clients").elements if each.tag == "body")
    clock.advance(hours=11, minutes=59)
    answers = []
    for seconds in (0, 59, 4, 1):
        clock.advance(seconds=seconds)
        answers.append(small_deb.get(body.attributes["data-live"], headers=ASKED).status_code)
    assert answers == [204, 204, 204, 401]


def test_another_browser_is_asked_who_it_is(small_app: Flask, small_deb: Visitor) -> None:
    live, seen = seen_on(small_deb, "/")
    assert small_deb.get(live, query_string={"seen": seen}, headers=ASKED).status_code == 204
    stranger = Visitor(small_app)
    assert stranger.get(live, query_string={"seen": seen}, headers=ASKED).status_code == 401


def test_while_the_database_is_away_nothing_is_said_to_be_unchanged(
    small_deb: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = asking(small_deb)
    assert ask().status_code == 204

    def fail(*_: object) -> None:
        raise OperationalError("PRAGMA data_version", None, Exception("disk I/O error"))

    monkeypatch.setattr(Store, "alone", fail)
    monkeypatch.setattr(Prepared, "first", fail)
    assert ask().status_code == 503


def test_each_question_is_counted(small_deb: Visitor) -> None:
    ask = asking(small_deb)
    told = list[tuple[str | None, int]]()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            request_log, "count_request", lambda view, _method, status, _s: told.append((view, status))
        )
        ask()
        ask()
    assert told == [("today.news", 204)] * 2
