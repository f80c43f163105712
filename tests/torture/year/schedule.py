"""The acts of a clinic's year, drawn from a seed: each is possible at its turn, as the model knows."""

import random
from collections.abc import Callable
from typing import Any

from tests.torture.year.model import Course, Model
from tests.torture.year.step import Step

OPENS, CLOSES, DAY = 9 * 60, 18 * 60, 24 * 60
# How often each act is tried; one that is not possible at that moment is drawn again.
_WEIGHTS = {
    "client": 6,
    "sell": 12,
    "link": 3,
    "invoice": 4,
    "pay": 12,
    "cancel_invoice": 3,
    "exchange": 4,
    "upgrade": 0.8,
    "assign": 30,
    "use": 60,
    "undo": 8,
    "refund": 3,
    "desk_refund": 3,
    "merge": 2,
    "merge_here": 2,
    "transfer": 3,
    "give": 3,
    "redeem": 6,
    "goodwill": 2,
    "take_away": 1,
    "extend": 2,
    "freeze": 2,
    "thaw": 6,
    "write_off": 1,
    "undo_write_off": 3,
}
_FEWEST_CLIENTS = 3
# Of an invoice; 0 for one that is paid at once.
_DEPOSITS = (0, 49_500, 50_000, 82_500)
# Revisions whose database the upgrade brings up in the middle of the year: without hashes, without seals.
_OLDER = ("0050", "0051", "0052")
Details = dict[str, Any]


def schedule(seed: int, days: int, acts_a_day: int) -> list[Step]:
    """Return the acts of so many days, in their order."""
    drawn = _Drawn(random.Random(f"acts {seed}"))
    for day in range(days):
        times = sorted(drawn.chance.sample(range(OPENS, CLOSES), acts_a_day))
        for minute in times:
            drawn.draw(day * DAY + minute)
    return drawn.steps


