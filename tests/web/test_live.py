"""What is new reaches an open page: asked for with what it shows, answered only when that changed."""

import pytest

from tests.courses.desk import Desk
from tests.databases import sqlite_alone
from tests.web.visitor import Visitor


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
