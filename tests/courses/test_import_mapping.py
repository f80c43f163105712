"""What a column is taken for: the best of all headings and values, never the first that fits, and asked where even."""

from collections.abc import Iterator
from datetime import date

import pytest

from plugin.courses.audit import audit
from plugin.courses.base.read import courses_of_client
from plugin.courses.clients.clients import find_clients
from plugin.courses.imports.batches import Chosen, receive_file, set_columns
from plugin.courses.imports.columns import Known, Proposal, propose
from plugin.courses.imports.reading import read_table
from plugin.courses.imports.views import ImportView
from plugin.errors import InvalidField, Refused
from plugin.store import Store
from plugin.store.bulk import ImportBatch
from tests.clock import HandMovedClock
from tests.courses.desk import Desk
from tests.courses.old_book import OldBook


@pytest.fixture
def book(lite_store: Store, clock: HandMovedClock) -> Iterator[OldBook]:
    desk = Desk(lite_store, clock)
    desk.package(sessions=10, name="course of 10")
    yield OldBook(desk)
    assert audit(lite_store) == ()


def sent(book: OldBook, text: str | bytes) -> ImportView:
    data = text if isinstance(text, bytes) else text.encode()
    batch_id = receive_file(book.store, book.act(), "export.csv", data).batch_id
    book.work()
    return book.view(batch_id)


def proposed(text: str, *packages: str) -> Proposal:
    return propose(read_table(text.encode()), Known(frozenset(packages)))


def held(text: str, *packages: str) -> dict[str, str]:
    """Return the field of each heading that has one."""
    headings = read_table(text.encode()).headings
    return {
        headings[c]: what.value
        for what, columns in proposed(text, *packages).columns.of.items()
        for c in columns
    }


# Best, not first ----------------------------------------------------------------------------------------------------


def test_an_invoice_number_is_never_sessions(book: OldBook) -> None:
    """D1."""
    file = sent(
        book, "Invoice Number,Client,Package,Remaining,Purchased\n812,Ana Ruiz,course of 10,5,2026-01-05\n"
    )
    assert [(row.client, row.left, row.granted) for row in file.first] == [("Ana Ruiz", 5, 10)]
    assert file.columns[0].means == ""


def test_a_count_beyond_the_package_is_refused_in_words(book: OldBook) -> None:
    """D1."""
    file = sent(book, "Number,Client,Package,Remaining,Purchased\n812,Ana Ruiz,course of 10,5,2026-01-05\n")
    book.say(file.id, "sessions", "name", "package", "left", "sold_on")
    book.work()
    ((line, column, reason),) = book.view(file.id).found["wrong"]
    assert (line, column) == (2, "Number")
    assert reason.startswith("812 sessions are more than this package holds: 10. Correct the number")


@pytest.mark.parametrize(
    "other", ["Location Name", "Staff Name", "Business Name", "Name on Card", "Package Name"]
)
@pytest.mark.parametrize("is_first", [True, False])
def test_the_name_of_something_else_is_not_the_client(other: str, is_first: bool) -> None:
    """D2."""
    cells = [(other, "Westside"), ("Name", "Ana Ruiz")][:: 1 if is_first else -1]
    text = "\n".join(",".join(column) for column in zip(*cells, strict=True))
    assert held(f"{text}\n")["Name"] == "name"


@pytest.mark.parametrize(
    ("headings", "row", "left"),
    [
        ("Current Balance,# of Visits Remaining", "$660.00,4", "# of Visits Remaining"),
        ("Balance,Visits Left", "660.00,4", "Visits Left"),
        ("Remaining,Sessions Available", "$330.00,2", "Sessions Available"),
        ("Account Balance,Credits remaining", "0.00,4", "Credits remaining"),
        ("Amount Remaining,Balance", "660,4", "Balance"),
        ("Account Balance", "0.00", None),
        ("Current Balance", "$660.00", None),
        ("Balance", "660.00", None),
        ("Days Remaining", "40", None),
    ],
)
def test_a_column_of_money_or_days_is_never_a_count(headings: str, row: str, left: str | None) -> None:
    """D3."""
    found = {
        what: heading for heading, what in held(f"Client,Package,{headings}\nAna Ruiz,P,{row}\n").items()
    }
    assert found.get("left") == left


