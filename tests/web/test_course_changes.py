"""The menu of a course: a page for each deed, refused ones filled in again, the owner's hidden from the desk."""

import re
from datetime import timedelta
from typing import Any

import pytest

from plugin.core.status import Status
from plugin.core.terms import Terms
from tests.courses.changes.changing import Changes
from tests.courses.changes.test_adjust import part_paid
from tests.courses.desk import Desk
from tests.web.page import Page
from tests.web.visitor import Visitor

CODE = "7KQMX3FD92HT"
WHY = {"reason": "Was ill in spring"}
OF_THE_OWNER = (
    "Extend",
    "Freeze",
    "Transfer",
    "Add goodwill session",
    "Adjust balance",
    "Write off balance",
)


@pytest.fixture
def changes(small_desk: Desk) -> Changes:
    return Changes(small_desk)


@pytest.fixture
def course_id(small_desk: Desk) -> str:
    return small_desk.sell(small_desk.package(sessions=7, terms=Terms(expires_after_months=6)), paid=115500)


@pytest.fixture
def bea(small_desk: Desk) -> str:
    return small_desk.client("Bea Wong")


def page_of(desk: Desk, course_id: str) -> str:
    return f"/clients/{desk.course(course_id).client_id}"


def test_the_menu_shows_each_only_what_they_may_do(
    small_olga: Visitor, small_deb: Visitor, small_desk: Desk, course_id: str
) -> None:
    address = page_of(small_desk, course_id)
    for_owner, for_desk = small_olga.page(address).text, small_deb.page(address).text
    for text in OF_THE_OWNER:
        assert text in for_owner
        assert text not in for_desk
    for text in ("More…", "Share", "Gift this package", "Add past visit"):
        assert text in for_desk
    assert small_deb.get(f"/courses/{course_id}/extension").status_code == 403


DEEDS: list[tuple[str, dict[str, Any], str]] = [
    ("extension", {"expires_on": "2027-12-31", **WHY}, "The package expires on Dec 31, 2027 now."),
    ("extension", {"expires_on": "", "never": "1", **WHY}, "The package does not expire now."),
    ("freeze", WHY, "Frozen."),
    ("adjustment", {"sessions": "2", "way": "more", **WHY}, "Adjusted. 9 of 9 left."),
    ("adjustment", {"sessions": "2", "way": "fewer", **WHY}, "Adjusted. 5 of 7 left."),
    ("adjustment", {"sessions": "1", "way": "more", "value": "100.00", **WHY}, "Adjusted. 8 of 8 left."),
    ("write-off", WHY, "Written off."),
    ("gift", {"recipient_name": "Bea Wong", "message": "Enjoy"}, "This package is a gift for Bea Wong now."),
    ("visits", {"visited_on": "2026-11-22", "sessions": "3"}, "Session 3 used. 4 of 7 left."),
]


@pytest.mark.parametrize(("path", "typed", "told"), DEEDS, ids=str)
def test_a_deed_is_done_on_its_page_and_told_on_the_clients(
    small_olga: Visitor, small_desk: Desk, course_id: str, path: str, typed: dict[str, Any], told: str
) -> None:
    form = small_olga.page(f"/courses/{course_id}/{path}").form(f"/{path}")
    page = small_olga.after(form, **typed)
    assert told in page.text
    assert "Ana Souza" in page.text


