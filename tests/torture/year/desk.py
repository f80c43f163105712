"""The people of the clinic: each act is tried under one key until it is done, at the desk or at the register."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from plugin.core.acts import Act, Actor
from plugin.core.terms import RefundFormula
from plugin.courses.attention.items import list_attention
from plugin.courses.attention.kind import Resolution
from plugin.courses.attention.resolve import resolve
from plugin.courses.base.read import read_course
from plugin.courses.changes.adjust import Adjustment, adjust_course, give_goodwill
from plugin.courses.changes.expiry import Extension, extend_course
from plugin.courses.changes.freeze import freeze_course, thaw_course
from plugin.courses.changes.gifts import NewGift, give_course, redeem_gift
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.changes.write_off import undo_write_off, write_off_course
from plugin.courses.clients.clients import create_client, living_client_id
from plugin.courses.clients.merge import merge_clients
from plugin.courses.refunds.desk_refund_quote import refund_quote
from plugin.courses.refunds.desk_refunds import NewRefund, start_refund
from plugin.courses.sales.checkouts import NewCheckout, read_checkout, start_checkout
from plugin.courses.visits.late import Late, Postponed, about_use, carry_out
from plugin.courses.visits.reverse import reverse
from plugin.courses.visits.use import UseSession, use_session
from plugin.errors import CoursekeeperError
from plugin.store.ledger import Course
from plugin.store.people import SquareCustomer
from practice_square.control import ControlRefused
from tests.clock import HandMovedClock
from tests.square.clinic import OWNER, Clinic, Json
from tests.torture.year.faults import Killed
from tests.torture.year.model import Step
from tests.torture.year.schedule import DAY
from tests.torture.year.world import BEGINS, World, desk_staff

WHY = "Asked for by the client"
MANY = 10_000
# Longer after the tap, the tablet sends a use as one that was tapped offline.
_AT_ONCE = timedelta(minutes=10)
_CODE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class NotYetDone(Exception):
    """The program does not show the effect yet: look again later."""


class People:
    """Carries out the steps of the year; `client_ids` and `course_ids` by the names of the steps."""

    def __init__(self, world: World, clock: HandMovedClock, clinic: Clinic) -> None:
        self._world, self._clock, self._clinic = world, clock, clinic
        self.client_ids: dict[str, str] = {}
        self.course_ids: dict[str, str] = {}
        self.entry_ids: dict[str, str] = {}
        self._codes: dict[str, str] = {}
        self._orders: dict[str, Json] = {}
        self._at_till: dict[str, Any] = {}
        self._deb: Actor = desk_staff(world.store)
        self.last_refusal = ""
        self.answers_lost = 0

    def has_done(self, step: Step) -> bool:
        """Try the step once more; return whether it is done and was seen to be."""
        try:
            getattr(self, f"_{step.kind}")(step)
        except Killed:
            self.answers_lost += 1
            return False
        except (CoursekeeperError, OperationalError, NotYetDone, ControlRefused) as error:
            self.last_refusal = f"{step.name}: {type(error).__name__}: {error}"
            return False
        return True

    # What follows may be called any number of times for one step.

    def _act(self, step: Step, actor: Actor = OWNER) -> Act:
        return Act(actor, self._world.services.clock(), self._key(step))

    def _key(self, step: Step) -> str:
        return f"year-{step.name}"

    def _desk(self, do: Callable[[], Any]) -> Any:
        with self._world.running():
            return do()

    def _once(self, step: Step, do: Callable[[], Any]) -> Any:
        """Do at the register what happens there once."""
        if step.name not in self._at_till:
            self._at_till[step.name] = do()
        return self._at_till[step.name]

    def _client_id(self, name: str | None) -> str:
        return living_client_id(self._world.store, self.client_ids[name or ""])

    def _day(self, step: Step) -> date:
        return (BEGINS + timedelta(minutes=step.at)).date()

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
            raise NotYetDone(f"{client} is not in Square's directory")
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
        store = self._world.store
        wish = NewCheckout(self._client_id(step.client), self._clinic.packages[step.packages[0]].id, "link")
        begun = self._desk(lambda: start_checkout(store, self._act(step), wish))
        checkout = read_checkout(store, begun.id)
        if checkout.url is None:
            raise NotYetDone("there is no link to pay by")
        link_id = self._link_id(checkout.url)
        self._orders[step.name] = self._once(step, lambda: self._clinic.till.pay_link(link_id))["order"]
        self._courses_opened(step, self._orders[step.name])
        if read_checkout(store, begun.id).state != "paid":
            raise NotYetDone("the checkout is not marked as paid")

    def _link_id(self, url: str) -> str:
        return url.rstrip("/").rsplit("/", 1)[-1]

    def _assign(self, step: Step) -> None:
        course_id, store = self.course_ids[step.course], self._world.store
        if read_course(store, course_id, today=self._day(step)).client_id is not None:
            return
        items = list_attention(store).rows
        item = next(each for each in items if course_id in each.course_ids and each.kind == "unassigned_sale")
        wish = Resolution(
            reason=WHY, decision="assign", client_id=self._client_id(step.client), course_id=course_id
        )
        self._desk(lambda: resolve(store, self._act(step), item.id, wish))

    def _use(self, step: Step) -> None:
        store = self._world.store
        wish = UseSession(self.course_ids[step.course])
        ago = max(self._clock() - BEGINS - timedelta(minutes=step.at), timedelta())

        def use(act: Act) -> Any:
            return use_session(store, act, wish, known_charges=MANY, has_mail=True)

        if ago < _AT_ONCE:
            done = self._desk(lambda: use(self._act(step, self._deb)))
        elif self._world.weather.skew:
            # By a wrong clock the day of the tap would be wrong, and a person would be asked.
            raise NotYetDone("the tablet waits until the clock is right")
        else:
            late = Late(str(self._deb.staff_id), ago)
            about = about_use(store, asdict(wish))
            done = self._desk(lambda: carry_out(store, self._act(step, self._deb), late, about, use))
        if isinstance(done, Postponed):
            raise NotYetDone(f"{step.name} waits under Attention: {done.said}")
        self.entry_ids[step.name] = done.entry.id

    def _undo(self, step: Step) -> None:
        entry_id = self.entry_ids[step.use]
        self._desk(lambda: reverse(self._world.store, self._act(step, self._deb), entry_id, WHY))

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

    def _merge(self, step: Step) -> None:
        ids = lambda: [*self._customer_ids(step.client or ""), *self._customer_ids(step.other)]  # noqa: E731
        merged = self._once(step, lambda: self._clinic.till.merge_customers(*ids()))
        if merged["id"] not in self._customer_ids(step.client or ""):
            raise NotYetDone("Square's merge has not arrived")
        if self._client_id(step.client) != self._client_id(step.other):
            raise NotYetDone("the clients are not merged yet")

    def _merge_here(self, step: Step) -> None:
        given = [self.client_ids[step.other], self.client_ids[step.client or ""]]
        if step.name not in self._at_till:
            self._at_till[step.name] = [living_client_id(self._world.store, one) for one in given]
        gone, kept = self._at_till[step.name]
        self._desk(lambda: merge_clients(self._world.store, self._act(step), gone, kept))

    def _transfer(self, step: Step) -> None:
        wish = Transfer(self._client_id(step.client), WHY, step.sessions)
        self.course_ids[step.name] = self._changed(step, transfer_course, wish)

    def _changed(self, step: Step, change: Callable[..., Any], *wish: Any) -> str:
        course_id = self.course_ids[step.course]
        done = self._desk(lambda: change(self._world.store, self._act(step), course_id, *wish))
        return str(done.course.id)

    def _give(self, step: Step) -> None:
        chance = random.Random(step.name)
        self._codes[step.course] = "".join(chance.choice(_CODE) for _ in range(12))
        code, course_id = self._codes[step.course], self.course_ids[step.course]
        gift = NewGift("Bea Wong")
        self._desk(
            lambda: give_course(self._world.store, self._act(step), course_id, gift, make_code=lambda: code)
        )

    def _redeem(self, step: Step) -> None:
        code, client_id = self._codes[step.course], self._client_id(step.client)
        self._desk(lambda: redeem_gift(self._world.store, self._act(step), code, client_id))

    def _goodwill(self, step: Step) -> None:
        self._changed(step, give_goodwill)

    def _take_away(self, step: Step) -> None:
        self._changed(step, adjust_course, Adjustment(-1, WHY))

    def _extend(self, step: Step) -> None:
        self._changed(
            step, extend_course, Extension(self._day(step) + timedelta(days=500 + step.at // DAY), WHY)
        )

    def _freeze(self, step: Step) -> None:
        self._changed(step, freeze_course, WHY)

    def _thaw(self, step: Step) -> None:
        self._changed(step, thaw_course)

    def _write_off(self, step: Step) -> None:
        self._changed(step, write_off_course, WHY)

    def _undo_write_off(self, step: Step) -> None:
        self._changed(step, undo_write_off, WHY)


def due(waiting: list[Step], *, are_tablets_away: bool) -> Iterator[Step]:
    """Yield the steps that may be tried now: none before an earlier one that touches the same."""
    blocked: set[str] = set()
    for step in list(waiting):
        is_free = not blocked & set(step.touches) and not (are_tablets_away and step.kind == "use")
        if is_free:
            yield step
        if step in waiting:
            blocked |= set(step.touches)
