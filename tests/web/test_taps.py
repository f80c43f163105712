"""Taps per job, as `docs/desk.md` lists them: none may need more. Each job is played to its end, and checked there."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.services import Services
from plugin.store.selling import Terminal
from tests.clock import START
from tests.courses.appointments import Appointments
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.taps import Tapper
from tests.web.test_client_page import client_address

DOCS = Path(__file__).parents[2] / "docs" / "desk.md"
ROW = re.compile(r"^\| (?P<job>[^|]+?) \| (?P<taps>\d+) \| (?P<before>\d+|–)[^|]* \|")
FOUND = "/today/found"


class Scene:
    """The clinic, and who taps there."""

    def __init__(self, desk: Desk, as_role: As) -> None:
        self.desk, self._as = desk, as_role

    def at(self, start: str = "/", role: Role = Role.DESK) -> Tapper:
        return Tapper(self._as(role), start)

    def client_with(self, **package: object) -> tuple[str, str]:
        """Sell a package to Ana; return the course and the address of her page."""
        course = self.desk.sell(self.desk.package(**package))  # type: ignore[arg-type]  # what a test names
        return course, client_address(self.desk, course)


Job = Callable[[Scene], int]


def find_and_use(scene: Scene) -> int:
    course, _ = scene.client_with()
    tapper = scene.at().types("ana", FOUND).sends("/uses")
    assert scene.desk.balance(course)[0] == 11
    return tapper.taps


def undo_from_the_notice(scene: Scene) -> int:
    course, address = scene.client_with()
    before = scene.at(address).sends("/uses")
    tapper = Tapper(before.visitor, address)
    tapper.page = before.page
    tapper.sends("/reversal")
    assert scene.desk.balance(course)[0] == 12
    return tapper.taps


def undo_later(scene: Scene) -> int:
    course, address = scene.client_with()
    scene.desk.use(course)
    tapper = scene.at(address)
    assert "Last use today" in tapper.page.text
    tapper.sends("/reversal")
    assert scene.desk.balance(course)[0] == 12
    return tapper.taps


def check_in(scene: Scene) -> int:
    course, _ = scene.client_with()
    Appointments(scene.desk).told()
    tapper = scene.at().sends("/bookings/B1/uses")
    assert scene.desk.balance(course)[0] == 11
    return tapper.taps


def no_show(scene: Scene) -> int:
    scene.client_with()
    Appointments(scene.desk).told()
    tapper = scene.at().opens("No-show").sends("/bookings/B1/no-show", decision="forgive")
    assert "No-show waived" in tapper.page.text
    return tapper.taps


def sell(way: str, opens: str = "", has: str = "", looks: bool = False, **typed: str) -> Job:
    """Return the job of selling to a client with a package in use; `looks`: with a look before it is recorded."""

    def job(scene: Scene) -> int:
        scene.client_with()
        package_id = scene.desk.package(name="Five facials", sessions=5)
        tapper = scene.at().types("ana", FOUND).follows(r"/sell\?client_id=").follows(package_id)
        if opens:
            tapper.opens(opens)
        if looks:
            assert "data-review" in tapper.page.html
            tapper.looks_over()
        tapper.sells(way, has, **typed)
        assert "Five facials" in tapper.page.text
        return tapper.taps

    return job


def sell_to_somebody_new(scene: Scene) -> int:
    package_id = scene.desk.package()
    tapper = scene.at().types("Dana Fox", FOUND).sends("/sell/clients").follows(package_id).sells("till")
    assert "Dana Fox" in tapper.page.text
    return tapper.taps


def sell_again(scene: Scene) -> int:
    course = scene.desk.sell(scene.desk.package(sessions=1), paid=16500)
    scene.desk.use(course)
    return scene.at(client_address(scene.desk, course)).follows("&package_id=").sells("till").taps


def assign(scene: Scene) -> int:
    client_id = scene.desk.client("Bea Wong")
    course = scene.desk.sell(buyer=None)
    item = scene.desk.questions()[0].id
    tapper = scene.at().follows("/attention").types("bea", f"/attention/{item}/clients").sends("/resolution")
    assert scene.desk.course(course).client_id == client_id
    return tapper.taps


def extend(scene: Scene) -> int:
    terms = Terms(expires_after_months=1)
    course = scene.desk.sell(scene.desk.package(terms=terms), paid_at=scene.desk.clock() - timedelta(days=20))
    tapper = scene.at(client_address(scene.desk, course), Role.OWNER).follows("/extension")
    tapper.sends("/extension", expires_on="2027-06-30", reason="Was ill")
    assert str(scene.desk.course(course).expires_on) == "2027-06-30"
    return tapper.taps


def past_visit(scene: Scene) -> int:
    course = scene.desk.sell(paid_at=scene.desk.clock() - timedelta(days=9))
    day = (scene.desk.today - timedelta(days=2)).isoformat()
    tapper = scene.at(client_address(scene.desk, course)).follows("/visits$")
    tapper.sends("/visits", visited_on=day, focus="Jawline", note="Sensitive left side")
    assert scene.desk.course(course).visits[0].focus == "Jawline"
    return tapper.taps


def refund(scene: Scene) -> int:
    course, address = scene.client_with()
    tapper = scene.at(address, Role.OWNER).opens("More…").follows(f"{course}/refund")
    tapper.sends("/refund", reason="Moved away").sends("/refunds")
    return tapper.taps


def print_summary(scene: Scene) -> int:
    _, address = scene.client_with()
    return scene.at(address).prints("/summary.pdf").taps


def package_in_square(scene: Scene) -> int:
    scene.desk.package()
    tapper = scene.at("/", Role.OWNER).opens("Settings").follows("/packages$").follows(r"/packages/\w{20,}")
    # Saving reaches Square in the same act: tests/web/test_package_edits.py.
    return tapper.taps + 1


JOBS: dict[str, Job] = {
    "Find a client, use a session": find_and_use,
    "Undo from the notice": undo_from_the_notice,
    "Undo later the same day": undo_later,
    "Check in an arrival": check_in,
    "Waive an arrival’s no-show": no_show,
    "Sell at Square POS": sell("till"),
    "Sell at the Terminal": sell("terminal"),
    "Sell by payment link": sell("link"),
    "Sell for exact cash": sell("cash", looks=True),
    "Sell for cash with change": sell("cash", opens="Cash with change", has="supplied_minor", looks=True),
    "Sell for another tender": sell(
        "other", opens="Other payment", has="tender", looks=True, tender="Financing"
    ),
    "Sell by invoice with a deposit": sell("invoice", opens="Invoice", deposit="100"),
    "Sell to somebody new": sell_to_somebody_new,
    "Sell the same again": sell_again,
    "Assign a sale under Attention": assign,
    "Extend what expires soon": extend,
    "Enter a visit of another day": past_visit,
    "Refund": refund,
    "Print a course summary": print_summary,
    "Change a package, in Square too": package_in_square,
}


def listed() -> dict[str, tuple[int, int | None]]:
    """Return taps now and before by job, as the document has them."""
    rows = (ROW.match(line) for line in DOCS.read_text(encoding="utf-8").splitlines())
    return {
        row["job"]: (int(row["taps"]), int(row["before"]) if row["before"].isdecimal() else None)
        for row in rows
        if row
    }


def test_the_document_lists_every_job() -> None:
    assert list(listed()) == list(JOBS)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_takes_as_many_taps_as_the_document_says(
    small_desk: Desk, small_as: As, small_house: Services, name: str
) -> None:
    with small_house.store.writing() as session:
        session.add(
            Terminal(
                square_device_id="DEVICE", name="Front", status="AVAILABLE", is_active=True, seen_at=START
            )
        )
    assert JOBS[name](Scene(small_desk, small_as)) == listed()[name][0]


def test_no_job_takes_more_taps_than_before_and_six_take_fewer() -> None:
    both = [(now, before) for now, before in listed().values() if before is not None]
    assert all(now <= before for now, before in both)
    assert sum(now < before for now, before in both) >= 6
