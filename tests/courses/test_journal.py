"""The accountant's journal: it balances to the cent, agrees with the roll-forward, and a closed month stays."""

import csv
import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from beancount import loader
from hypothesis import given
from sqlalchemy import select

from plugin.core.acts import SQUARE, Act
from plugin.core.money import Charge, Money
from plugin.core.terms import Terms
from plugin.courses.base.columns import Person
from plugin.courses.base.work import transact
from plugin.courses.changes.adjust import write_off_course
from plugin.courses.changes.gifts import NewGift, give_course, redeem_gift, take_gift_back
from plugin.courses.documents.sale_record import (
    RefundRecord,
    ReturnedLine,
    ServiceCharge,
    SoldLine,
    SoldSale,
    Tender,
    save_sale_in,
)
from plugin.courses.journal import keep
from plugin.courses.journal.accounts import ROLES, Role, Section, read_chart, save_chart, usual_chart
from plugin.courses.journal.behind import BEHIND, Behind, LineFilter, behind_line
from plugin.courses.journal.keep import add_changed, keep_money
from plugin.courses.journal.money import Fee, Paid, RefundedMoney, Ticket, missing, pairs_of
from plugin.courses.journal.month import (
    Journal,
    JournalEntry,
    JournalFormat,
    journal,
    journal_file,
    journal_in,
)
from plugin.courses.reports.books import Line, close_books
from plugin.courses.reports.liability import liability, liability_in
from plugin.courses.reports.period import Period, month_of
from plugin.errors import InvalidField, NotAllowed
from plugin.staff_languages import staff_language
from plugin.store import Store
from plugin.store.documents import MoneyPosting, PaymentFee
from plugin.wording import speaking
from tests.clock import HandMovedClock
from tests.courses.desk import DEB, OLGA, Desk, back
from tests.courses.ledgers import DEEDS, RandomLedger, not_kept
from tests.courses.test_reports import ANY_LEDGER, DAYS, closed

NOVEMBER, DECEMBER = month_of(date(2026, 11, 1)), month_of(date(2026, 12, 1))
EVER = Period(date(2026, 9, 1), date(2027, 6, 30))
UNUSED = (Role.DEFERRED, Role.GIFT_VOUCHERS)
AT = datetime(2026, 11, 10, 20, tzinfo=UTC)


def balances(entries: tuple[JournalEntry, ...]) -> Counter[Role]:
    """Return the balance of each account, debits above zero."""
    sums: Counter[Role] = Counter()
    for entry in entries:
        for line in entry.lines:
            sums[line.account.role] += line.net.amount
    return Counter({role: amount for role, amount in sums.items() if amount})


def assert_balanced(book: Journal) -> None:
    for entry in book.entries:
        assert sum(line.net.amount for line in entry.lines) == 0


def nets(book: Journal, section: Section) -> dict[Role, int]:
    return dict(balances(tuple(each for each in book.entries if each.section is section)))


def kept(desk: Desk, period: Period = NOVEMBER) -> Journal:
    keep_money(desk.store, desk.clock)
    book = journal(desk.store, period)
    assert_balanced(book)
    return book


def owed(store: Store, period: Period) -> int:
    return liability(store, period).total("USD").line(Line.CLOSING).value.amount


@ANY_LEDGER
@given(deeds=DEEDS, books=DAYS)
def test_any_ledger_balances_and_agrees_with_the_unused_value(module_store, deeds, books):
    with not_kept(module_store) as session:
        ledger = RandomLedger(session, module_store)
        session.add(closed(books))
        for deed in deeds:
            ledger.write(deed)
        session.flush()
        for currency in ("USD", "EUR"):
            book = journal_in(session, EVER, currency=currency)
            assert_balanced(book)
            for month in book.months:
                upto = tuple(e for m in book.months if m.period.last <= month.period.last for e in m.entries)
                report = liability_in(session, Period(EVER.first, month.period.last)).total(currency)
                unused = -sum(balances(upto)[role] for role in UNUSED)
                assert unused == report.line(Line.CLOSING).value.amount
            parts = [journal_in(session, month.period, currency=currency).entries for month in book.months]
            assert tuple(entry for each in parts for entry in each) == book.entries


def test_a_sale_is_owed_until_its_sessions_are_used(desk):
    course = desk.sell(tax=17325)
    desk.use(course)
    book = kept(desk, month_of(desk.today))
    assert nets(book, Section.PAYMENTS) == {
        Role.CLEARING: 198000 + 17325,
        Role.DEFERRED: -198000,
        Role.SALES_TAX: -17325,
    }
    assert nets(book, Section.USED) == {Role.DEFERRED: 16500, Role.EARNED: -16500}


