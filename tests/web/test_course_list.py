"""The owner's list of all courses: filters in the address, orders, sums, files, saved views."""

import csv
import io
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.lists.saved_views import MOST_SAVED_VIEWS, views_of
from plugin.services import Services
from plugin.web.lists.courses import SHOWN, USUAL
from tests.courses.desk import ANA, DEB, Desk
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor


def sell_to(desk: Desk, name: str, package: str, **more: Any) -> str:
    buyer = replace(ANA, square_customer_id=f"C-{name}", name=name, phone=None, email=None)
    return desk.sell(package, buyer=buyer, **more)


def names(page: Page) -> list[str]:
    rows = page.html.split("<tbody>")[1].split('<th scope="row">')[1:]
    return [row.split("<bdi>")[1].split("</bdi>")[0] for row in rows]


def test_an_owner_reads_every_course_with_the_sums(small_olga: Visitor, small_desk: Desk) -> None:
    package = small_desk.package(terms=Terms(expires_after_months=12))
    small_desk.use(sell_to(small_desk, "Bo Li", package))
    sell_to(small_desk, "Ana Souza", package)
    page = small_olga.page("/courses?sort=client")
    assert "2 courses 23 sessions left $3,795.00 deferred" in page.text
    assert names(page) == ["Ana Souza", "Bo Li"]
    assert "11 of 12" in page.text
    assert 'aria-sort="ascending"' in page.html
    assert names(small_olga.page("/courses?sort=-client")) == ["Bo Li", "Ana Souza"]


def test_the_filters_stay_in_every_address(small_olga: Visitor, small_desk: Desk) -> None:
    package = small_desk.package(sessions=1)
    for number in range(SHOWN + 1):
        sell_to(small_desk, f"Client {number:02}", package, paid=16500)
    page = small_olga.page("/courses?state=open&left=1&sort=client")
    (following,) = [link for link in page.links() if "after=" in link]
    assert "state=open" in following
    assert "left=1" in following
    assert "sort=client" in following
    second = small_olga.page(following)
    assert names(second) == [f"Client {SHOWN}"]
    assert f"{SHOWN + 1} courses" in second.text
    assert "First page" in second.text
    headings = [link for link in second.links() if "sort=left" in link]
    assert headings
    assert all("state=open" in link and "after=" not in link for link in headings)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("state=nonsense", "Choose one of those in the list."),
        ("package=none", "There is no such package."),
        ("practitioner=' OR 1=1 --", "There is no such practitioner."),
        ("expires=soon", "The number of days is a whole number, such as 12."),
        ("expires=-3", "The number of days is a whole number, such as 12."),
        ("unseen=99999999999999999999", "Enter at most 3,660."),
        ("unseen=" + "9" * 500, "The number of days is a whole number"),
        ("left=1000", "Enter at most 999."),
        ("sold_from=yesterday", "Sold from: enter a date such as 2026-11-30."),
        ("sold_from=0001-01-01", "Enter a day between the years 2000 and 2100."),
        ("sold_from=2026-11-30&sold_to=2026-11-01", "The last day is before the first day."),
        ("after=nonsense", "Start at the first page."),
    ],
)
def test_a_filter_that_makes_no_sense_is_answered_in_words(
    small_olga: Visitor, small_desk: Desk, asked: str, says: str
) -> None:
    for address in ("/courses", "/courses.csv"):
        if "after" in asked and address == "/courses.csv":
            continue
        answer = small_olga.get(f"{address}?{asked}")
        assert answer.status_code == 422, address
        assert says in Page(answer.text).text


def test_the_file_has_the_rows_and_the_numbers_of_the_page(small_olga: Visitor, small_desk: Desk) -> None:
    package = small_desk.package()
    sell_to(small_desk, "=cmd|'/C calc'!A1", package)
    chosen = sell_to(small_desk, "Bo Li", package)
    small_desk.use(chosen)
    rows = list(csv.DictReader(io.StringIO(small_olga.get("/courses.csv?sort=left").text.lstrip("\ufeff"))))
    assert [row["Client"] for row in rows] == ["'=cmd|'/C calc'!A1", "Bo Li"]
    assert (rows[1]["Left"], rows[1]["Deferred value"], rows[1]["State"]) == ("11", "1815.00", "Open")
    ticked = small_olga.get(f"/courses.csv?course={chosen}&state=expired").text
    assert ticked.count("\r\n") == 2
    assert "Bo Li" in ticked
    all_of_them = small_olga.get(f"/courses.csv?course={chosen}&everything=y").text
    assert all_of_them.count("\r\n") == 3
    assert small_olga.get("/courses.pdf").status_code == 404
    assert small_olga.get("/courses.xlsx").status_code == 200


