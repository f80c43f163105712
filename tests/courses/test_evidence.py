"""One file of evidence about a course: what is in it, that its digests are right, and who may take it."""

import csv
import hashlib
import io
from zipfile import ZipFile

import pytest

from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.documents.series import save_series
from plugin.courses.reports.evidence import write_evidence
from plugin.errors import NotAllowed, NotFound
from plugin.store.changes import Activity
from tests.courses.agreements.agreeing import Agreeing, write
from tests.courses.appointments import Appointments
from tests.courses.desk import DEB, OLGA, Desk
from tests.courses.documents.sales import Papers
from tests.courses.quotes.quoting import Quoting


def rows(packed: ZipFile, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(packed.read(name).decode("utf-8-sig"))))


def evidence(desk: Desk, course_id: str) -> ZipFile:
    out = io.BytesIO()
    write_evidence(desk.store, write, desk.act(OLGA), course_id, out)
    return ZipFile(out)


def test_a_course_with_its_agreement_visits_and_ledger_is_one_file(lite: Appointments) -> None:
    desk = lite.desk
    agreeing = Agreeing(desk)
    signed = agreeing.sign(agreeing.prepare())
    agreeing.begin()
    course_id = agreeing.sell()
    used = desk.use(course_id)
    desk.undo(used.entry.id, reason="=1+1")
    desk.use(course_id)
    packed = evidence(desk, course_id)
    assert {"agreement-1-signed.pdf", "agreement-1-as-shown.pdf", "README.txt"} <= set(packed.namelist())
    shown = packed.read("agreement-1-as-shown.pdf")
    assert hashlib.sha256(shown).hexdigest() == signed.pdf_sha256
    assert [(each["session"], each["recorded_by"]) for each in rows(packed, "visits.csv")] == [("1", "Deb")]
    ledger = rows(packed, "ledger.csv")
    assert [each["kind"] for each in ledger] == ["sold", "paid", "used", "reversed", "used"]
    # A reason that a spreadsheet would run is text there.
    assert ledger[3]["reason"] == "'=1+1"
    for line in packed.read("SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(packed.read(name)).hexdigest() == digest


def test_what_was_quoted_and_transferred_is_told_and_the_sessions_add_up(lite: Appointments) -> None:
    desk = lite.desk
    ana, bo = Quoting(desk, touch_ups=2), desk.client("Bo Berg")
    quote = ana.quote(concern="Lines at the mouth")
    checkout = ana.pay(quote)
    course_id = ana.sell()
    ana.answer(checkout.id, square_order_id=desk.course(course_id).square_order_id)
    desk.undo(desk.use(course_id).entry.id)
    desk.use(course_id)
    wish = Transfer(bo, "Her sister asked for some", sessions=3)
    given = transfer_course(desk.store, desk.act(OLGA), course_id, wish).course
    packed = evidence(desk, course_id)
    assert hashlib.sha256(packed.read("quote-1.pdf")).hexdigest() == quote.pdf_sha256
    readme = packed.read("README.txt").decode()
    assert "Sessions, Facial acupuncture, 60 min: 12 sold, 1 used, 3 transferred out, 8 left\n" in readme
    assert "Sessions, Touch-up, 45 min: 2 sold, 2 left\nStatus: open\n" in readme
    assert "Expires: no expiration" in readme
    assert "- Refund: what you paid for the sessions you have not used." in readme
    of_bo = evidence(desk, given.id).read("README.txt").decode()
    assert f"from course {course_id}\n" in of_bo
    assert "Sessions, Facial acupuncture, 60 min: 3 transferred in, 3 left\n" in of_bo


def test_a_course_without_an_agreement_has_the_rest(lite: Appointments) -> None:
    names = evidence(lite.desk, lite.desk.sell()).namelist()
    assert "ledger.csv" in names
    assert not any(each.startswith("agreement") for each in names)


def test_each_payment_and_refund_has_its_id_at_square(lite: Appointments) -> None:
    papers = Papers(lite.desk)
    course_id = papers.sell("O1")
    papers.refund("O1", 50000, refund_id="REFUND-9")
    paid, refunded = rows(evidence(lite.desk, course_id), "payments.csv")
    assert [paid[each] for each in ("kind", "square_id", "paid_by")] == ["payment", "PAY-1", "cash"]
    assert [refunded[each] for each in ("kind", "square_id", "status")] == ["refund", "REFUND-9", "COMPLETED"]
    assert [(each["amount"], each["currency"]) for each in (paid, refunded)] == [
        ("1980.00", "USD"),
        ("-500.00", "USD"),
    ]


def test_a_number_with_a_slash_is_no_folder(lite: Appointments) -> None:
    papers = Papers(lite.desk)
    save_series(papers.store, papers.desk.act(OLGA), "invoice", prefix="../JR/", first=1)
    course_id = papers.sell("O1")
    papers.work()
    names = evidence(lite.desk, course_id).namelist()
    assert "invoice-..-JR-0001.pdf" in names
    assert not any("/" in each for each in names)


def test_only_the_owner_takes_it_and_the_activity_log_says_so(lite: Appointments) -> None:
    desk = lite.desk
    course_id = desk.sell()
    with pytest.raises(NotAllowed):
        write_evidence(desk.store, write, desk.act(DEB), course_id, io.BytesIO())
    with pytest.raises(NotFound):
        write_evidence(desk.store, write, desk.act(OLGA), "nothing", io.BytesIO())
    evidence(desk, course_id)
    with desk.store.reading() as session:
        (row,) = session.query(Activity).filter_by(kind="data.downloaded")
        assert (row.name, row.by) == ("Evidence for a dispute", "Olga")