def test_an_undone_use_is_no_revenue(desk):
    course = desk.sell()
    desk.undo(desk.use(course).entry.id)
    assert nets(kept(desk, month_of(desk.today)), Section.USED) == {}


def test_expiry_is_never_income_by_itself_a_write_off_by_the_owner_is(desk, clock: HandMovedClock):
    course = desk.sell(desk.package(terms=Terms(expires_after_months=1)))
    clock.advance(days=120)
    whole = Period(date(2026, 1, 1), desk.today)
    book = kept(desk, whole)
    assert balances(book.entries) == {Role.CLEARING: 198000, Role.DEFERRED: -198000}
    write_off_course(desk.store, desk.act(OLGA), course, "Not seen for a year")
    assert balances(kept(desk, whole).entries) == {Role.CLEARING: 198000, Role.WRITTEN_OFF: -198000}


def test_what_a_refund_keeps_is_income_by_the_clinics_rule(desk):
    course = desk.sell(order="ORDER-A")
    desk.use(course)
    desk.refund("ORDER-A", 150000, back())
    book = kept(desk, month_of(desk.today))
    assert nets(book, Section.REFUNDS)[Role.CLEARING] == -150000
    assert -sum(balances(book.entries)[role] for role in UNUSED) == owed(desk.store, month_of(desk.today))


def test_a_gift_waits_in_an_account_of_its_own_until_it_is_redeemed(desk, clock: HandMovedClock):
    course = desk.sell()
    month = month_of(desk.today)
    code = "7KQMX3FD92HT"
    give_course(desk.store, desk.act(), course, NewGift("Ruth"), make_code=lambda: code)
    assert balances(kept(desk, month).entries) == {Role.CLEARING: 198000, Role.GIFT_VOUCHERS: -198000}
    assert owed(desk.store, month) == 198000
    clock.advance(days=40)
    redeem_gift(desk.store, desk.act(), code, desk.client("Ruth Bell"))
    desk.use(course)
    later = kept(desk, Period(month.first, desk.today))
    assert balances(later.entries) == {Role.CLEARING: 198000, Role.DEFERRED: -181500, Role.EARNED: -16500}
    # The first month still says what it said.
    assert balances(kept(desk, month).entries) == {Role.CLEARING: 198000, Role.GIFT_VOUCHERS: -198000}


def test_a_gift_taken_back_is_a_course_again(desk):
    course = desk.sell()
    give_course(desk.store, desk.act(), course, NewGift("Ruth"))
    take_gift_back(desk.store, desk.act(), course)
    assert nets(kept(desk, month_of(desk.today)), Section.GIFTS) == {}


def test_a_correction_of_a_closed_month_falls_into_the_month_in_which_it_is_recorded(desk, clock):
    course = desk.sell(tax=1000)
    used = desk.use(course)
    month = month_of(desk.today)
    keep_money(desk.store, clock)
    clock.advance(days=(month.last - desk.today).days + 3)
    close_books(desk.store, desk.act(OLGA), month.last)
    said = kept(desk, month)
    desk.undo(used.entry.id)
    # Late news of a sale in the closed month: its card fee.
    order_id = _order_of(desk)
    _fee(desk, order_id, 5772, at=clock() - timedelta(days=20))
    assert kept(desk, month).entries == said.entries
    following = kept(desk, month_of(desk.today))
    assert nets(following, Section.USED) == {Role.DEFERRED: -16500, Role.EARNED: 16500}
    assert nets(following, Section.FEES) == {Role.FEES: 5772, Role.CLEARING: -5772}


def _order_of(desk: Desk) -> str:
    with desk.store.reading() as session:
        return session.scalars(select(MoneyPosting.square_order_id)).first() or ""


def _fee(desk: Desk, order_id: str, amount: int, *, at: datetime) -> None:
    fee = PaymentFee(
        square_payment_id="PAY-1",
        square_order_id=order_id,
        amount=amount,
        happened_at=at,
        seen_at=desk.clock(),
    )
    desk.store.transact(lambda session: session.add(fee))


def test_the_money_of_a_sale_is_written_once_however_often_it_is_gone_through(desk, clock):
    desk.sell(tax=17325)
    assert keep_money(desk.store, clock) == 1
    assert keep_money(desk.store, clock) == 0
    act = Act(SQUARE, clock(), "again")
    assert transact(desk.store, act, lambda work: add_changed(work, clock() - timedelta(days=9))) == (0, None)


