"""The same id many times: concurrently, with different content, out of order, from several processes' stores.

In the manner of Jepsen's test of TigerBeetle: clients repeat ids on purpose, and what was answered is compared with a
small model afterwards. Of one id exactly one request may ever have an effect, and all its answers must agree.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import select

from plugin.courses.audit import audit
from plugin.errors import KeyReused, NoneLeft, NotFound, Refused
from plugin.store import Store
from plugin.store.ledger import Allowance, Entry
from tests.clock import HandMovedClock
from tests.courses.desk import Desk

COURSES, SESSIONS, STORES, THREADS = 4, 12, 2, 6
# Of the ids, the part that is also sent for another course, and the part whose use is undone, perhaps before it.
_OTHER_CONTENT, _UNDONE = 0.3, 0.25


@dataclass(frozen=True)
class Request:
    """One request as a client sends it: its id, and the course to use, or the id of the use to undo."""

    key: str
    course: str = ""
    undoes: str = ""


@dataclass
class SameKeysRun:
    """How often what was answered, and what contradicts the model."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        return self.answers["done"] > 0 and self.answers["key reused"] > 0 and not self.wrong


def same_keys(
    url: str, *, seed: int, keys: int, times: int, change: Callable[[Request], Request] = lambda one: one
) -> SameKeysRun:
    """Send each of so many ids up to so many times and compare; `change`: what a flawed client makes of a request."""
    chance, run = random.Random(seed), SameKeysRun()
    desks = [Desk(Store(url), HandMovedClock()) for _ in range(STORES)]
    try:
        package = desks[0].package(sessions=SESSIONS)
        courses = [desks[0].sell(package, order=f"ORDER-{number}") for number in range(COURSES)]
        sent = _requests(chance, courses, keys, times)
        answered: dict[Request, set[str]] = defaultdict(set)
        entry_of: dict[str, str] = {}

        def send(number: int) -> None:
            answer = _answer(desks[number % STORES], change(sent[number]), entry_of)
            answered[sent[number]].add(answer)
            run.answers[answer.split(":")[0]] += 1

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(send, range(len(sent))))
        run.wrong += _contradictions(answered) + _ledger(desks[0].store, courses, answered)
        run.wrong += [f"audit: {each.check}: {each.row}" for each in audit(desks[0].store)]
    finally:
        for desk in desks:
            desk.store.close()
    return run


def _requests(chance: random.Random, courses: list[str], keys: int, times: int) -> list[Request]:
    """Return every sending, shuffled: repeats, the same id for another course, an undo before its use."""
    found = []
    for number in range(keys):
        key = f"use-{number}"
        found += [Request(key, chance.choice(courses))] * chance.randint(1, times)
        if chance.random() < _OTHER_CONTENT:
            found += [Request(key, chance.choice(courses))] * chance.randint(1, times)
        if chance.random() < _UNDONE:
            found += [Request(f"undo-{number}", undoes=key)] * chance.randint(1, times)
    chance.shuffle(found)
    return found


def _answer(desk: Desk, request: Request, entry_of: dict[str, str]) -> str:
    try:
        if request.undoes:
            entry = entry_of.get(request.undoes)
            return f"undone:{desk.undo(entry, key=request.key).entry.id}" if entry else "too early"
        used = desk.use(request.course, key=request.key)
    except KeyReused:
        return "key reused"
    except NoneLeft:
        return "none left"
    except (Refused, NotFound) as error:
        return f"refused: {error}"
    entry_of[request.key] = used.entry.id
    return f"done:{used.entry.id} number {used.session_number} of {used.course_id}"


def _contradictions(answered: dict[Request, set[str]]) -> list[str]:
    """Return ids of which more than one content had an effect, or whose answers differ."""
    wrong, effects = [], defaultdict(set)
    for request, answers in answered.items():
        done = {each for each in answers if each.startswith(("done", "undone"))}
        if len(done) > 1:
            wrong.append(f"{request} was answered with {sorted(done)}")
        if done:
            effects[request.key].add(request)
        wrong += [f"{request}: {each}" for each in answers if each.startswith("refused")]
    return wrong + [
        f"{key} had effects as {sorted(map(str, of))}" for key, of in effects.items() if len(of) > 1
    ]


def _ledger(store: Store, courses: list[str], answered: dict[Request, set[str]]) -> list[str]:
    """Compare each course with the model: what was sold, less the ids that were used, plus those undone."""
    used = {
        request.key: request.course
        for request, answers in answered.items()
        if any(each.startswith("done") for each in answers)
    }
    undone = {
        request.undoes
        for request, answers in answered.items()
        if any(each.startswith("undone") for each in answers)
    }
    expected = Counter(dict.fromkeys(courses, SESSIONS))
    expected.subtract(course for key, course in used.items() if key not in undone)
    with store.reading() as session:
        last = (
            select(Allowance.course_id, Entry.sessions_after)
            .join(Entry, Entry.allowance_id == Allowance.id)
            .order_by(Entry.seq)
        )
        found = dict(session.execute(last).all())
    return [
        f"course {course} has {found[course]} sessions left, the model {expected[course]}"
        for course in courses
        if found[course] != expected[course]
    ]
