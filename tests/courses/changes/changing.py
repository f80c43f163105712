"""The acts on sold courses as one-liners, each under a key of its own unless one is given."""

from datetime import date, timedelta
from typing import Any

from plugin.core.acts import Actor
from plugin.courses.changes.adjust import (
    Adjustment,
    adjust_course,
    allow_ahead,
    undo_write_off,
    write_off_course,
)
from plugin.courses.changes.expiry import Extension, extend_course, freeze_course, thaw_course
from plugin.courses.changes.frame import Changed
from plugin.courses.changes.gifts import (
    NewGift,
    Share,
    end_share,
    give_course,
    redeem_gift,
    share_course,
    take_gift_back,
)
from plugin.courses.changes.transfer import Transfer, transfer_course
from tests.courses.desk import DEB, OLGA, Desk

WHY = "Asked for by the client"


class Changes:
    """What the owner, and the desk where it may, do to a sold course."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.store = desk.store

    def day(self, days: int) -> date:
        """Return the clinic's day so many days from today."""
        return self.desk.today + timedelta(days)

    def extend(
        self, course_id: str, to: date | None, *, shorten: bool = False, actor: Actor = OLGA, key: str = ""
    ) -> Changed:
        act = self.desk.act(actor, key=key or None)
        return extend_course(self.store, act, course_id, Extension(to, WHY, is_shortening=shorten))

    def freeze(self, course_id: str, *, actor: Actor = OLGA) -> Changed:
        return freeze_course(self.store, self.desk.act(actor), course_id, WHY)

    def thaw(self, course_id: str, *, actor: Actor = DEB) -> Changed:
        return thaw_course(self.store, self.desk.act(actor), course_id)

    def write_off(self, course_id: str) -> Changed:
        return write_off_course(self.store, self.desk.act(OLGA), course_id, WHY)

    def undo_write_off(self, course_id: str) -> Changed:
        return undo_write_off(self.store, self.desk.act(OLGA), course_id, WHY)

    def transfer(
        self, course_id: str, to: str, *, actor: Actor = OLGA, key: str = "", **many: Any
    ) -> Changed:
        act = self.desk.act(actor, key=key or None)
        return transfer_course(self.store, act, course_id, Transfer(to, WHY, **many))

    def adjust(self, course_id: str, sessions: int, *, actor: Actor = OLGA, **how: Any) -> Changed:
        return adjust_course(self.store, self.desk.act(actor), course_id, Adjustment(sessions, WHY, **how))

    def allow(self, course_id: str, sessions: int, **which: Any) -> Changed:
        return allow_ahead(self.store, self.desk.act(OLGA), course_id, sessions, reason=WHY, **which)

    def share(self, course_id: str, client_id: str, until: date | None = None) -> Changed:
        return share_course(self.store, self.desk.act(), course_id, Share(client_id, until))

    def end_share(self, course_id: str, share_id: str) -> Changed:
        return end_share(self.store, self.desk.act(), course_id, share_id)

    def give(self, course_id: str, code: str = "7KQMX3FD92HT") -> Changed:
        new = NewGift("Bea Wong", "Happy birthday")
        return give_course(self.store, self.desk.act(), course_id, new, make_code=lambda: code)

    def take_back(self, course_id: str) -> Changed:
        return take_gift_back(self.store, self.desk.act(), course_id)

    def redeem(self, code: str, client_id: str, *, key: str = "") -> Changed:
        return redeem_gift(self.store, self.desk.act(key=key or None), code, client_id)