def test_changed_sales_are_gone_through_in_parts(
    desk: Desk, clock: HandMovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keep, "_BATCH", 2)
    keep_money(desk.store, clock)
    clock.advance(days=1)
    for _ in range(5):
        desk.sell(tax=17325)
    parts = iter(range(2, 9))
    # Stopped after two parts, it begins again: nothing is left out, nothing is added twice.
    assert keep_money(desk.store, clock, lambda: next(parts) > 3) == 4
    assert keep_money(desk.store, clock) == 1
    assert keep_money(desk.store, clock) == 0
    with desk.store.reading() as session:
        assert len(session.scalars(select(MoneyPosting.square_order_id).distinct()).all()) == 5


def tender(amount: int, how: str = "card", *, number: int = 1, at: datetime = AT) -> Tender:
    return Tender(square_payment_id=f"PAY-{number}", how=how, label="", amount=amount, at=at)  # type: ignore[arg-type]


def line(uid: str, total: int, tax: int = 0) -> SoldLine:
    return SoldLine(
        uid=uid,
        name="",
        variation="",
        quantity="1",
        unit_price=total - tax,
        discount=0,
        tax=tax,
        service_charge=0,
        total=total,
    )


def sold(*lines: SoldLine, tenders: tuple[Tender, ...], tip: int = 0, **more: object) -> SoldSale:
    facts = {
        "square_order_id": "O",
        "currency": "USD",
        "taxes": (),
        "charges": (),
        "rounding": 0,
        "total": sum(each.total for each in lines) + tip,
    }
    return SoldSale(lines=lines, tenders=tenders, tip=tip, **{**facts, **more})  # type: ignore[arg-type]


def ticket(sale: SoldSale | None, *, net: int = 100000, tax: int = 8000, **more: Any) -> Ticket:
    paid = more.pop("paid", (Paid(AT, net),))
    return Ticket(
        "O",
        paid,
        Charge(net, tax),
        more.pop("tax_paid", tax),
        AT,
        frozenset({"L1"}),
        sale,
        **more,
    )


def sums(of: Ticket) -> dict[Role, int]:
    found: dict[Role, int] = {}
    for pair in pairs_of(of):
        found[pair.debit] = found.get(pair.debit, 0) + pair.amount
        found[pair.credit] = found.get(pair.credit, 0) - pair.amount
    return {role: amount for role, amount in found.items() if amount}


def test_tip_retail_and_its_tax_stand_apart_from_the_course():
    sale = sold(line("L1", 108000, 8000), line("L2", 5400, 400), tenders=(tender(123400),), tip=10000)
    assert sums(ticket(sale)) == {
        Role.CLEARING: 23400,
        Role.SALES_TAX: -8400,
        Role.TIPS: -10000,
        Role.OTHER_SALES: -5000,
    }


def test_cash_and_a_gift_card_are_debited_where_they_are():
    sale = sold(
        line("L1", 108000, 8000), tenders=(tender(58000, "cash"), tender(50000, "gift_card", number=2))
    )
    assert sums(ticket(sale)) == {
        Role.CASH: 58000,
        Role.GIFT_CARDS: 50000,
        # The ledger debits the net here.
        Role.CLEARING: -100000,
        Role.SALES_TAX: -8000,
    }


def test_a_deposit_and_the_balance_count_in_their_own_months():
    later = AT + timedelta(days=40)
    sale = sold(line("L1", 108000, 8000), tenders=(tender(54000), tender(54000, number=2, at=later)))
    found = list(pairs_of(ticket(sale, paid=(Paid(AT, 50000), Paid(later, 50000)))))
    assert [(each.what, each.amount, each.at) for each in found] == [("tax", 4000, AT), ("tax", 4000, later)]


def test_a_surcharge_is_no_part_of_the_course():
    charge = ServiceCharge(name="", total=3240, tax=0)
    sale = sold(line("L1", 108000, 8000), tenders=(tender(111240),), charges=(charge,), total=111240)
    assert sums(ticket(sale))[Role.OTHER_SALES] == -3240


def test_money_that_belongs_to_no_session_is_a_liability_to_clarify():
    sale = sold(line("L1", 108000, 8000), tenders=(tender(108000),))
    assert sums(ticket(sale, paid=(Paid(AT, 60000),)))[Role.TO_CLARIFY] == -40000


