"""Papers by e-mail from the client's page: a button beside each, its answer, and why there is none."""

from dataclasses import replace

import pytest

from plugin.core.acts import Role
from plugin.courses.clients.clients import change_client
from plugin.services import Services
from tests.courses.desk import Desk
from tests.postbox import Postbox
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.test_client_page import client_address
from tests.web.visitor import Visitor


@pytest.fixture
def small_house(small_house: Services) -> Services:
    """Mail is set up here."""
    return replace(small_house, mail=Postbox())


@pytest.fixture
def address(small_desk: Desk) -> str:
    course = small_desk.sell()
    small_desk.use(course)
    return client_address(small_desk, course)


def mail_forms(page: Page) -> list[str]:
    return [form.action.split("/", 3)[-1] for form in page.forms if form.action.endswith("/email")]


def test_one_tap_sends_and_says_to_whom(small_deb: Visitor, address: str) -> None:
    page = small_deb.after(small_deb.page(address).form("/summary/email"))
    assert "Course summary is being sent to ana@example.org." in page.text


def test_each_paper_has_its_button(small_deb: Visitor, address: str) -> None:
    page = small_deb.page(address)
    papers = [each.rsplit("/", 2)[-2] for each in mail_forms(page)]
    assert papers == ["summary", "aftercare", "planner", "prepaid-balance"]
    assert "E-mail Course summary" in page.text
    assert "E-mail Aftercare sheet, session 1" in page.text


def test_practitioners_send_them_too(small_as: As, address: str) -> None:
    page = small_as(Role.PRACTITIONER).page(address)
    assert mail_forms(page) == ["summary/email", "aftercare/email", "planner/email"]


def test_without_an_address_the_page_says_what_to_do(
    small_deb: Visitor, small_desk: Desk, address: str
) -> None:
    form = small_deb.page(address).form("/summary/email")
    change_client(small_desk.store, small_desk.act(), address.rsplit("/", 1)[1], name="Ana Souza")
    page = small_deb.page(address)
    assert mail_forms(page) == []
    assert "To e-mail a paper, add an address under “Edit client”." in page.text
    answer = small_deb.send(form)
    assert answer.status_code == 409
    assert "Ana Souza has no e-mail address." in answer.text


def test_where_mail_is_not_set_up_it_is_said_whose_turn_it_is(
    small_deb: Visitor, small_olga: Visitor, small_house: Services, address: str
) -> None:
    small_house.mail.is_ready = False  # type: ignore[misc]  # the postbox of this test
    assert mail_forms(small_deb.page(address)) == []
    assert "e-mail is not set up. The owner can set it up." in small_deb.page(address).text
    assert "/clinic/settings" in small_olga.page(address).links()
