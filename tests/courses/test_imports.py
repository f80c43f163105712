"""Courses from the clinic's old book: all of a file or none of it, once, and undone whole."""

import io
import itertools
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import func, select

from plugin.core.ledger import Kind
from plugin.core.terms import Terms
from plugin.courses.audit import audit
from plugin.courses.base.read import courses_of_client, recent_sales
from plugin.courses.base.sheet import Format, write
from plugin.courses.base.views import CourseView
from plugin.courses.catalog.packages import list_packages
from plugin.courses.clients.clients import find_clients
from plugin.courses.handouts.content import summary_paper
from plugin.courses.imports.batches import Chosen, cancel_import, receive_file, set_columns, start_import
from plugin.courses.imports.views import list_imports, template_sheet, wrong_sheet
from plugin.courses.visits.reverse import reverse
from plugin.errors import InvalidField, NotAllowed, Refused
from plugin.store import Store
from plugin.store.bulk import ImportBatch
from plugin.store.ledger import Course, Entry
from plugin.store.offers import Package
from plugin.store.people import Client
from tests.clock import HandMovedClock
from tests.courses.desk import DEB, FACIAL, OLGA, Desk
from tests.courses.old_book import FACIAL_12, HEADINGS, OldBook, book_of, row
from tests.courses.racing import race


@pytest.fixture
def book(lite_store: Store, clock: HandMovedClock) -> Iterator[OldBook]:
    """A clinic that sells a package of 12 with two touch-ups; its ledger adds up after every test."""
    desk = Desk(lite_store, clock)
    desk.package(touch_ups=2)
    yield OldBook(desk)
    assert audit(lite_store) == ()


def count(store: Store, table: type) -> int:
    with store.reading() as session:
        return int(session.scalar(select(func.count()).select_from(table)) or 0)


def the_course(book: OldBook, q: str = "ana") -> CourseView:
    (found,) = find_clients(book.store, q, today=book.desk.today).rows
    return courses_of_client(book.store, found.client.id, today=book.desk.today)[0]


def test_a_half_used_course_comes_in_with_what_is_left(book: OldBook) -> None:
    done = book.bring_in(row(note="Receipt 1041"))
    assert (done.state, done.found["courses"], done.found["new_clients"]) == ("imported", 1, 1)
    course = the_course(book)
    main, touch_ups = course.allowances
    assert (course.left, course.used, course.granted, touch_ups.left) == (5, 7, 12, 2)
    assert (course.paid.amount, course.price.amount, course.square_order_id) == (198000, 198000, None)
    # $1,980.00 over 14 sessions of one price; 7 of the 12 facials are earned.
    assert (main.value_left.amount, touch_ups.value_left.amount) == (70715, 28286)
    kinds = [(each.kind, each.source, each.visit_id) for each in course.entries]
    assert kinds == [
        (kind, "import", None) for kind in (Kind.SOLD, Kind.PAID, Kind.SOLD, Kind.PAID, Kind.USED)
    ]
    assert {each.happened_at.date() for each in course.entries} == {date(2026, 3, 2)}
    assert course.entries[0].reason == "Imported from “old book.csv”, line 2. Receipt 1041"
    assert course.entries[-1].reason == "Imported: used before Coursekeeper"


def test_the_next_visit_goes_on_where_the_book_ended(book: OldBook) -> None:
    book.bring_in(row())
    course = the_course(book)
    used = book.desk.use(course.id)
    assert (used.session_number, used.sessions_left) == (8, 4)
    after = the_course(book)
    assert [each.number for each in after.visits] == [8]
    assert (after.no_shows, after.used_before) == ((), 7)


def test_a_paper_shows_the_sessions_used_before_without_a_day(book: OldBook) -> None:
    book.bring_in(row())
    course = the_course(book)
    book.desk.use(course.id)
    paper = summary_paper(book.store, course.id, now=book.desk.clock())
    stamps = paper.allowances[0].stamps
    assert [stamp.on for stamp in stamps[:8]] == [None] * 7 + [book.desk.today]
    assert [stamp.state for stamp in stamps] == ["used"] * 8 + ["left"] * 4
    assert (paper.earlier_visits, len(paper.visits)) == (7, 1)


def test_the_desk_can_not_give_back_what_was_used_before(book: OldBook) -> None:
    book.bring_in(row())
    with pytest.raises(Refused) as refusal:
        reverse(book.store, book.desk.act(), the_course(book).entries[-1].id, "Slip")
    assert (str(refusal.value), refusal.value.code) == (
        "These sessions were used before Coursekeeper. The owner can correct their number.",
        "not_reversible",
    )


