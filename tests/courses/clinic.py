"""One client with data in every table that may contain it. Independent of the tests."""

import json
from dataclasses import replace

from sqlalchemy import select

from invoices.papers import Paper as PaperContent
from plugin.core.acts import SQUARE
from plugin.core.money import Money
from plugin.courses.accounts.shared_devices import start_hand_over
from plugin.courses.base.attention import open_item
from plugin.courses.base.inbox import claim, complete, receive
from plugin.courses.base.work import Work
from plugin.courses.changes.adjust import allow_ahead
from plugin.courses.changes.gifts import NewGift, Share, give_course, redeem_gift, share_course
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.checks.answers import answer_check, save_list
from plugin.courses.clients.buyers import client_for_buyer
from plugin.courses.clients.clients import change_client
from plugin.courses.clients.contacts import Buyer
from plugin.courses.clients.merge import merge_clients
from plugin.courses.clients.private_page import token_of
from plugin.courses.documents.sale_record import save_refund_in
from plugin.courses.handouts.cache import SUMMARY, hand_out
from plugin.courses.lists.bulk import preview_email
from plugin.courses.lists.course_list import ORDERS, CourseFilter
from plugin.courses.lists.listing import keep_listing
from plugin.courses.privacy.access_log import AccessLog
from plugin.courses.ratings.choices import choose_concerns, rate
from plugin.courses.ratings.views import own_ratings
from plugin.courses.sales.checkouts import cancel_checkout
from plugin.courses.sales.sales import Came, Refund
from plugin.courses.visits.use import UseSession, use_session
from plugin.store.bulk import ImportBatch, ImportedCourse
from plugin.store.changes import Gift
from plugin.store.documents import VisitLetter
from plugin.store.people import Client
from plugin.store.queues import Attention, SquareRefund, Sweep
from plugin.store.selling import Checkout, DeskRefund, DeskRefundPart
from plugin.store.square_side import Dispute, ProfileNote, SquarePerson
from tests.courses.agreements.agreeing import Agreeing
from tests.courses.appointments import Appointments
from tests.courses.desk import OLGA
from tests.courses.documents.sales import Papers, sold_line, sold_sale
from tests.courses.notes import write_note
from tests.courses.quotes.quoting import Quoting

NAME, PHONE, EMAIL, SQUARE_ID = "Zoë Quillfeather", "+14155550187", "zoe.quill@example.org", "CUSTOMER-ZOE"
OTHER_NAME = "Zoey Quillfeather-Jones"
ZOE = Buyer(SQUARE_ID, name=NAME, phone="(415) 555-0187", email=EMAIL)
# What must be nowhere once she was erased, however it is written.
TRACES = (
    "quillfeather",
    "415555018",
    "5550187",
    "555-0187",
    "zoe.quill@",
    "zoey.quill@",
    "customer-zoey",
    "customer-zoe",
    "her wedding",
)