def test_a_first_expiration_is_not_an_earlier_one(small_olga: Visitor, small_desk: Desk) -> None:
    course_id = small_desk.sell(
        small_desk.package(terms=Terms()), paid_at=small_desk.clock() - timedelta(days=9)
    )
    page = small_olga.page(f"/courses/{course_id}/extension")
    assert "earlier date than agreed" not in page.text
    form = page.form("/extension")
    assert "Choose the last day." in small_olga.send(form, expires_on="", **WHY).text
    past = {"expires_on": (small_desk.today - timedelta(days=1)).isoformat(), **WHY}
    refused = small_olga.send(form, **past)
    assert "The course would expire at once. Tick “Set a date in the past”" in refused.text
    small_olga.after(Page(refused.text).form("/extension"), shorten="1", **past)
    assert small_desk.course(course_id).status is Status.EXPIRED


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("extension", {"expires_on": "2027-12-31", "reason": ""}, "The reason is missing."),
    ("extension", {"expires_on": "soon", **WHY}, "Expires: enter a date such as 2026-11-30."),
    ("extension", {"expires_on": "", **WHY}, "Choose the last day"),
    ("extension", {"expires_on": "2026-12-01", **WHY}, "That shortens the course"),
    ("extension", {"expires_on": "2627-12-01", **WHY}, "more than ten years"),
    ("freeze", {"reason": "x" * 301}, "at most 300 fit"),
    ("adjustment", {"sessions": "two", **WHY}, "is a whole number"),
    ("adjustment", {"sessions": "99", "way": "more", **WHY}, "Adjust by 1 to 50"),
    ("adjustment", {"sessions": "1", "way": "more", "value": "1e9", **WHY}, "is an amount such as"),
    ("write-off", {"reason": " \u200b "}, "The reason is missing."),
    ("gift", {"recipient_name": "", "message": "Enjoy"}, "The recipient’s name is missing."),
    ("visits", {"visited_on": "2026-11-23", "sessions": "1"}, "Choose today or an earlier day."),
    (
        "visits",
        {"visited_on": "2026-11-01", "sessions": "1"},
        "The course was sold on Nov 22, 2026. Choose that day or a later one.",
    ),
    ("visits", {"visited_on": "2026-11-22", "sessions": ""}, "is missing"),
]


@pytest.mark.parametrize(("path", "typed", "why"), REFUSED, ids=str)
def test_a_refused_form_comes_back_as_it_was_with_the_reason(
    small_olga: Visitor, small_desk: Desk, course_id: str, path: str, typed: dict[str, Any], why: str
) -> None:
    before = small_desk.course(course_id)
    form = small_olga.page(f"/courses/{course_id}/{path}").form(f"/{path}")
    answer = small_olga.send(form, **typed)
    assert answer.status_code == 422
    assert why in answer.text
    again = Page(answer.text).form(f"/{path}").fields
    assert {name: again.get(name, "") for name in typed if name not in ("way", "never")} == {
        name: value for name, value in typed.items() if name not in ("way", "never")
    }
    assert small_desk.course(course_id) == before


def test_a_page_of_a_client_leads_back_to_them_in_one_way(
    small_olga: Visitor, small_desk: Desk, course_id: str
) -> None:
    client = page_of(small_desk, course_id)
    of_course = [f"/courses/{course_id}/{each}" for each in ("transfer", "shares", "exchange", "plan")]
    of_client = [f"{client}/{each}" for each in ("quotes", "agreements", "letters", "same-person", "held")]
    for address in of_course + of_client:
        html = small_olga.page(address).html
        # Where a form ends with Cancel, that is the way back.
        ways = (f'<p class="back"><a class="plain" href="{client}">', f'href="{client}">Cancel</a>')
        assert [way in html for way in ways].count(True) == 1, address


def test_a_form_sent_twice_is_done_once(small_olga: Visitor, small_desk: Desk, course_id: str) -> None:
    form = small_olga.page(page_of(small_desk, course_id)).form("/goodwill")
    for _ in range(2):
        assert "8 of 8 left" in small_olga.after(form).text


def test_somebody_is_looked_for_before_sessions_are_transferred(
    small_olga: Visitor, small_desk: Desk, course_id: str, bea: str
) -> None:
    address = f"/courses/{course_id}/transfer"
    (link,) = [each for each in small_olga.page(f"{address}?q=bea").links() if "to=" in each]
    form = small_olga.page(link).form("/transfer")
    (name,) = [each for each in form.fields if each.startswith("n-")]
    refused = small_olga.send(form, **{name: "9", **WHY})
    assert refused.status_code == 409
    assert "Only 7 left, 9 asked for." in refused.text
    refused = small_olga.send(form, **{name: "0", **WHY})
    assert "Choose how many sessions are transferred." in refused.text
    page = small_olga.after(form, **{name: "3", **WHY})
    assert "Transferred. Bea Wong has 3 sessions left." in page.text
    assert "Transferred to Bea Wong: 3 sessions worth $495.00" in page.text
    assert "From Ana Souza" in small_olga.page(f"/clients/{bea}").text


