"""Sales as Square recorded them, and a desk that issues their papers. Independent of the tests."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from invoices.papers import CreditNote, GiftVoucher, Invoice, Paper, Receipt, from_json
from plugin.core.acts import SQUARE
from plugin.courses.base.events import Refunded, publish
from plugin.courses.base.outbox import claim_job, complete_job
from plugin.courses.base.work import Work
from plugin.courses.clients.contacts import Buyer
from plugin.courses.documents.files import DOCUMENT_JOBS
from plugin.courses.documents.issuing import run_document_job
from plugin.courses.documents.sale_record import SoldLine, SoldSale, Tender, save_sale_in
from plugin.store.documents import Document
from tests.courses.desk import ANA, Desk

AT = datetime(2026, 11, 22, 18, tzinfo=UTC)
PDF = b"%PDF-1.7 stands in for a paper"


def sold_line(uid: str = "L1", total: int = 198000, **more: Any) -> SoldLine:
    plain = {
        "name": "A course",
        "variation": "",
        "quantity": "1",
        "unit_price": total,
        "discount": 0,
        "tax": 0,
        "service_charge": 0,
    }
    return SoldLine(uid=uid, total=total, **{**plain, **more})


def sold_sale(order: str, *lines: SoldLine, **more: Any) -> SoldSale:
    """A sale of these lines, paid in cash by default."""
    each = lines or (sold_line(),)
    total = more.pop("total", sum(line.total for line in each))
    cash = Tender(square_payment_id="PAY-1", how="cash", label="", amount=total, at=AT)
    plain = {"taxes": (), "charges": (), "tenders": (cash,), "rounding": 0, "tip": 0}
    return SoldSale(square_order_id=order, currency="USD", lines=each, total=total, **{**plain, **more})


class Papers:
    """Sells at the desk with Square's record, and does what the worker does."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.store = desk, desk.store
        self.drawn = 0
        self._package: str | None = None

    @property
    def package(self) -> str:
        self._package = self._package or self.desk.package()
        return self._package

    def record(self, sale: SoldSale) -> None:
        act = self.desk.act(SQUARE)
        self.store.transact(lambda session: save_sale_in(session, act, sale))

    def sell(self, order: str, *, buyer: Buyer | None = ANA, sale: SoldSale | None = None) -> str:
        """Sell one course, recorded as Square has it; return the course."""
        self.record(sale or sold_sale(order))
        return self.desk.sell(self.package, order=order, buyer=buyer)

    def refund(self, order: str, amount: int, *lines: Any, **more: Any) -> None:
        """Have Square refund, as it is written once Square has reported it."""
        self.desk.refund(order, amount, *lines, **more)
        refund_id = more.get("refund_id", "REFUND-1")
        act = self.desk.act(SQUARE)

        def told(session: Any) -> None:
            publish(Work(session, self.store, act), Refunded(refund_id))

        self.store.transact(told)

    def sell_two_and_refund_one(self) -> None:
        """Sell two courses and refund the first, with the documents of each."""
        self.sell("O1")
        self.sell("O2")
        self.work()
        self.refund("O1", 100000, refund_id="R1")
        self.work()

    def render(self, _paper: Paper, *_: object) -> bytes:
        self.drawn += 1
        return PDF

    def work(self) -> list[str]:
        """Issue and draw all that is pending; return the outcome."""
        said, now = [], self.desk.clock()
        while owed := claim_job(self.store, now, of=DOCUMENT_JOBS):
            said.append(run_document_job(self.store, self.render, owed, now=now))
            complete_job(self.store, owed.id, state="done", outcome=said[-1], now=now)
        return said

    def rows(self, kind: str = "invoice") -> list[Document]:
        with self.store.reading() as session:
            rows = list(
                session.scalars(select(Document).where(Document.kind == kind).order_by(Document.place))
            )
            session.expunge_all()
            return rows

    def invoices(self) -> list[Invoice]:
        return [paper for row in self.rows() if isinstance(paper := from_json(row.content), Invoice)]

    def notes(self) -> list[CreditNote]:
        rows = self.rows("credit_note")
        return [paper for row in rows if isinstance(paper := from_json(row.content), CreditNote)]

    def receipts(self) -> list[Receipt]:
        rows = self.rows("receipt")
        return [paper for row in rows if isinstance(paper := from_json(row.content), Receipt)]

    def vouchers(self) -> list[GiftVoucher]:
        rows = self.rows("gift_voucher")
        return [paper for row in rows if isinstance(paper := from_json(row.content), GiftVoucher)]


def paid_with(sale: SoldSale, *tenders: Tender) -> SoldSale:
    return replace(sale, tenders=tenders)