class _Drawn:
    def __init__(self, chance: random.Random) -> None:
        self.chance, self.model, self.steps = chance, Model(), list[Step]()
        self._gifts = set[str]()
        self._used_on = set[tuple[str, int]]()

    def draw(self, at: int) -> None:
        """Draw acts until one is possible, and add it."""
        while True:
            (kind,) = self.chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
            make: Callable[[int], Details | None] = getattr(self, f"_{kind}", self._on_a_course(kind))
            details = make(at)
            if details is None:
                continue
            touched = {*details.values()} & {*self.model.courses, *self.model.clients}
            # Who owns a course, and every course of a client, may matter to what is done with either.
            owners = {self.model.courses[one].owner for one in touched if one in self.model.courses}
            name = f"{kind}{len(self.steps)}"
            touches = tuple(sorted({name, *touched, *filter(None, owners)}))
            step = Step(name, at, kind, touches, **details)
            self.model.apply(step)
            self.steps.append(step)
            return

    def _client(self, _at: int) -> Details:
        return {}

    def _sell(self, _at: int) -> Details | None:
        packages = self.chance.choices(["ten", "twelve"], k=self.chance.choice([1, 1, 1, 2]))
        client = self._a_client() if self.chance.random() < 0.85 else None
        return {"client": client, "packages": tuple(packages)} if len(self._clients()) > 1 else None

    def _link(self, _at: int) -> Details | None:
        client = self._a_client()
        return {"client": client, "packages": (self.chance.choice(["ten", "twelve"]),)} if client else None

    def _invoice(self, _at: int) -> Details | None:
        client = self._a_client()
        return {"client": client, "amount": self.chance.choice(_DEPOSITS)} if client else None

    def _pay(self, _at: int) -> Details | None:
        course = self._a_course(lambda _name, each: each.unpaid > 0 and each.state != "void")
        if course is None:
            return None
        one = self.model.courses[course]
        return {"course": course, "amount": (one.deposit if one.state == "sent" else 0) or one.unpaid}

    def _cancel_invoice(self, _at: int) -> Details | None:
        course = self._a_course(lambda _name, each: each.state in ("sent", "part_paid"))
        return {"course": course} if course else None

    def _exchange(self, _at: int) -> Details | None:
        def is_ten(name: str, each: Course) -> bool:
            is_whole = each.is_plain and [one.granted for one in each.allowances] == [10]
            return self._is_usable(name, each) and is_whole and each.first.left > 0

        course = self._a_course(is_ten)
        if course is None:
            return None
        owner = self.model.courses[course].owner
        return {"course": course, "client": owner, "other": self.chance.choice(["cash", "link"])}

    def _upgrade(self, _at: int) -> Details:
        return {"other": self.chance.choice(_OLDER)}

    def _assign(self, _at: int) -> Details | None:
        course = self._a_course(lambda name, each: each.owner is None and name not in self._gifts)
        # The person at the desk assigns the whole sale.
        return {"course": course, "client": self._a_client()} if course else None

    def _use(self, at: int) -> Details | None:
        def usable(name: str, each: Course) -> bool:
            is_paid_for = each.state == "part_paid" and len(each.uses) < each.paid_for
            is_open = self._is_usable(name, each) or is_paid_for
            part = each.next_allowance()
            is_next = part is not None and (part == 0 or each.is_plain)
            return is_open and is_next and (name, at // DAY) not in self._used_on

        course = self._a_course(usable)
        if course is None:
            return None
        self._used_on.add((course, at // DAY))
        return {"course": course}

    def _undo(self, _at: int) -> Details | None:
        course = self._a_course(lambda name, each: self._is_usable(name, each) and bool(each.uses))
        if course is None:
            return None
        return {"course": course, "use": self.chance.choice(self.model.courses[course].uses)[0]}

    def _refund(self, _at: int) -> Details | None:
        course = self._a_course(lambda name, each: self._is_usable(name, each) and each.is_plain)
        return {"course": course} if course else None

    def _desk_refund(self, at: int) -> Details | None:
        course = self._refund(at)
        return course if course and self.model.courses[course["course"]].first.left else None

    def _merge(self, _at: int) -> Details | None:
        # Only who bought at the till is in Square's directory from the beginning.
        clients = [one for one in self._clients() if self.model.clients[one] == one]
        if len(clients) <= _FEWEST_CLIENTS:
            return None
        gone, kept = self.chance.sample(clients, 2)
        return {"client": kept, "other": gone}

    _merge_here = _merge

    def _transfer(self, _at: int) -> Details | None:
        course = self._a_course(lambda name, each: self._is_usable(name, each) and each.first.left > 1)
        if course is None:
            return None
        to, given = self._a_client(), self.model.courses[course]
        if to == given.owner:
            return None
        return {
            "course": course,
            "client": to,
            "sessions": self.chance.randint(1, given.first.left - 1),
        }

    def _give(self, _at: int) -> Details | None:
        def is_fresh(name: str, each: Course) -> bool:
            return self._is_usable(name, each) and each.is_plain and not each.uses

        course = self._a_course(is_fresh)
        if course is None:
            return None
        self._gifts.add(course)
        return {"course": course}

    def _redeem(self, _at: int) -> Details | None:
        course = self._a_course(lambda name, each: name in self._gifts)
        if course is None:
            return None
        self._gifts.remove(course)
        return {"course": course, "client": self._a_client()}

    def _on_a_course(self, kind: str) -> Callable[[int], Details | None]:
        wanted = {"thaw": "frozen", "undo_write_off": "written_off"}.get(kind)

        def make(_at: int) -> Details | None:
            if wanted:
                course = self._a_course(lambda name, each: each.state == wanted)
            else:
                course = self._a_course(
                    lambda name, each: self._is_usable(name, each) and each.first.left > 1
                )
            return {"course": course} if course else None

        return make

    def _is_usable(self, name: str, course: Course) -> bool:
        return course.state == "open" and course.owner is not None and name not in self._gifts

    def _clients(self) -> list[str]:
        return [one for one, now in self.model.clients.items() if one == now]

    def _a_client(self) -> str | None:
        clients = self._clients()
        return self.chance.choice(clients) if clients else None

    def _a_course(self, fits: Callable[[str, Course], bool]) -> str | None:
        found = [name for name, each in self.model.courses.items() if fits(name, each)]
        return self.chance.choice(found) if found else None