def test_what_was_sold_elsewhere_is_no_sale_of_today(book: OldBook) -> None:
    file = book.checked(row(sold_on=""))
    book.keep(file.id, sold_on=book.desk.today)
    book.start(file.id)
    book.work()
    assert the_course(book).sold_at.date() == book.desk.today
    assert recent_sales(book.store, limit=8, today=book.desk.today) == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"bought": ""}, (12, 5)),
        ({"bought": "10"}, (10, 5)),
        ({"left": "0"}, (12, 0)),
        ({"left": "12"}, (12, 12)),
        ({"package": "FACIAL ACUPUNCTURE, course of 12"}, (12, 5)),
        ({"package": "", "treatment": "Cupping"}, (12, 5)),
    ],
)
def test_the_numbers_follow_from_what_a_row_tells(
    book: OldBook, said: dict[str, str], expected: tuple[int, int]
) -> None:
    book.bring_in(row(**said))
    course = the_course(book)
    assert (course.granted, course.left) == expected


def test_the_days_of_expiry_are_the_files_or_the_packages(book: OldBook) -> None:
    book.desk.package(name="Yearly", terms=Terms(expires_after_months=12))
    book.bring_in(
        row("Ana", package="Yearly"),
        row("Bea", package="Yearly", expires="2026-12-24"),
        row("Cyd", expires="never"),
    )
    days = {name: the_course(book, name).expires_on for name in ("ana", "bea", "cyd")}
    assert days == {"ana": date(2027, 3, 2), "bea": date(2026, 12, 24), "cyd": None}


def test_a_treatment_without_a_package_gets_one_that_is_not_for_sale(book: OldBook) -> None:
    book.bring_in(
        row("Ana", package="", treatment=FACIAL),
        row("Bea", package="", treatment=FACIAL.upper()),
        row("Cyd", package="", treatment="Cupping", bought="6", left="1", price="300"),
    )
    with book.store.reading() as session:
        made = session.scalars(select(Package.name).where(Package.is_active.is_(False))).all()
    assert sorted(made) == ["Cupping", FACIAL]
    assert [each.name for each in list_packages(book.store).rows] == [FACIAL_12]
    assert the_course(book, "cyd").allowances[0].single_price.amount == 5000
    assert the_course(book).allowances[0].single_price.amount == 16500
    book.bring_in(row("Dee", package="", treatment=FACIAL))
    assert count(book.store, Package) == 3


@pytest.mark.parametrize(
    ("said", "column", "reason"),
    [
        ({"client": ""}, "Client", "The name is missing"),
        ({"client": "x" * 121}, "Client", "121 characters"),
        ({"phone": "12"}, "Phone", "not a full phone number"),
        ({"email": "ana@"}, "E-mail", "not an e-mail address"),
        ({"package": "Facial 11"}, "Package", "No package is called “Facial 11”"),
        ({"package": ""}, "Treatment", "is missing"),
        ({"bought": "x"}, "Bought", "not a whole number"),
        ({"bought": "0"}, "Bought", "is 1 to 999"),
        ({"bought": "1000", "left": "1"}, "Bought", "is 1 to 999"),
        ({"left": ""}, "Left", "Write 0 where there is none"),
        ({"left": "13"}, "Left", "13 left is more than the 12 bought"),
        ({"left": "-1"}, "Left", "not a whole number"),
        ({"price": "1.650"}, "Price", "can be read as"),
        ({"price": "12 EUR"}, "Price", "not an amount in USD"),
        ({"sold_on": "2026-11-23"}, "Sold on", "in the future"),
        ({"sold_on": "soon"}, "Sold on", "not a date"),
        ({"expires": "2026-03-01"}, "Expires", "before it was sold"),
        ({"note": "x" * 501}, "Note", "at most 500 fit"),
        ({"note": "x" * 300}, "Note", "at most 240 fit"),
    ],
)
def test_each_wrong_cell_is_named_with_line_column_and_reason(
    book: OldBook, said: dict[str, str], column: str, reason: str
) -> None:
    file = book.checked(row("Bea"), row(**said))
    ((line, named, why),) = file.found["wrong"]
    assert (line, named) == (3, column)
    assert reason in why
    with pytest.raises(Refused, match="as it is"):
        book.start(file.id)


