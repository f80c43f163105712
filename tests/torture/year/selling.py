"""Clients, sales, invoices, exchanges and refunds: at the desk, and at Square as the clients pay there."""

from typing import Any

from sqlalchemy import select

from plugin.core.money import Money
from plugin.core.terms import RefundFormula
from plugin.courses.base.read import read_course
from plugin.courses.clients.clients import create_client
from plugin.courses.refunds.desk_refunds import NewRefund, refund_quote, start_refund
from plugin.courses.sales.checkout_views import CheckoutView
from plugin.courses.sales.checkouts import NewCheckout, cancel_checkout, read_checkout, start_checkout
from plugin.square.checkout.order import read_row
from plugin.store.ledger import Course
from plugin.store.people import SquareCustomer
from tests.square.clinic import Json
from tests.torture.year.step import Step
from tests.torture.year.trying import WHY, NotYetDone, Trying


class Selling(Trying):
    """Sells, and gives money back. Each may be called any number of times for one step."""

    def _client(self, step: Step) -> None:
        typed = {"name": f"Ana {step.name}", "email": f"{step.name}@example.org"}
        client = self._desk(lambda: create_client(self._world.store, self._act(step), **typed))
        self.client_ids[step.name] = client.id
        self._customer_ids(step.name)

    def _customer_ids(self, client: str) -> list[str]:
        with self._world.store.reading() as session:
            rows = select(SquareCustomer.square_customer_id).where(
                SquareCustomer.client_id == self._client_id(client), SquareCustomer.is_current.is_(True)
            )
            found = list(session.scalars(rows.order_by(SquareCustomer.square_customer_id)))
        if not found:
            raise NotYetDone(f"{client} is not in Square’s directory")
        return found

    def _sell(self, step: Step) -> None:
        buyer = {"customer_id": self._customer_ids(step.client)[0]} if step.client else {}
        self._orders[step.name] = self._once(step, lambda: self._clinic.sell(*step.packages, **buyer))
        self._courses_opened(step, self._orders[step.name])

    def _courses_opened(self, step: Step, order: Json) -> None:
        with self._world.store.reading() as session:
            rows = select(Course.square_line_uid, Course.id).where(Course.square_order_id == order["id"])
            opened = dict(session.execute(rows).all())
        if len(opened) < len(step.packages):
            raise NotYetDone(f"{len(opened)} courses of {step.name} are open")
        for number, line in enumerate(order["line_items"]):
            self.course_ids[f"{step.name}.{number}"] = opened[line["uid"]]

    def _link(self, step: Step) -> None:
        begun = self._begin(step, step.packages[0], "link")
        self._orders[step.name] = self._pay_link(step, begun)
        self._courses_opened(step, self._orders[step.name])
        self._is(begun.id, "paid")

    def _begin(self, step: Step, package: str, way: str, **more: Any) -> CheckoutView:
        """Begin a checkout at the desk; return how far it is."""
        store = self._world.store
        wish = NewCheckout(self._client_id(step.client), self._clinic.packages[package].id, way, **more)
        begun = self._desk(lambda: start_checkout(store, self._act(step), wish))
        return read_checkout(store, begun.id)

    def _pay_link(self, step: Step, begun: CheckoutView) -> Json:
        """Pay by the link, as the client does; return the order."""
        link_id = self._url_of(begun).rstrip("/").rsplit("/", 1)[-1]
        order: Json = self._once(step, lambda: self._clinic.till.pay_link(link_id))["order"]
        return order

    def _url_of(self, begun: CheckoutView) -> str:
        if begun.url is None:
            raise NotYetDone(f"there is no page to pay at: {begun.state} {begun.problem}")
        return begun.url

    def _is(self, checkout_id: str, state: str) -> CheckoutView:
        checkout = read_checkout(self._world.store, checkout_id)
        if checkout.state != state:
            raise NotYetDone(f"the checkout is not {state}: {checkout.state} {checkout.problem}")
        return checkout

    def _invoice(self, step: Step) -> None:
        deposit = Money(step.amount, "USD") if step.amount else None
        begun = self._begin(step, "ten", "invoice", deposit=deposit)
        self._url_of(begun)
        self._checkout_ids[f"{step.name}.0"] = begun.id

    def _pay(self, step: Step) -> None:
        checkout_id = self._checkout_ids[step.course]
        invoice_id = read_row(self._world.services, checkout_id).square_object_id or ""
        paid = self._once(step, lambda: self._clinic.till.pay_invoice(invoice_id, step.amount))
        self._orders[step.course.removesuffix(".0")] = paid["order"]
        courses = read_checkout(self._world.store, checkout_id).course_ids
        if not courses:
            raise NotYetDone("no course is open")
        (self.course_ids[step.course],) = courses
        course = read_course(self._world.store, courses[0], today=self._day(step))
        if course.paid.amount < sum(each["amount_money"]["amount"] for each in paid["order"]["tenders"]):
            raise NotYetDone(f"of the invoice {course.paid} is booked")
        if not course.is_part_paid:
            self._is(checkout_id, "paid")

    def _cancel_invoice(self, step: Step) -> None:
        store, checkout_id = self._world.store, self._checkout_ids[step.course]
        self._desk(lambda: cancel_checkout(store, self._act(step), checkout_id))
        self._is(checkout_id, "canceled")
        course_id = self.course_ids.get(step.course)
        if course_id and read_course(store, course_id, today=self._day(step)).is_part_paid:
            self._decide(step, "canceled_part_paid", course_id, decision="keep_sessions")

    def _exchange(self, step: Step) -> None:
        begun = self._begin(step, "twelve", step.other, exchanges=self.course_ids[step.course])
        if step.other == "link":
            self._pay_link(step, begun)
        (self.course_ids[step.name],) = self._is(begun.id, "paid").course_ids
        if (
            read_course(self._world.store, self.course_ids[step.course], today=self._day(step)).closed_at
            is None
        ):
            raise NotYetDone("the old course is still open")

    def _refund(self, step: Step) -> None:
        sale, number = step.course.rsplit(".", 1)
        order = self._orders[sale]
        uid = order["line_items"][int(number)]["uid"]
        self._once(step, lambda: self._clinic.till.refund_lines(order["id"], {uid: "1"}))
        self._has_closed(step)

    def _has_closed(self, step: Step) -> None:
        with self._world.store.reading() as session:
            if session.get_one(Course, self.course_ids[step.course]).closed_as != "refunded":
                raise NotYetDone(f"{step.course} is not refunded yet")

    def _desk_refund(self, step: Step) -> None:
        course_id, store = self.course_ids[step.course], self._world.store
        if step.name not in self._at_till:
            quote = refund_quote(store, course_id, today=self._day(step))
            self._at_till[step.name] = quote.values[RefundFormula.PRORATED].amount
        wish = NewRefund(course_id, self._at_till[step.name], WHY)
        self._desk(lambda: start_refund(store, self._act(step), wish))
        self._has_closed(step)
