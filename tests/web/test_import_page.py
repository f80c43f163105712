"""The owner's import screen: send a file, settle its columns, look, import, undo; refused in words, never half."""

import re
from dataclasses import replace

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from plugin.core.acts import Role
from plugin.courses.base.read import courses_of_client
from plugin.courses.imports.cells import LARGEST_FILE
from plugin.services import Services
from plugin.store import Store
from plugin.worker import Worker
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.courses.old_book import book_of, row
from tests.web.conftest import As
from tests.web.page import Page
from tests.web.visitor import Visitor


class Log:
    def info(self, *_: object, **__: object) -> None: ...
    def warning(self, *_: object, **__: object) -> None: ...


def posted(visitor: Visitor, address: str, data: bytes, name: str, **fields: str) -> TestResponse:
    """Send a file as a browser does, from memory: the test client would put a large one on the disk."""
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    last = f'--edge\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = "".join([*parts, last]).encode() + data + b"\r\n--edge--\r\n"
    kind = "multipart/form-data; boundary=edge"
    return visitor.client.post(address, data=body, content_type=kind, environ_base=visitor.environ)


def send(owner: Visitor, data: bytes, name: str = "old book.csv") -> TestResponse:
    form = owner.page("/import").form("/import").filled()
    return posted(owner, "/import", data, name, **{key: form[key] for key in ("csrf_token", "key")})


def work(services: Services) -> None:
    worker = Worker(services, log=Log())
    while worker.run_next("imports"):
        pass


@pytest.fixture
def sent(small_olga: Visitor, small_house: Services, small_desk: Desk) -> str:
    """A file with one course that was sent and checked; its address."""
    small_desk.package()
    answer = send(small_olga, book_of(row()))
    assert answer.status_code == 303
    work(small_house)
    return answer.headers["Location"]


def test_from_the_file_to_the_course_and_back(
    small_olga: Visitor, small_house: Services, small_desk: Desk, sent: str
) -> None:
    page = small_olga.page(sent)
    assert "1 course ready to import" in page.text
    assert "5 of 12" in page.text
    assert "Client → Client: Ana Souza" in page.text
    page = small_olga.after(page.form("/start"))
    assert "0 of 1 row read" in page.text
    work(small_house)
    page = small_olga.page(sent)
    assert "1 course is in Coursekeeper" in page.text
    client = small_olga.page("/clients?q=ana").links()
    address = next(each for each in client if re.fullmatch(r"/clients/[0-9a-f]{20,}", each))
    history = small_olga.page(address).text
    assert "Used before Coursekeeper: 7 × Facial acupuncture, 60 min" in history
    assert "No-show" not in history
    page = small_olga.after(page.form("/undo"), reason="Wrong file")
    assert "undid this import" in page.text
    assert "<bdi>Wrong file</bdi>" in page.html
    client_id = address.rpartition("/")[2]
    assert courses_of_client(small_house.store, client_id, today=small_desk.today) == ()
    assert "Undone" in small_olga.page("/import").text


def test_the_page_lives_while_the_worker_is_at_it(
    small_olga: Visitor, small_house: Services, sent: str
) -> None:
    small_olga.send(small_olga.page(sent).form("/start"))
    seen = small_olga.page(sent).with_id("live")
    assert seen is not None
    live = f"{sent}/live?seen={seen.attributes['data-seen']}"
    assert small_olga.get(live).status_code == 204
    work(small_house)
    answer = small_olga.get(live)
    assert (answer.status_code, "is in Coursekeeper" in answer.text) == (200, True)


def test_the_same_file_again_leads_to_the_first(
    small_olga: Visitor, small_house: Services, sent: str
) -> None:
    small_olga.send(small_olga.page(sent).form("/start"))
    work(small_house)
    answer = send(small_olga, book_of(row()), "again.csv")
    assert answer.headers["Location"] == sent
    assert "was imported before; nothing was written again" in small_olga.page(sent).text


