"""What the server gives a device to work without a connection, and what it lets it keep."""

import json
import re
import struct
from dataclasses import replace

import pytest

from plugin.core.acts import Role
from plugin.courses.base.clinic import read_clinic, save_clinic
from plugin.services import Services
from plugin.web.access import CHECK_IN_COOKIE
from tests.courses.desk import OLGA, Desk
from tests.web.conftest import As
from tests.web.test_shared_devices import enter, ipad  # noqa: F401 - a fixture
from tests.web.visitor import Visitor


def config(visitor: Visitor) -> dict[str, str]:
    answer = visitor.get("/worker.js")
    assert answer.mimetype == "text/javascript"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    found = re.match(r"const CONFIG = ({.*});\n", answer.text)
    assert found
    return dict(json.loads(found[1]))


def test_the_manifest_makes_it_installable(small_deb: Visitor, small_desk: Desk) -> None:
    page = small_deb.page("/")
    links = {
        each.attributes.get("rel"): each.attributes.get("href")
        for each in page.elements
        if each.tag == "link"
    }
    answer = small_deb.get(links["manifest"] or "")
    assert answer.mimetype == "application/manifest+json"
    assert answer.json is not None
    assert answer.json["name"] == "Jade Room"
    assert (answer.json["start_url"], answer.json["scope"], answer.json["display"]) == (
        "/",
        "/",
        "standalone",
    )
    assert {(each["sizes"], each["purpose"]) for each in answer.json["icons"]} == {
        ("192x192", "any"),
        ("512x512", "any"),
        ("512x512", "maskable"),
    }
    for icon in answer.json["icons"]:
        png = small_deb.get(icon["src"]).data
        assert "x".join(map(str, struct.unpack(">II", png[16:24]))) == icon["sizes"]
    assert small_deb.get(links["apple-touch-icon"] or "").data[16:24] == struct.pack(">II", 180, 180)


def test_a_changed_file_makes_a_new_worker(small_deb: Visitor, small_desk: Desk) -> None:
    before = config(small_deb)
    assert before == config(small_deb)
    clinic = replace(read_clinic(small_desk.store), accent="#5B2A86")
    save_clinic(small_desk.store, small_desk.act(OLGA), clinic)
    assert config(small_deb)["version"] != before["version"]


def test_the_worker_and_its_page_are_the_same_for_everybody(
    small_deb: Visitor, small_as: As, small_desk: Desk
) -> None:
    small_desk.sell()
    stranger = Visitor(small_deb.client.application)
    screen = Visitor(small_deb.client.application)
    screen.client.set_cookie(CHECK_IN_COOKIE, "x" * 43)
    others = [small_as(Role.OWNER), stranger, screen]
    for address in ("/worker.js", "/offline"):
        assert {each.get(address).text for each in (small_deb, *others)} == {small_deb.get(address).text}
    assert "Deb Lane" not in stranger.get("/offline").text
    assert "csrf" not in stranger.get("/offline").text


def test_every_file_of_the_offline_page_is_there(small_deb: Visitor) -> None:
    """A missing one would keep the worker from installing."""
    html = small_deb.get("/offline").text
    files = re.findall(r'(?:href|src)="([^"]*(?:\?v=|/scripts/)[^"]*)"', html)
    assert len(files) > 20
    for address in files:
        answer = small_deb.get(address)
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True), address


def test_only_today_and_clients_may_be_kept_and_for_one_sign_in(
    small_deb: Visitor, small_as: As, small_desk: Desk
) -> None:
    course = small_desk.course(small_desk.sell())
    client = f"/clients/{course.client_id}"
    marks = {small_deb.get(address).headers.get("X-Kept-For") for address in ("/", client)}
    assert len(marks) == 1
    assert None not in marks
    for address in ("/clients", "/attention", "/sell", "/today/live", f"{client}/live", "/clients/unknown"):
        assert "X-Kept-For" not in small_deb.get(address).headers, address
    assert small_deb.get("/").headers.get("X-Kept-Minutes") is None
    assert small_as(Role.PRACTITIONER).get("/").headers["X-Kept-For"] not in marks
    before = marks.pop()
    small_deb.send(small_deb.page("/").form("/sign-out"))
    small_deb.sign_in_again()
    assert small_deb.get("/").headers["X-Kept-For"] != before


def test_a_shared_device_keeps_no_longer_than_its_lock(ipad: Visitor, small_house: Services) -> None:  # noqa: F811
    answer = ipad.get("/")
    assert answer.headers["X-Kept-Minutes"] == "5"
    enter(ipad, small_house)
    assert ipad.get("/").headers["X-Kept-For"] != answer.headers["X-Kept-For"]


def test_a_page_that_a_device_asks_for_by_itself_is_logged_and_is_no_touch(
    ipad: Visitor,  # noqa: F811
    small_house: Services,
    small_desk: Desk,
) -> None:
    course = small_desk.course(small_desk.sell())
    clock = small_desk.clock
    for _ in range(7):
        clock.advance(minutes=1)
        last = ipad.get(f"/clients/{course.client_id}", headers={"X-Keep": "1"})
    # Six minutes without a touch: it has locked itself.
    assert last.status_code == 303


@pytest.mark.parametrize("address", ["/manifest.webmanifest", "/worker.js", "/offline"])
def test_they_need_no_sign_in_and_set_no_cookie(
    small_house: Services, small_deb: Visitor, address: str
) -> None:
    answer = Visitor(small_deb.client.application).get(address)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
