"""A tip at Square: paid by its link, it is a tip and sells nothing."""

import pytest
from sqlalchemy import select

from plugin.core.money import Money
from plugin.courses.journal.accounts import Role, Section
from plugin.courses.journal.behind import LineFilter, behind_line
from plugin.courses.journal.keep import FEE_AFTER, keep_money
from plugin.courses.journal.month import JournalFormat, journal, journal_file
from plugin.courses.reports.period import month_of
from plugin.courses.sales.tips import begin_tip, list_tips, tip_sums
from plugin.errors import KeyReused
from plugin.square.fees import fetch_fees
from plugin.store.documents import MoneyPosting
from plugin.store.selling import Tip
from tests.square.selling import Selling


def test_a_paid_tip_is_a_tip_and_no_course(selling: Selling) -> None:
    ana = selling.client()
    tip = begin_tip(selling.store, selling.act(), ana, Money(1500, "USD"), practitioner_id=None)
    selling.go()
    with selling.store.reading() as session:
        url = session.get_one(Tip, tip.id).url or ""
    selling.clinic.till.pay_link(url.rpartition("/")[2])
    selling.after(15)
    selling.sync()
    (paid,) = list_tips(selling.store)
    assert (paid.amount, paid.state, paid.client_id) == (Money(1500, "USD"), "paid", ana)
    (line,) = tip_sums(selling.store, selling.clinic.clock())
    assert (line.practitioner, line.tips, line.amount) == ("", 1, Money(1500, "USD"))
    assert not selling.clinic.attention()


def test_a_tip_by_link_is_owed_in_the_journal_with_its_fee(selling: Selling) -> None:
    clinic, store = selling.clinic, selling.store
    tip = begin_tip(store, selling.act(), selling.client(), Money(2000, "USD"), practitioner_id=None)
    selling.go()
    with store.reading() as session:
        row = session.get_one(Tip, tip.id)
        url, order_id = row.url or "", row.square_order_id
    clinic.till.pay_link(url.rpartition("/")[2])
    selling.after(15)
    keep_money(store, clinic.clock)
    clinic.clock.advance(seconds=FEE_AFTER.total_seconds() + 60)
    assert fetch_fees(clinic.services) >= 1
    for _twice in range(2):
        keep_money(store, clinic.clock)
    with store.reading() as session:
        rows = session.scalars(select(MoneyPosting).where(MoneyPosting.square_order_id == order_id))
        found = {(row.what, row.debit, row.credit, row.amount) for row in rows}
    # 2.6 % and 15 cents.
    assert found == {("tip", "clearing", "tips", 2000), ("fee", "fees", "clearing", 67)}
    book = journal(store, month_of(clinic.clock().date()))
    assert all(sum(line.net.amount for line in entry.lines) == 0 for entry in book.entries)
    for form in JournalFormat:
        said = journal_file(book, form).to_bytes().decode()
        assert "Tips payable" in said or "2250" in said, form
    line = LineFilter(month_of(clinic.clock().date()), "USD", Section.PAYMENTS, Role.TIPS)
    assert [each.net.amount for each in behind_line(store, line).rows if each.source == order_id] == [-2000]


def test_a_tip_refunded_in_square_is_owed_no_more(selling: Selling) -> None:
    clinic, store = selling.clinic, selling.store
    tip = begin_tip(store, selling.act(), selling.client(), Money(2000, "USD"), practitioner_id=None)
    selling.go()
    with store.reading() as session:
        row = session.get_one(Tip, tip.id)
        url, order_id = row.url or "", row.square_order_id or ""
    clinic.till.pay_link(url.rpartition("/")[2])
    selling.after(15)
    keep_money(store, clinic.clock)
    clinic.till.refund_amount(500, order_id=order_id)
    selling.sync()
    for _twice in range(2):
        keep_money(store, clinic.clock)
    with store.reading() as session:
        rows = session.scalars(select(MoneyPosting).where(MoneyPosting.square_order_id == order_id))
        found = {(row.what, row.debit, row.credit, row.amount) for row in rows}
    assert found == {("refund_tip", "tips", "clearing", 500), ("tip", "clearing", "tips", 2000)}
    assert {each.id: each.amount.amount for each in list_tips(store)}[tip.id] == 1500
    (month,) = tip_sums(store, clinic.clock())
    clinic.till.refund_amount(1500, order_id=order_id)
    selling.sync()
    assert tip.id not in {each.id for each in list_tips(store)}
    (later,) = tip_sums(store, clinic.clock())
    assert (later.tips, later.amount.amount) == (month.tips - 1, month.amount.amount - 1500)
    assert not clinic.attention()


def test_the_same_key_for_another_practitioner_is_refused(selling: Selling) -> None:
    ana, act = selling.client(), selling.act()
    first = begin_tip(selling.store, act, ana, Money(1500, "USD"), practitioner_id=None)
    assert begin_tip(selling.store, act, ana, Money(1500, "USD"), practitioner_id=None).id == first.id
    with pytest.raises(KeyReused):
        begin_tip(selling.store, act, ana, Money(1500, "USD"), practitioner_id="someone else")