@pytest.mark.parametrize(
    ("headings", "sold_on", "expires_on"),
    [
        ("Exp. Date,Activation Date", "Activation Date", "Exp. Date"),
        ("Exp. Date", None, "Exp. Date"),
        ("Expiration,Start", "Start", "Expiration"),
        ("Valid Thru,Date", "Date", "Valid Thru"),
        ("Activation Date,Purchase Date", "Purchase Date", None),
        ("End Date,Started", "Started", "End Date"),
        ("Join Date,Last Visit,Purchased", "Purchased", None),
        ("Bought", "Bought", None),
        ("Date purchased", "Date purchased", None),
        ("Start date", "Start date", None),
        ("Purchased,Purchase date", "Purchase date", None),
    ],
)
def test_days_are_told_apart_by_what_they_are_called(
    headings: str, sold_on: str | None, expires_on: str | None
) -> None:
    """D4, D5."""
    days = ",".join(["2026-01-05"] * len(headings.split(",")))
    found = {
        what: heading for heading, what in held(f"Client,Package,Left,{headings}\nA,P,4,{days}\n").items()
    }
    assert (found.get("sold_on"), found.get("expires_on")) == (sold_on, expires_on)


@pytest.mark.parametrize(
    ("value", "field"),
    [("2026-01-05", "sold_on"), ("5-Jan-26", "sold_on"), ("46027", "sold_on"), ("10", "sessions")],
)
def test_the_values_say_which_purchased_it_is(value: str, field: str) -> None:
    """D5."""
    assert held(f"Client,Package,Left,Purchased\nAna Ruiz,P,4,{value}\n")["Purchased"] == field


def test_columns_that_do_not_go_with_the_others_are_left_out() -> None:
    text = "Client,Qty,Item,Total,Used,Left\nAna Ruiz,1,P,10,3,7\nBo Lee,1,P,12,2,10\n"
    assert held(text) == {
        "Client": "name",
        "Item": "treatment",
        "Total": "sessions",
        "Used": "used",
        "Left": "left",
    }
    notes = proposed(text).notes
    assert "fits “Sessions bought” better" in notes[1].why


def test_the_clinics_own_packages_tell_their_column() -> None:
    text = "Client,Details,Left\nAna Ruiz,Glow,4\nBo Lee,Glow,4\n"
    assert "Details" not in held(text)
    assert held(text, "glow")["Details"] == "package"


def test_the_order_of_the_columns_makes_no_difference() -> None:
    headings = [
        "Invoice",
        "Location Name",
        "Client",
        "Package",
        "Current Balance",
        "Visits Left",
        "Exp",
        "Purchased",
    ]
    row = ["812", "Westside", "Ana Ruiz", "P", "$660.00", "4", "2027-01-05", "2026-01-05"]
    turned = [
        held(f"{','.join(headings[n:] + headings[:n])}\n{','.join(row[n:] + row[:n])}\n")
        for n in range(len(headings))
    ]
    assert all(each == turned[0] for each in turned)


# Asked --------------------------------------------------------------------------------------------------------------


def test_without_a_date_of_purchase_nothing_can_be_imported_until_somebody_says_one(book: OldBook) -> None:
    """D5."""
    file = sent(book, "Client,Package,Left\nAna Ruiz,course of 10,4\n")
    assert (file.state, file.is_ready) == ("mapping", False)
    assert "date of purchase" in file.problem
    with pytest.raises(Refused):
        book.start(file.id)
    with pytest.raises(InvalidField, match="future"):
        book.keep(file.id, sold_on=date(2026, 11, 23))
    file = book.keep(file.id, sold_on=date(2026, 3, 2))
    assert (file.is_ready, file.sold_on, file.first[0].sold_on) == (True, date(2026, 3, 2), date(2026, 3, 2))


