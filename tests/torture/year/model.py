"""What a clinic owes and to whom, in plain Python: written from docs/rules.md, and imports nothing of the program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

PRICES = {"ten": 165_000, "twelve": 198_000}
# Sessions of each treatment: facials, then touch-ups, which open once every facial is used. One single price.
CONTENTS = {"ten": (10,), "twelve": (12, 2)}


@dataclass(frozen=True)
class Step:
    """One act of the year: when (minutes since the beginning), what, on which courses and clients, and its details.

    Two steps that touch the same happen in their order, however late; others may overtake each other.
    """

    name: str
    at: int
    kind: str
    touches: tuple[str, ...]
    course: str = ""
    client: str | None = None
    other: str = ""
    packages: tuple[str, ...] = ()
    sessions: int = 0
    use: str = ""


@dataclass
class Part:
    """The sessions of one treatment in one course; `value`: minor units still owed for those left."""

    granted: int
    left: int
    value: int


@dataclass
class Course:
    """One sold package. `uses`: those not undone, oldest first: name, part, value that was earned."""

    owner: str | None
    parts: list[Part]
    state: str = "open"
    uses: list[tuple[str, int, int]] = field(default_factory=list)
    written_off: list[tuple[int, int]] = field(default_factory=list)
    is_plain: bool = True

    def numbers(self) -> tuple[int, ...]:
        """Return the session number that the next use of each part gets."""
        return tuple(1 + sum(part == of for _, part, _ in self.uses) for of in range(len(self.parts)))

    def next_part(self) -> int | None:
        """Return which part a use takes from: facials first, touch-ups once they are used up."""
        return next((number for number, part in enumerate(self.parts) if part.left), None)


def spread(price: int, sessions: Sequence[int]) -> list[int]:
    """Split a price by numbers of sessions; what is left over goes to the largest remainders (rule 8)."""
    parts = [price * each // sum(sessions) for each in sessions]
    order = sorted(range(len(sessions)), key=lambda one: -(price * sessions[one] % sum(sessions)))
    for one in order[: price - sum(parts)]:
        parts[one] += 1
    return parts


class Model:
    """Every course, by the name that its sale or transfer gave it."""

    def __init__(self) -> None:
        self.courses: dict[str, Course] = {}
        self.clients: dict[str, str] = {}
        self.used_in: dict[str, str] = {}

    def who(self, client: str | None) -> str | None:
        """Return who this client is after all merges."""
        while client is not None and self.clients[client] != client:
            client = self.clients[client]
        return client

    def owed(self) -> int:
        """Return the money owed for all sessions left, minor units."""
        return sum(part.value for course in self.courses.values() for part in course.parts)

    def apply(self, step: Step) -> None:
        """Change the balances as this step does."""
        getattr(self, f"_{step.kind}")(step)

    def _client(self, step: Step) -> None:
        self.clients[step.name] = step.name

    def _sell(self, step: Step) -> None:
        for number, package in enumerate(step.packages):
            values = spread(PRICES[package], CONTENTS[package])
            parts = [Part(n, n, value) for n, value in zip(CONTENTS[package], values, strict=True)]
            self.courses[f"{step.name}.{number}"] = Course(step.client, parts)

    _link = _sell

    def _assign(self, step: Step) -> None:
        self.courses[step.course].owner = step.client

    _redeem = _assign

    def _use(self, step: Step) -> None:
        course = self.courses[step.course]
        number = course.next_part()
        assert number is not None
        part = course.parts[number]
        earned = part.value // part.left
        part.left, part.value = part.left - 1, part.value - earned
        course.uses.append((step.name, number, earned))
        self.used_in[step.name] = step.course

    def _undo(self, step: Step) -> None:
        course = self.courses[step.course]
        one = next(each for each in course.uses if each[0] == step.use)
        course.uses.remove(one)
        part = course.parts[one[1]]
        part.left, part.value = part.left + 1, part.value + one[2]

    def _refund(self, step: Step) -> None:
        course = self.courses[step.course]
        course.state = "refunded"
        for part in course.parts:
            part.left = part.value = 0

    _desk_refund = _refund

    def _merge(self, step: Step) -> None:
        self.clients[step.other] = step.client or ""
        for course in self.courses.values():
            course.owner = self.who(course.owner)

    _merge_here = _merge

    def _transfer(self, step: Step) -> None:
        course = self.courses[step.course]
        part = course.parts[0]
        value = part.value if step.sessions == part.left else part.value * step.sessions // part.left
        part.left, part.value = part.left - step.sessions, part.value - value
        self.courses[step.name] = Course(
            step.client, [Part(step.sessions, step.sessions, value)], is_plain=False
        )
        course.is_plain = False
        if not any(each.left for each in course.parts):
            course.state = "transferred"

    def _give(self, step: Step) -> None:
        self.courses[step.course].is_plain = False

    def _goodwill(self, step: Step) -> None:
        course = self.courses[step.course]
        course.parts[0].granted, course.parts[0].left = course.parts[0].granted + 1, course.parts[0].left + 1
        course.is_plain = False

    def _take_away(self, step: Step) -> None:
        course = self.courses[step.course]
        part = course.parts[0]
        value = part.value if part.left == 1 else part.value // part.left
        part.left, part.value = part.left - 1, part.value - value
        course.is_plain = False

    def _extend(self, step: Step) -> None:
        """Move the last day, which no balance shows."""

    def _freeze(self, step: Step) -> None:
        self.courses[step.course].state = "frozen"

    def _thaw(self, step: Step) -> None:
        self.courses[step.course].state = "open"

    def _write_off(self, step: Step) -> None:
        course = self.courses[step.course]
        course.written_off = [(part.left, part.value) for part in course.parts]
        course.state = "written_off"
        for part in course.parts:
            part.left = part.value = 0

    def _undo_write_off(self, step: Step) -> None:
        course = self.courses[step.course]
        for part, (left, value) in zip(course.parts, course.written_off, strict=True):
            part.left, part.value = left, value
        course.state = "open"
