"""The palette: what is found by what is typed or scanned, in which order, and by whom."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from plugin.core.acts import Role
from plugin.courses.changes.gifts import NewGift, give_course, redeem_gift
from plugin.courses.clients.private_page import renew_page, token_of
from plugin.services import Services
from plugin.web.client_page.views import AS_CLIENT
from plugin.web.desk import course_menu
from plugin.web.desk.course_menu import OF_A_COURSE
from tests.budgets.counting import counted
from tests.courses.desk import OLGA, Desk
from tests.courses.documents.sales import Papers
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor

MOST_STATEMENTS = 25
# What one tap does to this course alone, and a file of it.
NEEDS_THE_COURSE_IN_VIEW = {
    "again.propose",
    "changes.take_gift_back",
    "changes.undo_write_off",
    "evidence.save",
}


def options(visitor: Visitor, q: str, at: str = "/") -> list[tuple[str, str]]:
    """Return the words and the address of each option."""
    answer = visitor.get("/find", query_string={"q": q, "at": at})
    assert answer.status_code == 200, answer.text[:300]
    rows = re.findall(r'role="option"[^>]*? href="([^"]*)"[^>]*>(.*?)</a>', answer.text, re.DOTALL)
    return [(Page(html).text, address) for address, html in rows]


def words(visitor: Visitor, q: str, at: str = "/") -> list[str]:
    return [text for text, _ in options(visitor, q, at)]


@pytest.fixture
def ana(small_desk: Desk) -> str:
    small_desk.client("Bela Costa", phone="+14155550999")
    course = small_desk.sell(small_desk.package())
    small_desk.package(name="{curly} %s")
    small_desk.use(course)
    return small_desk.course(course).client_id or ""


def test_a_client_is_found_in_any_order_and_is_first(small_deb: Visitor, ana: str) -> None:
    for typed in ("ana", "SOUZA ana", "ana so", "0123", "(415) 555-0123", "ana@ex"):
        first = options(small_deb, typed)[0]
        assert first[1] == f"/clients/{ana}", typed
        assert "Ana Souza" in first[0]
        assert "11 of 12 left" in first[0]


def test_a_code_of_a_paper_is_its_client_and_nobody_else(
    small_deb: Visitor, small_desk: Desk, ana: str
) -> None:
    token = token_of(small_desk.store, small_desk.act(), ana)
    for typed in (token, f"https://desk.example.org/my/{token}", f" http://x/my/{token}?a=1 "):
        assert [address for _, address in options(small_deb, typed)] == [f"/clients/{ana}"]
    renew_page(small_desk.store, small_desk.act(), ana)
    assert options(small_deb, token) == []


def test_numbers_of_invoices_are_found_with_and_without_prefix(
    small_deb: Visitor, small_as: As, small_desk: Desk
) -> None:
    papers = Papers(small_desk)
    papers.sell("ORDER-A")
    papers.work()
    for typed in ("INV-0001", "inv-0001", "1", "0001"):
        found = words(small_deb, typed)
        assert [each for each in found if each.startswith("Invoice INV-0001 Ana Souza")], (typed, found)
    assert words(small_deb, "INV-0002") == []
    practitioner = small_as(Role.PRACTITIONER)
    assert not any("INV" in each for each in words(practitioner, "INV-0001"))


def test_the_code_of_a_voucher_leads_to_redeeming_it(
    small_deb: Visitor, small_as: As, small_desk: Desk, ana: str
) -> None:
    given = give_course(
        small_desk.store, small_desk.act(), small_desk.sell(small_desk.package()), NewGift("Rita")
    )
    assert given.course.waiting_gift is not None
    code = given.course.waiting_gift.code
    (text, address), *others = options(small_deb, f"{code[:4].lower()}-{code[4:8]} {code[8:]}")
    assert not others
    assert "Rita" in text
    assert "Create client and redeem" in small_deb.page(address).text
    assert options(small_as(Role.PRACTITIONER), code) == []
    redeem_gift(small_desk.store, small_desk.act(), code, ana)
    assert "redeemed" in words(small_deb, code)[0]
    assert small_deb.get(address).status_code == 409
    assert small_deb.get("/gifts?gift=none").status_code == 404


class TestActs:
    def test_are_those_of_the_client_in_view(self, small_olga: Visitor, small_desk: Desk, ana: str) -> None:
        at = f"/clients/{ana}"
        assert words(small_olga, "refund", at) == [
            "Refund this package Ana Souza · Facial acupuncture, course of 12"
        ]
        (_, address), *_ = options(small_olga, "exte", at)
        assert "Set expiration" in small_olga.page(address).text
        assert words(small_olga, "print summ", at)[0].startswith("Print course summary Ana Souza")
        course_page = next(address for _, address in options(small_olga, "extend", at))
        assert words(small_olga, "refund", course_page) == words(small_olga, "refund", at)

    def test_with_nobody_in_view_the_client_is_chosen_next(
        self, small_olga: Visitor, small_desk: Desk, ana: str
    ) -> None:
        ((text, address),) = options(small_olga, "refund")
        assert text == "Refund this package Choose the client next"
        lead = f"/clients/{ana}/acts/refunds.choose_refund"
        assert lead in small_olga.get(address).text
        typed = small_olga.get(f"{address}&q=souza", headers={"HX-Request": "true"})
        assert lead in typed.text
        assert small_olga.get(f"{address}&q=souza&open=1").headers["Location"] == lead
        course = small_olga.get(lead).headers["Location"]
        assert "Refund this package" in small_olga.page(course).text
        small_desk.sell()
        assert small_olga.get(lead).headers["Location"] == f"/clients/{ana}"
        assert "Several packages" in small_olga.page(f"/clients/{ana}").text

    def test_and_a_name_together_lead_there_at_once(self, small_as: As, ana: str) -> None:
        olga = small_as(Role.OWNER)
        expected = [("Refund this package Ana Souza", f"/clients/{ana}/acts/refunds.choose_refund")]
        assert options(olga, "refund souza a") == expected
        assert options(olga, "refund nobody") == []
        bela = options(olga, "extend bela", f"/clients/{ana}")
        assert [text for text, _ in bela] == ["Extend Bela Costa"]
        assert options(small_as(Role.DESK), "refund souza") == []

    def test_of_a_client_without_such_a_package_it_is_said(
        self, small_as: As, small_desk: Desk, ana: str
    ) -> None:
        nobody = small_desk.client("No Package")
        olga = small_as(Role.OWNER)
        assert olga.get(f"/clients/{nobody}/acts/changes.extend").headers["Location"] == f"/clients/{nobody}"
        assert "is not possible for a package" in olga.page(f"/clients/{nobody}").text
        assert olga.get(f"/clients/{ana}/acts/staff.invite").status_code == 404
        assert olga.get("/clients/none/acts/changes.extend").status_code == 404
        assert "Choose the client" not in olga.page("/clients?act=staff.invite").text

    def test_each_act_of_the_menus_that_opens_a_form_can_be_begun_without_a_client(self) -> None:
        menus = (Path(course_menu.__file__)).read_text(encoding="utf-8")
        offered = set(re.findall(r'MenuItem\(\s*"([\w.]+)"', menus))
        assert offered - set(OF_A_COURSE) == NEEDS_THE_COURSE_IN_VIEW

    def test_are_those_the_person_may_do_now(self, small_as: As, ana: str) -> None:
        at = f"/clients/{ana}"
        desk, practitioner = small_as(Role.DESK), small_as(Role.PRACTITIONER)
        assert words(desk, "share", at)
        for typed in ("refund", "extend", "freeze", "delete client"):
            assert words(desk, typed, at) == [], typed
        for typed in ("share facial", "sell", "merge"):
            assert words(practitioner, typed, at) == [], typed
        assert words(practitioner, "past visit", at)

    def test_sell_a_package_to_whom_is_in_view(self, small_deb: Visitor, ana: str) -> None:
        text, address = options(small_deb, "sell course of 12", f"/clients/{ana}")[0]
        assert text == "Sell Facial acupuncture, course of 12 Ana Souza"
        assert "Ana Souza" in small_deb.page(address).text
        assert options(small_deb, "sell course of 12")[0][0] == "Sell Facial acupuncture, course of 12"

    def test_none_is_done_by_choosing_it(self, small_olga: Visitor, ana: str) -> None:
        """What one tap does on the client's page is only led to."""
        text, address = options(small_olga, "goodwill", f"/clients/{ana}")[0]
        assert text.startswith("Add goodwill session")
        assert address.startswith(f"/clients/{ana}#more-")

    def test_a_page_that_is_nobodys_is_like_none(self, small_deb: Visitor, ana: str) -> None:
        for at in ("", "/clients/none", "/courses/none/extension", "nonsense", "//", "/%00", "/a" * 999):
            assert "Ana Souza" in words(small_deb, "ana", at)[0], at
            assert options(small_deb, "", at) == []

    def test_show_before_anything_is_typed(self, small_deb: Visitor, ana: str) -> None:
        assert words(small_deb, "", f"/clients/{ana}")[0].startswith("Print course summary")