def test_payments_that_were_not_stored_leave_what_the_ledger_knows():
    assert sums(ticket(sold(line("L1", 108000, 8000), tenders=()))) == {
        Role.CLEARING: 8000,
        Role.SALES_TAX: -8000,
    }
    assert sums(ticket(None)) == {Role.CLEARING: 8000, Role.SALES_TAX: -8000}


def test_a_refund_returns_tax_tip_and_goods():
    returned = (
        ReturnedLine(line_uid="L1", quantity="1", total=54000, tax=4000, discount=0),
        ReturnedLine(line_uid="L2", quantity="1", total=5400, tax=400, discount=0),
    )
    record = RefundRecord(at=AT, square_payment_id="PAY-1", reason="", lines=returned)
    sale = sold(line("L1", 108000, 8000), line("L2", 5400, 400), tenders=(tender(113400, "cash"),))
    back = RefundedMoney("R", 61400, 2000, AT, record)
    before, after = sums(ticket(sale)), sums(ticket(sale, refunds=(back,)))
    assert {
        role: after.get(role, 0) - before.get(role, 0)
        for role in (*before, Role.TIPS, Role.REFUND_DIFFERENCE)
    } == {
        Role.CLEARING: 0,
        Role.CASH: -61400,
        Role.SALES_TAX: 4400,
        Role.OTHER_SALES: 5000,
        Role.TIPS: 2000,
        Role.REFUND_DIFFERENCE: 50000,
    }


def test_a_refund_of_an_amount_returns_its_share_of_the_tax():
    assert sums(ticket(None, refunds=(RefundedMoney("R", 54000, 0, AT),)))[Role.REFUND_DIFFERENCE] == 50000


def test_what_square_takes_back_is_one_more_row():
    sale = sold(line("L1", 108000, 8000), tenders=(tender(108000),))
    first = list(pairs_of(ticket(sale, fees=(Fee("PAY-1", 3162, AT),))))
    known = {(each.source, each.what, each.debit.value, each.credit.value): each.amount for each in first}
    assert list(missing(first, known)) == []
    (more,) = missing(list(pairs_of(ticket(sale, fees=(Fee("PAY-1", 3200, AT),)))), known)
    assert (more.what, more.amount) == ("fee", 38)
    (undone,) = missing(list(pairs_of(ticket(sale))), known)
    assert (undone.what, undone.amount) == ("fee", -3162)


def test_card_payments_wait_for_their_fee_and_cash_does_not(desk, clock):
    desk.sell(order="O", tax=8000)
    sale = sold(line("L1", 206000, 8000), tenders=(tender(200000), tender(6000, "cash", number=2)))
    transact(desk.store, desk.act(SQUARE), lambda work: save_sale_in(work.session, work.act, sale))
    keep_money(desk.store, clock)
    with desk.store.reading() as session:
        assert [each.square_payment_id for each in session.scalars(select(PaymentFee))] == ["PAY-1"]


def test_every_line_leads_to_what_adds_up_to_it(desk):
    course = desk.sell(order="O", tax=8000)
    desk.use(course)
    give_course(desk.store, desk.act(), desk.sell(), NewGift("Ruth"))
    desk.refund("O", 30000, back())
    book = kept(desk, month_of(desk.today))
    assert book.entries
    for entry in book.entries:
        for each in entry.lines:
            wanted = LineFilter(book.months[0].period, "USD", entry.section, each.account.role)
            found = behind_line(desk.store, wanted)
            assert found.net == each.net, (entry.section, each.account.role)
            assert found.rows


def test_the_files_carry_the_columns_of_their_programs(desk):
    desk.use(desk.sell(tax=17325))
    book = kept(desk, month_of(desk.today))
    rows = _csv(book, JournalFormat.QUICKBOOKS)
    assert list(rows[0]) == [
        "Journal No",
        "Journal Date",
        "Account Name",
        "Debits",
        "Credits",
        "Description",
        "Currency",
    ]
    assert {row["Account Name"] for row in rows} >= {"Square clearing", "Deferred revenue", "Session revenue"}
    for number in {row["Journal No"] for row in rows}:
        mine = [row for row in rows if row["Journal No"] == number]
        assert sum(float(row["Debits"] or 0) - float(row["Credits"] or 0) for row in mine) == pytest.approx(0)
    xero = _csv(book, JournalFormat.XERO)
    assert list(xero[0])[:6] == ["*Narration", "*Date", "Description", "*AccountCode", "*TaxRate", "*Amount"]
    assert {row["*TaxRate"] for row in xero} == {"Tax Exempt (0%)"}


def _csv(book: Journal, form: JournalFormat) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(journal_file(book, form).to_bytes().decode())))


