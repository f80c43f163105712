"""The people of the clinic: each act is tried under one key until it is done, at the desk or at the register."""

import random
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from plugin.core.acts import Act
from plugin.courses.base.read import read_course
from plugin.courses.changes.adjust import (
    Adjustment,
    adjust_course,
    give_goodwill,
    undo_write_off,
    write_off_course,
)
from plugin.courses.changes.expiry import Extension, extend_course, freeze_course, thaw_course
from plugin.courses.changes.gifts import NewGift, give_course, redeem_gift
from plugin.courses.changes.transfer import Transfer, transfer_course
from plugin.courses.clients.clients import living_client_id
from plugin.courses.clients.merge import merge_clients
from plugin.courses.visits.late import Late, Postponed, about_use, carry_out
from plugin.courses.visits.reverse import reverse
from plugin.courses.visits.use import UseSession, use_session
from tests.torture.year.schedule import DAY
from tests.torture.year.selling import Selling
from tests.torture.year.step import Step
from tests.torture.year.trying import WHY, NotYetDone
from tests.torture.year.world import BEGINS

MANY = 10_000
# Longer after the tap, the tablet sends a use as one that was tapped offline.
_AT_ONCE = timedelta(minutes=10)
_CODE = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class People(Selling):
    """Carries out the steps of the year. Each may be called any number of times for one step."""

    def _upgrade(self, step: Step) -> None:
        self._once(step, lambda: self._world.upgrade_from(step.other))

    def _assign(self, step: Step) -> None:
        course_id, store = self.course_ids[step.course], self._world.store
        if read_course(store, course_id, today=self._day(step)).client_id is not None:
            return
        client_id = self._client_id(step.client)
        self._decide(
            step, "unassigned_sale", course_id, decision="assign", client_id=client_id, course_id=course_id
        )

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
