"""Acts on many courses from the list: chosen, previewed, carried out, undone; print and e-mail."""

from dataclasses import replace

import pytest

from plugin.core.acts import Role
from plugin.core.terms import Terms
from plugin.courses.lists.bulk import BULK
from plugin.services import Services
from plugin.worker import Worker
from tests.courses.desk import ANA, Desk
from tests.postbox import Postbox
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor


@pytest.fixture
def small_house(small_house: Services) -> Services:
    """Mail is set up here."""
    return replace(small_house, mail=Postbox())


@pytest.fixture
def courses(small_desk: Desk) -> list[str]:
    """Two that expire and one that doesn't, each of a client with an e-mail address."""
    expiring, lasting = small_desk.package(terms=Terms(expires_after_months=6)), small_desk.package()
    return [
        small_desk.sell(package, buyer=replace(ANA, square_customer_id=f"C-{name}", name=name, phone=None))
        for package, name in ((expiring, "Ana"), (expiring, "Bo"), (lasting, "Cy"))
    ]


def works(services: Services) -> None:
    while Worker(services).run_next("imports"):
        pass


def test_all_that_match_are_extended_and_undone(
    small_olga: Visitor, courses: list[str], small_house: Services, small_desk: Desk
) -> None:
    form = small_olga.page("/courses/extend?everything=y&state=open&sort=client").form("/courses/extend")
    assert (form.fields["everything"], form.fields["state"], form.fields["days"]) == ("y", "open", "30")
    refused = small_olga.send(form, days="0", reason="")
    assert refused.status_code == 422
    assert "The reason is missing." in Page(refused.text).text
    page = small_olga.after(form, days="30", reason="Closed in May", key="k-2")
    assert "Extends 2 courses by 30 days" in page.text
    assert "It has no expiration." in page.text
    start = page.form("/start")
    page = small_olga.after(start)
    assert "Extending courses" in page.text
    small_olga.send(start)
    works(small_house)
    address = start.action.removesuffix("/start")
    news = small_olga.get(f"{address}/live?seen=x")
    assert "2 courses extended by 30 days" in Page(news.text).text
    assert small_olga.get(f"{address}/live", query_string={"seen": news.headers["X-Seen"]}).status_code == 204
    assert [len(small_desk.course(each).happenings) for each in courses] == [1, 1, 0]
    assert "2 courses extended by 30 days" in small_olga.page("/courses").text
    page = small_olga.after(small_olga.page(address).form("/undo"))
    assert "Undoing" in page.text
    works(small_house)
    assert "Undone for 2 courses" in small_olga.page(address).text


def test_ticked_courses_alone_are_meant(small_olga: Visitor, courses: list[str]) -> None:
    page = small_olga.page(f"/courses/extend?course={courses[0]}&course=' OR 1=1&state=expired")
    assert "1 course chosen" in page.text
    form = page.form("/courses/extend")
    answer = small_olga.client.post(
        form.action, data={**form.fields, "course": courses[:1], "days": "5", "reason": "Ill"}
    )
    assert "Extends 1 course by 5 days" in small_olga.page(answer.headers["Location"]).text


def test_no_tick_is_no_course_and_never_all(small_olga: Visitor, courses: list[str]) -> None:
    assert "No course selected" in small_olga.page("/courses/extend?state=open").text
    form = small_olga.page(f"/courses/extend?course={courses[0]}").form("/courses/extend")
    for what in ("extend", "email", "print"):
        form.fields.pop("course", None)
        typed = {**form.fields, "days": "5", "reason": "Ill", "paper": "summary", "key": f"none-{what}"}
        answer = small_olga.client.post(f"/courses/{what}", data=typed)
        assert answer.status_code == 422, what
        assert "Choose at least one" in answer.text


def test_papers_of_the_chosen_courses_are_printed(
    small_olga: Visitor, courses: list[str], small_desk: Desk
) -> None:
    """Also of a finished course, which the papers of a client leave out beside a current one."""
    old = small_desk.sell(
        small_desk.package(sessions=1), paid=16500, buyer=replace(ANA, square_customer_id="C-Ana")
    )
    small_desk.use(old)
    page = small_olga.page(f"/courses/print?course={old}")
    form = page.form("/courses/print")
    page = small_olga.after(form, paper="summary")
    assert "Making 1 paper" in page.text
    small_olga.after(page.form("/stop"))
    everything = small_olga.page("/courses/print?everything=y").form("/courses/print")
    page = small_olga.after(everything, paper="summary", key="k-3")
    assert "Making 4 papers" in page.text


def test_summaries_are_e_mailed_after_a_preview(
    small_olga: Visitor, courses: list[str], small_house: Services
) -> None:
    form = small_olga.page("/courses/email?everything=y").form("/courses/email")
    page = small_olga.after(form)
    assert "Sends 3 course summaries by e-mail" in page.text
    assert "Nothing has changed yet. Sent e-mails can’t be undone." in page.text
    page = small_olga.after(page.form("/start"))
    works(small_house)
    address = next(link for link in small_olga.page("/courses").links() if "/courses/bulk/" in link)
    page = small_olga.page(address)
    assert "3 e-mails are being sent" in page.text
    assert not any(form.action.endswith("/undo") for form in page.forms)


def test_without_mail_nothing_is_previewed(
    small_olga: Visitor, courses: list[str], small_house: Services
) -> None:
    small_house.mail.is_ready = False  # type: ignore[misc]  # the postbox of this test
    page = small_olga.page("/courses/email?everything=y")
    assert "E-mail is not set up, so nothing can be sent." in page.text
    assert "Preview" not in page.text


def test_a_preview_is_canceled(small_olga: Visitor, courses: list[str]) -> None:
    form = small_olga.page(f"/courses/extend?course={courses[0]}").form("/courses/extend")
    page = small_olga.after(form, reason="Ill")
    page = small_olga.after(page.form("/cancel"))
    assert "Canceled. What was not changed yet stays as it is." in page.text


def test_nobody_else_opens_them(small_as: As, courses: list[str]) -> None:
    for role in (Role.DESK, Role.PRACTITIONER):
        visitor = small_as(role)
        for address in (
            f"/courses/extend?course={courses[0]}",
            "/courses/bulk/any",
            "/courses/bulk/any/live",
        ):
            assert visitor.get(address).status_code == 403
    assert BULK == "bulk_act"


@pytest.mark.parametrize(
    "address", ["/courses/bulk/none", "/courses/bulk/none/live", "/courses/erase?everything=y"]
)
def test_what_is_not_there_is_not_found(small_olga: Visitor, address: str) -> None:
    assert small_olga.get(address).status_code == 404
