"""Papers for many clients at once: what is made and what is not, listed by name; stopped, resumed, deleted."""

import hashlib
import io
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from zipfile import ZipFile

import pikepdf
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from invoices.papers import AftercareSheet, Paper, PaperFailed, PaperRefused
from plugin.core.acts import Act, Actor, Role
from plugin.courses.accounts.staff import add_staff
from plugin.courses.base.outbox import Job, claim_job, complete_job
from plugin.courses.clients.contacts import Buyer
from plugin.courses.handouts.batch_run import (
    BATCH_LEASE_S,
    Printer,
    clients_named,
    fail_batch,
    run_batch,
    write_batch,
)
from plugin.courses.handouts.batches import (
    BATCH,
    MOST_PAPERS,
    BatchView,
    Names,
    batch_file,
    batches_of,
    cancel_batch,
    delete_old_batches,
    paper_file_name,
    read_batch,
    safe_name,
    start_batch,
)
from plugin.courses.handouts.cache import hand_out
from plugin.courses.handouts.selection import Choice, Listing, ids_on, people_chosen
from plugin.courses.privacy.erasure import Erasure, erase_client
from plugin.errors import InvalidField, NotAllowed, NotFound, Refused
from plugin.store import Store
from plugin.store.documents import Document, DocumentCourse, DocumentFile, PaperBatch
from plugin.store.ledger import Course
from plugin.store.queues import Handout
from tests.clock import HandMovedClock
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA, Desk

BOTH = ("summary", "aftercare")


@cache
def page() -> bytes:
    out = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(out)
    return out.getvalue()


class Press:
    """A fake renderer: records what it drew, and does what a test asks of it before each paper."""

    def __init__(self) -> None:
        self.drawn: list[str] = []
        self.before: Callable[[Paper], None] = lambda _paper: None

    def __call__(self, paper: Paper, _assets: Mapping[str, bytes]) -> bytes:
        self.before(paper)
        self.drawn.append(paper.client_name)
        return page()