def test_a_row_without_its_date_is_named_until_somebody_says_one(book: OldBook) -> None:
    """D5."""
    text = "Client,Package,Left,Purchased\nAna Ruiz,course of 10,4,\nBo Lee,course of 10,4,2026-01-05\n"
    file = sent(book, text)
    ((line, column, reason),) = file.found["wrong"]
    assert (line, column, reason[:32]) == (2, "Purchased", "The date of purchase is missing.")
    file = book.keep(file.id, sold_on=date(2026, 3, 2))
    assert [row.sold_on for row in file.first] == [date(2026, 3, 2), date(2026, 1, 5)]


def test_two_columns_that_fit_alike_are_asked_about(book: OldBook) -> None:
    text = "Client,Package,Left,Start date,Activation date\nAna Ruiz,course of 10,4,2026-01-05,2026-01-09\n"
    file = sent(book, text)
    assert file.problem == (
        "Both “Start date” and “Activation date” may hold the date of purchase. Choose one, and set the other to Skip."
    )
    book.say(file.id, "name", "package", "left", "", "sold_on")
    book.work()
    assert book.view(file.id).first[0].sold_on == date(2026, 1, 9)


def test_two_columns_that_say_the_same_are_no_question(book: OldBook) -> None:
    text = "Client,Package,Left,Start date,Activation date\nAna Ruiz,course of 10,4,2026-01-05,2026-01-05\n"
    assert sent(book, text).is_ready


def test_each_column_is_shown_with_examples_a_score_and_why(book: OldBook) -> None:
    file = sent(
        book,
        "Client,Balance,Package,Visits left,Purchased\n"
        "Ana Ruiz,$660.00,course of 10,4,2026-01-05\nBo Lee,$0.00,course of 10,3,2026-01-06\n",
    )
    client, balance = file.columns[:2]
    assert (client.examples, client.means, client.score) == (("Ana Ruiz", "Bo Lee"), "name", 100)
    assert client.why == "By heading and values"
    assert (balance.means, balance.score) == ("", 0)
    assert balance.why == "Its values are money, not “Sessions left”"
    book.say(file.id, "name", "note", "package", "left", "sold_on")
    book.work()
    assert [column.why for column in book.view(file.id).columns][:2] == [
        "By heading and values",
        "Chosen by you",
    ]


def test_a_file_without_a_day_of_purchase_is_not_started(book: OldBook) -> None:
    file = sent(book, "Client,Package,Left,Purchased\nAna Ruiz,course of 10,4,2026-01-05\n")
    with book.store.writing() as session:
        batch = session.get_one(ImportBatch, file.id)
        batch.mapping = {**batch.mapping, "of": {"name": [0], "package": [1], "left": [2]}}
    with pytest.raises(Refused, match="date of purchase"):
        book.start(file.id)


# People -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("home", "mobile", "kept"),
    [
        ("", "(415) 555-0123", "+14155550123"),
        ("(415) 555-0100", "", "+14155550100"),
        ("(415) 555-0100", "(415) 555-0123", "+14155550100"),
        ("n/a", "(415) 555-0123", "+14155550123"),
    ],
)
def test_the_first_phone_that_is_filled_is_kept(book: OldBook, home: str, mobile: str, kept: str) -> None:
    """D6."""
    file = sent(
        book,
        "Client,Home Phone,Mobile Phone,Package,Left,Purchased\n"
        f"Ana Ruiz,{home},{mobile},course of 10,4,2026-01-05\n",
    )
    assert [row.phone for row in file.first] == [kept]


@pytest.mark.parametrize(
    "written",
    ["Kim, Grace", "KIM, GRACE", "grace kim", "Kim Grace", "Grace M. Kim", "Dr. Grace Kim", "Kim, Grace, MD"],
)
@pytest.mark.parametrize("contact", ["+14155550123,", ",GRACE@example.org"])
def test_a_name_the_other_way_round_is_the_same_client(book: OldBook, written: str, contact: str) -> None:
    """D7."""
    book.desk.client("Grace Kim", phone="+14155550123", email="grace@example.org")
    file = sent(
        book, f'Client,Phone,Email,Package,Left,Purchased\n"{written}",{contact},course of 10,4,2026-01-05\n'
    )
    assert (file.found["known_clients"], file.found["new_clients"]) == (1, 0)