def test_used_and_left_have_to_make_what_was_bought(book: OldBook) -> None:
    headings = ("Client", "Package", "Bought", "Used", "Left", "Sold on")
    file = book.checked(
        ("Ana", FACIAL_12, "12", "6", "5", "2026-03-02"),
        ("Bea", FACIAL_12, "", "6", "5", "2026-03-02"),
        headings=headings,
    )
    assert file.found["wrong"] == [[2, "Left", "6 used and 5 left are not the 12 bought."]]
    assert file.found["courses"] == 1


def test_everything_wrong_with_a_row_is_said_at_once(book: OldBook) -> None:
    file = book.checked(row("", phone="1", package="?", left="x", price="?", sold_on="?", expires="?"))
    assert [each[1] for each in file.found["wrong"]] == [
        "Client",
        "Package",
        "Left",
        "Price",
        "Sold on",
        "Expires",
    ]


def test_one_wrong_row_keeps_all_out(book: OldBook) -> None:
    file = book.checked(*(row(f"Client {n}") for n in range(20)), row(left="99"))
    assert (file.state, file.found["wrong_lines"], file.is_ready) == ("checked", 1, False)
    assert (count(book.store, Course), count(book.store, Client)) == (0, 0)


def test_a_row_that_stands_twice_is_named(book: OldBook) -> None:
    file = book.checked(row(), row("Bea"), row(phone="+1 415 555 0123"))
    assert [(each[0], each[2][:18]) for each in file.found["wrong"]] == [(4, "The same as line 2")]
    assert book.checked(row(note="A"), row(note="B")).is_ready


def test_an_unclear_day_is_asked_once_for_the_whole_file(book: OldBook) -> None:
    file = book.checked(row(sold_on="03/04/2026"), row("Bea", sold_on="05/06/2026"))
    assert (file.found["asks_day"], file.is_ready) == ("03/04/2026", False)
    with pytest.raises(Refused):
        book.start(file.id)
    names = [column.means for column in file.columns]
    book.say(file.id, *names, is_day_first=True)
    book.work()
    assert [each.sold_on for each in book.view(file.id).first] == [date(2026, 4, 3), date(2026, 6, 5)]


def test_the_owner_says_what_the_columns_hold(book: OldBook) -> None:
    file = book.checked(("Ana", FACIAL, "3", "9"), headings=("Who", "What", "Rest", "All"))
    assert (file.state, file.problem) == ("mapping", "Say which column holds the client’s name.")
    with pytest.raises(InvalidField, match="Two columns"):
        book.say(file.id, "name", "treatment", "left", "left")
    with pytest.raises(InvalidField, match="from the list"):
        book.say(file.id, "name", "nonsense")
    book.say(file.id, "name", "treatment", "left", "sessions", sold_on=date(2026, 3, 2))
    book.work()
    assert book.view(file.id).first[0].left == 3


# Who it is ---------------------------------------------------------------------------------------------------------


def test_a_client_is_known_by_name_and_phone_or_email(book: OldBook) -> None:
    ana = book.desk.client("Ana Souza", phone="+14155550123")
    bea = book.desk.client("Béa Lim", email="bea@example.org")
    done = book.bring_in(
        row("ana souza"),
        row("Bea Lim", phone="", email="BEA@example.org"),
        row("Ana Souza", phone="+14155550199"),
    )
    assert (done.found["known_clients"], done.found["new_clients"]) == (2, 1)
    assert all(courses_of_client(book.store, each, today=book.desk.today) for each in (ana, bea))


def test_a_name_alone_is_nobody_known(book: OldBook) -> None:
    ana = book.desk.client("Ana Souza", phone="+14155550123")
    done = book.bring_in(row(phone=""), row(phone="", note="Second"))
    assert (done.found["known_clients"], done.found["new_clients"]) == (0, 1)
    assert courses_of_client(book.store, ana, today=book.desk.today) == ()
    assert any("namesake" in each for each in done.found["mind"])


def test_a_row_that_fits_two_clients_is_refused(book: OldBook) -> None:
    book.desk.client("Ana Souza", phone="+14155550123")
    book.desk.client("Ana Souza", email="ana@example.org")
    file = book.checked(row(email="ana@example.org"))
    assert "Two clients here fit" in file.found["wrong"][0][2]


def test_names_of_every_script_come_in_as_they_are(book: OldBook) -> None:
    names = ["李梅", "Ольга Иванова", "محمد علي", "Ngọc Ánh", "O’Brien-Źółć", "कविता"]
    book.bring_in(*(row(name, phone="", note=name) for name in names))
    assert {the_course(book, name).client_name for name in names} == set(names)


# Once --------------------------------------------------------------------------------------------------------------