class Room:
    """Where batches are made: the desk, a person at it, and a worker."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.store = desk, desk.store
        self.press = Press()
        self.printer = Printer(desk.store, self.press)
        self.deb = self.hire("Deb", Role.DESK)
        self.package = desk.package()

    def hire(self, name: str, role: Role) -> Actor:
        return add_staff(
            self.store,
            email=f"{name}@example.org",
            name=name,
            role=role,
            password_hash="x",
            now=self.desk.clock(),
        ).actor

    def client(self, name: str, *, visits: int = 0) -> str:
        """Make a client with a course, of which so many sessions were used."""
        course = self.desk.sell(self.package, buyer=Buyer(f"CUSTOMER-{name}", name=name))
        for _ in range(visits):
            self.desk.use(course)
        return self.desk.course(course).client_id or ""

    def act(self, actor: Actor | None = None, key: str | None = None) -> Act:
        return self.desk.act(actor or self.deb, key=key)

    def start(
        self, *clients: str, kinds: tuple[str, ...] = BOTH, form: str = "zip", key: str | None = None
    ) -> str:
        return start_batch(self.store, self.act(key=key), Choice(clients, kinds), form)

    def take(self) -> Job | None:
        return claim_job(self.store, self.desk.clock(), of=(BATCH,), lease_s=BATCH_LEASE_S)

    def work(self) -> str | None:
        owed = self.take()
        assert owed is not None
        said = run_batch(self.printer, self.desk.clock, owed)
        complete_job(self.store, owed.id, state="done", outcome=said or "", now=self.desk.clock())
        return said

    def view(self, batch_id: str) -> BatchView:
        return read_batch(self.store, self.deb, batch_id)

    def content(self, batch_id: str) -> bytes:
        return batch_file(self.store, self.deb, batch_id).content


@pytest.fixture
def room(lite: Appointments) -> Room:
    return Room(lite.desk)


def test_a_zip_holds_a_file_for_each_paper_under_a_name_to_find(room: Room) -> None:
    batch = room.start(room.client("Margaret Osei", visits=1), room.client("Wu/陳 美玲", visits=2))
    assert (room.view(batch).state, room.view(batch).total, room.view(batch).size) == ("waiting", 4, None)
    assert room.work() == "4 papers made."
    made = batch_file(room.store, room.deb, batch)
    assert (made.name, made.mimetype) == ("Papers, 2026-11-22.zip", "application/zip")
    with ZipFile(io.BytesIO(made.content)) as packed:
        assert packed.namelist() == [
            "Margaret Osei, course summary, 2026-11-22.pdf",
            "Margaret Osei, aftercare sheet, 2026-11-22.pdf",
            "Wu陳 美玲, course summary, 2026-11-22.pdf",
            "Wu陳 美玲, aftercare sheet, 2026-11-22.pdf",
        ]
        assert {packed.read(name) for name in packed.namelist()} == {page()}
    view = room.view(batch)
    assert (view.state, view.done, view.made, view.left_out) == ("ready", 4, 4, ())


def test_one_pdf_holds_them_in_the_order_of_their_names(room: Room) -> None:
    batch = room.start(room.client("Zoe", visits=1), room.client("Ana", visits=1), form="pdf")
    room.work()
    with pikepdf.open(io.BytesIO(room.content(batch))) as pdf:
        assert len(pdf.pages) == 4
        with pdf.open_outline() as outline:
            assert [str(each.title) for each in outline.root] == [
                "Ana, course summary, 2026-11-22",
                "Ana, aftercare sheet, 2026-11-22",
                "Zoe, course summary, 2026-11-22",
                "Zoe, aftercare sheet, 2026-11-22",
            ]


def test_each_paper_is_noted_as_handed_out_and_a_ready_one_is_not_drawn_again(room: Room) -> None:
    client = room.client("Ana", visits=1)
    course = room.store
    with room.store.reading() as session:
        assert session.scalars(select(Handout)).all() == []
    room.start(client)
    room.work()
    room.start(client)
    room.work()
    assert room.press.drawn == ["Ana", "Ana"]
    with course.reading() as session:
        assert [(each.kind, each.by) for each in session.scalars(select(Handout).order_by(Handout.kind))] == [
            ("aftercare", "Deb"),
            ("summary", "Deb"),
        ]


def test_what_could_not_be_made_is_listed_with_the_reason(room: Room) -> None:
    def jam(paper: Paper) -> None:
        if paper.client_name == "Too long":
            raise PaperRefused("The name is too long for a paper.")
        if isinstance(paper, AftercareSheet):
            raise PaperFailed("A paper worker died.")

    room.press.before = jam
    ana, long = room.client("Ana", visits=1), room.client("Too long")
    nobody = room.desk.client("New Person", phone="4155550199")
    batch = room.start(ana, long, nobody)
    assert room.work() == "1 papers made."
    view = room.view(batch)
    assert [(each.client_name, each.kind, each.why) for each in view.left_out] == [
        ("New Person", "", "No course yet."),
        ("Too long", "aftercare", "No visit yet."),
        ("Ana", "aftercare", "The paper could not be made just now. Nothing is lost; try again."),
        ("Too long", "summary", "The name is too long for a paper."),
    ]
    assert (view.total, view.done, view.made) == (3, 3, 1)


def test_an_invoice_goes_along_as_it_was_issued(lite_store: Store, clock: HandMovedClock) -> None:
    # Not a ledger that adds up: the document is made up.
    room = Room(Desk(lite_store, clock))
    client = room.client("Ana")
    with room.store.reading() as session:
        course = session.scalars(select(Course.id).where(Course.client_id == client)).one()

    def issue(session: Session) -> None:
        now = room.desk.clock()
        session.add(
            Document(
                id="doc", kind="invoice", place=1, number="INV-0001", subject="ORDER", client_id=client,
                language="en", currency="USD", content="{}", content_sha256=_sha256(b"{}"), by="Deb", issued_at=now,
            )
        )  # fmt: skip
        session.flush()
        session.add(DocumentCourse(document_id="doc", course_id=course))
        issued = b"as issued"
        session.add(DocumentFile(document_id="doc", pdf=issued, sha256=_sha256(issued), drawn_at=now))

    room.store.transact(issue)
    batch = room.start(client, kinds=("invoice",))
    room.work()
    with ZipFile(io.BytesIO(room.content(batch))) as packed:
        assert packed.read("Ana, invoice INV-0001, 2026-11-22.pdf") == b"as issued"
    assert room.press.drawn == []


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_worker_that_died_over_one_paper_costs_nobody_theirs(room: Room) -> None:
    falls = iter([True, False])

    def jam(_paper: Paper) -> None:
        if next(falls):
            raise PaperFailed("A paper worker died.")

    room.press.before = jam
    batch = room.start(room.client("Ana"), kinds=("summary",))
    room.work()
    assert room.view(batch).left_out == ()


def test_where_no_paper_came_out_there_is_no_file(room: Room) -> None:
    def refuse(_paper: Paper) -> None:
        raise PaperRefused("No.")

    room.press.before = refuse
    for form in ("zip", "pdf"):
        batch = room.start(room.client("Ana"), kinds=("summary",), form=form)
        room.work()
        assert (room.view(batch).state, room.view(batch).size, room.view(batch).made) == ("ready", None, 0)


def test_the_papers_of_a_day_are_those_of_its_visits(room: Room) -> None:
    early = room.client("Early", visits=1)
    room.desk.clock.advance(days=1)
    late = room.client("Late", visits=2)
    old = room.desk.sell(room.package, buyer=Buyer("CUSTOMER-Late"))
    room.desk.use(old)
    day = room.desk.today
    wish = Choice((early, late), ("summary", "aftercare"), day)
    batch = start_batch(room.store, room.act(), wish, "zip")
    view = room.view(batch)
    assert {(each.client_name, each.why) for each in view.left_out} == {("Early", "No visit yet.")}
    # Two courses used that day, and three visits.
    assert view.total == 5

    def on(listing: Listing, q: str) -> tuple[str, ...]:
        return ids_on(room.store, listing, q, today=day, now=room.desk.clock(), limit=9)

    assert on(Listing.CAME, "") == (late,)
    assert on(Listing.ALL, "l") == (early, late)
    assert on(Listing.BOOKED, "") == ()
    assert [each.client.name for each in people_chosen(room.store, [early], today=day)] == ["Early"]


def test_two_taps_make_one_batch_and_a_person_has_one_at_a_time(room: Room) -> None:
    ana = room.client("Ana")
    first = room.start(ana, kinds=("summary",), key="tap")
    assert room.start(ana, kinds=("summary",), key="tap") == first
    with pytest.raises(Refused, match="still being made"):
        room.start(ana, kinds=("summary",))
    june = room.hire("June", Role.OWNER)
    start_batch(room.store, room.act(june), Choice((ana,), ("summary",)), "pdf")
    room.work()
    assert room.start(ana, kinds=("summary",)) != first


@pytest.mark.parametrize(
    ("clients", "kinds", "form", "says"),
    [
        ((), ("summary",), "pdf", "at least one client"),
        (("ana",), (), "pdf", "at least one paper"),
        (("ana",), ("summary", "passport"), "pdf", "at least one paper"),
        (("ana",), ("summary",), "docx", "One PDF or a ZIP"),
        (("ana",), ("aftercare",), "pdf", "No visit yet"),
        (("ana",), ("invoice",), "pdf", "No invoice was issued"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(
    room: Room, clients: tuple[str, ...], kinds: tuple[str, ...], form: str, says: str
) -> None:
    ids = [room.client("Ana") for _ in clients]
    with pytest.raises(InvalidField, match=f"(?i){says}"):
        room.start(*ids, kinds=kinds, form=form)
    assert room.take() is None


def test_more_papers_than_fit_are_refused_with_how_many(room: Room) -> None:
    course = room.desk.sell(room.package)
    client = room.desk.course(course).client_id or ""
    day = room.desk.today
    for _ in range(2):
        room.desk.use(course)
    choice = Choice((client,), ("aftercare",) * (MOST_PAPERS // 2 + 1), day)
    with pytest.raises(InvalidField, match="These are 502 papers, and at most 500"):
        start_batch(room.store, room.act(), choice, "pdf")


def test_it_can_be_stopped_before_and_while_it_is_made(room: Room) -> None:
    clients = [room.client(f"Client {number}") for number in range(6)]
    waiting = room.start(*clients, kinds=("summary",))
    cancel_batch(room.store, room.act(), waiting)
    assert room.work() == "Stopped."
    making = room.start(*clients, kinds=("summary",))
    room.press.before = lambda _paper: cancel_batch(room.store, room.act(), making)
    assert room.work() == "Stopped."
    assert len(room.press.drawn) == 4
    assert room.view(making).state == "canceled"
    assert room.view(making).size is None
    with pytest.raises(NotFound):
        room.content(making)


def test_a_worker_that_died_is_followed_by_another_that_draws_nothing_twice(room: Room) -> None:
    class Killed(Exception):
        pass

    def die(_paper: Paper) -> None:
        if len(room.press.drawn) == 5:
            raise Killed

    clients = [room.client(f"Client {number}") for number in range(7)]
    batch = room.start(*clients, kinds=("summary",), form="pdf")
    room.press.before = die
    first = room.take()
    assert first is not None
    with pytest.raises(Killed):
        run_batch(room.printer, room.desk.clock, first)
    assert (room.view(batch).state, room.view(batch).done, room.view(batch).per_cent) == ("making", 4, 57)
    room.press.before = lambda _paper: None
    assert room.take() is None
    room.desk.clock.advance(seconds=BATCH_LEASE_S)
    assert room.work() == "7 papers made."
    assert len(room.press.drawn) == 7
    # The one that was only slow finds that it has lost its lease.
    assert room.view(batch).state == "ready"
    assert run_batch(room.printer, room.desk.clock, first) == "Stopped."


def test_a_worker_that_was_away_for_too_long_leaves_it_to_the_next(room: Room) -> None:
    batch = room.start(*[room.client(f"Client {number}") for number in range(4)], kinds=("summary",))
    slow = room.take()
    room.desk.clock.advance(seconds=BATCH_LEASE_S)
    quick = room.take()
    assert slow is not None
    assert quick is not None
    assert run_batch(room.printer, room.desk.clock, slow) is None
    assert room.view(batch).is_under_way
    assert run_batch(room.printer, room.desk.clock, quick) == "4 papers made."


def test_given_up_it_says_so(room: Room) -> None:
    batch = room.start(room.client("Ana"), kinds=("summary",))
    owed = room.take()
    assert owed is not None
    fail_batch(room.store, owed, room.desk.clock())
    assert room.view(batch).state == "failed"
    room.start(room.client("Ana"), kinds=("summary",))


def test_the_file_is_kept_for_a_day_and_then_nothing_tells_whose_papers_they_were(room: Room) -> None:
    batch = room.start(room.client("Ana Osei"))
    room.work()
    assert [each.id for each in batches_of(room.store, room.deb, room.desk.clock())] == [batch]
    room.desk.clock.advance(hours=24)
    assert delete_old_batches(room.store, room.desk.clock()) == 0
    room.desk.clock.advance(seconds=1)
    assert delete_old_batches(room.store, room.desk.clock()) == 1
    assert delete_old_batches(room.store, room.desk.clock()) == 0
    view = room.view(batch)
    assert (view.is_forgotten, view.size, view.left_out) == (True, None, ())
    assert batches_of(room.store, room.deb, room.desk.clock()) == ()
    with room.store.reading() as session:
        assert session.get_one(PaperBatch, batch).wish == {"kinds": []}


def test_erasing_somebody_lets_go_of_every_file(room: Room) -> None:
    ready = room.start(room.client("Zoe"), kinds=("summary",))
    room.work()
    zoe = room.client("Zoe")
    waiting = room.start(zoe, kinds=("summary",))
    erase_client(room.store, room.desk.act(OLGA), Erasure(zoe, "Zoe", gives_up=True))
    assert [room.view(each).state for each in (ready, waiting)] == ["ready", "canceled"]
    assert all(room.view(each).is_forgotten and not room.view(each).size for each in (ready, waiting))
    assert room.work() == "Stopped."


def test_a_batch_is_its_person_s_own_and_the_owner_s(room: Room) -> None:
    batch = room.start(room.client("Ana"), kinds=("summary",))
    room.work()
    other = room.hire("Kim", Role.PRACTITIONER)
    for deed in (
        lambda: read_batch(room.store, other, batch),
        lambda: batch_file(room.store, other, batch),
        lambda: cancel_batch(room.store, room.act(other), batch),
    ):
        with pytest.raises(NotFound):
            deed()
    assert read_batch(room.store, OLGA, batch).id == batch
    with pytest.raises(NotAllowed):
        start_batch(room.store, room.act(other), Choice(("any",), ("invoice",)), "pdf")


def test_the_bytes_are_those_handed_out_at_the_desk(room: Room) -> None:
    course = room.desk.sell(room.package, buyer=Buyer("CUSTOMER-A", name="Ana"))
    at_the_desk = hand_out(room.store, room.press, room.desk.act(), course, "summary").pdf
    batch = room.start(room.desk.course(course).client_id or "", kinds=("summary",))
    room.work()
    with ZipFile(io.BytesIO(room.content(batch))) as packed:
        assert [packed.read(name) for name in packed.namelist()] == [at_the_desk]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ('a/b\\c:d*e?f"g<h>i|j', "abcdefghij"),
        ("../../etc/passwd", "etcpasswd"),
        ("  Ana \u202e Souza\n ", "Ana Souza"),
        ("สมหญิง", "สมหญิง"),
        ("अनीता", "अनीता"),
        ("Jose\u0301", "José"),
        ("...", ""),
        ("美" * 80, "美" * 50),
    ],
)
def test_a_file_name_keeps_the_name_and_nothing_dangerous(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_the_same_name_again_gets_a_number(lite: Appointments) -> None:
    day = lite.desk.today
    names, name = Names(), paper_file_name("Ana", "invoice 7", day)
    given = [names.give(each) for each in (name, name.upper(), name)]
    assert given == [
        "Ana, invoice 7, 2026-11-22.pdf",
        "ANA, INVOICE 7, 2026-11-22 (2).PDF",
        "Ana, invoice 7, 2026-11-22 (3).pdf",
    ]
    assert paper_file_name("", "invoice 7", day + timedelta(1)) == "invoice 7, 2026-11-23.pdf"


class TestTheCommand:
    def test_a_list_names_clients_in_any_way(self, room: Room, tmp_path: Path) -> None:
        ana, bea = room.client("Ana Souza"), room.client("Ana Souza-Lima")
        kim = room.desk.client("Kim", phone="4155550199", email="kim@example.org")
        file = tmp_path / "list.txt"
        file.write_text(f"ana souza\n\n{bea}\n  KIM@example.org\n", encoding="utf-8-sig")
        assert clients_named(room.store, room.act(), str(file)) == (ana, bea, kim)
        assert set(clients_named(room.store, room.act(), "all")) == {ana, bea}
        file.write_text("Ana\n\nNobody Here\n")
        with pytest.raises(InvalidField) as refused:
            clients_named(room.store, room.act(), str(file))
        assert refused.value.message.splitlines() == [
            "Line 1: more than one client fits “Ana”. Write the e-mail address or the id.",
            "Line 3: no client matches “Nobody Here”.",
        ]
        with pytest.raises(InvalidField, match="can’t be read"):
            clients_named(room.store, room.act(), str(tmp_path / "none.txt"))

    def test_it_writes_one_file_whole_or_not_at_all(self, room: Room, tmp_path: Path) -> None:
        ana, out, said = room.client("Ana"), tmp_path / "papers.pdf", list[str]()
        choice = Choice((ana,), BOTH)
        made = write_batch(room.printer, room.act(OLGA), choice, "pdf", out, say=said.append)
        assert (made.papers, made.sentences) == (1, ["Ana, aftercare sheet: No visit yet."])
        assert said == ["1 of 1 papers."]
        before = out.read_bytes()

        def jam(_paper: Paper) -> None:
            raise RuntimeError("out of ink")

        room.press.before = jam
        room.desk.clock.advance(days=1)
        with pytest.raises(RuntimeError):
            write_batch(room.printer, room.act(OLGA), choice, "pdf", out, say=said.append)
        assert out.read_bytes() == before
        assert [each.name for each in tmp_path.iterdir()] == ["papers.pdf"]