def test_two_files_of_one_name_are_told_apart_by_their_time(
    small_olga: Visitor, clock: HandMovedClock, sent: str
) -> None:
    clock.advance(hours=1)
    other = send(small_olga, book_of(row(), row())).headers["Location"]
    assert other != sent
    links = re.findall(
        r'<a href="/import/[^"]+"><bdi>old book.csv</bdi>(.*?)</a>', small_olga.page("/import").html
    )
    assert len(links) == len(set(links)) == 2


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "This is no table"),
        (b"Client,Left\n", "no rows below"),
        (b"x" * (LARGEST_FILE + 1), "larger than 5 MB"),
    ],
    ids=["picture", "headings alone", "large"],
)
def test_a_file_that_is_none_is_refused_beside_the_field(small_olga: Visitor, data: bytes, says: str) -> None:
    answer = send(small_olga, data, "clients.csv")
    assert answer.status_code == 422
    assert says in answer.text
    wrong = Page(answer.text).with_id("file")
    assert wrong is not None
    assert wrong.attributes["aria-invalid"] == "true"


def test_no_file_is_asked_for(small_olga: Visitor) -> None:
    form = small_olga.page("/import").form("/import")
    answer = small_olga.send(form)
    assert (answer.status_code, "Choose a file first" in answer.text) == (422, True)


def test_only_the_owner_may_send_so_much_and_only_here(small_as: As, small_app: Flask) -> None:
    much = b"x" * 2_000_000
    for visitor in (Visitor(small_app), small_as(Role.DESK)):
        assert posted(visitor, "/import", much, "a.csv").status_code == 413
    owner = small_as(Role.OWNER)
    assert posted(owner, "/packages", much, "a.csv").status_code == 413
    assert send(owner, b"x" * 8_000_000).status_code == 413


def test_columns_that_say_the_same_are_refused_and_stay_chosen(small_olga: Visitor, sent: str) -> None:
    form = small_olga.page(sent).form("/columns")
    answer = small_olga.send(form, **{"column-1": "name", "dates": "day"})
    assert (answer.status_code, "Two columns are set to “Client”" in answer.text) == (422, True)
    again = Page(answer.text).form("/columns").fields
    assert (again["column-1"], again["dates"], again["column-6"]) == ("name", "day", "left")
    assert small_olga.send(form, dates="never").status_code == 422


def test_the_columns_are_shown_before_anything_is_written(
    small_olga: Visitor, small_house: Services, small_desk: Desk
) -> None:
    small_desk.package(sessions=10, name="course of 10")
    data = (
        b"Location Name,Name,Package,Current Balance,Visits left,Purchased\n"
        b"Westside,Ana Ruiz,course of 10,$660.00,4,2026-01-05\n"
    )
    address = send(small_olga, data).headers["Location"]
    work(small_house)
    page = small_olga.page(address)
    assert "Skipped: Location Name , Current Balance ." in page.text
    assert "Its values are money, not “Sessions left”" in page.text
    fields = page.form("/columns").fields
    held = [fields[f"column-{number}"] for number in range(6)]
    assert held == ["", "name", "package", "", "left", "sold_on"]
    small_olga.after(page.form("/columns"), **{"column-0": "note"})
    work(small_house)
    assert "Westside" in small_olga.page(address).text.split("Map columns")[0]


def test_without_a_date_of_purchase_there_is_nothing_to_press(
    small_olga: Visitor, small_house: Services, small_desk: Desk
) -> None:
    """D5."""
    small_desk.package(sessions=10, name="course of 10")
    answer = send(small_olga, b"Client,Package,Left\nAna Ruiz,course of 10,4\n")
    page = small_olga.page(answer.headers["Location"])
    assert "Say which column holds the date of purchase" in page.text
    assert not [form for form in page.forms if form.action.endswith("/start")]
    for typed, says in (("2099-01-01", "can’t be in the future"), ("soon", ": enter a date such as")):
        refused = small_olga.send(page.form("/columns"), sold_on=typed)
        assert (refused.status_code, says in refused.text) == (422, True)
        assert Page(refused.text).form("/columns").fields["sold_on"] == typed
    small_olga.send(page.form("/columns"), sold_on="2026-03-02")
    work(small_house)
    page = small_olga.page(answer.headers["Location"])
    assert [form for form in page.forms if form.action.endswith("/start")]
    assert "Rows without a date of purchase: Mar 2" in page.text