def test_a_shared_course_is_used_on_either_page(
    small_deb: Visitor, small_desk: Desk, course_id: str, bea: str
) -> None:
    form = small_deb.page(f"/courses/{course_id}/shares?to={bea}").form("/shares")
    page = small_deb.after(form, until="2026-12-24")
    assert "shared with Bea Wong" in page.text
    theirs = small_deb.page(f"/clients/{bea}")
    assert "Shared by Ana Souza until Dec 24" in theirs.text
    after = small_deb.after(theirs.form("/uses"))
    assert "Session 1 used. 6 of 7 left." in after.text
    assert "Bea Wong" in after.text
    assert "Bea Wong came" in small_deb.page(page_of(small_desk, course_id)).text
    small_deb.after(small_deb.page(f"/courses/{course_id}/shares").form("/shares/end"))
    assert "Shared by" not in small_deb.page(f"/clients/{bea}").text


def test_a_frozen_course_is_hatched_and_thawed_with_one_tap(
    small_deb: Visitor, small_desk: Desk, changes: Changes, course_id: str
) -> None:
    changes.freeze(course_id)
    page = small_deb.page(page_of(small_desk, course_id))
    assert "This course is frozen since Nov 22." in page.text
    assert "punch held" in page.html
    assert "Session 1 used" in small_deb.after(small_deb.after(page.form("/thaw")).form("/uses")).text


def test_a_first_expiration_is_set_not_extended(small_olga: Visitor, small_desk: Desk) -> None:
    never = small_desk.sell(small_desk.package())
    page = small_olga.page(page_of(small_desk, never))
    assert re.search(r"Set expiration\s?\.\s+No expiration now", page.text)
    form = small_olga.page(f"/courses/{never}/extension")
    assert "<h1>Set expiration</h1>" in form.html
    # It has none yet.
    assert 'name="never"' not in form.html


def test_a_part_paid_course_says_what_is_to_come(
    small_olga: Visitor, small_desk: Desk, course_id: str
) -> None:
    _, part = part_paid(small_desk)
    form = small_olga.page(f"/courses/{part}/ahead").form("/ahead")
    assert (
        "3 of 12 × Facial acupuncture, 60 min may be used" in small_olga.page(f"/courses/{part}/ahead").text
    )
    assert "Allow 1 to 9 more." in small_olga.send(form, sessions="10", **WHY).text
    assert "Unlocked." in small_olga.after(form, sessions="2", **WHY).text
    assert "$495.00 paid of $1,980.00" in small_olga.page(page_of(small_desk, part)).text


def test_a_voucher_is_shown_redeemed_and_then_spent(
    small_deb: Visitor, small_desk: Desk, changes: Changes, course_id: str
) -> None:
    changes.give(course_id)
    assert "7KQM-X3FD-92HT" in small_deb.page(f"/courses/{course_id}/gift").text
    assert "7KQM" not in small_deb.page(page_of(small_desk, course_id)).text
    form = small_deb.page("/gifts").form("/gifts")
    wrong = small_deb.send(form, code="7KQM-X3FD-92HU")
    assert wrong.status_code == 422
    assert "12 letters and digits" in wrong.text
    found = Page(small_deb.send(form, code="7kqm x3fd 92ht").text)
    assert "From Ana Souza" in found.text
    assert "No clients match “Bea Wong”." in found.text
    page = small_deb.after(found.form("/redemption"))
    assert "Redeemed. The package belongs to Bea Wong now." in page.text
    assert "was redeemed on Nov 22, 2026" in small_deb.send(form, code=CODE).text


def test_guessing_codes_is_slowed_down(small_deb: Visitor, small_desk: Desk, course_id: str) -> None:
    form = small_deb.page("/gifts").form("/gifts")
    answers = [small_deb.send(form, code="AAAA-AAAA-AAAA").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_an_expired_course_leaves_the_decision_to_the_owner(
    small_olga: Visitor, small_deb: Visitor, small_desk: Desk, course_id: str
) -> None:
    small_desk.clock.advance(days=300)
    for each in (small_deb, small_olga):
        each.sign_in_again()
    address = page_of(small_desk, course_id)
    assert "The owner can extend it." in small_deb.page(address).text
    page = small_olga.page(address)
    assert f"/courses/{course_id}/extension" in page.links()
    assert f"/courses/{course_id}/write-off" in page.links()