def test_the_same_file_twice_is_imported_once(book: OldBook) -> None:
    done = book.bring_in(row())
    again = receive_file(book.store, book.act(), "copy.csv", book_of(row()).decode().encode("utf-16"))
    assert (again.batch_id, again.is_known, again.state) == (done.id, True, "imported")
    assert len(list_imports(book.store, limit=9)) == 1


def test_the_corrected_copy_does_not_count_what_came_before_twice(book: OldBook) -> None:
    book.bring_in(row())
    file = book.checked(row(), row("Bea"))
    assert file.found["wrong"] == [
        [2, "", "This course was imported before, from “old book.csv”. Take this line out."]
    ]


def test_pressed_twice_it_is_done_once(book: OldBook) -> None:
    file = book.checked(row())
    book.start(file.id)
    book.start(file.id)
    book.work()
    book.start(file.id)
    assert book.work() == []
    assert count(book.store, Course) == 1


def test_two_owners_at_once_import_it_once(desk: Desk) -> None:
    desk.package()
    book = OldBook(desk)
    ids = [book.send(row()), ""]
    with desk.store.writing() as session:
        # The same file sent by two owners in the same moment.
        first = session.get_one(ImportBatch, ids[0])
        ids[1] = desk.store.new_id()
        kept = ("name", "sha256", "file", "shape", "mapping", "rows_total", "created_at", "by")
        twin = ImportBatch(id=ids[1], state="checked", **{name: getattr(first, name) for name in kept})
        session.add(twin)
    book.work()
    with desk.store.writing() as session:
        session.get_one(ImportBatch, ids[1]).found = session.get_one(ImportBatch, ids[0]).found
    answers = race(lambda number: start_import(desk.store, desk.act(OLGA), ids[number % 2]))
    assert sorted({each or "started" for each in answers}) == ["imported_before", "started"]
    book.work()
    assert count(desk.store, Course) == 1


def test_two_workers_on_one_file_write_it_once(desk: Desk) -> None:
    desk.package()
    book = OldBook(desk)
    file = book.checked(row())
    book.start(file.id)
    owed_twice: list[str] = []

    def lease_runs_out() -> None:
        if not owed_twice:
            owed_twice.append("")
            desk.clock.advance(hours=1)
            book.work()

    assert book.work(meanwhile=lease_runs_out) == ["Canceled, or to be checked again."]
    assert (count(desk.store, Course), book.view(file.id).state) == (1, "imported")


@pytest.mark.parametrize("ids", [1, 4, 12])
def test_a_crash_in_the_middle_leaves_nothing_and_the_next_try_all(book: OldBook, ids: int) -> None:
    file = book.checked(row(), row("Bea"))
    book.start(file.id)
    before = {table: count(book.store, table) for table in (Client, Course, Entry, Package)}
    left = itertools.chain(range(ids), itertools.repeat(None))

    def dies_after_a_few() -> str:
        if next(left) is None:
            raise KeyboardInterrupt
        return book.store.new_id()

    with Store(str(book.store.url), make_id=dies_after_a_few) as dying, pytest.raises(KeyboardInterrupt):
        book.work(store=dying)
    assert {table: count(book.store, table) for table in before} == before
    assert book.work() == []
    book.desk.clock.advance(minutes=10)
    assert book.work() == ["Done."]
    assert count(book.store, Course) == 2


def test_what_changed_since_the_check_is_seen_before_anything_is_written(book: OldBook) -> None:
    file = book.checked(row(email="ana@example.org"))
    book.desk.client("Ana Souza", phone="+14155550123")
    book.desk.client("Ana Souza", email="ana@example.org")
    book.start(file.id)
    assert book.work() == ["Something in it is wrong."]
    assert (book.view(file.id).state, count(book.store, Course)) == ("checked", 0)


# Given up, taken back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_started", [False, True])
def test_given_up_in_time_nothing_is_written(book: OldBook, is_started: bool) -> None:
    batch_id = book.send(row())
    if is_started:
        book.work()
        book.start(batch_id)
    assert book.work(meanwhile=lambda: cancel_import(book.store, book.act(), batch_id)) == [
        "Canceled, or to be checked again."
    ]
    with book.store.reading() as session:
        batch = session.get_one(ImportBatch, batch_id)
        assert (batch.state, batch.file, batch.shape["examples"]) == ("canceled", None, [])
    assert count(book.store, Course) == 0
    with pytest.raises(Refused, match="was canceled"):
        book.start(batch_id)
    assert book.send(row()) != batch_id