class TestPages:
    def test_each_link_of_the_menus_is_found(self, small_as: As) -> None:
        for role in Role:
            visitor = small_as(role)
            html = visitor.get("/").text
            header = html[html.index('<header class="bar"') : html.index("</header>")]
            links = re.findall(r'<a (?:class="plain" )?href="([^"]+)"[^>]*>([^<]+)', header)
            for address, text in links:
                assert address in [where for _, where in options(visitor, text.strip())], (role, text)

    def test_only_those_the_person_may_open(self, small_as: As) -> None:
        assert words(small_as(Role.DESK), "backups") == []
        assert words(small_as(Role.PRACTITIONER), "attention") == []
        assert words(small_as(Role.OWNER), "webhooks") == ["Square", "Events for other programs"]

    def test_each_page_of_settings_is_found_by_the_owner_alone(self, small_as: As) -> None:
        owner, desk = small_as(Role.OWNER), small_as(Role.DESK)
        for typed in ("wallet", "android", "alarms", "retention", "tips", "agreements"):
            addresses = [where for _, where in options(owner, typed)]
            assert any(where.startswith("/clinic/settings/") for where in addresses), typed
            assert not any("/clinic/" in where for _, where in options(desk, typed)), typed

    def test_come_after_a_client_of_that_name(self, small_olga: Visitor, small_desk: Desk) -> None:
        small_desk.client("Paige Packard")
        assert words(small_olga, "pack")[0].startswith("Paige Packard")


