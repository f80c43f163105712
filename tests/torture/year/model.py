"""What a clinic owes and to whom, in plain Python: written from docs/rules.md, and imports nothing of the program."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.torture.year.step import Step

PRICES = {"ten": 165_000, "twelve": 198_000}
# Sessions of each treatment: facials, then touch-ups, which open once every facial is used. One single price.
CONTENTS = {"ten": (10,), "twelve": (12, 2)}


@dataclass
class Allowance:
    """The sessions of one treatment in one course; `value`: minor units still owed for those left."""

    granted: int
    left: int
    value: int

    def add(self, sessions: int, value: int) -> None:
        """Add sessions left and their value, either below zero to take some away."""
        self.left, self.value = self.left + sessions, self.value + value

    def worth(self, sessions: int, unpaid: int = 0) -> int:
        """Return what so many of the sessions left are worth; the last ones take the remainder (rule 8)."""
        if sessions == self.left:
            return self.value
        return min(self.value, (self.value + unpaid) * sessions // self.left)


@dataclass
class Course:
    """One package, sold or on an invoice. `uses`: those not undone, oldest first: name, allowance, value earned.

    `unpaid`: what is still to be paid of an invoice, which asked for this deposit; minor units.
    """

    owner: str | None
    allowances: list[Allowance]
    state: str = "open"
    uses: list[tuple[str, int, int]] = field(default_factory=list)
    written_off: list[tuple[int, int]] = field(default_factory=list)
    is_plain: bool = True
    unpaid: int = 0
    deposit: int = 0

    @property
    def first(self) -> Allowance:
        """Return the facials."""
        return self.allowances[0]

    @property
    def paid_for(self) -> int:
        """Return how many sessions of a course of ten the money received pays for (rule 8)."""
        return self.first.granted * (PRICES["ten"] - self.unpaid) // PRICES["ten"]

    def close(self, state: str) -> None:
        """Take away all that is left."""
        self.state = state
        for allowance in self.allowances:
            allowance.left = allowance.value = 0

    def numbers(self) -> tuple[int, ...]:
        """Return the session number that the next use of each allowance gets."""
        return tuple(1 + sum(one == of for _, one, _ in self.uses) for of in range(len(self.allowances)))

    def next_allowance(self) -> int | None:
        """Return which allowance a use takes from: facials first, touch-ups once they are used up."""
        return next((number for number, allowance in enumerate(self.allowances) if allowance.left), None)


def spread(price: int, sessions: Sequence[int]) -> list[int]:
    """Split a price by numbers of sessions; what is left over goes to the largest remainders (rule 8)."""
    values = [price * each // sum(sessions) for each in sessions]
    order = sorted(range(len(sessions)), key=lambda one: -(price * sessions[one] % sum(sessions)))
    for one in order[: price - sum(values)]:
        values[one] += 1
    return values


def allowances_of(package: str, *amounts: int) -> list[Allowance]:
    """Return the allowances of a package into which these amounts were paid, one after the other."""
    values = map(sum, zip(*(spread(amount, CONTENTS[package]) for amount in amounts), strict=True))
    return [Allowance(n, n, value) for n, value in zip(CONTENTS[package], values, strict=True)]


class Model:
    """Every course, by the name that its sale or transfer gave it."""

    def __init__(self) -> None:
        self.courses: dict[str, Course] = {}
        self.clients: dict[str, str] = {}

    def who(self, client: str | None) -> str | None:
        """Return who this client is after all merges."""
        while client is not None and self.clients[client] != client:
            client = self.clients[client]
        return client

    def owed(self) -> int:
        """Return the money owed for all sessions left, minor units."""
        return sum(allowance.value for course in self.courses.values() for allowance in course.allowances)

    def apply(self, step: Step) -> None:
        """Change the balances as this step does."""
        getattr(self, f"_{step.kind}")(step)

    def _client(self, step: Step) -> None:
        self.clients[step.name] = step.name

    def _sell(self, step: Step) -> None:
        for number, package in enumerate(step.packages):
            allowances = allowances_of(package, PRICES[package])
            self.courses[f"{step.name}.{number}"] = Course(step.client, allowances)

    _link = _sell

    def _invoice(self, step: Step) -> None:
        price = PRICES["ten"]
        course = Course(step.client, allowances_of("ten", 0), "sent", unpaid=price, deposit=step.amount)
        self.courses[f"{step.name}.0"] = course

    def _pay(self, step: Step) -> None:
        course = self.courses[step.course]
        course.first.add(0, step.amount)
        course.unpaid -= step.amount
        course.state = "part_paid" if course.unpaid else "open"

    def _cancel_invoice(self, step: Step) -> None:
        course = self.courses[step.course]
        if course.state == "sent":
            course.state = "void"
            return
        # What is paid stays, and the sessions that it pays for; the others were never sold.
        left = max(0, course.paid_for - len(course.uses))
        course.first.granted, course.first.left = course.first.granted - course.first.left + left, left
        course.first.value = course.first.value if course.first.left else 0
        course.state, course.unpaid, course.is_plain = "open", 0, False

    def _exchange(self, step: Step) -> None:
        old, price = self.courses[step.course], PRICES["twelve"]
        credit = PRICES["ten"] * old.first.left // old.first.granted
        old.close("transferred")
        new = allowances_of("twelve", price - credit, credit)
        self.courses[step.name] = Course(old.owner, new, is_plain=False)

    def _upgrade(self, step: Step) -> None:
        """Change nothing that a clinic has."""

    def _assign(self, step: Step) -> None:
        self.courses[step.course].owner = step.client

    _redeem = _assign

    def _use(self, step: Step) -> None:
        course = self.courses[step.course]
        number = course.next_allowance()
        assert number is not None
        allowance = course.allowances[number]
        earned = allowance.worth(1, course.unpaid)
        allowance.add(-1, -earned)
        course.uses.append((step.name, number, earned))

    def _undo(self, step: Step) -> None:
        course = self.courses[step.course]
        one = next(each for each in course.uses if each[0] == step.use)
        course.uses.remove(one)
        course.allowances[one[1]].add(1, one[2])

    def _refund(self, step: Step) -> None:
        self.courses[step.course].close("refunded")

    _desk_refund = _refund

    def _merge(self, step: Step) -> None:
        self.clients[step.other] = step.client or ""
        for course in self.courses.values():
            course.owner = self.who(course.owner)

    _merge_here = _merge

    def _transfer(self, step: Step) -> None:
        course = self.courses[step.course]
        value = course.first.worth(step.sessions)
        course.first.add(-step.sessions, -value)
        given = [Allowance(step.sessions, step.sessions, value)]
        self.courses[step.name] = Course(step.client, given, is_plain=False)
        course.is_plain = False
        if not any(each.left for each in course.allowances):
            course.state = "transferred"

    def _give(self, step: Step) -> None:
        self.courses[step.course].is_plain = False

    def _goodwill(self, step: Step) -> None:
        course = self.courses[step.course]
        course.first.granted += 1
        course.first.add(1, 0)
        course.is_plain = False

    def _take_away(self, step: Step) -> None:
        course = self.courses[step.course]
        course.first.add(-1, -course.first.worth(1))
        course.is_plain = False

    def _extend(self, step: Step) -> None:
        """Move the last day, which no balance shows."""

    def _freeze(self, step: Step) -> None:
        self.courses[step.course].state = "frozen"

    def _thaw(self, step: Step) -> None:
        self.courses[step.course].state = "open"

    def _write_off(self, step: Step) -> None:
        course = self.courses[step.course]
        course.written_off = [(each.left, each.value) for each in course.allowances]
        course.close("written_off")

    def _undo_write_off(self, step: Step) -> None:
        course = self.courses[step.course]
        for allowance, (left, value) in zip(course.allowances, course.written_off, strict=True):
            allowance.add(left, value)
        course.state = "open"