class Somebody:
    """Zoë at the desk: her courses, and everything beside them."""

    def __init__(self, lite: Appointments) -> None:
        self.lite, self.desk = lite, lite.desk
        self.store = self.desk.store
        self.package = self.desk.package(touch_ups=2)
        self.order = "ORDER-ZOE"
        self.course = self.desk.sell(self.package, buyer=ZOE, order=self.order)
        self.id = self.desk.course(self.course).client_id or ""

    def everywhere(self) -> None:
        """Add her to every table but those of signed agreements, which are kept."""
        self._answers()
        self._visits()
        self._others()
        self._rows()
        self._messages()
        self._double()
        self._quoted()
        Agreeing(self.desk, client_id=self.id, name="Only shown").prepare()
        self._many_at_once()

    def agreed(self) -> None:
        """Sign an agreement and begin a sale under it, which is canceled again."""
        agreeing = Agreeing(self.desk, client_id=self.id, name="Agreed on")
        agreeing.sign(agreeing.prepare(), name=NAME)
        # A sale that is pending would keep her from being erased.
        cancel_checkout(self.store, self.desk.act(), agreeing.begin().id)

    def _quoted(self) -> None:
        quoting = Quoting(self.desk, client_id=self.id, name="Quoted for her")
        quoting.quote(concern=f"{NAME}: the lines beside my mouth")

    def _many_at_once(self) -> None:
        keep_listing(self.store, self.desk.clock)
        chosen = CourseFilter(course_ids=(self.course,))
        preview_email(self.store, self.desk.act(OLGA), chosen, ORDERS["client"])

    def _answers(self) -> None:
        store, act = self.store, self.desk.act()
        choose_concerns(store, act, self.id, ["Smile lines before her wedding"])
        (concern,) = own_ratings(store, self.id, today=self.desk.today).current
        rate(store, act, self.id, {concern.id: 7}, source="page")
        start_hand_over(store, act, self.id)
        version = save_list(
            store, self.desk.act(OLGA), {"en": "I feel ill today"}, reviewed_by="A. Kim", seen_version=0
        ).version
        answer_check(store, act, self.id, "ask", version, source="page")

    def _visits(self) -> None:
        desk = self.desk
        used = desk.use(self.course, note=f"Called {PHONE}, her wedding is in May")
        desk.undo(used.entry.id, reason=f"{NAME} was not here")
        wish = UseSession(self.course)
        again = use_session(self.store, desk.act(), wish, has_mail=True)
        self._letters()
        write_note(
            self.store, desk.act(OLGA), again.entry.visit_id or "", option_ids=("focus-0",),
            focus="Smile lines before her wedding", note="her wedding", points="LI4 before her wedding",
            observations=f"Tongue pale. {NAME} slept badly before her wedding.",
        )  # fmt: skip
        hand_out(self.store, _print, desk.act(), self.course, SUMMARY)
        act = desk.act()
        AccessLog().record(self.store, act.actor, act.now, what="clients.show", client_id=self.id)
        self.lite.told("B-ZOE", square_customer_id=SQUARE_ID, customer_name=NAME)

    def _letters(self) -> None:
        token_of(self.store, self.desk.act(), self.id)

        def bounced(session):
            letter = session.scalars(select(VisitLetter)).one()
            letter.state, letter.done_at = "refused", self.desk.clock()
            letter.mail_to, letter.said = EMAIL, f"{EMAIL} is not known there."
            session.get_one(Client, self.id).mail_problem = f"{EMAIL} is not known there."

        self.store.transact(bounced)

    def _others(self) -> None:
        desk = self.desk
        bea = desk.client("Bea Cruz")
        share_course(self.store, desk.act(), self.course, Share(bea, reason="Sister, for her wedding"))
        beas = desk.sell(self.package, buyer=Buyer("CUSTOMER-BEA", name="Bea Adams"))
        share_course(self.store, desk.act(), beas, Share(self.id))
        transfer_course(
            self.store, desk.act(OLGA), self.course, Transfer(bea, f"{NAME} gives two away", sessions=2)
        )
        given = desk.sell(self.package, buyer=ZOE)
        give_course(
            self.store,
            desk.act(),
            given,
            NewGift("Cleo Finch", f"Love, {NAME}"),
            make_code=lambda: "ABCDEFGH2345",
        )
        with self.store.reading() as session:
            code = session.scalars(select(Gift.code)).one()
        redeem_gift(self.store, desk.act(), code, desk.client("Cleo Finch"))

    def _rows(self) -> None:
        now, act = self.desk.clock(), self.desk.act()
        part = self.desk.sale(self.desk.line(self.package), buyer=ZOE, order="ORDER-PART")
        part = replace(part, came=(Came(Money(66000, "USD"), now),))
        half = self.desk.book(part).opened[0]
        allow_ahead(self.store, self.desk.act(OLGA), half, 1, reason=f"{NAME} pays on Friday")
        self.desk.book(replace(part, came=(Came(Money(198000, "USD"), now),)))
        staff = {"by": "Deb", "created_at": now, "ended_at": now}
        checkout = Checkout(
            id="checkout", client_id=self.id, package_id=self.package, way="link", state="paid", amount=1,
            currency="USD", square_order_id=self.order, square_customer_id=SQUARE_ID, mail_to=EMAIL,
            url="https://pay.example.org/quillfeather", notice=f"Not sent to {EMAIL}.", tender=NAME, **staff,
        )  # fmt: skip
        refund = DeskRefund(
            id="refund", course_id=self.course, amount=1, currency="USD", formula="own",
            reason=f"{NAME} asked", state="failed", problem=f"Square refused {NAME}", **staff,
        )  # fmt: skip
        batch = ImportBatch(
            id="batch", name="old.csv", sha256="0" * 64, state="imported", shape={"samples": [NAME]}, mapping={},
            rows_total=1, found={"first": [{"name": NAME}]}, wrong=[{"cell": EMAIL}], created_at=now, by="Olga",
        )  # fmt: skip
        person = SquarePerson(
            square_customer_id=SQUARE_ID, name=NAME, name_folded="zoe quillfeather", email=EMAIL, phone=PHONE,
            search_text=f"zoe quillfeather {EMAIL} 14155550187", seen_at=now,
        )  # fmt: skip
        dispute = Dispute(
            square_dispute_id="D", square_order_id=self.order, amount=1, currency="USD", state="WON",
            updated_at=now, seen_at=now,
        )  # fmt: skip
        given_back = SquareRefund(
            square_refund_id="R", square_order_id=self.order, amount=1, currency="USD", status="FAILED", seen_at=now
        )  # fmt: skip
        found = [{"kind": "customer", "id": SQUARE_ID, "what": "A customer changed in Square"}]

        def write(session):
            session.add_all([checkout, refund, batch, person, dispute, given_back])
            session.flush()
            session.add_all(
                [
                    DeskRefundPart(
                        desk_refund_id="refund", square_payment_id="PAY", amount=1, status="FAILED"
                    ),
                    ImportedCourse(course_id=self.course, batch_id="batch", line=2, has_new_client=True),
                    ProfileNote(
                        client_id=self.id, written="9 of 12", square_customer_id=SQUARE_ID, written_at=now
                    ),
                    Sweep(id="sweep", since=now, started_at=now, finished_at=now, found=found),
                ]
            )
            details = {
                "course_ids": [self.course], "name": NAME, "phone": "(415) 555-0187", "email": EMAIL,
                "square_customer_id": SQUARE_ID, "proposal": f"Sold to {NAME}",
            }  # fmt: skip
            item = open_item(
                Work(session, self.store, act), kind="unmerged_customer", dedupe=f"unmerged:{SQUARE_ID}:",
                summary=f"Square has separated {NAME}", details=details)  # fmt: skip
            row = session.get_one(Attention, item)
            row.resolved_at, row.resolution = now, {"answer": f"Assigned to {NAME}", "reason": "ok"}

        self.store.transact(write)

    def _messages(self) -> None:
        customer = {
            "id": SQUARE_ID,
            "given_name": "Zoë",
            "family_name": "Quillfeather",
            "email_address": EMAIL,
        }
        payment = {"id": "P", "order_id": self.order, "customer_id": SQUARE_ID, "buyer_email_address": EMAIL}
        for event_id, kind, name, told in (
            ("event-1", "customer.updated", "customer", customer),
            ("event-2", "payment.updated", "payment", payment),
            (
                f"sweep.customer:{SQUARE_ID}:1",
                "sweep.customer",
                "customer",
                {**customer, "phone_number": PHONE},
            ),
        ):
            self.told(event_id, kind, {"id": told["id"], "object": {name: told}})

    def told(self, event_id: str, kind: str, data: dict[str, object], *, state: str = "done") -> None:
        """Have Square report something, and the worker handle it."""
        body = json.dumps({"event_id": event_id, "type": kind, "data": data})
        receive(self.store, event_id=event_id, event_type=kind, body=body, now=self.desk.clock())
        claimed = claim(self.store, self.desk.clock())
        if claimed is not None and state != "pending":
            complete(self.store, claimed.id, state=state, outcome=f"Seen: {NAME}", now=self.desk.clock())

    def _double(self) -> None:
        """A person of nearly her name is merged into her, so that she is there twice."""
        double = Buyer("CUSTOMER-ZOEY", name=OTHER_NAME, phone="+14155550186", email="zoey.quill@example.org")
        act = self.desk.act(SQUARE)
        other = self.store.transact(lambda session: client_for_buyer(Work(session, self.store, act), double))
        merge_clients(self.store, self.desk.act(), other, self.id)
        change_client(self.store, self.desk.act(), self.id, name=NAME, phone=PHONE, email=EMAIL)

    def maybe_twice(self) -> None:
        """Her profile is deleted in Square, and she buys with a new one: is it the same person?"""
        again = replace(ZOE, square_customer_id="CUSTOMER-ZOE-AGAIN", gone_ids=(SQUARE_ID,))
        self.desk.sell(self.package, buyer=again, order="ORDER-ZOE-AGAIN")

    def invoiced(self) -> None:
        """Have an invoice of hers issued; at the register her name was typed beside the course."""
        papers = Papers(self.desk)
        typed = sold_line("L2", 5400, name=f"Oil for {NAME}")
        papers.record(sold_sale("ORDER-PAPER", sold_line("L1"), typed))
        self.desk.sell(self.package, buyer=ZOE, order="ORDER-PAPER")
        told = Refund(
            "REFUND-PAPER", "ORDER-PAPER", None, Money(1, "USD"), Money(203400, "USD"), "COMPLETED",
            self.desk.clock(), f"{NAME} asked",
        )  # fmt: skip
        self.store.transact(lambda session: save_refund_in(session, told))
        papers.work()


def _print(_paper: PaperContent, _assets: object) -> bytes:
    return f"%PDF- {NAME}".encode()