@pytest.mark.parametrize(
    "typed", ["<script>", "'; drop", "%", "_", "@@", "x" * 5000, "\u202e", "١٢٣", "-", "."]
)
def test_nonsense_finds_nothing_and_breaks_nothing(small_olga: Visitor, ana: str, typed: str) -> None:
    answer = small_olga.get("/find", query_string={"q": typed, "at": f"/clients/{ana}"})
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_it_asks_no_more_for_many_clients_and_courses(
    small_olga: Visitor, small_desk: Desk, small_house: Services, ana: str
) -> None:
    package = small_desk.package(name="Another course")
    counts = []
    for _ in range(2):
        with counted(small_house.store.engine) as statements:
            options(small_olga, "an", f"/clients/{ana}")
        counts.append(len(statements))
        for number in range(10):
            small_desk.client(f"Anabel {number}")
            small_desk.sell(package)
    assert counts[1] <= counts[0] <= MOST_STATEMENTS


class TestScanning:
    def test_the_camera_is_for_the_page_that_scans_alone(self, small_deb: Visitor, ana: str) -> None:
        policies = {
            address: small_deb.get(address).headers["Permissions-Policy"]
            for address in ("/scan", "/", f"/clients/{ana}", "/find?q=a")
        }
        assert policies.pop("/scan").startswith("camera=(self),")
        assert {each.split(",")[0] for each in policies.values()} == {"camera=()"}

    def test_a_private_link_leads_staff_to_the_client(
        self, small_deb: Visitor, small_desk: Desk, ana: str
    ) -> None:
        address = f"/my/{token_of(small_desk.store, small_desk.act(OLGA), ana)}"
        assert small_deb.get(address).headers["Location"] == f"/clients/{ana}"
        assert "Ana" in small_deb.page(f"{address}?{AS_CLIENT}=1").text
        assert Visitor(small_deb.client.application).get(address).status_code == 200
        assert small_deb.get(f"/my/{quote('x' * 43)}").status_code == 404


def test_holidays_lead_to_the_opening_hours(small_olga: Visitor) -> None:
    assert "Opening hours" in " ".join(words(small_olga, "holidays"))


def test_where_nothing_matches_no_list_of_what_matches_is_offered(small_olga: Visitor) -> None:
    answer = small_olga.get("/find", query_string={"q": "zzz", "at": "/"})
    assert "No matches for “zzz”." in answer.text
    assert "All clients that match" not in answer.text
