"""Papers for many clients on the screen: a search keeps who was chosen, progress shows itself, files are well named."""

import io
import threading
from dataclasses import replace
from zipfile import ZipFile

import pikepdf
import pytest

from invoices.papers import Paper
from plugin.core.acts import Role
from plugin.courses.clients.contacts import Buyer
from plugin.job_registry import JOBS
from plugin.services import Services
from plugin.worker import Worker
from tests.courses.desk import Desk
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor


class Silence:
    def info(self, *_words: object, **_fields: object) -> None:
        """Say nothing."""

    warning = info


class Papers:
    """The desk's screens, and the worker behind them."""

    def __init__(self, deb: Visitor, desk: Desk, services: Services) -> None:
        self.deb, self.desk = deb, desk
        self.services = replace(services, render=blank)
        self.package = desk.package()

    def client(self, name: str, *, visits: int = 0) -> str:
        course = self.desk.sell(self.package, buyer=Buyer(f"CUSTOMER-{name}", name=name))
        for _ in range(visits):
            self.desk.use(course)
        return self.desk.course(course).client_id or ""

    def work(self) -> bool:
        return Worker(self.services, chance=lambda: 0.0, log=Silence()).run_next("batches")

    def form(self, query: str = "") -> dict[str, str]:
        return self.deb.page(f"/papers/batches{query}").form("/papers/batches").fields

    def post(self, address: str, **typed: object) -> Page:
        data = {**self.form(), "form": "zip", **typed}
        answer = self.deb.client.post(address, data=data, environ_base=self.deb.environ)
        if answer.status_code == 303:
            return self.deb.page(answer.headers["Location"])
        return Page(answer.text)


def blank(_paper: Paper, _assets: object = None) -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


@pytest.fixture
def papers(small_deb: Visitor, small_desk: Desk, small_house: Services) -> Papers:
    return Papers(small_deb, small_desk, small_house)


def ticked(page: Page) -> set[str]:
    boxes = [each.attributes for each in page.elements if each.attributes.get("name") == "client"]
    return {each["value"] for each in boxes if "checked" in each}


def address_of(page: Page, ends: str) -> str:
    return next(each for each in page.links() if each.endswith(ends))


def test_from_the_choice_to_the_zip(papers: Papers) -> None:
    ana, bea = papers.client("Ana Souza", visits=1), papers.client("Béa Cruz")
    new = papers.desk.client("New Person", phone="4155550199")
    page = papers.post("/papers/batches", client=[ana, bea, new], paper=["summary", "aftercare"])
    assert "Making 3 papers" in page.text
    assert "0 of 3 made. You can leave this page; it continues." in page.text
    address = page.form("/stop").action.removesuffix("/stop")
    news = papers.deb.get(f"{address}/live")
    assert papers.deb.get(f"{address}/live?seen={news.headers['X-Seen']}").status_code == 204
    assert papers.work()
    assert not papers.work()
    done = papers.deb.page(address)
    assert "3 papers are ready" in done.text
    assert "Kept until Nov 23, then forgotten." in done.text
    assert "Béa Cruz Aftercare sheet No visit yet." in done.text
    assert "New Person No course yet." in done.text
    answer = papers.deb.get(address_of(done, "/file"))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="Papers, 2026-11-22.zip"'
    with ZipFile(io.BytesIO(answer.data)) as packed:
        assert packed.namelist() == [
            "Ana Souza, course summary, 2026-11-22.pdf",
            "Ana Souza, aftercare sheet, 2026-11-22.pdf",
            "Béa Cruz, course summary, 2026-11-22.pdf",
        ]
    assert "3 papers from" in papers.deb.page("/papers/batches").text