def test_how_letters_read_is_asked_with_examples(
    small_olga: Visitor, small_house: Services, small_desk: Desk
) -> None:
    """D8."""
    small_desk.package(sessions=10, name="course of 10")
    data = "Client,Package,Left,Purchased\nSøren Holm,course of 10,4,2026-01-05\n".encode("cp1252")
    address = send(small_olga, data).headers["Location"]
    page = small_olga.page(address)
    assert "Which of these reads right?" in page.text
    assert "Sřren Holm" in page.text
    small_olga.send(page.form("/columns"), encoding="cp1252")
    work(small_house)
    page = small_olga.page(address)
    assert "1 course ready to import" in page.text
    assert page.form("/columns").fields["encoding"] == "cp1252"
    assert small_olga.send(page.form("/columns"), encoding="klingon").status_code == 422


def test_wrong_rows_are_shown_and_can_be_saved(small_olga: Visitor, small_house: Services, sent: str) -> None:
    wrong = send(small_olga, book_of(row("<b>Bea</b>", left="x"))).headers["Location"]
    work(small_house)
    page = small_olga.get(wrong)
    assert "1 row can’t be imported yet" in Page(page.text).text
    assert "is not a whole number" in page.text
    saved = small_olga.get(f"{wrong}/rows-to-fix.csv")
    assert saved.headers["Content-Disposition"] == "attachment; filename=rows-to-fix.csv"
    assert "is not a whole number" in saved.text
    assert small_olga.get(f"{sent}/rows-to-fix.csv").status_code == 409


def test_a_deed_that_comes_too_late_is_told(small_olga: Visitor, sent: str) -> None:
    page = small_olga.page(sent)
    small_olga.after(page.form("/cancel"))
    answer = small_olga.send(page.form("/start"))
    assert (answer.status_code, "was canceled" in answer.text) == (409, True)
    assert small_olga.get("/import/none").status_code == 404


def test_a_refused_start_leaves_the_columns_as_they_are(
    small_olga: Visitor, small_house: Services, sent: str
) -> None:
    page = small_olga.page(sent)
    small_olga.send(page.form("/columns"), **{"column-6": "", "dates": "day"})
    work(small_house)
    answer = small_olga.send(page.form("/start"))
    assert (answer.status_code, Page(answer.text).form("/columns").fields["dates"]) == (409, "day")
    told, now = (each.form("/columns").fields for each in (Page(answer.text), small_olga.page(sent)))
    # Both hold when they were made.
    made_anew = {"key": "", "csrf_token": ""}
    assert {**told, **made_anew} == {**now, **made_anew}


def test_an_undo_needs_its_reason_and_stays_open(
    small_olga: Visitor, small_house: Services, sent: str
) -> None:
    small_olga.send(small_olga.page(sent).form("/start"))
    work(small_house)
    answer = small_olga.send(small_olga.page(sent).form("/undo"), reason=" ")
    undo = Page(answer.text).with_id("undo")
    assert undo is not None
    assert (answer.status_code, "open" in undo.attributes) == (422, True)


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_there_is_a_file_to_start_from(small_olga: Visitor, small_desk: Desk, ending: str) -> None:
    small_desk.package(name="Glow 12")
    saved = small_olga.get(f"/import/template.{ending}")
    assert saved.headers["Content-Disposition"].endswith(f"courses-to-import.{ending}")
    assert send(small_olga, saved.data, f"template.{ending}").status_code == 303


def test_a_file_that_can_not_be_worked_on_is_given_back(
    small_olga: Visitor, small_house: Services, clock: HandMovedClock, sent: str
) -> None:
    page = small_olga.page(sent)
    small_olga.send(page.form("/start"))

    def breaks() -> str:
        raise OSError("the disk is full")

    with Store(str(small_house.store.url), make_id=breaks) as store:
        for _ in range(5):
            Worker(replace(small_house, store=store), log=Log()).run_next("imports")
            clock.advance(hours=1)
    assert "could not process this file" in small_olga.page(sent).text