def test_one_file_that_writes_a_name_both_ways_makes_one_client(book: OldBook) -> None:
    """D7."""
    file = sent(
        book,
        "Client,Email,Package,Left,Purchased\n"
        '"Kim, Grace",grace@example.org,course of 10,4,2026-01-05\n'
        "Grace Kim,grace@example.org,course of 10,3,2026-02-05\n",
    )
    book.start(file.id)
    book.work()
    (found,) = find_clients(book.store, "", today=book.desk.today).rows
    assert found.client.name == "Grace Kim"
    assert len(courses_of_client(book.store, found.client.id, today=book.desk.today)) == 2


@pytest.mark.parametrize("written", ["David Kim", "Grace Kim Jr.", "Grace Lee", "Gina Kim"])
def test_who_shares_a_phone_stays_somebody_else(book: OldBook, written: str) -> None:
    """D7: a family of one number."""
    book.desk.client("Grace Kim", phone="+14155550123")
    file = sent(
        book, f"Client,Phone,Package,Left,Purchased\n{written},+14155550123,course of 10,4,2026-01-05\n"
    )
    assert (file.found["known_clients"], file.found["new_clients"]) == (0, 1)


# Packages -----------------------------------------------------------------------------------------------------------


def test_a_package_may_be_called_by_a_part_of_its_name_if_it_is_the_only_one(book: OldBook) -> None:
    book.desk.package(name="Facial acupuncture, course of 12")
    text = "Client,Package,Left,Purchased\nAna,{0},4,2026-01-05\n"
    file = sent(book, text.format("Course of 12"))
    assert [row.course for row in file.first] == ["Facial acupuncture, course of 12"]
    assert (
        "“Course of 12” is taken for your package “Facial acupuncture, course of 12”." in file.found["mind"]
    )
    for name in ("course of", "Facial 12", "acupuncture, course of 1"):
        assert "No package is called" in sent(book, text.format(f'"{name}"')).found["wrong"][0][2]


# Counts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headings", "cells", "left"),
    [
        ("Left", "7/10", 7),
        ("Left", "7 of 10", 7),
        ("Used", "3/10", 7),
        ("Remaining", "10 Pack - 7 remaining", 7),
        ("Sessions", "7 left", 7),
        ("Sessions", "3 used", 7),
        ("Visits", '"3 used, 7 left"', 7),
        ("Purchased,Used,Booked,Left", "10,3,2,5", 7),
        ("Purchased,Used,Scheduled,Left", "10,3,2,7", 7),
        ("Used,Upcoming,Left", "3,2,5", 7),
        ("Purchased,Used,Booked", "10,3,2", 7),
    ],
)
def test_counts_are_read_as_systems_write_them(book: OldBook, headings: str, cells: str, left: int) -> None:
    """D10, D11."""
    file = sent(book, f"Client,Package,Sold on,{headings}\nAna Ruiz,course of 10,2026-01-05,{cells}\n")
    assert (file.problem, file.found["wrong"]) == ("", [])
    assert [(row.left, row.granted) for row in file.first] == [(left, 10)]


def test_a_package_with_its_rest_in_one_cell_is_both(book: OldBook) -> None:
    """D10."""
    file = sent(book, "Client,Package,Sold on\nAna Ruiz,course of 10 - 7 remaining,2026-01-05\n")
    assert [(row.course, row.left, row.granted) for row in file.first] == [("course of 10", 7, 10)]


@pytest.mark.parametrize(
    ("headings", "cells", "reason"),
    [
        ("Left", "Unlimited", "“Unlimited” is not a number of sessions"),
        ("Left", "7/12", "12 sessions are more than this package holds: 10"),
        ("Left", "11", "11 left is more than the 10 bought"),
        ("Booked,Left", "2,5", "may or may not include the 2 booked"),
        ("Purchased,Used,Left", "10,3,5", "3 used and 5 left are not the 10 bought"),
        ("Purchased,Left", "10,7 of 9", "names 9 and 10 sessions bought"),
    ],
)
def test_counts_that_can_not_be_or_can_be_two_are_refused_in_words(
    book: OldBook, headings: str, cells: str, reason: str
) -> None:
    """D1, D10, D11."""
    file = sent(
        book,
        f"Client,Package,Sold on,{headings}\nAna Ruiz,course of 10,2026-01-05,{cells}\n"
        f"Bo Lee,course of 10,2026-01-05,{','.join(['0'] * len(headings.split(',')))}\n",
    )
    assert reason in file.found["wrong"][0][2]