def test_all_papers_of_today_are_one_tap_on_today(papers: Papers) -> None:
    papers.client("Early", visits=1)
    papers.desk.clock.advance(days=1)
    papers.deb.sign_in_again()
    assert "All papers of today" not in papers.deb.page("/").text
    papers.client("Late", visits=1)
    page = papers.deb.page("/")
    form = page.form("/papers/batches")
    both = {**form.fields, "paper": ["summary", "aftercare"]}
    assert [
        each.attributes["value"] for each in page.elements if each.attributes.get("name") == "paper"
    ] == both["paper"]
    answer = papers.deb.client.post(form.action, data=both, environ_base=papers.deb.environ)
    papers.work()
    done = papers.deb.page(answer.headers["Location"])
    assert "2 papers are ready" in done.text
    pdf = papers.deb.get(address_of(done, "/file"))
    assert pdf.headers["Content-Disposition"] == 'inline; filename="Papers, 2026-11-23.pdf"'
    with pikepdf.open(io.BytesIO(pdf.data)) as opened:
        assert len(opened.pages) == 2


def test_a_new_search_keeps_who_was_chosen(papers: Papers) -> None:
    ana, bea = papers.client("Ana"), papers.client("Bea")
    papers.client("Cleo")
    page = papers.post("/papers/batches/list", client=[ana], q="bea", paper=["aftercare"])
    assert "Chosen before Ana" in page.text
    assert ticked(page) == {ana}
    assert page.form("/papers/batches").fields["paper"] == "aftercare"
    # Everyone means the list as it was shown, not the one that is searched for now.
    page = papers.post("/papers/batches/list", client=[ana], q="cleo", shown_q="bea", everyone="1")
    assert ticked(page) == {ana, bea}
    assert page.form("/papers/batches").fields["q"] == "cleo"
    # To htmx the list alone.
    fields = {**papers.form(), "q": "zzz", "client": ana}
    answer = papers.deb.client.post(
        "/papers/batches/list", data=fields, headers={"HX-Request": "true"}, environ_base=papers.deb.environ
    )
    assert "<html" not in answer.text
    assert ticked(Page(answer.text)) == {ana}
    assert "No clients match" in answer.text


def names_on(page: Page) -> int:
    return sum(each.attributes.get("name") == "client" for each in page.elements)


def test_a_long_list_shows_fifty_at_a_time_and_everyone_once_all_are_ticked(papers: Papers) -> None:
    clients = [papers.desk.client(f"Client {number:03d}", phone="") for number in range(120)]
    page = papers.deb.page("/papers/batches")
    assert (names_on(page), "Everyone on this list 120" in page.text) == (50, True)
    page = papers.post("/papers/batches/list", client=[clients[3]], more="1")
    assert (names_on(page), ticked(page)) == (100, {clients[3]})
    assert "Chosen before" not in page.text
    last = papers.post("/papers/batches/list", client=[clients[3]], rows="100", more="1")
    assert (names_on(last), "More clients" in last.text) == (120, False)
    # Another search begins with its first rows, below who was chosen.
    other = papers.post("/papers/batches/list", client=[clients[119]], rows="100", q="client")
    assert (names_on(other), ticked(other)) == (51, {clients[119]})
    # Each of everyone has a row to untick, also where a choice is refused.
    everyone = papers.post("/papers/batches/list", everyone="1")
    assert (names_on(everyone), ticked(everyone)) == (120, set(clients))
    refused = papers.post("/papers/batches", everyone="1", paper=["aftercare"])
    assert (names_on(refused), ticked(refused)) == (120, set(clients))
    # A number that no page sends.
    assert names_on(papers.post("/papers/batches/list", rows="-7")) == 50


def test_a_refused_choice_comes_back_as_it_was(papers: Papers) -> None:
    ana, bea = papers.client("Ana"), papers.client("Bea")
    page = papers.post("/papers/batches", client=[bea], everyone="1", shown_q="b", paper=["aftercare"])
    assert "There is no such paper for the clients you chose. No visit yet." in page.text
    assert ticked(page) == {bea}
    fields = page.form("/papers/batches").fields
    assert (fields["everyone"], fields["q"], fields["paper"], fields["form"]) == (
        "1",
        "b",
        "aftercare",
        "zip",
    )
    nobody = papers.post("/papers/batches", paper=["summary"])
    assert "Choose at least one client." in nobody.text
    assert ana not in ticked(nobody)