def test_too_late_to_give_up_is_told(book: OldBook) -> None:
    done = book.bring_in(row())
    with pytest.raises(Refused, match="undo the import"):
        cancel_import(book.store, book.act(), done.id)


def test_a_check_of_older_columns_is_not_believed(book: OldBook) -> None:
    batch_id = book.send(row())
    other = ["name", "phone", "", "", "treatment", "sessions", "left", "", "sold_on", "", "package"]
    changes = iter([lambda: book.say(batch_id, *other)])
    assert book.work(meanwhile=lambda: next(changes, lambda: None)()) == [
        "Canceled, or to be checked again.",
        "Something in it is wrong.",
    ]
    assert book.view(batch_id).found["wrong"][0][1] == "Treatment"


def test_a_file_nobody_came_back_to_is_let_go(book: OldBook) -> None:
    first = book.send(row())
    book.desk.clock.advance(days=8)
    book.send(row("Bea"))
    assert book.view(first).state == "canceled"


def test_an_import_is_taken_back_by_entries(book: OldBook) -> None:
    known = book.desk.client("Ana Souza", phone="+14155550123")
    done = book.bring_in(row(), row("Bea", phone="", email="bea@example.org"))
    written = count(book.store, Entry)
    assert book.undo(done.id) == 2
    assert book.undo(done.id) == 0
    after = book.view(done.id)
    assert (after.state, after.undone_by, after.undone_because) == ("undone", "Olga", "Wrong file")
    assert (count(book.store, Course), count(book.store, Entry)) == (2, 2 * written)
    # Bea was imported with it and has nothing else; Ana was here before, and still has an empty page.
    assert [each.client.name for each in find_clients(book.store, "", today=book.desk.today).rows] == [
        "Ana Souza"
    ]
    assert courses_of_client(book.store, known, today=book.desk.today) == ()
    with book.store.reading() as session:
        assert set(session.scalars(select(Entry.source))) == {"import"}


def test_after_an_undo_the_same_file_comes_in_again(book: OldBook) -> None:
    book.undo(book.bring_in(row()).id)
    again = book.bring_in(row())
    assert (again.state, the_course(book).left) == ("imported", 5)


def test_a_course_used_since_keeps_its_import(book: OldBook) -> None:
    done = book.bring_in(row(), row("Bea", phone=""))
    used = book.desk.use(the_course(book).id)
    with pytest.raises(Refused, match="One course was used or changed since, of Ana Souza"):
        book.undo(done.id)
    book.desk.undo(used.entry.id)
    with pytest.raises(Refused, match="used or changed since"):
        book.undo(done.id)


def test_a_client_who_has_something_else_by_now_stays(book: OldBook) -> None:
    done = book.bring_in(row())
    sold = book.desk.sell()
    assert book.desk.course(sold).client_id == the_course(book).client_id
    book.undo(done.id)
    assert the_course(book).id == sold


def test_it_is_the_owners_alone(book: OldBook) -> None:
    batch_id = book.send(row())
    desk = book.desk.act(DEB)
    for deed in (
        lambda: receive_file(book.store, desk, "x.csv", book_of(row())),
        lambda: set_columns(book.store, desk, batch_id, Chosen({})),
        lambda: start_import(book.store, desk, batch_id),
        lambda: cancel_import(book.store, desk, batch_id),
    ):
        with pytest.raises(NotAllowed):
            deed()


# The files it hands out --------------------------------------------------------------------------------------------


def test_the_rows_to_mend_come_back_whole_and_run_nothing(book: OldBook) -> None:
    file = book.checked(row("Bea"), row('=HYPERLINK("http://x")', left="x", phone="+1415"))
    out = io.BytesIO()
    write(wrong_sheet(book.store, file.id), Format.CSV, out, for_people=True)
    headings, mend = out.getvalue().decode("utf-8-sig").splitlines()
    assert headings == ",".join((*HEADINGS, "Line", "Why not"))
    assert mend.startswith('"\'=HYPERLINK(""http://x"")",\'+1415,')
    assert "Left: “x” is not a whole number, such as 12." in mend


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("package", [FACIAL_12, ""])
def test_the_file_to_start_from_is_understood_as_it_is(book: OldBook, form: Format, package: str) -> None:
    out = io.BytesIO()
    write(template_sheet("USD", package), form, out, for_people=True)
    batch_id = receive_file(book.store, book.act(), f"template.{form}", out.getvalue()).batch_id
    book.work()
    file = book.view(batch_id)
    assert (file.is_ready, file.found["courses"], file.found["paid"]) == (True, 2, 330000)
    assert all(column.means for column in file.columns)