def test_one_number_of_another_without_a_word_is_asked_about(book: OldBook) -> None:
    """D10: “7/10” under “Sessions” may be used or left."""
    file = sent(book, "Client,Package,Sold on,Sessions\nAna Ruiz,course of 10,2026-01-05,7/10\n")
    assert file.problem == "Say which column holds the sessions used, or the sessions left."
    assert file.columns[3].why == "Its values are numbers that may be used or left, not “Sessions bought”"
    set_columns(
        book.store,
        book.act(),
        file.id,
        Chosen(dict(enumerate(["name", "package", "sold_on", "used"]))),
    )
    book.work()
    assert book.view(file.id).first[0].left == 3


# Days ---------------------------------------------------------------------------------------------------------------


def test_a_column_tells_its_own_order_and_only_then_the_files(book: OldBook) -> None:
    """D9."""
    text = (
        "Client,Package,Left,Purchased,Expires\n{0},course of 10,4,{1},{2}\nBo Lee,course of 10,4,{3},{4}\n"
    )
    apart = sent(book, text.format("Ana", "03/04/2026", "03/04/2027", "31/03/2026", "03/31/2027"))
    assert [(row.sold_on, row.expires_on) for row in apart.first] == [
        (date(2026, 4, 3), date(2027, 3, 4)),
        (date(2026, 3, 31), date(2027, 3, 31)),
    ]
    beside = sent(book, text.format("Ana", "03/04/2026", "31/12/2027", "05/06/2026", "30/12/2027"))
    assert [row.sold_on for row in beside.first] == [date(2026, 4, 3), date(2026, 6, 5)]
    asked = sent(book, text.format("Ana", "03/04/2026", "03/04/2027", "05/06/2026", "05/06/2027"))
    assert (asked.found["asks_day"], asked.is_ready) == ("03/04/2026", False)


def test_a_moment_is_the_day_it_was_at_the_clinic(book: OldBook) -> None:
    """D9: half past midnight in London is the evening before in Los Angeles."""
    file = sent(book, "Client,Package,Left,Purchased\nAna,course of 10,4,2026-03-03T00:30:00Z\n")
    assert file.first[0].sold_on == date(2026, 3, 2)


@pytest.mark.parametrize("never", ["never", "No expiration", "Never Expires", "unlimited"])
def test_a_course_that_never_expires_says_so(book: OldBook, never: str) -> None:
    file = sent(book, f"Client,Package,Left,Purchased,Expires\nAna,course of 10,4,2026-03-03,{never}\n")
    assert (file.first[0].expires_on, file.first[0].never_expires) == (None, True)


# Letters ------------------------------------------------------------------------------------------------------------


def test_letters_that_read_in_two_ways_are_asked_and_then_read_as_said(book: OldBook) -> None:
    """D8."""
    data = "Client,Package,Left,Purchased\nSøren Holm,course of 10,4,2026-01-05\n".encode("cp1252")
    file = sent(book, data)
    assert (file.state, file.problem) == ("mapping", "Choose the encoding of this file.")
    assert {reading.sample for reading in file.readings} >= {"Søren Holm", "Sřren Holm"}
    with pytest.raises(Refused):
        book.start(file.id)
    with pytest.raises(InvalidField, match="not an encoding"):
        book.keep(file.id, encoding="klingon")
    file = book.keep(file.id, encoding="cp1250")
    assert file.first[0].client == "Sřren Holm"
    file = book.keep(file.id, encoding="cp1252")
    assert (file.is_ready, file.first[0].client, file.encoding) == (True, "Søren Holm", "cp1252")
    book.start(file.id)
    book.work()
    assert [row.client.name for row in find_clients(book.store, "", today=book.desk.today).rows] == [
        "Søren Holm"
    ]