def test_a_second_tap_and_a_second_batch(papers: Papers) -> None:
    ana = papers.client("Ana")
    form = {**papers.form(), "client": ana, "paper": "summary", "form": "pdf"}
    answers = [
        papers.deb.client.post("/papers/batches", data=form, environ_base=papers.deb.environ)
        for _ in range(2)
    ]
    assert len({each.headers["Location"] for each in answers}) == 1
    again = papers.post("/papers/batches", client=ana, paper="summary")
    assert "Your last papers are still being made." in again.text
    assert "Papers being made: 0 of 1" in again.text


def test_it_can_be_stopped(papers: Papers) -> None:
    page = papers.post("/papers/batches", client=papers.client("Ana"), paper="summary")
    stopped = papers.deb.after(page.form("/stop"))
    assert "Stopped" in stopped.text
    papers.work()
    address = page.form("/stop").action.removesuffix("/stop")
    assert papers.deb.get(f"{address}/file").status_code == 404
    assert "No more papers are made" in papers.deb.page(address).text


def test_a_worker_that_breaks_over_it_tries_again_and_gives_up_in_words(papers: Papers) -> None:
    def torn(_paper: Paper, _assets: object = None) -> bytes:
        raise RuntimeError("out of ink")

    papers.services = replace(papers.services, render=torn)
    page = papers.post("/papers/batches", client=papers.client("Ana"), paper="summary")
    for _ in range(JOBS["paper_batch"].most_tries or 0):
        assert papers.work()
        papers.desk.clock.advance(minutes=10)
    assert not papers.work()
    address = page.form("/stop").action.removesuffix("/stop")
    assert "The papers could not be made" in papers.deb.page(address).text


def test_it_is_forgotten_after_a_day(papers: Papers) -> None:
    page = papers.post("/papers/batches", client=papers.client("Ana"), paper="summary")
    papers.work()
    papers.desk.clock.advance(days=1, seconds=1)
    papers.deb.sign_in_again()
    Worker(papers.services, log=Silence()).drop_old(threading.Event())
    address = page.form("/stop").action.removesuffix("/stop")
    assert "The file was kept for a day." in papers.deb.page(address).text


def test_a_batch_of_somebody_else_is_not_there(papers: Papers, small_as: As) -> None:
    page = papers.post("/papers/batches", client=papers.client("Ana"), paper="summary")
    papers.work()
    address = page.form("/stop").action.removesuffix("/stop")
    kim, olga = small_as(Role.PRACTITIONER), small_as(Role.OWNER)
    for path in (address, f"{address}/live", f"{address}/file"):
        assert (kim.get(path).status_code, olga.get(path).status_code) == (404, 200)
    # Money is not a practitioner's.
    offered = [
        each.attributes["value"]
        for each in kim.page("/papers/batches").elements
        if each.attributes.get("name") == "paper"
    ]
    assert offered == ["summary", "aftercare"]


def test_a_paper_may_be_framed_by_our_page_alone(papers: Papers) -> None:
    client = papers.client("Ana")
    page = papers.deb.get(f"/clients/{client}")
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    links = [each for each in Page(page.text).elements if "data-print" in each.attributes]
    assert {each.attributes["target"] for each in links} == {"_blank"}
    answer = papers.deb.get(links[0].attributes["href"])
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    refused = papers.deb.get("/courses/unknown/summary.pdf")
    assert "frame-ancestors 'none'" in refused.headers["Content-Security-Policy"]
    # What the script shows where the paper does not come: the words alone.
    told = papers.deb.get("/courses/unknown/summary.pdf", headers={"HX-Request": "true"})
    assert (told.status_code, told.headers["X-Notice"]) == (404, "1")