def test_every_usual_view_opens(small_olga: Visitor, small_desk: Desk) -> None:
    small_desk.sell()
    page = small_olga.page("/courses")
    for _, query in USUAL:
        link = next(
            link
            for link in page.links()
            if link.startswith("/courses") and all(f"{k}={v}" in link for k, v in query.items())
        )
        assert small_olga.get(link).status_code == 200


def test_a_view_is_saved_renamed_and_deleted(
    small_olga: Visitor, small_desk: Desk, small_house: Services, small_as: As
) -> None:
    small_desk.sell()
    form = small_olga.page("/courses?state=open&sort=client&hostile=1").form("/views/courses")
    page = small_olga.after(form, view_name="Open, by name", is_shared="y")
    assert "Saved as “Open, by name”." in page.text
    tabs = [each for each in page.elements if each.attributes.get("aria-current") == "page"]
    assert "/courses?state=open&sort=client" in [each.attributes.get("href") for each in tabs]
    again = small_olga.send(form, view_name="open, BY name", is_shared="y", key="another")
    assert again.status_code == 422
    assert "A saved view has this name." in again.text
    # The same form again is the same view.
    assert small_olga.send(form, view_name="Open, by name", is_shared="y").status_code == 303
    form = page.form("/name")
    view_id = form.action.split("/")[2]
    page = small_olga.after(form, view_name="Mine")
    assert "Renamed to “Mine”." in page.text
    # The same rows are shown as before.
    tabs = [each for each in page.elements if each.attributes.get("aria-current") == "page"]
    assert "/courses?state=open&sort=client" in [each.attributes.get("href") for each in tabs]
    for role in (Role.DESK, Role.PRACTITIONER):
        other = small_as(role)
        token = next(form.fields for form in other.page("/clients").forms if "csrf_token" in form.fields)
        typed = {"csrf_token": token["csrf_token"], "key": "k-1", "view_name": "Stolen"}
        for address in (f"/views/{view_id}/name", f"/views/{view_id}/delete"):
            assert other.client.post(address, data=typed).status_code == 404
        # They can't see the list, so they can't keep a view of it.
        assert other.client.post("/views/courses", data={**typed, "key": "k-2"}).status_code == 403
    assert [view.name for view in views_of(small_house.store, DEB, "courses")] == ["Mine"]
    page, form.action = small_olga.page("/courses"), f"/views/{view_id}/delete"
    (asked,) = (each.attributes for each in page.elements if each.attributes.get("action") == form.action)
    assert asked["data-review"] == "Delete the view “Mine”?"
    assert asked["data-review-note"] == "Everyone who sees this list loses it."
    assert "The view is deleted." in small_olga.after(form, key="delete").text
    assert small_olga.send(form, key="delete-2").status_code == 404


def test_there_is_an_end_to_saved_views(small_olga: Visitor, small_desk: Desk) -> None:
    small_desk.sell()
    form = small_olga.page("/courses").form("/views/courses")
    for number in range(MOST_SAVED_VIEWS):
        assert small_olga.send(form, view_name=f"View {number}", key=f"k-{number}").status_code == 303
    refused = small_olga.send(form, view_name="One more", key="one-more")
    assert refused.status_code == 409
    assert "Delete one first." in refused.text


def test_only_the_owner_opens_the_list(small_as: As, small_desk: Desk) -> None:
    small_desk.sell()
    for role in (Role.DESK, Role.PRACTITIONER):
        other = small_as(role)
        assert other.get("/courses").status_code == 403
        assert "/courses" not in other.page("/").links()


def test_days_are_the_clinics(small_olga: Visitor, small_desk: Desk) -> None:
    """Sold at eleven in the evening of the 21st in Los Angeles, which is the 22nd in UTC."""
    at = small_desk.clock().replace(hour=7) - timedelta(minutes=1)
    small_desk.sell(paid_at=at)
    assert "1 course " in small_olga.page("/courses?sold_from=2026-11-21&sold_to=2026-11-21").text
    assert "No courses match" in small_olga.page("/courses?sold_from=2026-11-22").text
    assert "2026-11-21" in small_olga.get("/courses.csv").text