def test_beancount_accepts_the_text_and_has_the_same_balances(desk, clock):
    chart = read_chart(desk.store)
    typed = {Role.EARNED: ("", "Umsatz für „Sitzungen“: 针灸"), Role.CLEARING: ("10-50", "Square: clearing")}
    save_chart(desk.store, desk.act(OLGA), typed, xero_tax_rate=chart.xero_tax_rate, is_money_elsewhere=False)
    desk.use(desk.sell(tax=17325))
    clock.advance(days=40)
    give_course(desk.store, desk.act(), desk.sell(), NewGift("Ruth"))
    book = kept(desk, Period(date(2026, 10, 1), desk.today))
    entries, errors, options = loader.load_string(
        journal_file(book, JournalFormat.BEANCOUNT).to_bytes().decode()
    )
    assert errors == []
    assert options["operating_currency"] == ["USD"]
    said: Counter[str] = Counter()
    for entry in entries:
        for posting in getattr(entry, "postings", ()):
            said[posting.account] += int(posting.units.number * 100)
    assert sorted(said.values()) == sorted(balances(book.entries).values())


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({Role.EARNED: ("4000", "")}, "name:earned"),
        ({Role.EARNED: ("4000", "=HYPERLINK()")}, "name:earned"),
        ({Role.EARNED: ("4000", "x" * 101)}, "name:earned"),
        ({Role.EARNED: ("1" * 21, "Revenue")}, "number:earned"),
        # Revenue and a liability can't be one account.
        ({Role.EARNED: ("2300", "Deferred revenue")}, "number:earned"),
        ({Role.EARNED: ("4000", "Tips payable")}, "name:earned"),
        ({Role.EARNED: ("4100", "Revenue")}, "number:other_sales"),
    ],
)
def test_an_account_that_can_t_be_posted_to_is_refused(desk, typed, field):
    with pytest.raises(InvalidField) as refused:
        save_chart(desk.store, desk.act(OLGA), typed, xero_tax_rate="", is_money_elsewhere=False)
    assert refused.value.field == field
    assert read_chart(desk.store).accounts == usual_chart()


def test_the_accounts_are_called_in_the_readers_language():
    with speaking(staff_language("es-US")):
        english = [
            said[:] for info in ROLES.values() for said in (info.name, info.holds) if str(said) == said[:]
        ]
    assert english == []


def test_two_roles_may_share_an_account_of_one_type(desk):
    typed = {Role.WRITTEN_OFF: ("4200", "Other income"), Role.REFUND_DIFFERENCE: ("4200", "Other income")}
    save_chart(desk.store, desk.act(OLGA), typed, xero_tax_rate="", is_money_elsewhere=False)
    assert read_chart(desk.store).accounts[Role.REFUND_DIFFERENCE].number == "4200"


def test_only_the_owner_chooses_accounts(desk):
    with pytest.raises(NotAllowed):
        save_chart(desk.store, desk.act(DEB), {}, xero_tax_rate="", is_money_elsewhere=False)


def test_where_square_s_connector_books_the_money_only_the_ledger_is_in_the_journal(desk):
    desk.sell(tax=17325)
    save_chart(desk.store, desk.act(OLGA), {}, xero_tax_rate="", is_money_elsewhere=True)
    assert balances(kept(desk, month_of(desk.today)).entries) == {
        Role.CLEARING: 198000,
        Role.DEFERRED: -198000,
    }


def test_more_than_three_years_are_not_asked_for_at_once(desk):
    with pytest.raises(InvalidField):
        journal(desk.store, Period(date(2020, 1, 1), date(2026, 12, 31)))


def test_a_number_is_asked_for_where_xero_needs_one(desk):
    save_chart(
        desk.store, desk.act(OLGA), {Role.EARNED: ("", "Revenue")}, xero_tax_rate="", is_money_elsewhere=False
    )
    desk.use(desk.sell())
    with pytest.raises(InvalidField) as refused:
        journal_file(kept(desk, month_of(desk.today)), JournalFormat.XERO)
    assert refused.value.field == "number:earned"


def test_money_of_no_course_is_not_shown_as_that_of_a_course_without_client_yet() -> None:
    client = next(each for each in BEHIND if each.heading == "Client")
    money = Behind(date(2026, 11, 22), "Gift vouchers", None, "", "", Money(9000, "USD"), "P1")
    assert (client.value(money), client.cell(money)) == (None, None)
    assert client.value(replace(money, package_name="Facial acupuncture, course of 10")) == Person(None, "")
